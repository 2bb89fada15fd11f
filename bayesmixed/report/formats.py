"""Tables for other programs: data frame, CSV, Markdown, LaTeX; what comes from the user is escaped."""

from typing import TYPE_CHECKING, Any

from bayesmixed.printable import printable_line

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.report.table import Table

#: Text that begins with one of these is a formula to a spreadsheet.
FORMULA_STARTS = ("=", "+", "-", "@")
#: Tables of more rows go over pages.
MOST_ROWS_OF_A_PAGE = 40
MARKDOWN_SIGNS = frozenset("\\`*_[]<>|$~^&")
LATEX_SIGNS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    # A bracket after \\ would be read as its length.
    "[": "{[}",
    "]": "{]}",
}


def frame_of(table: "Table") -> "pd.DataFrame":
    """Raw values at full precision under the columns' own names, which do not repeat."""
    import pandas as pd

    columns = list(zip(*table.rows, strict=True)) or [()] * len(table.columns)
    return pd.DataFrame(
        {column.own_name: list(values) for column, values in zip(table.columns, columns, strict=True)}
    )


def csv_of(table: "Table") -> str:
    """pandas' own CSV of `frame_of`; no text in it is taken for a formula by a spreadsheet."""
    frame = frame_of(table)
    for column in table.columns:
        if column.kind == "text":
            frame[column.own_name] = [_no_formula(value) for value in frame[column.own_name]]
    frame.columns = [_no_formula(name) for name in frame.columns]
    return str(frame.to_csv(index=False, lineterminator="\n"))


def _no_formula(value: Any) -> str:
    """Text with an apostrophe before it where a spreadsheet would compute it; numbers are left alone."""
    text = "" if value is None else printable_line(str(value))
    return f"'{text}" if text.startswith(FORMULA_STARTS) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def markdown_of(table: "Table") -> str:
    """A table in pipes, as GitHub, Quarto and Pandoc read it, with caption and note around it."""
    rules = ["---" if column.kind == "text" else "---:" for column in table.columns]
    names = [markdown_text(column.name) for column in table.columns]
    lines = [names, rules, *([markdown_text(cell) for cell in cells] for cells in table.cells)]
    written = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    note = f"\n{markdown_text(table.note)}\n" if table.note else ""
    return f"**{markdown_text(table.caption)}**\n\n{written}\n{note}"


def markdown_text(text: str) -> str:
    """Text that Markdown shows as it is.

    Examples
    --------
    >>> print(markdown_text("1|Subject_sigma"))
    1\\|Subject\\_sigma
    """
    line = printable_line(text)
    return "".join(f"\\{sign}" if sign in MARKDOWN_SIGNS else sign for sign in line)


def latex_of(table: "Table") -> str:
    """pandas' own LaTeX of the written cells, with caption and note; needs booktabs, of long tables longtable."""
    import pandas as pd

    long = len(table.rows) > MOST_ROWS_OF_A_PAGE
    writers = [latex_text if column.kind == "text" else _latex_number for column in table.columns]
    cells = [[write(cell) for write, cell in zip(writers, row, strict=True)] for row in table.cells]
    frame = pd.DataFrame(cells, columns=[latex_text(column.name) for column in table.columns])
    text = frame.to_latex(
        index=False,
        escape=False,
        longtable=long,
        caption=latex_text(table.caption),
        column_format="".join("l" if column.kind == "text" else "r" for column in table.columns),
    )
    note = f"\\par\\footnotesize {latex_text(table.note)}\n" if table.note else ""
    end = "\\end{longtable}\n" if long else "\\end{table}\n"
    packages = "booktabs, longtable" if long else "booktabs"
    body, _, _ = str(text).rpartition(end)
    return f"% needs \\usepackage{{{packages}}}\n" + (f"{body}{end}{note}" if long else f"{body}{note}{end}")


def latex_text(text: str) -> str:
    """Text that LaTeX prints as it is.

    Examples
    --------
    >>> print(latex_text("1|Subject_sigma, 95 %"))
    1\\textbar{}Subject\\_sigma, 95 \\%
    """
    return "".join(LATEX_SIGNS.get(sign, sign) for sign in printable_line(text))


def _latex_number(cell: str) -> str:
    """A minus, or a sign of less, is mathematics; a dash alone is not."""
    return f"${cell}$" if cell.startswith(("-", "<")) and cell != "-" else cell
