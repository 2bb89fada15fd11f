"""Analyses of one model, one beside the other: medians and intervals by priors and rows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arguments import check_choice
from bayesmixed.errors import SamplingError
from bayesmixed.report.plots.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    WIDTH,
    drawing,
    labelled,
    panels_of,
    plain,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from bayesmixed.sensitivity.multiverse import Multiverse

ORDERS = ("given", "median")
COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY)
MARKERS = "osD^vP"
#: Panels of one picture, and lines.
MOST_PANELS, MOST_LINES = 4, 120


def plot_multiverse(
    found: "Multiverse",
    quantities: Sequence[str] | None = None,
    order: str = "given",
    axes: "Sequence[Axes] | None" = None,
) -> np.ndarray:
    """One line an analysis, with its rows at the left and its priors by colour; one panel a quantity.

    Dots are posterior medians, lines equal-tailed intervals, small vertical ticks REML of the same rows. The grey
    band is the interval of the first analysis.

    Parameters
    ----------
    found : Multiverse
    quantities : sequence of str, optional
        By default an effect (the first slope, or else the intercept), the first sd, and the ICC.
    order : {"given", "median"}
        As the analyses were given, or by the median of the first quantity.
    axes : sequence of matplotlib Axes, optional
        One a quantity; by default those of a new figure with a legend.

    Returns
    -------
    ndarray of matplotlib Axes
    """
    import matplotlib.pyplot as plt

    names = _chosen(found, quantities)
    check_choice("order", order, ORDERS, SamplingError)
    places, ticks = _places(found.table, names[0], order)
    if len(places) > MOST_LINES:
        raise SamplingError(f"{len(places)} analyses are too many for one picture; use `table`")
    with drawing():
        if axes is None:
            height = 1.3 + 0.14 * len(places)
            _, made = plt.subplots(1, len(names), figsize=(WIDTH + 0.6, height), sharey=True, squeeze=False)
        drawn = made.ravel() if axes is None else panels_of(axes, len(names))
        for ax, name in zip(drawn, names, strict=True):
            own = found.table[found.table["quantity"] == name]
            _panel(ax, own, places)
            label = labelled(name, _unit(found, name), 26)
            ax.set_title(label, loc="left", fontsize=9)
        drawn[0].set_yticks([place for place, _ in ticks], [text for _, text in ticks])
        drawn[0].set_ylim(max(places.values()) + 0.8, -0.8)
        _legend(drawn[0], found)
    return drawn


def _chosen(found: "Multiverse", quantities: Sequence[str] | None) -> list[str]:
    there = list(dict.fromkeys(found.table["quantity"]))
    if quantities is None:
        fixed = [label for p in found.model.names.fixed for label in p.labels]
        slopes = [label for label in fixed if label != "Intercept"]
        sd = [label for p in found.model.names.sd for label in p.labels]
        icc = [label for label in there if label.startswith("ICC(")]
        return (slopes or fixed)[:1] + sd[:1] + icc[-1:]
    names = [quantities] if isinstance(quantities, str) else list(quantities)
    for name in names:
        if name not in there:
            raise SamplingError(f"there is no quantity {name!r}; there are {', '.join(there)}")
    if not 1 <= len(names) <= MOST_PANELS:
        raise SamplingError(f"one picture takes 1 to {MOST_PANELS} quantities, not {len(names)}")
    return names


def _places(table: "pd.DataFrame", first: str, order: str) -> tuple[dict[int, float], list[tuple[float, str]]]:
    """Height of each analysis, and labels of rows: one for each block of lines that share them."""
    own = table[table["quantity"] == first].set_index("analysis")
    priors = list(dict.fromkeys(own["priors"]))
    if order == "median":
        ranked = own.sort_values("median", kind="stable")
        places = {int(k): float(i) for i, k in enumerate(ranked.index)}
        return places, [(float(i), plain(text, 30)) for i, text in enumerate(ranked["rows"])]
    places, ticks, at = {}, [], 0.0
    for rows, block in own.groupby("rows", sort=False):
        for i, (analysis, _) in enumerate(block.iterrows()):
            places[int(analysis)] = at + i
        ticks.append((at + (len(block) - 1) / 2.0, plain(rows, 30)))
        at += len(block) + (0.7 if len(priors) > 1 else 0.0)
    return places, ticks


def _panel(ax: "Axes", own: "pd.DataFrame", places: dict[int, float]) -> None:
    priors = list(dict.fromkeys(own["priors"]))
    reference = own.iloc[0]
    ax.axvspan(reference["lower"], reference["upper"], color=GREY, alpha=0.13, linewidth=0, zorder=0)
    ax.axvline(reference["median"], color=GREY, linewidth=0.7, zorder=0)
    for _, row in own.iterrows():
        k, y = priors.index(row["priors"]), places[row["analysis"]]
        colour = COLOURS[k % len(COLOURS)]
        ax.plot([row["lower"], row["upper"]], [y, y], color=colour, linewidth=1.5, zorder=2)
        ax.plot(row["median"], y, MARKERS[k % len(MARKERS)], color=colour, markersize=4, zorder=3)
        if np.isfinite(row["reml"]):
            ax.plot(row["reml"], y, "|", color=INK, markersize=6.5, markeredgewidth=1.1, zorder=4)
    if own["lower"].min() < 0.0 < own["upper"].max():
        ax.axvline(0.0, color=INK, linewidth=0.7, linestyle=(0, (3, 2)), zorder=1)
    elif own["lower"].min() >= 0.0 and own["lower"].min() < 0.15 * own["upper"].max():
        ax.set_xlim(left=0.0)
    ax.locator_params(axis="x", nbins=4)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)


def _legend(ax: "Axes", found: "Multiverse") -> None:
    from matplotlib.lines import Line2D

    handles: list[Any] = []
    for k, name in enumerate(dict.fromkeys(found.table["priors"])):
        style: dict[str, Any] = {
            "color": COLOURS[k % len(COLOURS)],
            "marker": MARKERS[k % len(MARKERS)],
            "markersize": 4,
        }
        handles.append(Line2D([], [], label=plain(f"priors: {name}" if k == 0 else name, 44), **style))
    handles.append(Line2D([], [], color=INK, marker="|", linestyle="", markersize=7, label="REML, same rows"))
    ax.figure.legend(handles=handles, loc="outside upper center", ncols=min(len(handles), 4))


def _unit(found: "Multiverse", label: str) -> str:
    names = found.model.names
    if label.startswith((f"ICC({names.factor}", f"{names.corr}[")):
        return ""
    return found.model.units.of_parameter(label)
