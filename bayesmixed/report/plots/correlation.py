"""How alike two rows of one group are: a heat map over where they are, and ICC(t) of a REML fit with a band."""

from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.errors import RemlError
from bayesmixed.report.plots.centre import units_of_fit
from bayesmixed.report.plots.style import BLUE, INK, drawing, labelled, one_panel, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bayesmixed.fit import Fit
    from bayesmixed.reml import RemlFit

#: Values along a side beyond which cells are too small for numbers.
MOST_NUMBERS = 12
POINTS = 40


def plot_correlation(fit: "Fit | RemlFit", at: Any = None, ax: "Axes | None" = None, **options: Any) -> "Axes":
    """Correlation of two rows of one group by where they are, as a heat map with its numbers.

    The diagonal, of two different rows at one value, is ICC(t). Darker is higher; the scale is from 0 to 1, or
    from -1 where a correlation is negative.

    Parameters
    ----------
    fit : Fit or RemlFit
        Posterior medians of a Fit, unless ``point="mean"``; estimates of a RemlFit.
    at : sequence or dict, optional
        As in `Fit.correlation`.
    ax : matplotlib Axes, optional
    **options
        Of `Fit.correlation`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    table = fit.correlation(at, **options)
    values = table.to_numpy()
    with drawing():
        ax = one_panel(ax, 5.2)
        lowest = 0.0 if values.min() >= 0.0 else -1.0
        image = ax.imshow(values, cmap="Blues" if lowest == 0.0 else "RdBu", vmin=lowest, vmax=1.0, origin="lower")
        _name_axes(ax, [_short(value) for value in table.index], _axis_label(fit, str(table.index.name)))
        if len(values) <= MOST_NUMBERS:
            _write_numbers(ax, values)
        bar = ax.figure.colorbar(image, ax=ax, shrink=0.75, aspect=25)
        bar.outline.set_visible(False)
        bar.set_label(f"correlation of two rows of one {plain(_factor(fit), 24)}")
        ax.set_title(_reading(table.index[0], table.index[-1], values), loc="left")
    return ax


def plot_reml_icc(
    fit: "RemlFit", ax: "Axes | None" = None, ci_prob: float = 0.95, method: str = "wald", **options: Any
) -> "Axes":
    """ICC(t) at the estimates with a pointwise band, over the first numeric slope variable.

    Parameters
    ----------
    fit : RemlFit
    ax : matplotlib Axes, optional
    ci_prob : float
    method : {"wald", "profile-reml", "profile", "bootstrap"}
        Of the band, see `RemlFit.icc`: a profile is better with few groups and takes seconds.
    **options
        Of `RemlFit.bootstrap`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    RemlError
        No numeric variable has a random slope.
    """
    marks = [index for index in fit.icc().index if isinstance(index, tuple)]
    name = next(iter(fit.icc().index.names[1:]), None)
    numbers = [mark[1] for mark in marks if isinstance(mark[1], float | int | np.number) and np.isfinite(mark[1])]
    if name is None or not numbers:
        raise RemlError("no number has a random slope, so that there is no curve to draw: see icc()")
    grid = np.linspace(min(numbers), max(numbers), POINTS)
    table = fit.icc({str(name): list(grid)}, ci_prob, method, **options)
    with drawing():
        ax = one_panel(ax)
        band = f"{100 * ci_prob:g} % interval ({method})"
        ax.fill_between(grid, table["lower"], table["upper"], color=BLUE, alpha=0.2, linewidth=0, label=band)
        ax.plot(grid, table["estimate"], color=BLUE, label=f"{fit.method} estimate")
        ax.set(xlabel=_axis_label(fit, str(name)), ylabel=f"ICC({plain(_factor(fit))})", ylim=(0.0, 1.0))
        ax.legend(loc="lower right")
    return ax


def _name_axes(ax: "Axes", texts: list[str], label: str) -> None:
    places = np.arange(len(texts))
    if len(texts) > MOST_NUMBERS:  # names of all would run into each other
        places = np.unique(np.linspace(0, len(texts) - 1, 7).round().astype(int))
    turned = sum(len(texts[k]) + 1 for k in places) > 42
    ax.set_xticks(places, [texts[k] for k in places], rotation=90 if turned else 0)
    ax.set_yticks(places, [texts[k] for k in places])
    ax.set(xlabel=label, ylabel=label)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)


def _write_numbers(ax: "Axes", values: np.ndarray) -> None:
    size = 8.5 if len(values) <= 8 else 7.0
    for i, j in np.ndindex(values.shape):
        ink = "white" if abs(values[i, j]) > 0.6 else INK
        text = f"{values[i, j]:.2f}".replace("0.", ".", 1)
        weight = "bold" if i == j else "normal"
        ax.text(j, i, text, ha="center", va="center", fontsize=size, color=ink, fontweight=weight)


def _reading(first: Any, last: Any, values: np.ndarray) -> str:
    """What is seen, in two lines: bold is the ICC, and how far the corners are apart."""
    if len(values) < 2:
        return "The diagonal (bold) is the ICC"
    ends = f"{values[0, 0]:.2f} at {_short(first)}, {values[-1, -1]:.2f} at {_short(last)}"
    return f"ICC (bold): {ends}\ncorrelation between these two: {values[0, -1]:.2f}"


def _short(value: Any) -> str:
    if not isinstance(value, float | np.floating):
        return plain(value, 12)
    number = float(value)
    return f"{number:.0f}" if 100.0 <= abs(number) < 1e6 else f"{number:.3g}"


def _axis_label(fit: Any, name: str) -> str:
    return labelled(name, units_of_fit(fit).columns.get(name, ""), 44)


def _factor(fit: Any) -> str:
    return str(getattr(fit, "model", fit).names.factor)
