"""What priors imply, one panel a number."""

from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.priors.implied import implied_draws
from bayesmixed.report.plots.style import BLUE, GREY, drawing, panels, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bayesmixed.priors.shown import ModelPriors

_BINS = 40


def plot_priors(priors: "ModelPriors", draws: int = 20_000, random_seed: Any = 0) -> "list[Axes]":
    """Densities that the priors imply for the ICC, R2, and the sd, correlations and sigma at x = 0.

    Heavy tails are cut at the 97.5 % quantile; the dashed line is the median.

    Parameters
    ----------
    priors : ModelPriors
    draws : int
    random_seed : int, SeedSequence or Generator

    Returns
    -------
    list of matplotlib.axes.Axes
    """
    values = implied_draws(priors.design, priors.names, priors.resolved, draws, random_seed)
    with drawing():
        axes = list(panels(len(values), columns=3, height=1.7))
        for ax, (label, own) in zip(axes, values.items(), strict=True):
            _density(ax, label, own, priors.units.of_parameter(label))
    return axes


def _density(ax: "Axes", label: str, values: Array, unit: str) -> None:
    share = label.startswith(("ICC", "R2"))
    correlation = "_corr[" in label
    low, high = (0.0, 1.0) if share else (-1.0, 1.0) if correlation else (0.0, float(np.quantile(values, 0.975)))
    heights, edges = np.histogram(values, bins=_BINS, range=(low, high))
    ax.stairs(heights / heights.max(), edges, fill=True, color=BLUE, alpha=0.35)
    ax.stairs(heights / heights.max(), edges, color=BLUE, linewidth=1.0)
    ax.axvline(float(np.median(values)), color=GREY, linestyle="--", linewidth=1.0)
    ax.set(xlim=(low, high), ylim=(0, 1.08), yticks=[])
    ax.spines["left"].set_visible(False)
    ax.set_title(plain(label), fontsize=8.5)
    if unit and not share and not correlation:
        ax.set_xlabel(unit)
