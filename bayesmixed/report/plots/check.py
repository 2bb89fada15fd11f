"""Posterior predictive check: statistics of replicated tables against those of the data."""

from typing import TYPE_CHECKING, Any

from bayesmixed.report.plots.marginals import densities
from bayesmixed.report.plots.style import VERMILLION, drawing, labelled
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
    from arviz_plots import add_lines

    titles = [
        f"{labelled(name, units.of_y if name.endswith('sd') else '')}\np = {check.p_value(name):.2f}"
        for name in check.observed
    ]
    with drawing():
        collection = densities(check.replicated, titles, ci_prob)
        line = {"color": VERMILLION, "linestyle": "-"}
        add_lines(collection, dict(check.observed), visuals={"ref_line": line})
    return collection
