"""Two random effects of every group: where the groups lie, where G puts them, and how far they were drawn."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arguments import check_count, check_probability
from bayesmixed.arrays import Array
from bayesmixed.errors import PictureError
from bayesmixed.report.plots.centre import Centre, centre_of, place_of_term, unit_of_effect
from bayesmixed.report.plots.style import BLUE, GREY, INK, ORANGE, VERMILLION, drawing, labelled, one_panel, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bayesmixed.fit import Fit
    from bayesmixed.reml import RemlFit

#: Groups beyond which arrows would cover everything.
MOST_ARROWS = 60
POINTS = 181


def plot_ellipse(
    fit: "Fit | RemlFit",
    first: str | None = None,
    second: str | None = None,
    ax: "Axes | None" = None,
    levels: tuple[float, ...] = (0.5, 0.95),
    names: int = 3,
) -> "Axes":
    """Two random effects of every group, contours of N(0, G), and arrows from no pooling to the shrunken ones.

    A contour of level p is ``{b: b'G^-1 b = q_p}`` with q_p the quantile of chi-squared on 2 df: so many of the
    groups of the population lie within, by the model. G is at the posterior medians of its sd and correlation, or
    at the estimates of REML.

    Parameters
    ----------
    fit : Fit or RemlFit
    first, second : str, optional
        Labels of random effects, such as ``"Intercept"`` and ``"Days"``; by default the first two.
    ax : matplotlib Axes, optional
    levels : tuple of float
        Contours.
    names : int
        So many groups are named: those farthest from the middle.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    PictureError
        There are not two random effects, or one of that name.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"))
    >>> ax = model.reml().plot_ellipse("Days", "Intercept")
    >>> ax.get_xlabel()
    'b of Days'
    """
    centre = centre_of(fit)
    pair = _pair(centre, first, second)
    check_count("names", names, 0, PictureError)
    if not isinstance(levels, tuple | list):
        raise PictureError(f"levels must be a tuple of probabilities, such as (0.5, 0.95), not {levels!r}")
    for level in levels:
        check_probability("a level", level, PictureError)
    b, alone = centre.b[:, pair], centre.alone[:, pair]
    with drawing():
        ax = one_panel(ax, 4.6)
        ax.axhline(0.0, color=GREY, linewidth=0.6, zorder=0)
        ax.axvline(0.0, color=GREY, linewidth=0.6, zorder=0)
        for level in sorted(levels):
            x, y = contour(centre.sd[pair], centre.corr[pair[0], pair[1]], level)
            style = "-" if level == max(levels) else (0, (4, 2))
            ax.plot(
                x, y, color=VERMILLION, linewidth=1.2, linestyle=style, label=f"{100 * level:g} % of groups, by G"
            )
        _points(ax, b, alone, _name(centre))
        _name_far(ax, centre, b, pair, names)
        labels = centre.design.random_labels
        texts = [labelled(f"b of {labels[k]}", unit_of_effect(centre, labels[k]), 44) for k in pair]
        ax.set(xlabel=texts[0], ylabel=texts[1])
        _legend(ax)
    return ax


def contour(sd: Array, correlation: float, level: float) -> tuple[Array, Array]:
    """Points of an ellipse within which so large a share of a bivariate normal distribution lies.

    Parameters
    ----------
    sd : ndarray, shape (2,)
    correlation : float
    level : float

    Examples
    --------
    >>> x, y = contour(np.array([1.0, 2.0]), 0.0, 0.95)
    >>> round(float(x.max()), 3), round(float(y.max()), 3)
    (2.448, 4.895)
    """
    angle = np.linspace(0.0, 2.0 * np.pi, POINTS)
    radius = np.sqrt(-2.0 * np.log1p(-level))  # chi-squared on 2 df is exponential
    u, v = radius * np.cos(angle), radius * np.sin(angle)
    return sd[0] * u, sd[1] * (correlation * u + np.sqrt(max(0.0, 1.0 - correlation**2)) * v)


def _pair(centre: Centre, first: str | None, second: str | None) -> list[int]:
    labels = centre.design.random_labels
    if len(labels) < 2:
        raise PictureError(
            "an ellipse needs two random effects, and this model has one; see plot_random_effects()"
        )
    given = [place_of_term(centre.design, name) for name in (first, second) if name is not None]
    rest = [k for k in range(len(labels)) if k not in given]
    pair = (given + rest)[:2]
    if len(given) == 2 and given[0] == given[1]:
        raise PictureError(f"an ellipse needs two different random effects, not {first!r} twice")
    return pair


def _name(centre: Centre) -> str:
    return "posterior mean" if centre.name == "posterior" else f"conditional mode ({centre.name})"


def _points(ax: "Axes", b: Array, alone: Array, name: str) -> None:
    known = np.isfinite(alone).all(axis=1)
    many = len(b) > MOST_ARROWS
    size = 3.0 if many else 4.5
    if not many:
        for start, end in zip(alone[known], b[known], strict=True):
            style = {"arrowstyle": "-|>", "color": GREY, "linewidth": 0.8, "mutation_scale": 7, "shrinkA": 2}
            ax.annotate("", end, xytext=start, arrowprops=style | {"shrinkB": 2}, zorder=2)
    x, y = alone[known].T
    ax.plot(x, y, "D", color=ORANGE, markerfacecolor="none", markersize=size, label="no pooling", zorder=3)
    ax.plot(*b.T, "o", color=BLUE, markersize=size, label=name, zorder=4)


def _name_far(ax: "Axes", centre: Centre, b: Array, pair: list[int], names: int) -> None:
    spread = np.where(centre.sd[pair] > 0.0, centre.sd[pair], 1.0)
    far = np.argsort(-((b / spread) ** 2).sum(axis=1), kind="stable")[:names]
    for j in far:
        text = plain(centre.design.levels[j], 20)
        ax.annotate(text, b[j], (5, 4), textcoords="offset points", fontsize=7.5, color=INK, zorder=5)


def _legend(ax: "Axes") -> None:
    handles, texts = ax.get_legend_handles_labels()
    ax.legend(handles, texts, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
