"""Groups one by one, and all of them without and with pooling: shrinkage to be seen."""

from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arguments import check_count
from bayesmixed.errors import PictureError
from bayesmixed.report.plots.centre import Centre, centre_of, need_rows, places_of_groups
from bayesmixed.report.plots.lines import Horizontal, chosen_axis, group_lines
from bayesmixed.report.plots.style import (
    BLUE,
    GREY,
    ORANGE,
    VERMILLION,
    WIDTH,
    drawing,
    labelled,
    panels_of,
    plain,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bayesmixed.fit import Fit
    from bayesmixed.reml import RemlFit

COLUMNS, MOST_PANELS, MOST_LINES = 5, 60, 60


def plot_lattice(
    fit: "Fit | RemlFit",
    variable: str | None = None,
    groups: Any = None,
    most: int = 20,
    axes: Any = None,
) -> np.ndarray:
    """One panel a group: its rows, the line of its rows alone, its line in the model, and the population's.

    The model's line lies between the two others: that is shrinkage, and it is stronger where a group has few rows.
    Other predictors are held at the median or commonest level of the group's own rows.

    Parameters
    ----------
    fit : Fit or RemlFit
    variable : str, optional
        Predictor for the horizontal axis, as in `plot_data`.
    groups : sequence of names, optional
        By default all, or where there are more than `most`, as many evenly spaced by their first random effect;
        the figure then says so.
    most : int
        Panels by default.
    axes : sequence of matplotlib Axes, optional
        One a group.

    Returns
    -------
    ndarray of matplotlib Axes

    Raises
    ------
    PictureError
        The rows are gone, there is no predictor, or a group does not exist.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"))
    >>> axes = model.reml().plot_lattice(groups=["308", "335"])
    >>> [ax.get_title() for ax in axes]
    ['308', '335']
    """
    need_rows(fit, "plot_lattice()")
    check_count("most", most, 1, PictureError)
    centre, axis = centre_of(fit), chosen_axis(fit, variable)
    limit = min(most, MOST_PANELS) if groups is None else MOST_PANELS
    kept = places_of_groups(centre.design, groups, limit, centre.b[:, 0])
    with drawing():
        drawn = _grid(len(kept)) if axes is None else panels_of(axes, len(kept))
        for ax, j in zip(drawn, kept, strict=True):
            _panel(ax, centre, axis, int(j))
        if axes is None:
            _name(
                drawn, centre, axis, "evenly spaced by their first random effect" if groups is None else "chosen"
            )
    return drawn


def plot_shrinkage(
    fit: "Fit | RemlFit", variable: str | None = None, groups: Any = None, axes: Any = None
) -> np.ndarray:
    """Lines of the groups by their rows alone, and beside them those of the model: pooling draws them together.

    Parameters
    ----------
    fit : Fit or RemlFit
    variable : str, optional
        Predictor for the horizontal axis, as in `plot_data`.
    groups : sequence of names, optional
        By default all, or 60 evenly spaced by their first random effect.
    axes : two matplotlib Axes, optional

    Returns
    -------
    ndarray of matplotlib Axes
        No pooling, and partial pooling.

    Raises
    ------
    PictureError
        As `plot_lattice`.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"))
    >>> [ax.get_title() for ax in model.reml().plot_shrinkage()]
    ['each group alone (no pooling)', 'in the model (partial pooling)']
    """
    import matplotlib.pyplot as plt

    need_rows(fit, "plot_shrinkage()")
    centre, axis = centre_of(fit), chosen_axis(fit, variable)
    kept = places_of_groups(centre.design, groups, MOST_LINES, centre.b[:, 0])
    lines = [group_lines(centre, axis, int(j)) for j in kept]
    alone = [line.alone for line in lines if line.alone is not None]
    with drawing():
        if axes is None:
            axes = plt.subplots(1, 2, figsize=(WIDTH, 3.2), sharex=True, sharey=True)[1]
        drawn = panels_of(axes, 2)
        _fan(drawn[0], axis, alone, ORANGE, "each group alone (no pooling)")
        _fan(drawn[1], axis, [line.pooled for line in lines], BLUE, "in the model (partial pooling)")
        middle = np.mean([line.population for line in lines], axis=0)
        for ax in drawn:
            ax.plot(axis.places, middle, color=VERMILLION, linewidth=2.4, label="population", zorder=4)
            axis.label_ticks(ax)
            ax.set_xlabel(labelled(axis.name, centre.units.columns.get(axis.name, ""), 30))
        drawn[0].set_ylabel(labelled(centre.design.response_name, centre.units.of_y, 30))
        drawn[1].legend(loc="best")
        _note_counts(drawn[0], len(alone), len(kept), centre.design.n_groups)
    return drawn


def _fan(ax: "Axes", axis: Horizontal, lines: list[Any], colour: str, title: str) -> None:
    for line in lines:
        ax.plot(axis.places, line, color=colour, linewidth=0.9, alpha=0.75)
    ax.set_title(title)


def _note_counts(ax: "Axes", alone: int, kept: int, all_of_them: int) -> None:
    notes = []
    if kept < all_of_them:
        notes.append(f"{kept} of {all_of_them} groups")
    if alone < kept:
        notes.append(f"{kept - alone} have too few rows for a line alone")
    if notes:
        ax.annotate("; ".join(notes), (0.02, 0.98), xycoords="axes fraction", va="top", color=GREY, fontsize=7.5)


def _grid(count: int) -> np.ndarray:
    import matplotlib.pyplot as plt

    columns = min(COLUMNS, count)
    rows = -(-count // columns)
    size = (WIDTH, 0.9 + (1.25 if columns > 3 else 2.0) * rows)
    _, axes = plt.subplots(rows, columns, figsize=size, sharex=True, sharey=True, squeeze=False)
    for spare in axes.ravel()[count:]:
        spare.remove()
    for above in axes.ravel()[max(0, count - columns) : count]:
        above.tick_params(labelbottom=True)
    return axes.ravel()[:count]


def _panel(ax: "Axes", centre: Centre, axis: Horizontal, group: int) -> None:
    design = centre.design
    own, lines = design.group == group, group_lines(centre, axis, group)
    ax.plot(axis.rows[own], design.y[own], ".", color=GREY, markersize=4.5, label="rows", zorder=1)
    ax.plot(axis.places, lines.population, color=VERMILLION, linewidth=1.0, linestyle=":", label="population")
    if lines.alone is not None:
        ax.plot(axis.places, lines.alone, color=ORANGE, linewidth=1.3, linestyle=(0, (4, 2)), label="group alone")
    ax.plot(axis.places, lines.pooled, color=BLUE, linewidth=1.5, label="in the model")
    ax.set_title(plain(design.levels[group], 16), fontsize=7.5, pad=3)
    ax.tick_params(labelsize=7.5)
    axis.label_ticks(ax, 8)
    ax.locator_params(axis="y", nbins=4)
    if axis.is_number:
        ax.locator_params(axis="x", nbins=3)


def _name(axes: np.ndarray, centre: Centre, axis: Horizontal, how: str) -> None:
    figure = axes[0].figure
    high = float(figure.get_size_inches()[1])
    found = {name: handle for ax in axes for handle, name in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(found.values(), found.keys(), loc="outside upper center", ncols=4)
    figure.supylabel(labelled(centre.design.response_name, centre.units.of_y, max(18, int(9 * high))), fontsize=9)
    below = labelled(axis.name, centre.units.columns.get(axis.name, ""))
    if len(axes) < centre.design.n_groups:
        name = plain(centre.design.factor_name, 30)
        below += f"\n{len(axes)} of {centre.design.n_groups} groups of {name}, {how}"
    figure.supxlabel(below, fontsize=9)
