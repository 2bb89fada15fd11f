"""REML and posterior, interval beside interval."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.report.plots.style import BLUE, GREY, VERMILLION, WIDTH, drawing, labelled
from bayesmixed.summary import interval_names

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from bayesmixed.fit import Fit

#: Quantities of one picture.
MOST = 16


def plot_compare_reml(
    fit: "Fit",
    names: Sequence[str] | None = None,
    ci_prob: float = 0.95,
    method: str = "wald",
    axes: "Sequence[Axes] | None" = None,
) -> np.ndarray:
    """Posterior median and interval beside the REML estimate and interval, with the reasons why they differ.

    One panel a quantity; the reason codes of `Fit.compare_reml` stand at its right. Where REML has no interval
    (at the boundary, by Wald's method) its estimate stands alone.

    Parameters
    ----------
    fit : Fit
    names : sequence of str, optional
        Quantities as in `Fit.compare_reml`; by default all (the first 16).
    ci_prob : float
    method : str
        Of REML's intervals, see `RemlFit.confint`.
    axes : sequence of matplotlib Axes, optional
        One a quantity; by default those of a new figure with a legend.

    Returns
    -------
    ndarray of matplotlib Axes
    """
    table = fit.compare_reml(ci_prob, method=method, effects=False)
    table = table.head(MOST) if names is None else table.loc[list(names)]
    limits = interval_names(ci_prob, "eti")
    with drawing():
        drawn = _grid(len(table)) if axes is None else np.array(axes, dtype=object).ravel()
        for ax, (label, row) in zip(drawn, table.iterrows(), strict=True):
            _pair(ax, row, limits)
            ax.set_title(labelled(label, _unit(fit, str(label))), fontsize=8.5, loc="left", pad=3)
            ax.set_title(row["reasons"], fontsize=7, loc="right", pad=3, color=GREY)
        if axes is None:
            handles, texts = drawn[0].get_legend_handles_labels()
            drawn[0].figure.legend(handles, texts, loc="outside upper center", ncols=2)
    return drawn


def _grid(count: int) -> np.ndarray:
    import matplotlib.pyplot as plt

    columns = 2 if count > 3 else 1
    rows = -(-count // columns)
    _, axes = plt.subplots(rows, columns, figsize=(WIDTH, 0.5 + 0.78 * rows), squeeze=False)
    for spare in axes.ravel()[count:]:
        spare.remove()
    return axes.ravel()[:count]


def _unit(fit: "Fit", label: str) -> str:
    names = fit.model.names
    if label.startswith((f"ICC({names.factor}", f"{names.corr}[")):
        return ""
    return fit.model.units.of_parameter(label)


def _pair(ax: "Axes", row: "pd.Series", limits: tuple[str, str]) -> None:
    ax.plot([row[limit] for limit in limits], [1, 1], color=BLUE, linewidth=2.2)
    ax.plot(row["median"], 1, "o", color=BLUE, markersize=5.5, label="posterior")
    if np.isfinite(row["reml"]):
        ax.plot([row["reml_lower"], row["reml_upper"]], [0, 0], color=VERMILLION, linewidth=2.2)
        ax.plot(row["reml"], 0, "s", color=VERMILLION, markersize=5, label="REML")
    ax.set_ylim(-0.7, 1.7)
    ax.margins(x=0.04)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.locator_params(axis="x", nbins=5)
    ax.tick_params(axis="x", labelsize=7.5)
