"""Random effects of the groups, and how far pooling moved them."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.report.plots.style import BLUE, GREY, ORANGE, TITLE, WIDTH, drawing, labelled, plain
from bayesmixed.report.table import evenly
from bayesmixed.summary import interval_names

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from bayesmixed.fit import Fit

#: Groups beyond this many are thinned so that their names stay readable.
MOST_GROUPS = 40


def plot_random_effects(fit: "Fit", ci_prob: float = 0.95, most: int = MOST_GROUPS) -> np.ndarray:
    """Caterpillar: b of every group, sorted, with the estimate without pooling (diamonds) to show shrinkage.

    Parameters
    ----------
    fit : Fit
    ci_prob : float
        Of the equal-tailed interval.
    most : int
        Where there are more groups than this, as many evenly spaced in rank, the extremes among them.

    Returns
    -------
    ndarray of matplotlib Axes
        One a random term (the first four).
    """
    import matplotlib.pyplot as plt

    table = fit.random_effects(ci_prob)
    labels, J = list(fit.model.design.random_labels)[:4], fit.model.design.n_groups
    shown = min(J, most)
    columns = min(2, len(labels))
    rows = -(-len(labels) // columns)
    with drawing():
        size = (WIDTH, rows * max(2.2, 0.7 + 0.15 * shown))
        figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False)
        for ax, label in zip(axes.ravel(), labels, strict=False):
            _caterpillar(ax, table.xs(label, level="term"), interval_names(ci_prob, "eti"), most)
            ax.set_title(labelled(label, _unit(fit, label), TITLE))
        for spare in axes.ravel()[len(labels) :]:
            spare.remove()
        handles, names = axes.ravel()[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper center", ncols=2)
        if shown < J:
            figure.supxlabel(f"{shown} of {J} groups, evenly spaced in rank", fontsize=8.5)
    return axes.ravel()[: len(labels)]


def _unit(fit: "Fit", label: str) -> str:
    owner = {one: term.name for term in fit.model.design.random_terms for one in term.labels}
    return fit.model.units.of_term(owner[label])


def _caterpillar(ax: "Axes", table: "pd.DataFrame", limits: tuple[str, str], most: int) -> None:
    ranked = table.sort_values("median", kind="stable")
    ranked = ranked.iloc[evenly(len(ranked), most)]
    place = np.arange(len(ranked))
    low, high = (ranked[name].to_numpy() for name in limits)
    ax.axvline(0.0, color=GREY, linewidth=0.7)
    ax.hlines(place, low, high, color=BLUE, linewidth=1.2)
    ax.plot(ranked["median"], place, "o", color=BLUE, markersize=3.5, label="posterior median and interval")
    ax.plot(
        ranked["no_pooling"], place, "D", color=ORANGE, markersize=3.2, markerfacecolor="none", label="no pooling"
    )
    ax.set_yticks(place, [plain(level, 20) for level in ranked.index], fontsize=7.5)
    ax.set_ylim(-0.7, len(ranked) - 0.3)
    ax.set_ylabel(plain(table.index.name or ""))
