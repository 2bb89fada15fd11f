"""Tables for other programs: read back, they say what the page says, whatever the names."""

import csv
import io
import re

import numpy as np
import pandas as pd
import pytest
from markdown_it import MarkdownIt

from bayesmixed.errors import StorageError
from bayesmixed.report.formats import LATEX_SIGNS, latex_text
from bayesmixed.report.table import Column, Table
from bayesmixed.report.tables import Tables
from tests import fits
from tests.report.hostile import COLUMN, FACTOR, MARK

NAMES = (
    *("1|Subject_sigma", "a*b*", "`code`", "[link](http://x)", "\\alpha{}", "50 % & $x_1^2$ ~ #1", "<b>", "&lt;"),
    *("=1+1", "-2+3", "@SUM(A1)", "-1", "line\nbreak", "", 'say "so", please', MARK, COLUMN, FACTOR),
)
TABLE = Table(
    "Names & numbers_1",
    (Column("name|x", "text"), Column("2.5 %"), Column("2.5 %", full="second 2.5 %"), Column("p", "probability")),
    tuple((name, -1.5 - k, np.pi * k, 1e-9) for k, name in enumerate(NAMES)),
    "A note: 5 % of_it.",
)


def test_the_frame_has_raw_values_under_names_that_do_not_repeat():
    frame = TABLE.frame
    assert list(frame.columns) == ["name|x", "2.5 %", "second 2.5 %", "p"]
    assert frame["second 2.5 %"].tolist() == [np.pi * k for k in range(len(NAMES))]
    assert frame["name|x"].tolist() == list(NAMES)


def test_a_table_without_rows_has_its_columns():
    empty = Table("Nothing", TABLE.columns, ())
    assert list(empty.frame.columns) == list(TABLE.frame.columns)
    assert "| name\\|x |" in empty.to_markdown()
    assert "\\toprule" in empty.to_latex()
    assert "<table>" in empty.to_html()


def test_csv_read_back_has_every_digit():
    read = pd.read_csv(io.StringIO(TABLE.to_csv()))
    np.testing.assert_array_equal(read["second 2.5 %"], TABLE.frame["second 2.5 %"])


def test_no_text_of_a_csv_is_a_formula():
    cells = [row[0] for row in csv.reader(io.StringIO(TABLE.to_csv()))][1:]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "-")) and cell != "-1"]
    assert [cell.removeprefix("'") for cell in cells] == [name.replace("\n", "\\n") for name in NAMES]


def test_markdown_read_back_has_the_cells():
    html = MarkdownIt("commonmark").enable("table").render(TABLE.to_markdown())
    read = _cells(html)
    assert read[0] == [column.name for column in TABLE.columns]
    assert read[1:] == TABLE.cells
    assert "<strong>Names &amp; numbers_1</strong>" in html
    assert "A note: 5 % of_it." in html
    assert not re.findall(r"<(?:script|img|a|em|code)\b", html)


def _cells(html: str) -> list[list[str]]:
    """Rows of the cells of a table, tags taken away and entities read."""
    from html import unescape

    rows = re.findall(r"<tr>(.*?)</tr>", html, flags=re.DOTALL)
    return [[unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]


def test_latex_read_back_has_the_cells():
    text = TABLE.to_latex()
    body = text.split("\\midrule\n")[1].split("\\bottomrule")[0]
    rows = [re.split(r" & ", line.removesuffix(r" \\")) for line in body.strip().split("\n")]
    assert [[_read_latex(cell) for cell in row] for row in rows] == [
        [cell.strip() for cell in row] for row in TABLE.cells
    ]
    assert "\\caption{Names \\& numbers\\_1}" in text
    assert "A note: 5 \\% of\\_it.\n\\end{table}" in text
    assert text.startswith("% needs \\usepackage{booktabs}\n")
    assert "{lrrr}" in text


def _read_latex(cell: str) -> str:
    back = {written: sign for sign, written in LATEX_SIGNS.items()}
    cell = cell.strip()
    if re.fullmatch(r"\$(-[\d.e-]+|< [\d.]+)\$", cell):
        return cell.strip("$")
    signs = "|".join(sorted(map(re.escape, back), key=len, reverse=True))
    return re.sub(signs, lambda match: back[match.group()], cell)


@pytest.mark.parametrize("name", NAMES)
def test_latex_text_has_no_command_but_ours(name):
    left = re.sub("|".join(map(re.escape, LATEX_SIGNS.values())), "", latex_text(name))
    assert not set(left) & set("\\{}$&#%_^~")


def test_many_rows_go_over_pages():
    long = Table("Long", (Column("a", "text"),), (("x",),) * 60, "Note.")
    text = long.to_latex()
    assert "\\begin{longtable}{l}" in text
    assert "booktabs, longtable" in text
    assert text.endswith("\\end{longtable}\n\\par\\footnotesize Note.\n")


# ---------------------------------------------------------------- of a fit
@pytest.fixture(scope="module")
def tables():
    return fits.fit("slope").tables()


def test_a_fit_has_the_tables_of_its_report(tables):
    assert isinstance(tables, Tables)
    assert list(tables) == [
        *("data", "priors", "implied", "diagnostics", "fixed", "variance", "icc", "reml", "effects", "check"),
        *("sensitivity", "methods", "session"),
    ]


def test_their_numbers_are_those_of_the_fit(tables):
    own = fits.fit("slope").fixed_effects()
    np.testing.assert_array_equal(tables["fixed"].frame["median"], own["median"])
    np.testing.assert_array_equal(tables["fixed"].frame["97.5 %"], own["eti95_ub"])


def test_no_frame_has_a_name_twice(tables):
    assert all(table.frame.columns.is_unique for table in tables.values())


def test_they_are_saved_in_every_format(tables, tmp_path):
    files = tables.save(tmp_path / "new" / "folder", ["csv", "md", "tex", "html"])
    assert len(files) == 4 * len(tables)
    assert {file.name for file in files} == {file.name for file in (tmp_path / "new" / "folder").iterdir()}
    read = pd.read_csv(tmp_path / "new" / "folder" / "reml.csv")
    np.testing.assert_allclose(read["REML"], tables["reml"].frame["REML"], rtol=1e-15)
    assert "REML 2.5 %" in read


@pytest.mark.parametrize("format", ["xlsx", "csv "])
def test_an_unknown_format_is_refused_before_anything_is_written(tables, tmp_path, format):
    with pytest.raises(StorageError, match="format must be"):
        tables.save(tmp_path / "x", ["csv", format])
    assert not (tmp_path / "x").exists()


def test_a_file_in_the_place_of_the_folder_is_one_line(tables, tmp_path):
    (tmp_path / "x").write_text("here")
    with pytest.raises(StorageError) as caught:
        tables.save(tmp_path / "x")
    assert "\n" not in str(caught.value)
