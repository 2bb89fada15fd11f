"""Cells, plain text and HTML of tables."""

import pytest

from bayesmixed.report.table import Column, Table, evenly, number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (251.3351, "251.3"),
        (25.6, "25.60"),
        (1022.3, "1022"),
        (12345.6, "12346"),
        (0.07152, "0.07152"),
        (-0.1157, "-0.1157"),
        (3.2e-7, "3.200e-07"),
        (1e300, "1.000e+300"),
        (0.0, "0"),
        (float("nan"), "-"),
        (float("inf"), "-"),
    ],
)
def test_numbers_have_four_significant_digits(value, text):
    assert number(value) == text


TABLE = Table(
    "A <caption>",
    (Column("name", "text"), Column("value"), Column("p", "probability"), Column("n", "count")),
    (("<b>x</b>", 1.5, 1e-9, 12.0), ("y & z", None, 0.25, float("nan"))),
    "A note.",
)


def test_text_is_aligned():
    assert TABLE.to_text().splitlines() == [
        "A <caption>",
        "  name      value         p   n",
        "  <b>x</b>  1.500  < 0.0001  12",
        "  y & z              0.2500   -",
    ]


def test_html_is_escaped():
    html = TABLE.to_html()
    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert "<b>" not in html
    assert "A &lt;caption&gt;" in html
    assert '<th scope="row" class="t">y &amp; z</th>' in html


def test_html_scrolls_by_itself():
    html = TABLE.to_html()
    assert html.startswith('<div class="scroll" tabindex="0" role="region" aria-label="A &lt;caption&gt;"><table>')


def test_a_table_without_rows_is_false():
    assert not Table("empty", TABLE.columns, ())
    assert TABLE


def test_evenly_spaced_positions_keep_both_ends():
    kept = evenly(1000, 40)
    assert len(kept) == 40
    assert kept[0] == 0
    assert kept[-1] == 999
    assert list(evenly(3, 40)) == [0, 1, 2]
