"""Posterior predictive check: statistics of replicated tables against those of the data."""

from typing import TYPE_CHECKING, Any

from bayesmixed.checks.replicated import ReplicatedStatistics, replicated_statistics
from bayesmixed.parameters import stored_name
from bayesmixed.report.plots.marginals import densities
from bayesmixed.report.plots.style import BLUE, TITLE, VERMILLION, drawing, figure_of, labelled
from bayesmixed.units import Units

if TYPE_CHECKING:
    from arviz_plots import PlotCollection

    from bayesmixed.fit import Fit


def plot_ppc(
    fit: "Fit",
    groups: str = "new",
    statistics: Any = None,
    draws: int | None = 1000,
    time: Any = None,
    ci_prob: float = 0.95,
    random_seed: Any = 0,
) -> "PlotCollection":
    """Statistics of tables drawn from the model (densities) against those of the data (lines).

    Parameters
    ----------
    fit : Fit
    groups, statistics, draws, time, random_seed :
        As in `Fit.check`, which has the numbers and says in words what they mean.
    ci_prob : float
        Of the equal-tailed interval drawn below each density.

    Returns
    -------
    arviz_plots.PlotCollection
        One panel a statistic, with its two-sided p-value in the title.

    Raises
    ------
    PredictionError
        A statistic does not exist or is no number, or time has missing values.
    """
    found = replicated_statistics(fit, groups, statistics, draws, time, random_seed)
    return draw_check(found, fit.model.units, ci_prob)


def draw_check(found: ReplicatedStatistics, units: Units, ci_prob: float = 0.95) -> "PlotCollection":
    """The picture of a check that was made before."""
    from arviz_plots import add_lines

    titles = [
        f"{labelled(one.name, units.of_y if one.in_units_of_y else '', TITLE)}\np = {found.p(one.name):.3f}"
        for one in found.statistics
    ]
    observed = {stored_name(name): value for name, value in found.observed.items()}
    with drawing():
        collection = densities(found.replicated, titles, ci_prob)
        add_lines(collection, observed, visuals={"ref_line": {"color": VERMILLION, "linestyle": "-"}})
        _name_lines(collection, found.groups)
    return collection


def _name_lines(collection: "PlotCollection", groups: str) -> None:
    from matplotlib.lines import Line2D

    whose = "new groups" if groups == "new" else "the same groups"
    lines = [
        Line2D([], [], color=BLUE, label=f"the model's tables, of {whose}"),
        Line2D([], [], color=VERMILLION, label="your table"),
    ]
    figure_of(collection).legend(handles=lines, loc="outside upper center", ncols=2)
