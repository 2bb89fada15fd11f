"""Tables in a width: nothing is lost, and no line is wider."""

import re

import pytest

from bayesmixed.report.lines import folded, table_lines
from bayesmixed.report.table import Column, Table

TABLE = Table(
    "Variance components of everything that there is",
    (
        Column("group", "text"),
        Column("term", "text"),
        Column("unit", "text"),
        *(Column(name) for name in ("mean", "sd", "median", "lower", "upper")),
        Column("reading", "text"),
    ),
    tuple(
        (f"group {k // 2}", f"term {k}", "", *(100.0 * k + j + 0.5 for j in range(5)), f"a sentence about row {k}")
        for k in range(4)
    ),
    "A note that is long enough to be folded where lines are narrow.",
)


@pytest.mark.parametrize("width", [None, 200, 100, 80, 60, 40])
def test_nothing_is_lost_and_no_line_is_wider(width):
    lines = table_lines(TABLE, width)
    text = " ".join("\n".join(lines).split())
    for row in TABLE.cells:
        assert all(cell in text for cell in row[3:8])
    words = set(re.findall(r"\w+", text))
    assert set(re.findall(r"\w+", TABLE.note + " ".join(str(row[8]) for row in TABLE.rows))) <= words
    if width is not None:
        assert max(map(len, lines)) <= width


def test_wide_enough_is_as_before():
    assert "\n".join(table_lines(TABLE)) == f"{TABLE.to_text()}\n  {TABLE.note}"


def test_texts_fold_before_columns_go_on_below():
    lines = table_lines(TABLE, 88)
    assert sum("median" in line for line in lines) == 1
    assert "" not in lines


def test_rows_keep_their_names_in_every_panel():
    lines = table_lines(TABLE, 40)
    headings = [line for line in lines if "group, term" in line]
    assert len(headings) >= 2
    assert sum("group 1, term 3" in line for line in lines) == len(headings)


def test_columns_of_nothing_are_left_out_of_a_terminal():
    assert not any("unit" in line for line in table_lines(TABLE, 100))
    assert any("unit" in line for line in table_lines(TABLE))


def test_paint_takes_no_width():
    painted = table_lines(TABLE, 60, lambda text, role: f"\x1b[1m{text}\x1b[0m")
    assert [re.sub(r"\x1b\[\dm", "", line) for line in painted] == table_lines(TABLE, 60)


def test_folded():
    assert folded("one two three", 7) == ["one two", "three"]
    assert folded("one two three", None) == ["one two three"]
