"""Profile likelihood of a REML or ML fit: how fast the fit worsens as one quantity is held elsewhere."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arguments import check_choice, check_count, check_probability
from bayesmixed.errors import PictureError
from bayesmixed.quantiles import chi2_cut
from bayesmixed.report.plots.style import (
    BLUE,
    GREY,
    VERMILLION,
    drawing,
    labelled,
    note_left_out,
    panels,
    panels_of,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from bayesmixed.reml import RemlFit

MOST = 12


def plot_profile(
    fit: "RemlFit",
    *names: str,
    kind: str = "zeta",
    method: str = "profile",
    ci_prob: float = 0.95,
    points: int = 25,
    axes: "Sequence[Axes] | None" = None,
) -> np.ndarray:
    """Profile of each quantity: zeta, or the increase of the criterion; the shaded part is its interval.

    zeta is the root of the increase, negative below the estimate. Where it is straight, Wald's interval is right;
    where it bends, take the profile's. A curve that ends at a boundary, such as an sd of 0, has no lower limit.
    The red line is where the profiled criterion is smallest: by default that is the ML deviance, also of a REML
    fit, as in lme4, so that the line is not at the REML estimate; with ``method="profile-reml"`` it is. The axis
    says which.

    Parameters
    ----------
    fit : RemlFit
    *names : str
        Labels of `RemlFit.confint`; by default all coefficients (none with ``method="profile-reml"``), sd,
        correlations and sigma, at most 12.
    kind : {"zeta", "increase"}
    method : {"profile", "profile-reml"}
        The ML deviance, or the REML criterion, which has no coefficients.
    ci_prob : float
        Of the interval.
    points : int
        Of each curve.
    axes : sequence of matplotlib Axes, optional
        One a quantity.

    Returns
    -------
    ndarray of matplotlib Axes

    Raises
    ------
    RemlError
        A quantity does not exist.
    PictureError
        `kind`, `method`, `points` or `axes` is something else, or there are too many quantities.

    See Also
    --------
    RemlFit.profile : the numbers.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> fit = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff")).reml()
    >>> (ax,) = fit.plot_profile("1|Batch_sigma", points=9)
    >>> ax.get_title(), ax.get_ylabel()
    ('1|Batch_sigma', 'zeta (ML deviance)')
    """
    check_choice("kind", kind, ("zeta", "increase"), PictureError)
    check_probability("ci_prob", ci_prob, PictureError)
    check_choice("method", method, ("profile", "profile-reml"), PictureError)
    check_count("points", points, 2, PictureError)
    there = _all(fit, method)
    chosen = list(names) or there[:MOST]
    wrong = [name for name in chosen if not isinstance(name, str)]
    if wrong:
        raise PictureError(f"names of quantities are text, such as {there[0]!r}, not {wrong[0]!r}")
    if len(chosen) > MOST:
        raise PictureError(f"one picture takes at most {MOST} profiles, not {len(chosen)}: name some")
    tables = [fit.profile(name, points, method) for name in chosen]
    with drawing():
        drawn = (
            panels(len(chosen), 3 if len(chosen) > 1 else 1, 1.9) if axes is None else panels_of(axes, len(chosen))
        )
        for ax, name, table in zip(drawn, chosen, tables, strict=True):
            _curve(ax, table, kind, chi2_cut(ci_prob))
            ax.set_title(labelled(name, _unit(fit, name), 28 if len(chosen) > 1 else 60), fontsize=8.5)
        for ax in drawn[::3] if axes is None else drawn:
            ax.set_ylabel(_vertical(kind, method), fontsize=8.5)
        if axes is None and not names:
            note_left_out(drawn, len(chosen), len(there), "quantities")
    return drawn


def _all(fit: "RemlFit", method: str) -> list[str]:
    labels = [] if method == "profile-reml" else list(fit.design.fixed_labels)
    return labels + list(fit.variance_se)


def _unit(fit: "RemlFit", name: str) -> str:
    return "" if name.startswith("ICC(") else fit.units.of_parameter(name)


def _vertical(kind: str, method: str) -> str:
    return f"{kind} ({'REML criterion' if method == 'profile-reml' else 'ML deviance'})"


def _curve(ax: "Axes", table: "pd.DataFrame", kind: str, cut: float) -> None:
    x, y = table["value"].to_numpy(), table[kind].to_numpy()
    zeta = table["zeta"].to_numpy()
    root = float(np.sqrt(cut))
    inside = _limits(x, zeta, root)
    best = float(x[np.argmin(table["increase"].to_numpy())])
    ax.axvspan(*inside, color=BLUE, alpha=0.12, linewidth=0)
    lines: list[Any] = [-root, root] if kind == "zeta" else [cut]
    for height in lines:
        ax.axhline(height, color=GREY, linewidth=0.8, linestyle=(0, (4, 2)))
    ax.axvline(best, color=VERMILLION, linewidth=0.9)
    ax.plot(x, y, color=BLUE)
    if kind == "zeta":
        ax.set_ylim(min(-2.9, y.min() - 0.1), max(2.9, y.max() + 0.1))
    ax.locator_params(axis="x", nbins=4)
    ax.tick_params(labelsize=7.5)


def _limits(x: np.ndarray, zeta: np.ndarray, root: float) -> tuple[float, float]:
    """Where the curve crosses the cuts; its ends where it does not."""
    low, high = np.interp([-root, root], zeta, x)
    return float(low), float(high)
