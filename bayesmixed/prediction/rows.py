"""Rows to predict: their columns, groups, weights and index, from whatever table they came in."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.errors import PredictionError

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.design import Design, NewRows


def rows_of(design: "Design", rows: Any, groups: str) -> "NewRows":
    """Encoded columns of new rows, or of the model's own; groups are read where they matter."""
    from bayesmixed.design import NewRows

    if rows is None:
        own = np.array(design.levels, dtype=object)[design.group]
        return NewRows(design.X, design.Z_rows, design.offset, own)
    return design.encode(rows, groups == "observed")


def levels_of(design: "Design", rows: Any) -> np.ndarray | None:
    """Codes of the rows' groups, one for all rows with a missing value; None without grouping columns."""
    import pandas as pd

    if rows is None:
        return design.group
    columns = [_column(rows, name) for name in design.specification.factor]
    if any(column is None for column in columns):
        return None
    names = [None if any(map(pd.isna, row)) else tuple(map(str, row)) for row in zip(*columns, strict=True)]
    place = {name: k for k, name in enumerate(dict.fromkeys(names))}
    return np.array([place[name] for name in names], dtype=np.intp)


def weights_to_predict(design: "Design", rows: Any) -> Array | float:
    """Weights of the residual variance of the rows."""
    if rows is None:
        return design.weights
    column = None if design.weights_name is None else _column(rows, design.weights_name)
    if column is None:
        return 1.0
    try:
        weights = np.array(column, dtype=float)
    except (TypeError, ValueError):
        weights = np.full(len(column), np.nan)
    if not (np.isfinite(weights) & (weights > 0)).all():
        raise PredictionError(
            f"the weights {design.weights_name!r} of the new rows must be positive numbers: correct them, "
            "or leave the column out for weights of 1"
        )
    return weights


def _column(rows: Any, name: str) -> list[Any] | None:
    """The values of one column of the user's rows; None if they have no such column."""
    if isinstance(rows, Mapping):
        import pandas as pd

        return list(pd.DataFrame(dict(rows))[name]) if name in rows else None  # one value may stand for all rows
    import narwhals as nw

    frame = nw.from_native(rows).lazy()
    return frame.select(name).collect()[name].to_list() if name in frame.collect_schema().names() else None


def index_of(design: "Design", rows: Any) -> "pd.Index | None":
    """The index of a pandas table; positions in the model's table where that is predicted."""
    import pandas as pd

    if rows is None:
        return pd.Index(design.rows)
    return rows.index if isinstance(rows, pd.DataFrame) else None


def observed_groups(design: "Design", new: "NewRows") -> np.ndarray:
    """Positions of the rows' groups among the observed ones."""
    if new.groups is None:
        raise PredictionError(
            f"the rows have no column {design.factor_name!r}: add it, or use groups='new' or groups='population'"
        )
    place = {level: j for j, level in enumerate(design.levels)}
    unseen = sorted({str(level) for level in new.groups if level not in place})
    if unseen:
        named = ", ".join(map(repr, unseen[:5])) + (" and others" if len(unseen) > 5 else "")
        raise PredictionError(
            f"{design.factor_name} {named} was not observed: use groups='new' for a new group "
            "(integrates over b ~ N(0, G)) or groups='population' (b = 0)"
        )
    return np.array([place[level] for level in new.groups], dtype=np.intp)
