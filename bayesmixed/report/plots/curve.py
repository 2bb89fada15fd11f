"""The intraclass correlation: a density, or a curve over the slope variable."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.errors import PictureError
from bayesmixed.icc import icc_points
from bayesmixed.report.plots.style import BLUE, INK, drawing, labelled, one_panel, plain
from bayesmixed.summary import interval, interval_names, intervals

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bayesmixed.fit import Fit

POINTS = 60


def plot_icc(fit: "Fit", ax: "Axes | None" = None, ci_prob: float = 0.95) -> "Axes":
    """Posterior of the ICC; with a slope, the curve ICC(t): median and band.

    Other slope variables are held at their median or commonest level. With factor slopes only, an interval
    a level.

    Parameters
    ----------
    fit : Fit
    ax : matplotlib Axes, optional
    ci_prob : float
        Of the equal-tailed interval.

    Returns
    -------
    matplotlib.axes.Axes
    """
    interval_names(ci_prob, "eti")  # refuses what is no probability
    variables = slope_variables(fit)
    with drawing():
        ax = one_panel(ax)
        if not variables:
            _density(fit, ax, ci_prob)
        elif numeric := [name for name in variables if _is_numeric(fit, name)]:
            _curve(fit, numeric[0], ax, ci_prob)
        else:
            _levels(fit, variables[0], ax, ci_prob)
    return ax


def slope_variables(fit: "Fit") -> tuple[str, ...]:
    """Columns that have random slopes."""
    return tuple(fit.model.design.encoding.needed(["random"]))


def _is_numeric(fit: "Fit", name: str) -> bool:
    import pandas as pd

    if fit.model.design.streamed is not None:
        return any(one.name == name and one.kind == "number" for one in fit.model.design.encoding.columns)
    return bool(pd.api.types.is_numeric_dtype(fit.model.design.frame[name].dtype))


def _summed(draws: Array, ci_prob: float) -> tuple[Array, Array]:
    """Medians, and limits (2, columns)."""
    limits = np.stack(intervals(draws, ci_prob))
    return np.median(draws, axis=0), limits


def _curve(fit: "Fit", name: str, ax: "Axes", ci_prob: float) -> None:
    grid = np.linspace(*range_of(fit, name), POINTS)
    middle, (low, high) = _summed(fit.icc_draws({name: list(grid)}), ci_prob)
    ax.fill_between(grid, low, high, color=BLUE, alpha=0.2, linewidth=0, label=f"{100 * ci_prob:g} % interval")
    ax.plot(grid, middle, color=BLUE, label="posterior median")
    ax.set(
        xlabel=labelled(name, fit.model.units.columns.get(name, "")),
        ylabel=f"ICC({plain(fit.model.names.factor)})",
        ylim=(0.0, 1.0),
    )
    ax.legend(loc="lower right")


def numeric_slope(fit: "Fit", variable: str | None = None) -> str:
    """The numeric variable with a random slope that was asked for, or the first one.

    Raises
    ------
    PictureError
        There is none, or not of that name.
    """
    there = [name for name in slope_variables(fit) if _is_numeric(fit, name)]
    if not there:
        raise PictureError("no number has a random slope, so that there is no curve to draw")
    if variable is not None and (not isinstance(variable, str) or variable not in there):
        raise PictureError(f"{variable!r} is no number with a random slope; there are {', '.join(there)}")
    return variable or there[0]


def range_of(fit: "Fit", name: str) -> tuple[float, float]:
    """Least and greatest value of a column."""
    if fit.model.design.streamed is not None:
        column = next(one for one in fit.model.design.encoding.columns if one.name == name)
        return float(column.low or 0.0), float(column.high or 0.0)
    values = fit.model.design.frame[name]
    return float(values.min()), float(values.max())


def _levels(fit: "Fit", name: str, ax: "Axes", ci_prob: float) -> None:
    points = [point for point in icc_points(fit.model.design) if point.at and name in point.at]
    levels = [point.at[name] for point in points if point.at]
    middle, limits = _summed(fit.icc_draws({name: levels}), ci_prob)
    place = np.arange(len(levels))
    ax.vlines(place, *limits, color=BLUE)
    ax.plot(place, middle, "o", color=BLUE)
    ax.set_xticks(place, [plain(level, 16) for level in levels])
    ax.set(xlabel=plain(name), ylabel=f"ICC({plain(fit.model.names.factor)})", ylim=(0.0, 1.0))


def _density(fit: "Fit", ax: "Axes", ci_prob: float) -> None:
    from arviz_stats.base import array_stats

    draws = fit.icc_draws()[:, 0]
    grid, density, _ = array_stats.kde(draws, bw="scott")
    low, high = interval(draws, ci_prob)
    ax.plot(grid, density, color=BLUE)
    ax.fill_between(grid, density, color=BLUE, alpha=0.15, linewidth=0)
    ax.plot([low, high], [0.0, 0.0], color=INK, linewidth=3, solid_capstyle="butt", clip_on=False)
    ax.plot(np.median(draws), 0.0, "o", color=INK, clip_on=False)
    ax.set(xlabel=f"ICC({plain(fit.model.names.factor)})", ylabel="posterior density", xlim=(0.0, 1.0))
    ax.set_ylim(bottom=0.0)
