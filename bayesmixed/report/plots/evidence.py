"""log Bayes factors against the scale of the prior of what is tested."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.report.plots.style import BLUE, GREY, INK, drawing, one_panel, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bayesmixed.evidence import BayesFactor

#: Multiples of the scale that the picture has, two to an octave.
MULTIPLIERS = tuple(2.0 ** (k / 2.0) for k in range(-4, 5))
#: Steps of log BF by Kass and Raftery (1995), and where their names stand.
EDGES = (1.0, 3.0, 5.0)
NAMES = ("bare mention", "positive", "strong", "very strong")


def plot_by_scale(
    found: "BayesFactor", multipliers: Sequence[float] | None = None, ax: "Axes | None" = None
) -> "Axes":
    """log BF against multiples of the scale of the prior, which the ring marks as it is (1).

    Grey lines are the steps of Kass and Raftery (1995). Above 0 the data favour the model, below 0 the null.

    Parameters
    ----------
    found : BayesFactor
        Of a null model that was named.
    multipliers : sequence of float, optional
        1/4 to 4 by default.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    table = found.by_scale(MULTIPLIERS if multipliers is None else multipliers).sort_index()
    x, y = table.index.to_numpy(), table["log_bf"].to_numpy()
    with drawing():
        ax = one_panel(ax)
        ax.axhline(0.0, color=INK, linewidth=0.8)
        ax.plot(x, y, color=BLUE)
        error = 2.0 * table["error"].to_numpy()
        ax.errorbar(x, y, error, fmt="o", markersize=3.5, color=BLUE, elinewidth=1.0)
        ax.plot([1.0], [found.log_bf], "o", markersize=9, markerfacecolor="none", color=INK)
        _steps(ax, min(y.min(), 0.0), max(y.max(), 0.0))
        ax.set_xscale("log", base=2)
        ax.set_xticks(x[::2] if len(x) > 6 else x, [f"{v:.3g}" for v in (x[::2] if len(x) > 6 else x)])
        ax.minorticks_off()
        ax.set(xlabel=_label(found), ylabel="log Bayes factor", title=f"Against the null: {plain(found.null, 60)}")
    return ax


def _label(found: "BayesFactor") -> str:
    names = [plain(name, 40) for name in found.tested]
    what = names[0] if len(names) == 1 else f"{len(names)} parameters"
    return f"scale of the prior of {what}, times"


def _steps(ax: "Axes", low: float, high: float) -> None:
    """Lines of the steps within reach, with their names at the right."""
    pad = 0.08 * (high - low) + 0.4
    bottom, top = low - pad, high + pad
    ax.set_ylim(bottom, top)
    least = 0.05 * (top - bottom)
    for side in (1.0, -1.0):
        edges = [0.0, *EDGES, np.inf]
        for name, a, b in zip(NAMES, edges, edges[1:], strict=False):
            first, last = sorted((side * a, side * b))
            first, last = max(first, bottom), min(last, top)
            if last - first <= 0.0:
                continue
            if a > 0.0:
                ax.axhline(side * a, color=GREY, linewidth=0.6, linestyle=":")
            if last - first > least:
                where = (1.01, (first + last) / 2.0)
                ax.annotate(name, where, xycoords=("axes fraction", "data"), va="center", color=GREY, fontsize=7.5)
    reach = 0.03 * (top - bottom)
    if top > 2.0 * reach:
        ax.annotate(
            "favours the model", (0.01, reach), xycoords=("axes fraction", "data"), fontsize=7.5, va="center"
        )
    if -bottom > 2.0 * reach:
        ax.annotate(
            "favours the null", (0.01, -reach), xycoords=("axes fraction", "data"), fontsize=7.5, va="center"
        )
