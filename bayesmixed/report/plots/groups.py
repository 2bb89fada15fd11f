"""Random effects of the groups, and how far pooling moved them."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arguments import check_count, check_probability
from bayesmixed.errors import PictureError
from bayesmixed.quantiles import normal_quantile
from bayesmixed.report.plots.centre import design_of, units_of_fit
from bayesmixed.report.plots.style import BLUE, GREY, ORANGE, TITLE, WIDTH, drawing, labelled, plain
from bayesmixed.report.table import evenly
from bayesmixed.summary import interval_names

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from bayesmixed.fit import Fit
    from bayesmixed.reml import RemlFit

#: Groups beyond this many are thinned so that their names stay readable.
MOST_GROUPS = 40


def plot_random_effects(fit: "Fit | RemlFit", ci_prob: float = 0.95, most: int = MOST_GROUPS) -> np.ndarray:
    """Caterpillar: b of every group, sorted, with the estimate without pooling (diamonds) to show shrinkage.

    Of a REML fit conditional modes, with normal intervals of their conditional variances given the estimates of
    G and sigma (lme4's ``condVar``), too narrow with few groups.

    Parameters
    ----------
    fit : Fit or RemlFit
    ci_prob : float
        Of the equal-tailed interval.
    most : int
        Where there are more groups than this, as many evenly spaced in rank, the extremes among them.

    Returns
    -------
    ndarray of matplotlib Axes
        One a random term (the first four).

    Examples
    --------
    >>> import bayesmixed as bm
    >>> fit = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy")).reml()
    >>> [ax.get_title() for ax in fit.plot_random_effects()]
    ['Intercept', 'Days']
    """
    import matplotlib.pyplot as plt

    check_probability("ci_prob", ci_prob, PictureError)
    check_count("most", most, 1, PictureError)
    table, names, words = _table(fit, ci_prob)
    design = design_of(fit)
    labels, J = list(design.random_labels)[:4], design.n_groups
    shown = min(J, most)
    columns = min(2, len(labels))
    rows = -(-len(labels) // columns)
    with drawing():
        size = (WIDTH, rows * max(2.2, 0.7 + 0.15 * shown))
        figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False)
        for ax, label in zip(axes.ravel(), labels, strict=False):
            _caterpillar(ax, table.xs(label, level="term"), names, most, words)
            title = labelled(label, _unit(fit, label), TITLE - 4 if columns > 1 else 60)
            ax.set_title(title if len(title) < 24 or columns == 1 else title.replace(" (", "\n("), fontsize=9.5)
        for ax in axes[:, 0]:
            ax.set_ylabel(plain(design.factor_name, max(10, int(5 * size[1] / rows))))
        for spare in axes.ravel()[len(labels) :]:
            spare.remove()
        handles, names = axes.ravel()[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper center", ncols=2)
        notes = [f"{shown} of {J} groups, evenly spaced in rank"] if shown < J else []
        notes += [f"{len(labels)} of {design.q} random effects"] if len(labels) < design.q else []
        if notes:
            figure.supxlabel("; ".join(notes), fontsize=8.5)
    return axes.ravel()[: len(labels)]


def _unit(fit: "Fit | RemlFit", label: str) -> str:
    owner = {one: term.name for term in design_of(fit).random_terms for one in term.labels}
    return units_of_fit(fit).of_term(owner[label])


def _table(fit: "Fit | RemlFit", ci_prob: float) -> tuple["pd.DataFrame", tuple[str, str, str], str]:
    """Random effects, the names of their middle and limits, and what they are."""
    from bayesmixed.reml import RemlFit

    if not isinstance(fit, RemlFit):
        names = ("median", *interval_names(ci_prob, "eti"))
        return fit.random_effects(ci_prob), names, "posterior median and interval"
    table = fit.random_effects()
    half = normal_quantile(0.5 + ci_prob / 2.0) * table["sd"]
    table = table.assign(lower=table["mode"] - half, upper=table["mode"] + half)
    return table, ("mode", "lower", "upper"), f"conditional mode ({fit.method}) and interval"


def _caterpillar(ax: "Axes", table: "pd.DataFrame", names: tuple[str, str, str], most: int, words: str) -> None:
    ranked = table.sort_values(names[0], kind="stable")
    ranked = ranked.iloc[evenly(len(ranked), most)]
    place = np.arange(len(ranked))
    middle, low, high = (ranked[name].to_numpy() for name in names)
    ax.axvline(0.0, color=GREY, linewidth=0.7)
    ax.hlines(place, low, high, color=BLUE, linewidth=1.2)
    ax.plot(middle, place, "o", color=BLUE, markersize=3.5, label=words)
    ax.plot(
        ranked["no_pooling"], place, "D", color=ORANGE, markersize=3.2, markerfacecolor="none", label="no pooling"
    )
    ax.set_yticks(place, [plain(level, 20) for level in ranked.index], fontsize=7.5)
    ax.set_ylim(-0.7, len(ranked) - 0.3)
