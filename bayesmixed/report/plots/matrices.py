"""The matrices of the model as heat maps: V of groups, Z of a few groups, and G as correlations."""

from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array, Index
from bayesmixed.errors import PictureError
from bayesmixed.report.plots.centre import Centre, centre_of, need_rows, places_of_groups, unit_of_effect
from bayesmixed.report.plots.style import GREY, INK, drawing, labelled, one_panel, plain
from bayesmixed.units import with_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bayesmixed.design import Design
    from bayesmixed.fit import Fit
    from bayesmixed.reml import RemlFit

#: Rows of a matrix that one picture holds, and those beyond which cells are too small for numbers.
MOST_ROWS, MOST_NUMBERS, MOST_GROUPS = 120, 10, 20


def plot_V(fit: "Fit | RemlFit", group: Any = None, ax: "Axes | None" = None, correlation: bool = False) -> "Axes":
    """Covariance matrix of the rows of one group, ``V_i = Z_i G Z_i' + sigma^2 diag(1/w)``, or of several.

    Rows of different groups are independent: several groups give blocks on the diagonal and zeros beside them.
    G and sigma^2 are posterior means (so that V is, too), or the estimates of REML.

    Parameters
    ----------
    fit : Fit or RemlFit
    group : name or sequence of names, optional
        By default the first group.
    ax : matplotlib Axes, optional
    correlation : bool
        V scaled to a diagonal of ones: how alike two rows are.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    PictureError
        The rows are gone, there is no such group, or there are more than 120 rows.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> fit = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff")).reml()
    >>> fit.plot_V("A").images[0].get_array().shape
    (5, 5)
    """
    need_rows(fit, "plot_V()")
    centre = centre_of(fit)
    kept = places_of_groups(centre.design, group, 1 if group is None else MOST_GROUPS)
    rows, ends = _rows_of(centre.design, kept)
    V = _covariance(centre, rows)
    unit = f"{centre.units.of_y}^2" if centre.units.of_y and not correlation else ""
    if correlation:
        V = V / np.sqrt(np.outer(np.diag(V), np.diag(V)))
    with drawing():
        ax = one_panel(ax, 4.8)
        text = "correlation of two rows" if correlation else labelled("covariance of two rows", unit)
        image = _heat(ax, V, _shade(V, 1.0 if correlation else None), text)
        _numbers(ax, image, V)
        _blocks(ax, centre.design, kept, ends)
        ax.set_title(f"V of {_groups(centre.design, kept)}", loc="left")
    return ax


def plot_Z(fit: "Fit | RemlFit", groups: Any = None, ax: "Axes | None" = None) -> "Axes":
    """Rows of Z of a few groups: each row has the columns of its own group, and zeros in those of the others.

    Parameters
    ----------
    fit : Fit or RemlFit
    groups : name or sequence of names, optional
        By default as many of the first groups as make a picture that can be read, at most six.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    PictureError
        As `plot_V`.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> fit = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff")).reml()
    >>> fit.plot_Z(["A", "B"]).images[0].get_array().shape
    (10, 2)
    """
    need_rows(fit, "plot_Z()")
    centre = centre_of(fit)
    design = centre.design
    kept = _first(design) if groups is None else places_of_groups(design, groups, MOST_GROUPS)
    rows, ends = _rows_of(design, kept)
    Z = np.zeros((len(rows), len(kept) * design.q))
    for k, j in enumerate(kept):
        own = design.group[rows] == j
        Z[own, k * design.q : (k + 1) * design.q] = design.Z_rows[rows[own]]
    with drawing():
        ax = one_panel(ax, min(6.0, 1.8 + 0.08 * len(rows)))
        _heat(ax, Z, _shade(Z), "value in Z", aspect="auto")
        labels = [plain(label, 14) for _ in kept for label in design.random_labels]
        turned = len(labels) * max(map(len, labels)) > 60
        ax.set_xticks(np.arange(len(labels)), labels, rotation=90 if turned else 0, fontsize=7.5)
        middles = (np.r_[0, ends[:-1]] + ends - 1) / 2.0
        ax.set_yticks(middles, [plain(design.levels[j], 18) for j in kept])
        for end, k in zip(ends[:-1], range(1, len(kept)), strict=True):
            ax.axhline(end - 0.5, color=GREY, linewidth=0.6)
            ax.axvline(k * design.q - 0.5, color=GREY, linewidth=0.6)
        ax.set(xlabel=f"columns of Z, {design.q} a group", ylabel=f"rows, by {plain(design.factor_name, 30)}")
        ax.set_title(f"Z of {_groups(design, kept)}", loc="left")
    return ax


def plot_G(fit: "Fit | RemlFit", ax: "Axes | None" = None) -> "Axes":
    """Correlations of the random effects of one group, and their sd on the axis.

    Posterior medians, or the estimates of REML. Effects of different terms in the formula are independent: 0.

    Parameters
    ----------
    fit : Fit or RemlFit
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    PictureError
        The model has one random effect.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> fit = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy")).reml()
    >>> round(float(fit.plot_G().images[0].get_array()[0, 1]), 3)
    0.066
    """
    centre = centre_of(fit)
    labels, q = centre.design.random_labels, centre.design.q
    if q == 1:
        raise PictureError("G of one random effect is one variance, with nothing to correlate; see plot_V()")
    with drawing():
        ax = one_panel(ax, min(6.0, 2.6 + 0.45 * q))
        image = _heat(ax, centre.corr, (-1.0, 1.0), "correlation of random effects")
        _numbers(ax, image, centre.corr)
        sd = [
            with_unit(f"{value:.3g}", unit_of_effect(centre, label))
            for label, value in zip(labels, centre.sd, strict=True)
        ]
        texts = [f"{plain(label, 20)}\nsd {plain(value, 20)}" for label, value in zip(labels, sd, strict=True)]
        ax.set_yticks(np.arange(q), texts)
        names = [plain(label, 20) for label in labels]
        ax.set_xticks(np.arange(q), names, rotation=45 if sum(map(len, names)) > 44 else 0)
        ax.set_title(f"G of {plain(centre.design.factor_name, 40)}", loc="left")
    return ax


def _first(design: "Design") -> Index:
    """As many of the first groups as fit, at least one and at most six."""
    total = np.cumsum(design.group_sizes[:6])
    return np.arange(max(1, int(np.searchsorted(total, 60, side="right"))))


def _rows_of(design: "Design", kept: Index) -> tuple[Index, Index]:
    """Positions of the rows of groups, group by group, and where each group ends."""
    parts = [np.flatnonzero(design.group == j) for j in kept]
    ends = np.cumsum([len(part) for part in parts])
    if ends[-1] > MOST_ROWS:
        raise PictureError(f"{ends[-1]} rows are too many for a heat map of at most {MOST_ROWS}; choose groups")
    return np.concatenate(parts), ends


def _covariance(centre: Centre, rows: Index) -> Array:
    design = centre.design
    Z, group = design.Z_rows[rows], design.group[rows]
    V = np.where(group[:, None] == group, Z @ centre.G @ Z.T, 0.0)
    return V + np.diag(centre.sigma2 / design.weights[rows])


def _shade(values: Array, most: float | None = None) -> tuple[float, float]:
    """Limits of the colours: from zero, or symmetric about it where there are negative values."""
    top = float(np.abs(values).max()) if most is None else most
    top = top or 1.0
    return (-top if values.min() < 0.0 else 0.0, top)


def _heat(ax: "Axes", values: Array, limits: tuple[float, float], label: str, aspect: Any = "equal") -> Any:
    colours = "Blues" if limits[0] == 0.0 else "RdBu"
    image = ax.imshow(values, cmap=colours, vmin=limits[0], vmax=limits[1], aspect=aspect, interpolation="none")
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    bar = ax.figure.colorbar(image, ax=ax, shrink=0.8, aspect=25)
    bar.outline.set_visible(False)
    bar.set_label(label)
    return image


def _numbers(ax: "Axes", image: Any, values: Array) -> None:
    if len(values) > MOST_NUMBERS:
        return
    top = max(abs(image.norm.vmin), image.norm.vmax)
    for i, j in np.ndindex(values.shape):
        ink = "white" if abs(values[i, j]) > 0.6 * top else INK
        size = 8.5 if len(values) <= 6 else 7.0
        text = f"{values[i, j]:.2f}" if top <= 1.0 else f"{values[i, j]:.3g}"
        text = f"{values[i, j]:.0f}" if "e" in text and top < 1e7 else text
        ax.text(j, i, text, ha="center", va="center", fontsize=size, color=ink)


def _blocks(ax: "Axes", design: "Design", kept: Index, ends: Index) -> None:
    """Names of groups at their blocks, or of one group its row numbers in the table."""
    starts = np.r_[0, ends[:-1]]
    if len(kept) > 1:
        names = [plain(design.levels[j], 16) for j in kept]
        middles = (starts + ends - 1) / 2.0
        ax.set_xticks(middles, names, rotation=90 if len(kept) * max(map(len, names)) > 50 else 0)
        ax.set_yticks(middles, names)
        ax.set(
            xlabel=f"rows, by {plain(design.factor_name, 30)}", ylabel=f"rows, by {plain(design.factor_name, 30)}"
        )
        return
    rows = np.arange(ends[0])
    shown = rows if len(rows) <= 12 else np.unique(np.linspace(0, len(rows) - 1, 7).round().astype(int))
    ax.set_xticks(shown, [str(k + 1) for k in shown])
    ax.set_yticks(shown, [str(k + 1) for k in shown])
    ax.set(xlabel="row of the group", ylabel="row of the group")


def _groups(design: "Design", kept: Index) -> str:
    factor = plain(design.factor_name, 30)
    if len(kept) == 1:
        return f"{factor} {plain(design.levels[kept[0]], 30)}"
    return f"{len(kept)} of {design.n_groups} groups of {factor}"
