"""Data frames as tables of a page, and as records of JSON."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.report.table import Table


def table_of(
    caption: str, frame: "pd.DataFrame", columns: Mapping[str, str] | Sequence[str] | None = None, note: str = ""
) -> "Table":
    """Columns of a frame under its index; text on the left, numbers on the right.

    Parameters
    ----------
    caption : str
    frame : pandas.DataFrame
        Its index names the rows.
    columns : mapping or sequence of str, optional
        Which, and how each is headed; all of them by default.
    note : str
    """
    from bayesmixed.report.table import Column, Table

    names = dict(columns) if isinstance(columns, Mapping) else {str(name): str(name) for name in columns or frame}
    headings = [Column(str(frame.index.name or ""), "text")]
    headings += [Column(heading, _kind(frame[name])) for name, heading in names.items()]
    cells = zip(*(frame[name].tolist() for name in names), strict=True)
    rows = tuple((str(label), *own) for label, own in zip(frame.index, cells, strict=True))
    return Table(caption, tuple(headings), rows, note)


def records_of(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """One record a row, its label under the name of the index; undefined numbers are None."""
    rows = frame.rename_axis(frame.index.name or "name").reset_index().to_dict("records")
    return [{str(key): _plain(value) for key, value in row.items()} for row in rows]


def _kind(values: "pd.Series") -> str:
    if values.dtype.kind in "iu":
        return "count"
    return "number" if values.dtype.kind == "f" else "text"


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
