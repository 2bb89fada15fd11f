"""The intraclass correlation: one number for a random intercept, a function of t where there is a slope."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.errors import PredictionError
from bayesmixed.parameters import CovarianceParameters

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.design import Design


#: An average over more rows than this is taken over a sample of them.
MOST_ROWS = 1000


@dataclass(frozen=True, eq=False)
class IccPoint:
    """Where an ICC is taken: values of the slope variables, or the average over all rows.

    Parameters
    ----------
    at : dict or None
        None for the average over rows, and for a random intercept, where there is nothing to vary.
    rows : ndarray, shape (m, q)
        Columns of Z there; the ICC is averaged over them.
    """

    at: dict[str, Any] | None
    rows: Array


def icc_values(covariance: CovarianceParameters, rows: Array) -> Array:
    """``z'Gz / (z'Gz + sigma^2)`` averaged over rows z, shape of sigma.

    For a random intercept this is ``sd^2 / (sd^2 + sigma^2)``, the correlation of two rows of one group.
    It speaks of rows with weight 1. Beyond 1,000 distinct rows the average is that of 1,000 evenly spaced
    ones among all rows in order.
    """
    distinct, counts = np.unique(rows, axis=0, return_counts=True)
    if len(distinct) > MOST_ROWS:
        place = np.linspace(0, counts.sum() - 1, MOST_ROWS).astype(np.int64)
        distinct = distinct[np.searchsorted(np.cumsum(counts), place, side="right")]
        counts = np.ones(MOST_ROWS, dtype=np.int64)
    G, variance = covariance.G, np.asarray(covariance.sigma) ** 2
    total = np.zeros(variance.shape)
    for z, count in zip(distinct, counts, strict=True):
        between = np.einsum("k,...kl,l->...", z, G, z)
        total = total + count * between / (between + variance)
    return total / counts.sum()


def icc_points(design: "Design", at: Mapping[str, Any] | None = None) -> list[IccPoint]:
    """The points at which a model's ICC is reported.

    Without `at`: a single one for a random intercept; else the minimum, median and maximum of each slope
    variable (each level of a factor), the others held at their median (or commonest level), and last the
    average over all rows.

    Parameters
    ----------
    design : Design
    at : mapping of str to number, text or a sequence of them, optional
        Values of slope variables; others are held at their median or commonest level.

    Raises
    ------
    PredictionError
        `at` names a variable that has no random slope.
    """
    variables = _slope_variables(design)
    if at is not None and not isinstance(at, Mapping):
        raise PredictionError(f"at must be a dict such as {{'Days': [0, 5]}}, not {at!r}")
    if at is not None:
        unknown = [name for name in at if name not in variables]
        if unknown or not at:
            there = f"it can vary with {', '.join(variables)}" if variables else "it is one number: omit at"
            raise PredictionError(
                f"the ICC does not depend on {', '.join(map(repr, unknown)) or 'nothing'}; {there}"
            )
        return [_point(design, values) for values in _combinations(at)]
    if design.streamed is not None:
        from bayesmixed.streaming.icc import landmarks_of, rows_of_all

        marks, everywhere = landmarks_of, rows_of_all
    else:
        marks, everywhere = _landmarks_of, _rows_of_all
    points = [_point(design, {name: value}) for name in variables for value in marks(design, name)]
    return [*points, IccPoint(None, everywhere(design) if variables else everywhere(design)[:1])]


def _landmarks_of(design: "Design", name: str) -> list[Any]:
    return _landmarks(design.frame[name])


def _rows_of_all(design: "Design") -> Array:
    return design.Z_rows


def _slope_variables(design: "Design") -> list[str]:
    return list(design.encoding.needed(["random"]))


def _landmarks(values: Any) -> list[Any]:
    """Minimum, median and maximum of numbers; every level of a factor."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(values.dtype):
        marks = [float(values.min()), float(values.median()), float(values.max())]
        return [mark for k, mark in enumerate(marks) if mark not in marks[:k]]
    return sorted(values.unique().tolist())


def _typical(values: Any) -> Any:
    import pandas as pd

    if pd.api.types.is_numeric_dtype(values.dtype):
        return float(values.median())
    return values.mode().iloc[0]


def _typical_of(design: "Design", name: str) -> Any:
    if design.streamed is not None:
        from bayesmixed.streaming.icc import typical_of

        return typical_of(design, name)
    return _typical(design.frame[name])


def _combinations(at: Mapping[str, Any]) -> list[dict[str, Any]]:
    from itertools import product

    lists = [
        list(value) if hasattr(value, "__iter__") and not isinstance(value, str) else [value]
        for value in at.values()
    ]
    if not all(lists):
        raise PredictionError("at needs at least one value of each variable")
    return [dict(zip(at, values, strict=True)) for values in product(*lists)]


def _point(design: "Design", values: Mapping[str, Any]) -> IccPoint:
    import pandas as pd

    row = {name: _typical_of(design, name) for name in _slope_variables(design)} | dict(values)
    frame = pd.DataFrame({name: [value] for name, value in row.items()})
    return IccPoint(dict(values), design.encoding.encode(frame, parts=["random"]).Z_rows)


def icc_table(
    factor: str, points: list[IccPoint], columns: Mapping[str, Sequence[float] | Array]
) -> "pd.DataFrame":
    """Columns of numbers, one row a point, indexed by the group and the values of the slope variables."""
    import pandas as pd

    where = list(dict.fromkeys(name for point in points for name in (point.at or {})))
    values = [
        [factor] * len(points),
        *([(point.at or {}).get(name, np.nan) for point in points] for name in where),
    ]
    names = ["factor" if "group" in where else "group", *where]
    index = pd.MultiIndex.from_arrays(values, names=names) if where else pd.Index(values[0], name=names[0])
    return pd.DataFrame(dict(columns), index=index)
