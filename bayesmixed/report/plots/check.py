"""Posterior predictive check: statistics of replicated tables against those of the data."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bayesmixed.arrays import Array
from bayesmixed.checks.replicated import ReplicatedStatistics
from bayesmixed.parameters import stored_name
from bayesmixed.report.plots.marginals import densities
from bayesmixed.report.plots.style import TITLE, VERMILLION, drawing, labelled
from bayesmixed.report.statistics import PredictiveCheck, predictive_check
from bayesmixed.units import Units

if TYPE_CHECKING:
    from arviz_plots import PlotCollection

    from bayesmixed.fit import Fit


def plot_ppc(
    fit: "Fit",
    groups: str = "observed",
    num_draws: int | None = 1000,
    ci_prob: float = 0.95,
    random_seed: Any = 0,
) -> "PlotCollection":
    """Between-group sd, within-group sd and ANOVA ICC of replicates against those of the data (the line).

    Parameters
    ----------
    fit : Fit
    groups : {"observed", "new"}
        Replicates of the same groups, or of new ones. Those of the same groups hardly test the sd between groups.
    num_draws : int or None
        How many replicates; None for as many as there are draws.
    ci_prob : float
    random_seed : int, SeedSequence or Generator

    Returns
    -------
    arviz_plots.PlotCollection
        With Bayesian p-values, ``P(T(y_rep) >= T(y))``, in the titles; `ppc_table` has the numbers.
    """
    return draw_check(predictive_check(fit, groups, num_draws, random_seed), fit.model.units, ci_prob)


def draw_check(check: PredictiveCheck, units: Units, ci_prob: float = 0.95) -> "PlotCollection":
    """The picture of a check that was made before."""
    titles = [
        f"{labelled(name, units.of_y if name.endswith('sd') else '')}\np = {check.p_value(name):.2f}"
        for name in check.observed
    ]
    return _draw(check.observed, check.replicated, titles, ci_prob)


def draw_statistics(found: ReplicatedStatistics, units: Units, ci_prob: float = 0.95) -> "PlotCollection":
    """The picture of `Fit.check`: two-sided p-values in the titles, a line where the data are."""
    titles = [
        f"{labelled(one.name, units.of_y if one.in_units_of_y else '', TITLE)}\np = {found.p(one.name):.3f}"
        for one in found.statistics
    ]
    return _draw(found.observed, found.replicated, titles, ci_prob)


def _draw(
    observed: Mapping[str, float], replicated: Mapping[str, Array], titles: Sequence[str], ci_prob: float
) -> "PlotCollection":
    """Densities of the replicates' statistics with a line at that of the data."""
    from arviz_plots import add_lines

    with drawing():
        collection = densities(replicated, titles, ci_prob)
        line = {"color": VERMILLION, "linestyle": "-"}
        add_lines(
            collection, {stored_name(name): value for name, value in observed.items()}, visuals={"ref_line": line}
        )
    return collection
