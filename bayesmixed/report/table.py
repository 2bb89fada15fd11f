"""A table for people: cells with their numbers, written as plain text or as HTML."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from bayesmixed.printable import printable_line


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


@dataclass(frozen=True)
class Column:
    """Heading of a column, and how its cells are written.

    Parameters
    ----------
    name : str
    kind : {"text", "number", "count", "rhat", "share", "probability"}
    """

    name: str
    kind: str = "number"

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

    def to_html(self) -> str:
        """A ``<table>`` in a box that scrolls sideways where the screen is narrow."""
        kinds = [' class="t"' if column.kind == "text" else "" for column in self.columns]
        head = "".join(
            f'<th scope="col"{kind}>{escape(column.name)}</th>'
            for kind, column in zip(kinds, self.columns, strict=True)
        )
        body = "".join(self._html_row(cells, kinds) for cells in self.cells)
        note = f'<p class="note">{escape(self.note)}</p>' if self.note else ""
        return (
            f'<div class="scroll"><table><caption>{escape(self.caption)}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{note}"
        )

    @staticmethod
    def _html_row(cells: Sequence[str], kinds: Sequence[str]) -> str:
        first = f'<th scope="row"{kinds[0]}>{escape(cells[0])}</th>'
        rest = (f"<td{kind}>{escape(cell)}</td>" for cell, kind in zip(cells[1:], kinds[1:], strict=True))
        return f"<tr>{first}{''.join(rest)}</tr>"


def evenly(count: int, most: int) -> np.ndarray:
    """Positions of at most `most` of `count` things, evenly spaced, the first and the last among them."""
    if count <= most:
        return np.arange(count)
    return np.unique(np.linspace(0, count - 1, most).round().astype(int))
