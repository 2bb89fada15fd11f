"""A table for people: cells with their numbers, written as plain text or as HTML."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.printable import printable_line

if TYPE_CHECKING:
    import pandas as pd


def number(value: Any, digits: int = 4) -> str:
    """A number to so many significant digits, never in more places than it has meaning.

    Examples
    --------
    >>> number(251.3351), number(0.07152), number(12345.6), number(3.2e-7), number(float("nan"))
    ('251.3', '0.07152', '12346', '3.200e-07', '-')
    """
    value = float(value)
    if not math.isfinite(value):
        return "-"
    if value == 0.0:
        return "0"
    size = abs(value)
    if 10.0**digits <= size < 1e7:
        return f"{value:.0f}"
    if 1e-4 <= size < 1e7:
        return f"{value:#.{digits}g}".rstrip(".")
    return f"{value:.{digits - 1}e}"


def _count(value: Any) -> str:
    return f"{value:.0f}" if math.isfinite(value) else "-"


def _fixed(places: int) -> Callable[[Any], str]:
    return lambda value: f"{value:.{places}f}" if math.isfinite(value) else "-"


def _probability(value: Any) -> str:
    if not math.isfinite(value):
        return "-"
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}"


def _text(value: Any) -> str:
    return printable_line(str(value))


#: How the cells of a column are written; text stands on the left, numbers on the right.
WRITERS: dict[str, Callable[[Any], str]] = {
    "text": _text,
    "number": number,
    "count": _count,
    "rhat": _fixed(3),
    "share": _fixed(3),
    "probability": _probability,
}


#: Text of more signs than these goes over several lines: of a telephone, of any page.
WIDE, LONG = 18, 44


@dataclass(frozen=True)
class Column:
    """Heading of a column, and how its cells are written.

    Parameters
    ----------
    name : str
    kind : {"text", "number", "count", "rhat", "share", "probability"}
    full : str
        Where columns share a heading: a name that no other column of the table has.
    """

    name: str
    kind: str = "number"
    full: str = ""

    @property
    def own_name(self) -> str:
        return self.full or self.name

    def write(self, value: Any) -> str:
        if value is None:
            return ""
        return WRITERS[self.kind](value)


@dataclass(frozen=True)
class Table:
    """Rows of raw values under named columns.

    Parameters
    ----------
    caption : str
    columns : tuple of Column
    rows : tuple of tuple
        Raw values, at full precision; None for an empty cell.
    note : str
        What a reader must know to read the table.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    note: str = ""

    def __bool__(self) -> bool:
        return bool(self.rows)

    @property
    def frame(self) -> "pd.DataFrame":
        """The raw values as a data frame."""
        from bayesmixed.report.formats import frame_of

        return frame_of(self)

    @property
    def cells(self) -> list[list[str]]:
        """Every cell as it is read."""
        return [[c.write(value) for c, value in zip(self.columns, row, strict=True)] for row in self.rows]

    def to_text(self) -> str:
        """Columns aligned by spaces under the caption."""
        lines = [[column.name for column in self.columns], *self.cells]
        widths = [max(len(line[k]) for line in lines) for k in range(len(self.columns))]
        written = ["  ".join(self._aligned(line, widths)).rstrip() for line in lines]
        return "\n".join([self.caption, *(f"  {line}" for line in written)])

    def _aligned(self, cells: Sequence[str], widths: Sequence[int]) -> list[str]:
        return [
            cell.ljust(width) if column.kind == "text" else cell.rjust(width)
            for cell, width, column in zip(cells, widths, self.columns, strict=True)
        ]

    def to_csv(self) -> str:
        """CSV with numbers at full precision."""
        from bayesmixed.report.formats import csv_of

        return csv_of(self)

    def to_markdown(self) -> str:
        """A table in pipes, with its caption and note."""
        from bayesmixed.report.formats import markdown_of

        return markdown_of(self)

    def to_latex(self) -> str:
        """A table of LaTeX with booktabs, with its caption and note."""
        from bayesmixed.report.formats import latex_of

        return latex_of(self)

    def to_html(self) -> str:
        """A ``<table>`` in a box that scrolls sideways where the screen is narrow, which keys can reach."""
        kinds = [f' class="{name}"' if name else "" for name in self._classes()]
        head = "".join(
            f'<th scope="col"{kind}>{escape(column.name)}</th>'
            for kind, column in zip(kinds, self.columns, strict=True)
        )
        body = "".join(self._html_row(cells, kinds) for cells in self.cells)
        note = f'<p class="note">{escape(self.note)}</p>' if self.note else ""
        return (
            f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(self.caption)}">'
            f"<table><caption>{escape(self.caption)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{note}"
        )

    def _classes(self) -> list[str]:
        """Of each column: t for text, with wide or long where it may go over several lines."""
        widest = [max(map(len, column), default=0) for column in zip(*self.cells, strict=True)]
        names = zip(self.columns, widest or [0] * len(self.columns), strict=True)
        return [_class_of_text(width) if column.kind == "text" else "" for column, width in names]

    @staticmethod
    def _html_row(cells: Sequence[str], kinds: Sequence[str]) -> str:
        first = f'<th scope="row"{kinds[0]}>{escape(cells[0])}</th>'
        rest = (f"<td{kind}>{escape(cell)}</td>" for cell, kind in zip(cells[1:], kinds[1:], strict=True))
        return f"<tr>{first}{''.join(rest)}</tr>"


def _class_of_text(width: int) -> str:
    return "t" + (" wide" if width > WIDE else "") + (" long" if width > LONG else "")


def evenly(count: int, most: int) -> np.ndarray:
    """Positions of at most `most` of `count` things, evenly spaced, the first and the last among them."""
    if count <= most:
        return np.arange(count)
    return np.unique(np.linspace(0, count - 1, most).round().astype(int))
