"""What statistics need to know of a table besides y: groups, time, and what X and Z explain."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.checks.within import TOLERANCE, GroupedRows, WithinGroups
from bayesmixed.design.groups import constant_within_groups
from bayesmixed.errors import PredictionError

if TYPE_CHECKING:
    from bayesmixed.design import Design


@dataclass(frozen=True, eq=False)
class Layout:
    """A table without its response.

    Parameters
    ----------
    design : Design
    time : ndarray of int, shape (N,), or None
        Ranks of the rows in time.
    """

    design: "Design"
    time: np.ndarray | None

    @classmethod
    def of(cls, design: "Design", time: Any = None) -> "Layout":
        return cls(design, time_ranks(design, time))

    @property
    def group(self) -> np.ndarray:
        return self.design.group

    @cached_property
    def within(self) -> WithinGroups:
        return WithinGroups.of(self.design, GroupedRows.of(self.group, self.time))

    @cached_property
    def _X(self) -> Array:
        lengths = np.maximum(np.linalg.norm(self.design.X, axis=0), np.finfo(float).tiny)
        U, singular, _ = np.linalg.svd(self.design.X / lengths, full_matrices=False)
        return U[:, singular > TOLERANCE]

    def without_X(self, y: Array) -> Array:
        """Residuals of the least-squares fit by X alone, (..., N)."""
        y = y - self.design.offset
        return y - (y @ self._X) @ self._X.T

    @property
    def residual_df(self) -> int:
        """Rows beyond the coefficients of each group's own and the common ones."""
        return round(float(self.within.df.sum())) - int(self.within.X.shape[1])


def time_ranks(design: "Design", time: Any = None) -> np.ndarray | None:
    """Ranks of the rows in time, (N,); None where there is nothing to order them by.

    Parameters
    ----------
    design : Design
    time : str or sequence, optional
        A column that the model uses, or one value for each row of the model's table; by default `time_column`.

    Raises
    ------
    PredictionError
        There is no such column, the values are not one a row, or some are missing.
    """
    import pandas as pd

    if time is None:
        time = time_column(design)
        if time is None:
            return None
    if isinstance(time, str):
        if time not in design.used_names:
            used = ", ".join(map(repr, design.used_names))
            raise PredictionError(
                f"the model uses no column {time!r}, it uses {used}: give time its values instead"
            )
        values = pd.Series(design.frame[time].to_numpy())
    else:
        given = np.asarray(time)
        if given.ndim != 1:
            raise PredictionError(
                f"time must be the name of a column or one value for each row, not an array of shape {given.shape}"
            )
        values = _of_used_rows(design, pd.Series(given))
    if values.isna().any():
        raise PredictionError("time has missing values: give one value for each row of the table")
    ranks: np.ndarray = values.rank(method="dense").to_numpy().astype(np.intp)
    return ranks


def _of_used_rows(design: "Design", values: Any) -> Any:
    """One value a used row, from those or from values of all rows of the table, dropped ones included."""
    if len(values) == design.n_obs:
        return values
    if len(values) == design.n_obs + design.n_dropped:
        return values.iloc[design.rows]
    raise PredictionError(
        f"time has {len(values)} values, but the model has {design.n_obs} rows: give one value for each of them"
    )


def time_column(design: "Design") -> str | None:
    """The first numeric column with a random slope, else the first numeric predictor that varies within groups."""
    import pandas as pd

    for part in ("random", "fixed"):
        for name in design.encoding.needed([part]):
            values = design.frame[name]
            if not pd.api.types.is_numeric_dtype(values.dtype) or values.nunique() < 3:
                continue
            if not constant_within_groups(values.to_numpy(dtype=float), design.group, design.n_groups):
                return str(name)
    return None
