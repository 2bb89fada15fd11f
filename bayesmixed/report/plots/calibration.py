"""Ranks of simulation-based calibration: how their distribution function differs from the uniform one."""

from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.errors import SamplingError
from bayesmixed.report.plots.style import BLUE, GREY, VERMILLION, drawing, panels, plain

if TYPE_CHECKING:
    from bayesmixed.calibration import Calibration


def plot_calibration(calibration: "Calibration", quantities: Any = None) -> np.ndarray:
    """See `Calibration.plot`; an array of matplotlib Axes."""
    table = calibration.differences()
    within = calibration.table["within"]
    shown = list(calibration.ranks) if quantities is None else _known(quantities, calibration)
    with drawing():
        axes = panels(len(shown), columns=4, height=1.5)
        limit = 1.15 * max(table[["lower", "upper", *shown]].abs().to_numpy().max(), 1e-6)
        for ax, label in zip(axes, shown, strict=True):
            ax.fill_between(table.index, table["lower"], table["upper"], color=GREY, alpha=0.3, linewidth=0)
            ax.plot(table.index, table[label], color=BLUE if within[label] else VERMILLION, linewidth=1.1)
            ax.set_title(plain(label, 26), fontsize=8)
            ax.set(xlim=(0, 1), ylim=(-limit, limit), xticks=[0, 0.5, 1])
            ax.tick_params(labelsize=7)
            if not ax.get_subplotspec().is_first_col():
                ax.set_yticklabels([])
        axes[0].set_ylabel("ECDF - rank", fontsize=8)
        axes[0].figure.supxlabel("rank of the truth among the draws", fontsize=9)
    return axes


def _known(quantities: Any, calibration: "Calibration") -> list[str]:
    chosen = [quantities] if isinstance(quantities, str) else list(quantities)
    for label in chosen:
        if label not in calibration.ranks:
            raise SamplingError(f"no quantity {label!r}; there are {', '.join(calibration.ranks)}")
    return chosen
