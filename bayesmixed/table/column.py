"""One complete column of any kind -> NumPy numbers, text or categories."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.errors import TableError

if TYPE_CHECKING:
    import pandas as pd

#: From here on integers need floating point, where neighbours are equal: as names of groups they become text.
_BEYOND = 2**63
LARGEST, SMALLEST = 1e100, 1e-100  # squares of these still fit into a double


def plain(column: "pd.Series", name: str, label: bool) -> Any:
    """The values of a column; with `label` they only name groups, so dates are fine."""
    import pandas as pd

    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        used = column.array.remove_unused_categories()
        return used if dtype.ordered else _sortable(used, name)
    if pd.api.types.is_bool_dtype(dtype):
        return column.to_numpy(dtype=bool)
    if pd.api.types.is_complex_dtype(dtype):
        raise TableError(f"column {name!r} has complex numbers; use real ones")
    if pd.api.types.is_integer_dtype(dtype):
        if label and column.max() >= _BEYOND:
            return column.astype(str).array
        return _checked(_integers(column), name)
    if pd.api.types.is_float_dtype(dtype):
        return _checked(column.to_numpy(dtype=float), name)
    if pd.api.types.is_datetime64_any_dtype(dtype) or pd.api.types.is_timedelta64_dtype(dtype):
        return _dates(column, name, label)
    return _objects(column, name, label)


def _sortable(column: Any, name: str) -> Any:
    """Categories of mixed kinds have no order: make them text."""
    try:
        sorted(column.categories)
    except TypeError:
        import pandas as pd

        _check_texts(column.categories, name)
        return pd.Categorical(np.asarray(column).astype(str))
    return column


def _integers(column: "pd.Series") -> np.ndarray:
    values = column.to_numpy()
    if values.dtype.kind not in "iu":  # nullable and Arrow integers, complete by now
        values = column.to_numpy(dtype=np.int64)
    # Small integers would overflow silently in I(x**2).
    wide: np.ndarray = values.astype(np.int64 if values.dtype != np.uint64 else float, copy=False)
    return wide


def _dates(column: "pd.Series", name: str, label: bool) -> Any:
    if label:
        return column.astype(str).array
    raise TableError(
        f"column {name!r} holds dates or durations; make it a number first, such as days since the start"
    )


def _objects(column: "pd.Series", name: str, label: bool) -> Any:
    import pandas as pd

    kind = pd.api.types.infer_dtype(column, skipna=False)
    if kind == "string":
        return column.astype(str).array
    if kind == "boolean":
        return column.to_numpy(dtype=bool)
    if kind == "integer":
        values = column.to_numpy(dtype=object)
        small = all(abs(value) < _BEYOND for value in (values.min(), values.max()))
        if label and not small:
            return column.astype(str).array
        return _checked(values.astype(np.int64 if small else float), name)
    if kind in ("floating", "mixed-integer-float", "decimal"):
        return _checked(column.to_numpy(dtype=object).astype(float), name)
    if kind in ("date", "datetime", "datetime64", "timedelta", "timedelta64", "time", "period"):
        return _dates(column, name, label)
    if kind in ("complex", "bytes", "interval") or not _scalars(column):
        raise TableError(f"column {name!r} holds {kind} values; use numbers or text")
    _check_texts(column.unique(), name)
    return column.astype(str).array


def _check_texts(values: Iterable[Any], name: str) -> None:
    """Different values must not become one level by the same text."""
    first: dict[str, Any] = {}
    for value in values:
        other = first.setdefault(str(value), value)
        if other != value:
            raise TableError(
                f"column {name!r} mixes kinds: {other!r} and {value!r} would be one level; "
                "make the column all text or all numbers"
            )


def _scalars(column: "pd.Series") -> bool:
    return not any(issubclass(kind, (list, dict, set, tuple, np.ndarray)) for kind in set(map(type, column)))


def _checked(values: np.ndarray, name: str) -> np.ndarray:
    low, high = float(values.min()), float(values.max())
    size = max(-low, high)
    if np.isinf(size):
        count = int(np.isinf(values).sum())
        raise TableError(f"column {name!r} has {count} infinite values; correct or remove them")
    if size > LARGEST or 0 < size < SMALLEST:
        raise TableError(
            f"column {name!r} has values of size {size:.3g}; rescale it, their squares do not "
            "fit into floating point"
        )
    return values
