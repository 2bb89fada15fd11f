"""Posteriors of single parameters, priors beside them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.errors import SamplingError
from bayesmixed.parameters import stored_name
from bayesmixed.report.plots.prior import prior_density
from bayesmixed.report.plots.style import (
    BLUE,
    GREY,
    INK,
    TITLE,
    WIDTH,
    drawing,
    figure_of,
    labelled,
    note_left_out,
    plain,
)

if TYPE_CHECKING:
    from arviz_plots import PlotCollection
    from matplotlib.axes import Axes

    from bayesmixed.fit import Fit

#: Panels of one picture; a model with more parameters says which to show.
MOST = 24


def plot_posterior(fit: "Fit", names: Sequence[str] | None = None, ci_prob: float = 0.95) -> "PlotCollection":
    """Marginal posteriors with their priors (dashed), by `arviz_plots.plot_dist`.

    Parameters
    ----------
    fit : Fit
    names : sequence of str, optional
        Labels as in `Fit.summary`; by default all (the first 24).
    ci_prob : float
        Of the equal-tailed interval drawn below each density.

    Returns
    -------
    arviz_plots.PlotCollection
    """
    scalars = fit.scalars()
    chosen = _chosen(scalars, names)
    units = [fit.model.units.of_parameter(label) for label in chosen]
    titles = [labelled(label, unit, TITLE) for label, unit in zip(chosen, units, strict=True)]
    with drawing():
        collection = densities({label: scalars[label] for label in chosen}, titles, ci_prob)
        for label in chosen:
            _add_prior(collection.get_target(stored_name(label), {}), fit, label)
        _name_lines(collection)
        if names is None:
            note_left_out(collection, len(chosen), len(scalars), "parameters")
    return collection


def plot_variance_components(fit: "Fit", ci_prob: float = 0.95) -> "PlotCollection":
    """Posteriors of every sd, correlation and share of variance, by `arviz_plots.plot_dist`."""
    from bayesmixed.quantities.components import components
    from bayesmixed.report.contents import component_unit

    found, titles = {}, []
    for group, term, quantity, values in components(fit.model.design, fit.covariance):
        if quantity in ("variance", "covariance") or (group, quantity) == ("Residual", "share of variance"):
            continue
        label = " ".join(part for part in (group, term, quantity) if part)
        found[label] = values.reshape(fit.shape)
        unit = component_unit(fit.model, term, quantity)
        titles.append(labelled(label, unit, TITLE))
    with drawing():
        collection = densities(dict(list(found.items())[:MOST]), titles[:MOST], ci_prob)
        note_left_out(collection, min(MOST, len(found)), len(found), "quantities", "variance_components() has all")
    return collection


def _chosen(scalars: Mapping[str, Array], names: Sequence[str] | None) -> list[str]:
    if names is None:
        return list(scalars)[:MOST]
    names = [names] if isinstance(names, str) else list(names)
    for name in names:
        if name not in scalars:
            raise SamplingError(f"no parameter {name!r} to draw; there are {', '.join(scalars)}")
    return names


def densities(values: Mapping[str, Array], titles: Sequence[str], ci_prob: float) -> "PlotCollection":
    """One panel a quantity: density, median and equal-tailed interval of draws (chains, draws)."""
    import xarray as xr
    from arviz_plots import plot_dist
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    columns = min(3, len(values))
    rows = -(-len(values) // columns)
    dataset = xr.Dataset({stored_name(name): (("chain", "draw"), value) for name, value in values.items()})
    visuals: Any = {  # "face" is missing from the types of arviz_plots, not from its code
        "dist": {"color": BLUE},
        "face": {"color": BLUE, "alpha": 0.15},
        "credible_interval": {"color": INK},
        "point_estimate": {"color": INK},
        "point_estimate_text": False,
        "title": False,
    }
    collection = plot_dist(
        xr.DataTree.from_dict({"posterior": dataset}),
        kind="kde",
        ci_kind="eti",
        ci_prob=ci_prob,
        point_estimate="median",
        backend="matplotlib",
        col_wrap=columns,
        figure_kwargs={"figsize": (WIDTH, 1.75 * rows), "figsize_units": "inches"},
        stats={"dist": {"bw": "scott"}},
        visuals=visuals,
    )
    for name, title in zip(values, titles, strict=True):
        axes = collection.get_target(stored_name(name), {})
        axes.set_title(title, fontsize=8.5)
        axes.set_ylim(bottom=-0.08 * axes.get_ylim()[1])
        axes.locator_params(axis="x", nbins=4)
    engine = figure_of(collection).get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(w_pad=0.12)  # or the last tick of one panel meets the first of the next
    return collection


def _add_prior(axes: "Axes", fit: "Fit", label: str) -> None:
    low, high = axes.get_xlim()
    x = np.linspace(low, high, 200)
    density = prior_density(fit.model, label, x)
    if density is not None:
        axes.plot(x, density, color=GREY, linestyle="--", linewidth=1.2, zorder=1)
        axes.set_xlim(low, high)


def _name_lines(collection: "PlotCollection") -> None:
    from matplotlib.lines import Line2D

    lines = [
        Line2D([], [], color=BLUE, label=plain("posterior")),
        Line2D([], [], color=GREY, linestyle="--", label=plain("prior")),
    ]
    figure_of(collection).legend(handles=lines, loc="outside upper center", ncols=2)
