"""Lines over one predictor: which values it takes, what the others are held at, and the mean along it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.errors import PictureError
from bayesmixed.report.plots.centre import Centre, design_of
from bayesmixed.report.plots.style import plain
from bayesmixed.summary import interval_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bayesmixed.design import Design
    from bayesmixed.fit import Fit
    from bayesmixed.reml import RemlFit

POINTS = 40
#: Levels of a factor between groups that a picture tells apart.
MOST_LEVELS = 4


@dataclass(frozen=True, eq=False)
class Horizontal:
    """The horizontal axis of a picture of rows.

    Parameters
    ----------
    name : str
        Column of the table.
    values : list
        Where lines are drawn: a grid of numbers, or the levels of a factor.
    places : ndarray
        Their positions.
    rows : ndarray, shape (N,)
        Positions of the rows.
    """

    name: str
    values: list[Any]
    places: Array
    rows: Array

    @property
    def is_number(self) -> bool:
        return len(self.values) == POINTS

    def label_ticks(self, ax: "Axes", most: int = 16) -> None:
        """Names of levels; numbers name themselves."""
        if not self.is_number:
            ax.set_xticks(self.places, [plain(value, most) for value in self.values])
            ax.margins(x=0.08)


def horizontal(design: "Design", name: str) -> Horizontal:
    """The axis of one predictor.

    Raises
    ------
    PictureError
        It is no predictor of the model.
    """
    predictors = [str(one) for one in design.encoding.needed(["fixed", "random"])]
    if not isinstance(name, str) or name not in predictors:
        raise PictureError(f"{name!r} is no predictor of this model; there are {', '.join(predictors) or 'none'}")
    if is_number(design, name):
        x = design.frame[name].to_numpy(dtype=float)
        grid = np.linspace(x.min(), x.max(), POINTS)
        return Horizontal(name, list(grid), grid, x)
    levels = list(next(one.levels for one in design.encoding.columns if one.name == name))
    levels = levels or sorted(design.frame[name].unique())  # truth values are numbers to the design
    place = {str(level): k for k, level in enumerate(levels)}
    rows = np.array([place[str(value)] for value in design.frame[name]], dtype=float)
    return Horizontal(name, levels, np.arange(len(levels), dtype=float), rows)


def is_number(design: "Design", name: str) -> bool:
    """Whether a column holds numbers that are no levels, as those inside ``C()`` are."""
    import pandas as pd

    dtype = design.frame[name].dtype
    has_levels = any(column.name == name and column.levels for column in design.encoding.columns)
    return pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype) and not has_levels


def default_variable(design: "Design") -> str | None:
    """The first numeric column with a random slope, else the first numeric predictor, else a factor slope."""
    for part in ("random", "fixed"):
        for name in design.encoding.needed([part]):
            if is_number(design, name) and design.frame[name].nunique() > 2:
                return str(name)
    return next((str(name) for name in design.encoding.needed(["random"])), None)


def between_factor(design: "Design", besides: str) -> tuple[str, list[Any]] | None:
    """The first factor among the predictors that is constant in every group, with its 2 to 4 levels."""
    for name in map(str, design.encoding.needed(["fixed"])):
        if name == besides or is_number(design, name):
            continue
        levels = list(dict.fromkeys(design.frame[name]))
        if 2 <= len(levels) <= MOST_LEVELS and not varies_within(design, name):
            return name, sorted(levels, key=str)
    return None


def typical_rows(design: "Design", axis: Horizontal, own: Any = None) -> dict[str, list[Any]]:
    """Rows that differ in the axis's column only; others at the median or commonest level of all rows, or of some.

    Parameters
    ----------
    design : Design
    axis : Horizontal
    own : ndarray of bool, shape (N,), optional
        Whose medians and commonest levels to take.
    """
    rows: dict[str, list[Any]] = {}
    for name in map(str, design.encoding.needed(["fixed", "random", "offset"])):
        values = design.frame[name]
        values = values if own is None else values[own]
        typical = float(values.median()) if is_number(design, name) else values.mode().iloc[0]
        rows[name] = [typical] * len(axis.values)
    return rows | {axis.name: list(axis.values)}


def population_line(fit: "Fit | RemlFit", rows: dict[str, list[Any]], ci_prob: float) -> tuple[Array, ...]:
    """The mean at b = 0, and the limits of its interval."""
    table: Any = fit.predict(rows, groups="population", ci_prob=ci_prob)
    names = ("estimate", "lower", "upper") if "estimate" in table else ("mean", *interval_names(ci_prob, "eti"))
    return tuple(table[name].to_numpy() for name in names)


@dataclass(frozen=True, eq=False)
class GroupLines:
    """Lines of one group: without pooling (None where its rows do not determine it), its own, and at b = 0."""

    alone: Array | None
    pooled: Array
    population: Array


def group_lines(centre: Centre, axis: Horizontal, group: int) -> GroupLines:
    """Lines of one group, other predictors as is typical of its own rows."""
    design = centre.design
    rows = design.encode(typical_rows(design, axis, design.group == group))
    population = rows.X @ centre.beta + rows.offset
    pooled = population + rows.Z_rows @ centre.b[group]
    own = centre.alone[group]
    return GroupLines(population + rows.Z_rows @ own if np.isfinite(own).all() else None, pooled, population)


def chosen_axis(fit: "Fit | RemlFit", variable: str | None) -> Horizontal:
    """The axis that was asked for, or the default one: a predictor that varies within groups.

    Raises
    ------
    PictureError
        There is no predictor to draw lines over.
    """
    design = design_of(fit)
    if variable is not None:
        return horizontal(design, variable)
    names = [default_variable(design), *map(str, design.encoding.needed(["fixed"]))]
    for name in names:
        if name is not None and varies_within(design, name):
            return horizontal(design, name)
    raise PictureError("no predictor varies within groups to draw lines over; plot_data() draws the rows by group")


def varies_within(design: "Design", name: str) -> bool:
    """Whether a column has more than one value in some group."""
    codes = np.unique(design.frame[name].astype(str).to_numpy(), return_inverse=True)[1]
    return len(np.unique(codes + design.group * (codes.max() + 1))) > design.n_groups
