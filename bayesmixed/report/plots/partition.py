"""Where the variance of the response comes from: predictors, groups, residual; and along a slope's variable."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arguments import check_choice, check_probability
from bayesmixed.arrays import Array
from bayesmixed.errors import PictureError
from bayesmixed.report.plots.centre import design_of, need_rows, units_of_fit
from bayesmixed.report.plots.curve import POINTS, numeric_slope, range_of
from bayesmixed.report.plots.style import BLUE, GREEN, GREY, INK, drawing, labelled, one_panel, plain
from bayesmixed.summary import intervals

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bayesmixed.fit import Fit
    from bayesmixed.reml import RemlFit

KINDS = ("share", "variance")


def plot_variance_partition(fit: "Fit | RemlFit", ax: "Axes | None" = None, ci_prob: float = 0.95) -> "Axes":
    """Shares of the variance of predictors (X beta), groups (mean z'Gz) and residual, which sum to one.

    Bars are posterior means, lines equal-tailed intervals; of a REML fit estimates. The first bar is the marginal
    R2, the first two together are the conditional R2, see `Fit.r2`.

    Parameters
    ----------
    fit : Fit or RemlFit
    ax : matplotlib Axes, optional
    ci_prob : float

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    PictureError
        The rows are gone.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> fit = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy")).reml()
    >>> [round(float(bar.get_width()), 3) for bar in fit.plot_variance_partition().patches]
    [0.279, 0.521, 0.201]
    """
    need_rows(fit, "plot_variance_partition()")
    check_probability("ci_prob", ci_prob, PictureError)
    shares = _shares(fit)
    design = design_of(fit)
    names = ["predictors", f"between {plain(design.factor_name, 24)}", "residual"]
    means, at = shares.mean(axis=0), np.arange(3)
    with drawing():
        ax = one_panel(ax, 2.2)
        ax.barh(at, means, height=0.62, color=[GREEN, BLUE, GREY], alpha=0.55)
        ends = means
        if len(shares) > 1:
            low, high = intervals(shares, ci_prob)
            ax.hlines(at, low, high, color=INK, linewidth=1.4)
            ax.plot(means, at, "o", color=INK, markersize=4)
            ends = high
        for place, end, share in zip(at, ends, means, strict=True):
            ax.annotate(f"{100 * share:.0f} %", (end, place), (6, 0), textcoords="offset points", va="center")
        ax.set_yticks(at, names)
        ax.invert_yaxis()
        what = f", {100 * ci_prob:g} % interval" if len(shares) > 1 else ""
        ax.set(xlim=(0.0, 1.08), xticks=np.linspace(0, 1, 6), xlabel=f"share of the variance{what}")
        ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="y", length=0)
    return ax


def _shares(fit: "Fit | RemlFit") -> Array:
    """Draws, or the one estimate, of the three shares, shape (draws, 3)."""
    from bayesmixed.reml import RemlFit

    if isinstance(fit, RemlFit):
        marginal, conditional = fit.r2()["estimate"].to_numpy()[:, None]
    else:
        marginal, conditional = fit.r2_draws().T
    return np.column_stack([marginal, conditional - marginal, 1.0 - conditional])


def plot_variance_over(
    fit: "Fit",
    variable: str | None = None,
    kind: str = "variance",
    ax: "Axes | None" = None,
    ci_prob: float = 0.95,
) -> "Axes":
    """Variance of a row given X along the variable of a random slope, of groups on top of residual.

    ``V(t) = z(t)'G z(t) + sigma^2``, with other slope variables at their median or commonest level, and rows of
    weight 1. Areas are posterior means; dashed lines are the equal-tailed interval of
    the total, or of the share of the groups.

    Parameters
    ----------
    fit : Fit
    variable : str, optional
        By default the first numeric one with a slope.
    kind : {"variance", "share"}
        In squared units of y, or as shares of V(t); the groups' share is ICC(t).
    ax : matplotlib Axes, optional
    ci_prob : float

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    PictureError
        No number has a random slope, or not that one.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> data = bm.load_dataset("sleepstudy")
    >>> model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", data, units={"Reaction": "ms"})
    >>> fit = model.fit(random_seed=1, engine="importance", progressbar=False)
    >>> fit.plot_variance_over().get_ylabel()
    'variance of Reaction (ms^2)'
    """
    check_choice("kind", kind, KINDS, PictureError)
    check_probability("ci_prob", ci_prob, PictureError)
    name = numeric_slope(fit, variable)
    grid = np.linspace(*range_of(fit, name), POINTS)
    between, residual = _parts(fit, name, grid)
    total = between + residual
    with drawing():
        ax = one_panel(ax, 3.2)
        if kind == "share":
            between, residual, band = between / total, residual / total, between / total
        else:
            band = total
        _areas(ax, grid, between.mean(axis=0), residual.mean(axis=0), kind, plain(design_of(fit).factor_name, 24))
        low, high = intervals(band, ci_prob)
        label = f"{100 * ci_prob:g} % interval of {'the total' if kind == 'variance' else 'their border'}"
        for limit, text in ((low, label), (high, None)):
            ax.plot(grid, limit, color=INK, linewidth=0.9, linestyle=(0, (4, 2)), label=text)
        units = units_of_fit(fit)
        response, unit = plain(design_of(fit).response_name, 18), units.of_y
        ax.set_xlabel(labelled(name, units.columns.get(name, "")))
        ax.set_ylabel(
            labelled(f"variance of {response}", f"{unit}^2" if unit else "")
            if kind == "variance"
            else f"share of the variance of {response}"
        )
        ax.set(xlim=(grid[0], grid[-1]), ylim=(0.0, 1.0 if kind == "share" else 1.25 * high.max()))
        ax.legend(loc="upper left" if kind == "variance" else "lower left")
    return ax


def _parts(fit: "Fit", name: str, grid: Array) -> tuple[Array, Array]:
    """Draws of z'Gz and of sigma^2 at each value, shape (draws, points)."""
    from bayesmixed.icc import icc_points

    rows = np.vstack([point.rows for point in icc_points(fit.model.design, {name: list(grid)})])
    between = np.einsum("pk,dkl,pl->dp", rows, fit.covariance.G, rows, optimize=True)
    residual = np.broadcast_to(np.asarray(fit.covariance.sigma)[:, None] ** 2, between.shape)
    return between, residual


def _areas(ax: "Axes", grid: Array, between: Array, residual: Array, kind: str, factor: str) -> None:
    first, second = (between, residual) if kind == "share" else (residual, between)
    names = [f"between {factor}", "residual"]
    colours = [BLUE, GREY]
    if kind == "variance":
        names.reverse()
        colours.reverse()
    ax.fill_between(grid, 0.0, first, color=colours[0], alpha=0.45, linewidth=0, label=names[0])
    ax.fill_between(grid, first, first + second, color=colours[1], alpha=0.45, linewidth=0, label=names[1])
    ax.plot(grid, first if kind == "share" else first + second, color=INK, linewidth=1.6)
