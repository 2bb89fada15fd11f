"""A table of any make -> the complete rows of the columns in use."""

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.errors import TableError
from bayesmixed.table.column import plain
from bayesmixed.table.headings import check_present, check_unique, listed

if TYPE_CHECKING:
    import pandas as pd


def model_frame(
    table: Any, columns: Iterable[str], labels: Collection[str] = ()
) -> "tuple[pd.DataFrame, np.ndarray, int]":
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
    n_dropped : int
        Rows dropped because a value in `columns` is missing (None, NaN, NaT).

    Raises
    ------
    TableError
        Unknown or duplicate column, infinite or extreme values, dates, no complete row.

    Examples
    --------
    >>> frame, rows, n_dropped = model_frame({"y": [1.0, None, 3.0]}, ["y"])
    >>> frame["y"].tolist(), rows.tolist(), n_dropped
    ([1.0, 3.0], [0, 2], 1)
    """
    import pandas as pd

    columns = tuple(dict.fromkeys(columns))
    frame = _as_narwhals(table)
    check_present(frame.columns, columns)
    frame = frame.select(columns)
    keep = _complete(frame)
    n_rows = len(frame)
    n_dropped = n_rows - int(np.count_nonzero(keep))
    if n_rows == 0:
        raise TableError("the table has no rows")
    if n_dropped == n_rows:
        raise TableError(f"every row has a missing value in one of: {listed(columns)}")
    if n_dropped:
        frame = frame.filter(keep.tolist())
    native = frame.to_pandas()
    kept = {name: plain(native[name], name, name in labels) for name in columns}
    # A copy: what the user changes in the table afterwards must not change the model.
    return pd.DataFrame(kept, copy=True), np.flatnonzero(keep), n_dropped


def _as_narwhals(table: Any) -> Any:
    import narwhals as nw
    import pandas as pd

    if isinstance(table, Mapping):
        try:
            table = pd.DataFrame(dict(table))
        except ValueError as error:
            raise TableError(f"the columns make no table: {error}") from None
    # pandas calls them columns, PyArrow column_names; narwhals' own error takes two lines.
    names = table.columns if isinstance(table, pd.DataFrame) else getattr(table, "column_names", ())
    check_unique(names, "the table")
    try:
        frame = nw.from_native(table)
    except TypeError:
        raise TableError(
            f"{type(table).__name__} is not a table; give a pandas, Polars or PyArrow table"
        ) from None
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    return frame


def _complete(frame: Any) -> np.ndarray:
    keep = np.ones(len(frame), dtype=bool)
    for name in frame.columns:
        column = frame[name]
        keep &= ~column.is_null().to_numpy()
        if column.dtype.is_float():
            # Polars and Arrow tell NaN from null; filled, because NaN of null is null.
            keep &= ~column.is_nan().fill_null(True).to_numpy().astype(bool)
    return keep
