"""Tables of planned studies: J groups of n rows, treatments given to whole groups, covariates within groups."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.errors import DesignError
from bayesmixed.formula import parse_formula

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.specification import Specification

#: Levels of a treatment that is given by its name only.
ARMS = ("a", "b")

type Columns = Sequence[str] | Mapping[str, Sequence[Any]]


def planned_table(
    formula: str, groups: int, n: int, between: Columns = (), within: Columns = ()
) -> "pd.DataFrame":
    """The predictors and groups of J groups of n rows.

    Treatments between groups go round: with two arms every second group has the second; with several columns,
    group j has combination ``j mod (number of combinations)`` of their levels. So do values within a group,
    from row to row.

    Parameters
    ----------
    formula : str
        Its columns are what the table needs: the grouping factor, and all of `between` and `within`.
    groups, n : int
        J, and rows of each group.
    between : sequence of str, or mapping of str to levels
        Columns that are constant in a group. A name alone has the levels "a" and "b".
    within : sequence of str, or mapping of str to levels
        Columns that vary in a group. A name alone has n evenly spaced numbers of mean 0 and mean square 1.

    Returns
    -------
    pandas.DataFrame
        J n rows.

    Examples
    --------
    >>> from bayesmixed.planning.layout import planned_table
    >>> table = planned_table("y ~ arm + x + (1 | clinic)", groups=4, n=3, between=["arm"], within=["x"])
    >>> table["arm"].tolist()
    ['a', 'a', 'a', 'b', 'b', 'b', 'a', 'a', 'a', 'b', 'b', 'b']
    """
    import pandas as pd

    for name, value in (("groups", groups), ("n", n)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise DesignError(f"{name} must be whole numbers of at least 1, not {value!r}")
    specification = parse_formula(formula)
    outer, inner = _levels(between, ARMS, "between"), _levels(within, (), "within")
    _check_columns(specification, [*outer, *inner])
    cells = int(np.prod([len(levels) for levels in outer.values()]))
    if groups < cells:
        raise DesignError(
            f"between= has {cells} treatments, more than groups={groups}: take more than {cells} groups, so that "
            "treatments can be told from groups"
        )
    j, row = np.repeat(np.arange(groups), n), np.tile(np.arange(n), groups)
    width = len(str(groups))
    columns: dict[str, Any] = {name: [f"{k + 1:0{width}d}" for k in j] for name in specification.factor}
    columns |= _cycled(outer, j) | _cycled({name: levels for name, levels in inner.items() if levels}, row)
    columns |= {name: np.tile(_spaced(n), groups) for name, levels in inner.items() if not levels}
    return pd.DataFrame(columns)


def _levels(columns: Columns, default: Sequence[Any], what: str) -> dict[str, list[Any]]:
    if isinstance(columns, str):
        columns = [columns]
    if columns is None or not isinstance(columns, Iterable):
        raise DesignError(f"{what} must be names of columns, such as ['arm'], not {columns!r}")
    given = columns if isinstance(columns, Mapping) else dict.fromkeys(columns, default)
    for name, levels in given.items():
        listed = isinstance(levels, Collection) and not isinstance(levels, str)
        if not listed or (isinstance(columns, Mapping) and not len(levels)):
            raise DesignError(f"{what}: {name!r} must have a list of levels, not {levels!r}")
    return {name: list(levels) for name, levels in given.items()}


def _cycled(columns: dict[str, list[Any]], index: np.ndarray) -> dict[str, list[Any]]:
    """The combinations of levels by turns; the last column changes fastest."""
    cells = list(product(*columns.values()))
    return {name: [cells[k % len(cells)][c] for k in index] for c, name in enumerate(columns)}


def _spaced(n: int) -> np.ndarray:
    places = np.arange(n) - (n - 1) / 2.0
    return places / np.sqrt(np.mean(places**2)) if n > 1 else places


def _check_columns(specification: "Specification", given: list[str]) -> None:
    groups = list(specification.factor)
    needed = [c for c in specification.columns if c not in groups and c != specification.response_name]
    for name in needed:
        if name not in given:
            raise DesignError(
                f"the formula has {name!r}: name it in between= (constant in a group) or within= (varies in it), "
                "or give a table as design="
            )
    for name in given:
        if name not in needed or given.count(name) > 1:
            raise DesignError(f"{name!r} of between= or within= must be a predictor of the formula, and be in one")
