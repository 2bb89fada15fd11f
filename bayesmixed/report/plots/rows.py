"""The rows of the table with what the model makes of them."""

from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.report.plots.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    SKY,
    VERMILLION,
    drawing,
    labelled,
    one_panel,
    plain,
)
from bayesmixed.report.table import evenly
from bayesmixed.summary import intervals

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bayesmixed.design import Design
    from bayesmixed.fit import Fit

MOST_LINES, MOST_ROWS, MOST_GROUPS, POINTS = 40, 2000, 40, 40


def plot_data(fit: "Fit", variable: str | None = None, ax: "Axes | None" = None, ci_prob: float = 0.95) -> "Axes":
    """The rows by group, with the population's line and those of the groups.

    Other predictors are held at their median or commonest level. Without a numeric predictor: the rows of each
    group with the fitted means.

    Parameters
    ----------
    fit : Fit
    variable : str, optional
        Column for the horizontal axis; by default the first numeric slope variable, else the first numeric one.
    ax : matplotlib Axes, optional
    ci_prob : float
        Of the band about the population's line.

    Returns
    -------
    matplotlib.axes.Axes
    """
    variable = numeric_variable(fit.model.design) if variable is None else variable
    with drawing():
        ax = one_panel(ax)
        if variable is None:
            _means(fit, ax)
        else:
            _lines(fit, variable, ax, ci_prob)
        ax.set_ylabel(labelled(fit.model.design.response_name, fit.model.units.of_y))
    return ax


def numeric_variable(design: "Design") -> str | None:
    """The first numeric column with a random slope, else the first numeric predictor."""
    import pandas as pd

    for part in ("random", "fixed"):
        for name in design.encoding.needed([part]):
            values = design.frame[name]
            if pd.api.types.is_numeric_dtype(values.dtype) and values.nunique() > 2:
                return str(name)
    return None


def _lines(fit: "Fit", variable: str, ax: "Axes", ci_prob: float) -> None:
    design = fit.model.design
    x = design.frame[variable].to_numpy(dtype=float)
    grid = np.linspace(x.min(), x.max(), POINTS)
    rows = design.encode(_typical_rows(design, variable, grid))
    population = fit.beta @ rows.X.T + rows.offset
    middle = population.mean(axis=0)
    low, high = intervals(population, ci_prob)
    shown = evenly(design.n_obs, MOST_ROWS)
    ax.plot(x[shown], design.y[shown], ".", color=GREY, markersize=5, alpha=0.8, zorder=1, label="rows")
    b, kept = _effects(fit)
    for k, values in enumerate(middle + b[kept] @ rows.Z_rows.T):
        label = f"{plain(design.factor_name)} ({_shown(len(kept), design.n_groups)})" if k == 0 else None
        ax.plot(grid, values, color=SKY, linewidth=0.9, alpha=0.9, zorder=2, label=label)
    ax.fill_between(grid, low, high, color=VERMILLION, alpha=0.2, linewidth=0, zorder=3)
    ax.plot(grid, middle, color=VERMILLION, linewidth=2.4, zorder=4, label=f"population, {100 * ci_prob:g} % band")
    ax.set_xlabel(labelled(variable, fit.model.units.columns.get(variable, "")))
    ax.legend(loc="best")


def _shown(kept: int, all_of_them: int) -> str:
    return f"{kept}" if kept == all_of_them else f"{kept} of {all_of_them}"


def _effects(fit: "Fit") -> tuple[Array, Array]:
    """Posterior means of b, (J, q), and which groups to draw: evenly spaced by their first effect."""
    if fit.has_effects:
        b = fit.effects.mean(axis=0)
    else:
        b = fit.random_effects()["mean"].to_numpy().reshape(fit.model.design.n_groups, -1)
    order = np.argsort(b[:, 0], kind="stable")
    return b, order[evenly(len(order), MOST_LINES)]


def _typical_rows(design: "Design", variable: str, grid: Array) -> dict[str, list[Any]]:
    """Rows that differ in one column only."""
    import pandas as pd

    rows: dict[str, list[Any]] = {}
    for name in design.encoding.needed(["fixed", "random", "offset"]):
        values = design.frame[name]
        number = pd.api.types.is_numeric_dtype(values.dtype)
        typical = float(values.median()) if number else values.mode().iloc[0]
        rows[str(name)] = [typical] * len(grid)
    return rows | {variable: list(grid)}


def _means(fit: "Fit", ax: "Axes") -> None:
    """Rows of each group, their mean, and the mean of their fitted values: shrinkage to be seen."""
    design = fit.model.design
    size = design.group_sizes
    means = np.bincount(design.group, design.y) / size
    fitted = np.bincount(design.group, fit.fitted()) / size
    order = np.argsort(means, kind="stable")
    order = order[evenly(len(order), MOST_GROUPS)]
    place = np.full(design.n_groups, -1)
    place[order] = np.arange(len(order))
    drawn = place[design.group] >= 0
    ax.plot(place[design.group][drawn], design.y[drawn], ".", color=GREY, label="rows")
    ax.plot(
        np.arange(len(order)), means[order], "D", color=ORANGE, markerfacecolor="none", label="mean of the rows"
    )
    ax.plot(np.arange(len(order)), fitted[order], "o", color=BLUE, markersize=4.5, label="fitted mean")
    ax.axhline(float(fit.fitted().mean()), color=INK, linewidth=0.7, linestyle=":")
    ax.set_xticks(np.arange(len(order)), [plain(design.levels[j], 20) for j in order])
    if len(order) > 8:
        ax.tick_params(axis="x", labelrotation=90, labelsize=7.5)
    ax.set_xlabel(f"{plain(design.factor_name)} ({_shown(len(order), design.n_groups)} groups, sorted by mean)")
    ax.legend(loc="best")
