"""The rows of the table with what the model makes of them."""

from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arguments import check_probability
from bayesmixed.errors import PictureError
from bayesmixed.report.plots.centre import Centre, centre_of, need_rows, places_of_groups
from bayesmixed.report.plots.lines import (
    Horizontal,
    between_factor,
    default_variable,
    group_lines,
    horizontal,
    population_line,
    typical_rows,
)
from bayesmixed.report.plots.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    drawing,
    labelled,
    one_panel,
    plain,
)
from bayesmixed.report.table import evenly

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bayesmixed.design import Design
    from bayesmixed.fit import Fit
    from bayesmixed.reml import RemlFit

MOST_LINES, MOST_ROWS, MOST_GROUPS = 40, 2000, 40
LEVELS = (VERMILLION, BLUE, GREEN, PURPLE)


def plot_data(
    fit: "Fit | RemlFit", variable: str | None = None, ax: "Axes | None" = None, ci_prob: float = 0.95
) -> "Axes":
    """The rows by group, with the population's line and those of the groups (spaghetti).

    Lines of groups hold the other predictors at the median or commonest level of their own rows, the population's
    at those of all rows; where a factor of 2 to 4 levels, such as a treatment, is constant within groups, each
    level has its line and colour. Without a predictor to draw over: the rows of each group with their mean and
    the fitted one.

    Parameters
    ----------
    fit : Fit or RemlFit
    variable : str, optional
        Predictor for the horizontal axis; by default the first numeric one with a slope, else the first numeric
        one, else a factor with a slope.
    ax : matplotlib Axes, optional
    ci_prob : float
        Of the band about the population's line.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    PictureError
        The rows are gone, `ax` is no Axes, or `variable` no predictor.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"))
    >>> model.reml().plot_data().get_xlabel()
    'Days'
    """
    need_rows(fit, "plot_data()")
    check_probability("ci_prob", ci_prob, PictureError)
    centre = centre_of(fit)
    variable = default_variable(centre.design) if variable is None else variable
    with drawing():
        ax = one_panel(ax)
        if variable is None:
            _means(fit, centre, ax)
        else:
            _lines(fit, centre, horizontal(centre.design, variable), ax, ci_prob)
        ax.set_ylabel(labelled(centre.design.response_name, centre.units.of_y, 44))
    return ax


def numeric_variable(design: "Design") -> str | None:
    """The predictor that `plot_data` draws over by default; None where it draws the rows by group."""
    return default_variable(design)


def _lines(fit: "Fit | RemlFit", centre: Centre, axis: Horizontal, ax: "Axes", ci_prob: float) -> None:
    design = centre.design
    shown = evenly(design.n_obs, MOST_ROWS)
    ax.plot(axis.rows[shown], design.y[shown], ".", color=GREY, markersize=5, alpha=0.8, zorder=1, label="rows")
    factor = between_factor(design, axis.name)
    colours = _colours_of_groups(design, factor)
    kept = places_of_groups(design, None, MOST_LINES, centre.b[:, 0])
    for k, j in enumerate(kept):
        label = f"{plain(design.factor_name)} ({_shown(len(kept), design.n_groups)})" if k == 0 else None
        line = group_lines(centre, axis, int(j)).pooled
        ax.plot(axis.places, line, color=colours[j], linewidth=0.9, alpha=0.45 if factor else 0.9, label=label)
    rows = typical_rows(design, axis)
    if factor is None:
        _population(ax, axis, population_line(fit, rows, ci_prob), VERMILLION, f"population, {_band(ci_prob)}")
    else:
        for level, colour in zip(factor[1], LEVELS, strict=False):
            own = rows | {factor[0]: [level] * len(axis.values)}
            text = f"{plain(factor[0], 20)} {plain(level, 20)}, {_band(ci_prob)}"
            _population(ax, axis, population_line(fit, own, ci_prob), colour, text)
    axis.label_ticks(ax)
    ax.set_xlabel(labelled(axis.name, centre.units.columns.get(axis.name, "")))
    ax.legend(loc="best")


def _colours_of_groups(design: "Design", factor: tuple[str, list[Any]] | None) -> list[str]:
    if factor is None:
        return [SKY] * design.n_groups
    name, levels = factor
    first = np.unique(design.group, return_index=True)[1]
    return [LEVELS[levels.index(value)] for value in design.frame[name].iloc[first]]


def _population(ax: "Axes", axis: Horizontal, line: tuple[Any, ...], colour: str, label: str) -> None:
    middle, low, high = line
    ax.fill_between(axis.places, low, high, color=colour, alpha=0.2, linewidth=0, zorder=3)
    ax.plot(axis.places, middle, color=colour, linewidth=2.4, zorder=4, label=label)


def _band(ci_prob: float) -> str:
    return f"{100 * ci_prob:g} % band"


def _shown(kept: int, all_of_them: int) -> str:
    return f"{kept}" if kept == all_of_them else f"{kept} of {all_of_them}"


def _means(fit: "Fit | RemlFit", centre: Centre, ax: "Axes") -> None:
    """Rows of each group, their mean, the mean of their fitted values, and where b = 0 would put it."""
    design = centre.design
    rows = (design.y, fit.fitted(), design.X @ centre.beta + design.offset)
    means, fitted, population = (np.bincount(design.group, values) / design.group_sizes for values in rows)
    order = places_of_groups(design, None, MOST_GROUPS, means)
    place = np.full(design.n_groups, -1)
    place[order] = np.arange(len(order))
    drawn, at = place[design.group] >= 0, np.arange(len(order))
    ax.plot(place[design.group][drawn], design.y[drawn], ".", color=GREY, label="rows")
    ax.plot(at, means[order], "D", color=ORANGE, markerfacecolor="none", label="mean of the rows")
    ax.plot(at, fitted[order], "o", color=BLUE, markersize=4.5, label="fitted mean")
    level = population[order]
    ax.hlines(level, at - 0.42, at + 0.42, color=INK, linewidth=0.8, linestyle=":", label="population")
    longest = max(len(str(design.levels[j])) for j in order)
    ax.set_xticks(at, [plain(design.levels[j], 20) for j in order])
    if len(order) > 8 or min(longest, 20) * len(order) > 64:
        ax.tick_params(axis="x", labelrotation=90, labelsize=7.5)
    ax.set_xlabel(f"{plain(design.factor_name)} ({_shown(len(order), design.n_groups)} groups, sorted by mean)")
    ax.legend(loc="best")
