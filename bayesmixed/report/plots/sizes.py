"""What ignoring clusters does, against the ICC: true size of the F test, true coverage of the interval."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arguments import check_probability
from bayesmixed.errors import DesignError
from bayesmixed.planning.size import interval_coverage, numbers_of, type_one_error
from bayesmixed.report.plots.style import GREY, INK, VERMILLION, WIDTH, drawing, panels_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: From light to dark as n grows, one hue and lightness alone: order can be read without seeing colours.
RAMP = ("#5FB0E0", "#3A8FCB", "#1F74B4", "#0E4F86", "#062B4F")
#: Smallest distance of two labels, as a share of the height.
GAP = 0.062
MOST_LINES = 8


def plot_type_one_error(
    groups: Sequence[int] = (2, 3, 5),
    n: Sequence[int] = (2, 5, 10, 30, 100),
    icc_max: float = 0.5,
    alpha: float = 0.05,
    clusters: int = 1,
    axes: "Sequence[Axes] | None" = None,
) -> np.ndarray:
    """True size of the ordinary F test against the ICC, one panel a number of groups, one line an n.

    Parameters
    ----------
    groups : sequence of int
        Arms that are compared; at most 4 numbers of them.
    n : sequence of int
        Rows of each cluster; at most 8.
    icc_max : float
        The axis goes from 0 to it.
    alpha : float
        Level of the test, drawn as a line.
    clusters : int
        Clusters of each arm.
    axes : sequence of matplotlib Axes, optional
        One a panel; by default those of a new figure with a title.

    Returns
    -------
    ndarray of matplotlib Axes

    See Also
    --------
    bayesmixed.type_one_error : the numbers.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> axes = bm.plot_type_one_error()
    >>> [ax.get_title(loc="left") for ax in axes]
    ['2 groups', '3 groups', '5 groups']
    """
    alpha, clusters = _one("alpha", alpha), int(_one("clusters", clusters))
    title = f"Ignoring clusters, the {100 * alpha:g} % F test rejects true hypotheses far too often"

    def value(k: int, size: int, icc: np.ndarray) -> np.ndarray:
        table: Any = type_one_error(k, size, icc, alpha, clusters)
        rates: np.ndarray = table["type_one_error"].to_numpy()
        return rates

    drawn = _panels(groups, n, icc_max, value, (alpha, f"{100 * alpha:g} % claimed"), axes)
    drawn[0].set_ylabel("type I error rate")
    if axes is None:
        _titled(drawn[0].figure, title, _layout(clusters))
    return drawn


def plot_interval_coverage(
    groups: Sequence[int] = (2, 3, 5),
    n: Sequence[int] = (2, 5, 10, 30, 100),
    icc_max: float = 0.5,
    ci_prob: float = 0.95,
    clusters: int = 1,
    axes: "Sequence[Axes] | None" = None,
) -> np.ndarray:
    """True coverage of the ordinary t interval of a difference against the ICC; panels and lines as its sibling's.

    Parameters
    ----------
    groups : sequence of int
        Arms whose rows make the pooled residual variance; at most 4 numbers of them.
    n : sequence of int
        Rows of each cluster; at most 8.
    icc_max : float
        The axis goes from 0 to it.
    ci_prob : float
        What the interval claims, drawn as a line.
    clusters : int
        Clusters of each arm.
    axes : sequence of matplotlib Axes, optional
        One a panel; by default those of a new figure with a title.

    Returns
    -------
    ndarray of matplotlib Axes

    See Also
    --------
    bayesmixed.interval_coverage : the numbers.
    plot_type_one_error : of the F test.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> axes = bm.plot_interval_coverage(groups=[2], n=[5, 50])
    >>> axes[0].get_ylabel()
    'coverage'
    """
    ci_prob, clusters = _one("ci_prob", ci_prob), int(_one("clusters", clusters))
    title = f"Ignoring clusters, {100 * ci_prob:g} % intervals miss the truth far too often"

    def value(k: int, size: int, icc: np.ndarray) -> np.ndarray:
        table: Any = interval_coverage(k, size, icc, ci_prob, clusters)
        shares: np.ndarray = table["coverage"].to_numpy()
        return shares

    drawn = _panels(groups, n, icc_max, value, (ci_prob, f"{100 * ci_prob:g} % claimed"), axes)
    drawn[0].set_ylabel("coverage")
    if axes is None:
        _titled(drawn[0].figure, title, _layout(clusters))
    return drawn


def _panels(
    groups: Sequence[int],
    n: Sequence[int],
    icc_max: float,
    value: Callable[[int, int, np.ndarray], np.ndarray],
    claimed: tuple[float, str],
    axes: "Sequence[Axes] | None",
) -> np.ndarray:
    """One panel a number of groups: a line of each n, its name at its end, and what is claimed."""
    import matplotlib.pyplot as plt

    arms, rows = numbers_of("groups", groups), sorted(numbers_of("n", n))
    check_probability("icc_max", icc_max, DesignError)
    if len(arms) > 4 or len(rows) > MOST_LINES:
        raise DesignError(f"at most 4 panels of {MOST_LINES} lines each, not {len(arms)} of {len(rows)}")
    icc = np.linspace(0.0, icc_max, 121)
    with drawing():
        if axes is None:
            size = (WIDTH, 3.25)
            _, made = plt.subplots(1, len(arms), figsize=size, sharey=True, squeeze=False)
        drawn = made.ravel() if axes is None else panels_of(axes, len(arms))
        for ax, k in zip(drawn, arms, strict=True):
            curves = [value(k, size, icc) for size in rows]
            _draw(ax, icc, curves, rows, claimed, first=ax is drawn[0])
            ax.set_title(f"{k} group{'s' if k > 1 else ''}", loc="left", fontsize=9.5)
            ax.set_xlabel("ICC")
    return drawn


def _one(name: str, value: Any) -> float:
    found = numbers_of(name, value)
    if np.ndim(value):
        raise DesignError(f"{name} must be one number in a picture, not {value!r}")
    return float(found[0])


def _draw(
    ax: "Axes",
    icc: np.ndarray,
    curves: list[np.ndarray],
    n: list[int],
    claimed: tuple[float, str],
    first: bool,
) -> None:
    colours = _colours(len(n))
    for curve, colour in zip(curves, colours, strict=True):
        ax.plot(icc, curve, color=colour, linewidth=1.7, solid_capstyle="round", zorder=2)
    level, text = claimed
    ax.axhline(level, color=VERMILLION, linewidth=1.1, linestyle=(0, (4, 2)), zorder=1)
    if first:
        offset, side = (-3.5, "top") if level < 0.5 else (3.5, "bottom")
        _write(ax, text, (0.0, level), (3.0, offset), color=VERMILLION, va=side, fontsize=7.5)
    ends = _apart(np.array([curve[-1] for curve in curves]))
    for place, size, colour in zip(ends, n, colours, strict=True):
        label = f"n = {size}" if size == n[-1] else f"{size}"
        _write(ax, label, (icc[-1], place), (4.0, 0.0), color=colour, va="center", fontsize=8)
    _plain_axes(ax, icc)


def _write(ax: "Axes", text: str, at: tuple[float, float], by: tuple[float, float], **style: Any) -> None:
    ax.annotate(text, at, xytext=by, textcoords="offset points", annotation_clip=False, **style)


def _plain_axes(ax: "Axes", icc: np.ndarray) -> None:
    ax.set(xlim=(0.0, icc[-1]), ylim=(-0.035, 1.035), yticks=np.linspace(0.0, 1.0, 6))
    ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    ax.set_xticks(np.linspace(0.0, icc[-1], 3 if icc[-1] > 0.25 else 2))
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    for height in np.linspace(0.2, 0.8, 4):
        ax.axhline(height, color=GREY, alpha=0.22, linewidth=0.6, zorder=0)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)


def _colours(count: int) -> list[str]:
    from matplotlib.colors import LinearSegmentedColormap, to_hex

    if count == 1:
        return [RAMP[2]]
    ramp = LinearSegmentedColormap.from_list("n", list(RAMP))
    return [to_hex(ramp(place)) for place in np.linspace(0.0, 1.0, count)]


def _apart(places: np.ndarray) -> np.ndarray:
    """Places of labels at least `GAP` apart, in their order, as near to where they belong as that lets them."""
    order = np.argsort(places, kind="stable")
    wanted = places[order] - GAP * np.arange(len(places))
    # Isotonic regression: neighbours that would overlap are pooled around their mean.
    pools: list[list[float]] = []
    for value in wanted:
        pools.append([float(value), 1.0])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            last, before = pools.pop(), pools.pop()
            weight = last[1] + before[1]
            pools.append([(last[0] * last[1] + before[0] * before[1]) / weight, weight])
    fitted = np.concatenate([np.full(int(count), mean) for mean, count in pools])
    fitted = np.clip(fitted, 0.0, max(0.0, 1.0 - GAP * (len(places) - 1)))  # within the axis
    result = np.empty_like(places)
    result[order] = fitted + GAP * np.arange(len(places))
    return result


def _layout(clusters: int) -> str:
    inside = "one cluster of n rows" if clusters == 1 else f"{clusters} clusters of n rows each"
    return f"each group is {inside}: the more rows in a cluster, the worse"


def _titled(figure: "Figure", title: str, second: str) -> None:
    figure.suptitle(title, x=0.012, ha="left", fontsize=10.5, fontweight="bold", color=INK)
    figure.text(0.012, 0.905, second, ha="left", va="top", fontsize=8.8, color=INK)
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.set(rect=(0.0, 0.0, 1.0, 0.93))  # type: ignore[call-arg]
