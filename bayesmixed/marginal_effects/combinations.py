"""Means and slopes of cells as linear combinations of the coefficients."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayesmixed.arrays import Array
from bayesmixed.errors import PredictionError
from bayesmixed.marginal_effects.derivative import differentiate
from bayesmixed.marginal_effects.grid import MEAN_PARTS, Grid, check_names, names_in

if TYPE_CHECKING:
    from bayesmixed.design import Design


@dataclass(frozen=True, eq=False)
class Combinations:
    """``L beta + constant``, one row each, with what the rows are called.

    Parameters
    ----------
    index : pandas.Index
    L : ndarray, shape (k, p)
        In the user's coding.
    constant : ndarray, shape (k,)
        What offsets add, minus the value that a contrast is compared with.
    null : ndarray, shape (k,)
        What the combination is compared with; 0 but for contrasts that say otherwise.
    """

    index: pd.Index
    L: Array
    constant: Array
    null: Array


def means(
    design: "Design", variables: str | Sequence[str], at: Mapping[str, Any] | None, weights: str
) -> Combinations:
    """Marginal means at b = 0: of each cell, the weighted average of the rows of X.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> model = bm.MixedModel("effort ~ Type + (1 | Subject)", bm.load_dataset("ergoStool"))
    >>> means(model.design, "Type", None, "equal").L.tolist()[1]
    [1.0, 1.0, 0.0, 0.0]
    """
    grid = Grid.of(design, names_in(variables), at, weights)
    found = [_mean_row(design, rows, grid.weights) for rows in grid.rows()]
    return _combinations(grid, found)


def slopes(
    design: "Design",
    variable: str,
    by: str | Sequence[str],
    at: Mapping[str, Any] | None,
    weights: str,
) -> Combinations:
    """Derivatives of the mean by a numeric variable at b = 0, averaged as means are.

    Several values of the variable itself in `at` are cells of their own.
    """
    _check_number(design, variable)
    names = names_in(by)
    if at and variable in at and np.ndim(at[variable]) and variable not in names:
        names = (*names, variable)
    grid = Grid.of(design, names, at, weights)
    found = [_slope_row(design, variable, rows, grid.weights) for rows in grid.rows()]
    return _combinations(grid, found)


def _combinations(grid: Grid, found: list[tuple[Array, float]]) -> Combinations:
    L = np.array([row for row, _ in found])
    check_estimated(L)
    constant = np.array([constant for _, constant in found])
    return Combinations(_index(grid), L, constant, np.zeros(len(L)))


def check_estimated(L: Array) -> None:
    """Refuse what the data say nothing about: rows of L without a coefficient."""
    if not L.any(axis=1).all():
        raise PredictionError("this depends on no coefficient, only on the offset: there is nothing to estimate")


def _index(grid: Grid) -> pd.Index:
    names = list(grid.cells.columns)
    if not names:
        return pd.Index(["overall"], name="cell")
    if len(names) == 1:
        return pd.Index(grid.cells[names[0]], name=names[0])
    return pd.MultiIndex.from_frame(grid.cells)


def _mean_row(design: "Design", rows: pd.DataFrame, weights: Array) -> tuple[Array, float]:
    encoded = design.encoding.encode(rows, MEAN_PARTS)
    return weights @ encoded.X, float(weights @ encoded.offset)


def _slope_row(design: "Design", variable: str, rows: pd.DataFrame, weights: Array) -> tuple[Array, float]:
    column = next(one for one in design.encoding.columns if one.name == variable)
    low, high = float(column.low or 0.0), float(column.high or 0.0)
    spread = (high - low) / 4.0 or max(abs(high), 1.0)

    def columns(x: Array) -> Array:
        encoded = design.encoding.encode(rows.assign(**{variable: x}), MEAN_PARTS)
        return np.column_stack([encoded.X, encoded.offset])

    x = rows[variable].to_numpy(dtype=float)
    found = weights @ differentiate(columns, x, spread, low, high)
    return found[:-1], float(found[-1])


def _check_number(design: "Design", variable: str) -> None:
    columns = {one.name: one for one in design.encoding.columns}
    check_names([variable], design.encoding.needed(MEAN_PARTS))
    if columns[variable].kind == "factor":
        raise PredictionError(f"{variable!r} is a factor and has no slope: use contrasts({variable!r})")
