"""Power against the number of groups: a line for each n (or ICC), with the Monte Carlo error as a band."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.errors import DesignError
from bayesmixed.report.plots.sizes import _apart, _colours
from bayesmixed.report.plots.style import GREY, VERMILLION, WIDTH, drawing, panels_of, plain

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from bayesmixed.planning.power import Power

MOST_PANELS = 4


def plot_power(found: "Power", ax: "Axes | Sequence[Axes] | None" = None, target: float = 0.8) -> np.ndarray:
    """Power (or assurance) of every plan against J.

    Lines are the numbers of rows n, panels the ICC (or sd); where only one n was asked for, lines are the ICC.

    Parameters
    ----------
    found : Power
    ax : matplotlib Axes, or a sequence of them (one a panel), optional
    target : float
        Drawn as a line.

    Returns
    -------
    ndarray of matplotlib Axes
    """
    import matplotlib.pyplot as plt

    lines, panels = _roles(found.table)
    parts = [("", found.table)] if panels is None else list(found.table.groupby(panels, sort=True))
    if len(parts) > MOST_PANELS:
        raise DesignError(f"{len(parts)} panels are too many for one picture; use `table`")
    with drawing():
        if ax is None:
            size = (WIDTH, 3.4) if len(parts) > 1 else (0.82 * WIDTH, 3.5)
            _, made = plt.subplots(1, len(parts), figsize=size, sharey=True, squeeze=False)
            _titles(made.ravel()[0], found)
        drawn = made.ravel() if ax is None else panels_of(ax, len(parts))
        for one, (value, part) in zip(drawn, parts, strict=True):
            _draw(one, part, lines, found.quantity, target, first=one is drawn[0])
            if panels is not None:
                one.set_title(f"{_name(panels)} = {value:g}", loc="left", fontsize=9.5)
            one.set_xlabel("groups J")
        drawn[0].set_ylabel(found.quantity)
    return drawn


def _roles(table: "pd.DataFrame") -> tuple[str, str | None]:
    """Which column makes lines, and which makes panels."""
    spread = next((name for name in ("icc", "sd") if name in table), None)
    if spread is None or table[spread].nunique() == 1:
        return "n", None
    return (spread, None) if table["n"].nunique() == 1 else ("n", spread)


def _name(column: str) -> str:
    return {"icc": "ICC"}.get(column, column)


def _draw(ax: "Axes", part: "pd.DataFrame", lines: str, quantity: str, target: float, first: bool) -> None:
    values = sorted(part[lines].unique())
    ends = []
    for value, colour in zip(values, _colours(len(values)), strict=True):
        own = part[part[lines] == value].sort_values("groups")
        J = own["groups"].to_numpy()
        if len(J) > 1:
            ax.fill_between(J, own["lower"], own["upper"], color=colour, alpha=0.18, linewidth=0)
            ax.plot(J, own[quantity], "o-", color=colour, markersize=3.5, linewidth=1.6)
        else:
            around = np.abs(own[["lower", "upper"]].to_numpy().T - own[quantity].to_numpy())
            ax.errorbar(J, own[quantity], yerr=around, fmt="o", color=colour, markersize=5)
        ends.append((J[-1], own[quantity].iloc[-1], colour))
    heights = _apart(np.array([height for _, height, _ in ends]))
    for value, height, (J, _, colour) in zip(values, heights, ends, strict=True):
        text = f"{_name(lines)} = {value:g}"
        ax.annotate(
            text, (J, height), (7, 0), textcoords="offset points", color=colour, va="center", fontsize=8,
            annotation_clip=False,
        )  # fmt: skip
    ax.axhline(target, color=VERMILLION, linewidth=1.0, linestyle=(0, (4, 2)), zorder=1)
    if first:
        ax.annotate(
            f"{100 * target:g} %", (0.0, target), (3, 3), xycoords=("axes fraction", "data"),
            textcoords="offset points", color=VERMILLION, fontsize=7.5,
        )  # fmt: skip
    _axes(ax, part["groups"].unique())


def _axes(ax: "Axes", J: Any) -> None:
    ax.set(ylim=(-0.02, 1.02), yticks=np.linspace(0.0, 1.0, 6))
    ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    for height in np.linspace(0.2, 1.0, 5):
        ax.axhline(height, color=GREY, alpha=0.22, linewidth=0.6, zorder=0)
    if len(J) <= 8:
        ax.set_xticks(sorted(J))
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)


def _titles(ax: "Axes", found: "Power") -> None:
    figure = ax.figure
    title = f"{found.quantity.capitalize()} of finding {plain(found.term, 30)}"
    figure.suptitle(title, x=0.012, ha="left", fontsize=10.5, fontweight="bold")
    figure.text(0.012, 0.905, f"{found.claim}; bands: Monte Carlo 95 %", ha="left", va="top", fontsize=8.3)
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.set(rect=(0.0, 0.0, 1.0, 0.93))  # type: ignore[call-arg]
