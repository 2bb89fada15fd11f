"""REML and posterior, interval beside interval."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.errors import PictureError
from bayesmixed.report.plots.style import (
    BLUE,
    GREY,
    VERMILLION,
    WIDTH,
    drawing,
    labelled,
    note_left_out,
    panels_of,
)
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

    Raises
    ------
    PictureError
        A quantity does not exist, or `axes` is something else.
    """
    table = fit.compare_reml(ci_prob, method=method, effects=False)
    there = len(table)
    table = table.head(MOST) if names is None else table.loc[_known(names, table)]
    limits = interval_names(ci_prob, "eti")
    with drawing():
        drawn = _grid(len(table)) if axes is None else panels_of(axes, len(table))
        room = 42 if axes is None and len(table) > 3 else 84  # characters over a panel
        for ax, (label, row) in zip(drawn, table.iterrows(), strict=True):
            _pair(ax, row, limits)
            text = labelled(label, _unit(fit, str(label)), max(22, room - len(row["reasons"])))
            ax.set_title(text, fontsize=8.5, loc="left", pad=3)
            ax.set_title(row["reasons"], fontsize=7, loc="right", pad=3, color=GREY)
        if axes is None:
            handles, texts = drawn[0].get_legend_handles_labels()
            drawn[0].figure.legend(handles, texts, loc="outside upper center", ncols=2)
            if names is None:
                note_left_out(drawn, len(table), there, "quantities")
    return drawn


def _known(names: Sequence[str] | str, table: "pd.DataFrame") -> list[str]:
    chosen = [names] if isinstance(names, str) else list(names)
    for name in chosen:
        if name not in table.index:
            raise PictureError(f"no quantity {name!r} to draw; there are {', '.join(map(str, table.index))}")
    return chosen


def _grid(count: int) -> np.ndarray:
    import matplotlib.pyplot as plt
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    columns = 2 if count > 3 else 1
    rows = -(-count // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(WIDTH, 0.5 + 0.78 * rows), squeeze=False)
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(wspace=0.06)  # or titles side by side touch
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
