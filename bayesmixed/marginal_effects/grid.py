"""Where a mean is taken: the cells that are asked for, and the rows that each is averaged over."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayesmixed.arguments import check_choice
from bayesmixed.arrays import Array
from bayesmixed.errors import PredictionError

if TYPE_CHECKING:
    from bayesmixed.design import Design

WEIGHTS = ("equal", "proportional", "rows")
MEAN_PARTS = ("fixed", "offset")


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells, and rows of all other variables with their weights, the same for every cell.

    Parameters
    ----------
    cells : pandas.DataFrame
        One row a cell, one column a variable that is asked for.
    rest : pandas.DataFrame
        One row for each combination of the other variables of the mean.
    weights : ndarray, shape (rows of rest,)
        They sum to one.
    """

    cells: pd.DataFrame
    rest: pd.DataFrame
    weights: Array

    @classmethod
    def of(
        cls, design: "Design", variables: Sequence[str], at: Mapping[str, Any] | None, weights: str = "equal"
    ) -> "Grid":
        """Lay out a grid.

        Parameters
        ----------
        design : Design
        variables : sequence of str
            Whose combinations are the cells, the last one fastest.
        at : dict, optional
            A value, or several, of any variable.
        weights : {"equal", "proportional", "rows"}
            See `EffectsOfFit.marginal_means`.

        Raises
        ------
        PredictionError
            A variable that is no predictor of the mean, or values that it cannot have.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"))
        >>> Grid.of(model.design, ["Days"], {"Days": [0, 9]}).cells.to_dict("list")
        {'Days': [0, 9]}
        """
        check_choice("weights", weights, WEIGHTS, PredictionError)
        if at is not None and not isinstance(at, Mapping):
            raise PredictionError(f"at must be a dict such as {{'x': [0, 1]}}, not {at!r}")
        given = {name: _several(name, values) for name, values in (at or {}).items()}
        names = design.encoding.needed(MEAN_PARTS)
        check_names((*names_in(variables), *given), names)
        _check_numbers(design, given)
        cells = crossed({name: given.get(name) or values_of(design, name) for name in variables})
        others = [name for name in names if name not in variables]
        if weights == "rows":
            rest, shares = _observed(design, others, given)
        else:
            rest, shares = _combinations(design, others, given, weights)
        return cls(cells, rest, shares / shares.sum())

    def rows(self) -> Iterator[pd.DataFrame]:
        """The rows that each cell is averaged over, cell after cell."""
        for _, values in self.cells.iterrows() if self.cells.shape[1] else [(0, {})]:
            yield self.rest.assign(
                **{str(name): _repeated(value, len(self.rest)) for name, value in values.items()}
            )

    @property
    def labels(self) -> list[tuple[str, ...]]:
        """The values of each cell as text."""
        return [tuple(map(text_of, row)) for row in self.cells.astype(object).itertuples(index=False, name=None)]


def values_of(design: "Design", name: str) -> list[Any]:
    """Levels of a factor, no and yes of a truth value, the mean of a number."""
    column = next(one for one in design.encoding.columns if one.name == name)
    if column.kind == "factor":
        return list(column.levels)
    if design.streamed is not None:
        raise PredictionError(
            f"the rows of this table were streamed and are gone, and with them the mean of {name!r}: "
            f"give its value, at={{{name!r}: ...}}"
        )
    values = design.frame[name]
    return [False, True] if values.dtype.kind == "b" else [float(values.mean())]


def crossed(values: Mapping[str, list[Any]]) -> pd.DataFrame:
    """All combinations, the last column fastest; one row without columns where there are none."""
    if not values:
        return pd.DataFrame(index=pd.RangeIndex(1))
    return pd.MultiIndex.from_product(list(values.values()), names=list(values)).to_frame(index=False)


def text_of(value: Any) -> str:
    """A value of a variable as a label."""
    return f"{value:g}" if isinstance(value, (float, np.floating)) else str(value)


def names_in(variables: str | Sequence[str]) -> tuple[str, ...]:
    """One name or several."""
    if not hasattr(variables, "__iter__"):
        raise PredictionError(f"variables are named by a column, or a list of columns, not {variables!r}")
    names = (variables,) if isinstance(variables, str) else tuple(variables)
    double = [name for k, name in enumerate(names) if name in names[:k]]
    if double:
        raise PredictionError(f"the variable {double[0]!r} is named twice: once is enough")
    return names


def _several(name: str, values: Any) -> list[Any]:
    found = [values] if isinstance(values, str) or not hasattr(values, "__iter__") else list(values)
    if not found or len(set(found)) < len(found):
        raise PredictionError(f"at[{name!r}] must hold at least one value, and none twice")
    return [one.item() if isinstance(one, np.generic) else one for one in found]


def check_names(asked: Sequence[str], known: Sequence[str]) -> None:
    """Whether all that was asked for are columns that the mean depends on."""
    unknown = [name for name in asked if not isinstance(name, str) or name not in known]
    if unknown:
        there = ", ".join(known) if known else "none"
        raise PredictionError(f"{unknown[0]!r} is no column that the mean depends on; there is {there}")


def _check_numbers(design: "Design", given: Mapping[str, list[Any]]) -> None:
    numbers = {one.name for one in design.encoding.columns if one.kind == "number"}
    for name in numbers & set(given):
        for value in given[name]:
            if not isinstance(value, (int, float)) or not np.isfinite(value):
                raise PredictionError(f"at[{name!r}] must be finite numbers, not {value!r}")


def _repeated(value: Any, count: int) -> Any:
    return np.full(count, value) if isinstance(value, (int, float, np.number)) else [value] * count


def _combinations(
    design: "Design", others: Sequence[str], given: Mapping[str, list[Any]], weights: str
) -> tuple[pd.DataFrame, Array]:
    """Every combination of the other variables, numbers at their mean."""
    rest = crossed({name: given.get(name) or values_of(design, name) for name in others})
    if weights == "equal":
        return rest, np.ones(len(rest))
    levelled = _factors(design)
    factors = [name for name in others if name in levelled]
    if not factors:
        return rest, np.ones(len(rest))
    counts = design.frame[factors].astype(object).value_counts()
    index = pd.MultiIndex.from_frame(rest[factors].astype(object))
    if len(factors) == 1:
        index = pd.MultiIndex.from_arrays([rest[factors[0]].astype(object)])
    shares = np.array([counts.get(key, 0) for key in index], dtype=float)
    if not shares.any():
        raise PredictionError(
            f"no row has these values of {', '.join(factors)}, so they have no proportions: use weights='equal'"
        )
    return rest, shares


def _factors(design: "Design") -> set[str]:
    """Variables with levels: factors and truth values."""
    columns = design.encoding.columns
    return {one.name for one in columns if one.kind == "factor" or design.frame[one.name].dtype.kind == "b"}


def _observed(
    design: "Design", others: Sequence[str], given: Mapping[str, list[Any]]
) -> tuple[pd.DataFrame, Array]:
    """The rows of the table, each with every combination of the values that are given."""
    fixed = crossed({name: given[name] for name in others if name in given})
    own = design.frame[[name for name in others if name not in given]].reset_index(drop=True)
    rest = own.merge(fixed, how="cross") if own.shape[1] and fixed.shape[1] else own if own.shape[1] else fixed
    return rest, np.ones(len(rest))
