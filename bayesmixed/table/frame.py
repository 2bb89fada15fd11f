"""A table of any make -> the complete rows of the columns in use."""

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.errors import TableError
from bayesmixed.table.column import plain
from bayesmixed.table.headings import check_present, check_unique
from bayesmixed.table.missing import Missing

if TYPE_CHECKING:
    import pandas as pd


def model_frame(
    table: Any, columns: Iterable[str], labels: Collection[str] = ()
) -> "tuple[pd.DataFrame, np.ndarray, Missing]":
    """The complete rows of some columns, as plain NumPy numbers, text or categories.

    Parameters
    ----------
    table : pandas, Polars or PyArrow table, Polars LazyFrame, or dict of columns
        Never changed.
    columns : iterable of str
        The columns to keep.
    labels : collection of str
        Columns whose values are only names, such as a grouping factor: dates are fine there.

    Returns
    -------
    frame : pandas.DataFrame
        Exactly `columns`, with a fresh index. Categories that no row uses are gone; the order
        of an ordered category is kept; bool stays bool.
    rows : (n,) ndarray of int
        Positions of the kept rows in `table`, counted from 0.
    missing : Missing
        Rows dropped because a value in `columns` is missing (None, NaN, NaT), and which columns lack it.

    Raises
    ------
    TableError
        Unknown or duplicate column, infinite or extreme values, dates, no complete row.

    Examples
    --------
    >>> frame, rows, missing = model_frame({"y": [1.0, None, 3.0]}, ["y"])
    >>> frame["y"].tolist(), rows.tolist(), missing.columns
    ([1.0, 3.0], [0, 2], {'y': 1})
    """
    columns = tuple(dict.fromkeys(columns))
    frame, rows, missing = complete_rows(table, columns, labels)
    n_rows = len(rows) + missing.n_rows
    if n_rows == 0:
        raise TableError("the table has no rows")
    if missing.n_rows == n_rows:
        raise TableError(
            f"every row has a missing value, in {missing.where}; fill them in or leave the column out"
        )
    import pandas as pd

    # A copy: what the user changes in the table afterwards must not change the model. Column by column, because
    # a frame would first be put together.
    return pd.DataFrame({name: frame[name].array.copy() for name in frame}, copy=False), rows, missing


def complete_rows(
    table: Any, columns: tuple[str, ...], labels: Collection[str] = ()
) -> "tuple[pd.DataFrame, np.ndarray, Missing]":
    """`model_frame` of one part of a table: there may be no complete row in it, and columns are not copied."""
    import pandas as pd

    frame = as_narwhals(table)
    check_present(frame.columns, columns)
    frame = frame.select(columns)
    keep, missing = _complete(frame)
    rows = np.flatnonzero(keep) if missing.n_rows else np.arange(len(keep))
    if not len(rows):
        return pd.DataFrame(columns=list(columns)), rows, missing
    if missing.n_rows:
        frame = frame.filter(keep.tolist())
    native = frame.to_pandas()
    kept = {name: plain(native[name], name, name in labels) for name in columns}
    return pd.DataFrame(kept, copy=False), rows, missing


def as_narwhals(table: Any) -> Any:
    """A table as an eager narwhals frame, or a `TableError` that says why it is none."""
    import narwhals as nw
    import pandas as pd

    if isinstance(table, Mapping):
        try:
            table = pd.DataFrame(dict(table))
        except ValueError as error:
            single = table and all(isinstance(one, str) or not hasattr(one, "__len__") for one in table.values())
            why = "give each a list of values, one a row" if single else error
            raise TableError(f"the columns make no table: {why}") from None
    # pandas calls them columns, PyArrow column_names; narwhals' own error takes two lines.
    names = table.columns if isinstance(table, pd.DataFrame) else getattr(table, "column_names", ())
    check_unique(names, "the table")
    try:
        frame = nw.from_native(table)
    except TypeError:
        raise TableError(
            f"{type(table).__name__} is not a table; give a pandas, Polars or PyArrow table, or a dict of columns"
        ) from None
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    return frame


def _complete(frame: Any) -> tuple[np.ndarray, Missing]:
    """Which rows have every value, and what the others lack."""
    keep = np.ones(len(frame), dtype=bool)
    counts = {}
    for name in frame.columns:
        gaps = _gaps(frame[name])
        if gaps is not None:
            keep &= ~gaps
            counts[name] = int(np.count_nonzero(gaps))
    columns = {name: count for name, count in counts.items() if count}
    return keep, Missing(len(frame) - int(np.count_nonzero(keep)), columns)


def _gaps(column: Any) -> np.ndarray | None:
    """Which values are missing; None where a look at their kind or their least tells that none is."""
    native = column.to_native()
    dtype = getattr(native, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
        values = native.to_numpy()
        return np.isnan(values) if dtype.kind == "f" and len(values) and np.isnan(values.min()) else None
    gaps = np.array(column.is_null().to_numpy(), dtype=bool)
    if column.dtype.is_float():
        # Polars and Arrow tell NaN from null; filled, because NaN of null is null.
        gaps |= column.is_nan().fill_null(True).to_numpy().astype(bool)
    return gaps
