"""Which group each row belongs to, and what the groups are called."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayesmixed.arrays import Array, Index
from bayesmixed.compiled import compiled
from bayesmixed.errors import DesignError


def group_codes(frame: pd.DataFrame, factor: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Position of each row's group among the sorted levels, and the levels as text.

    Parameters
    ----------
    frame : pandas.DataFrame
        Complete rows.
    factor : sequence of str
        One column, or several whose combinations that occur are the groups.

    Returns
    -------
    codes : (N,) ndarray of intp
    levels : tuple of str
        Numbers by size, text by alphabet, ordered categories in their order; ``"1:T1"`` for
        combinations.

    Raises
    ------
    DesignError
        A column of fractions, or two groups of the same name.

    Examples
    --------
    >>> codes, levels = group_codes(pd.DataFrame({"g": [10, 9, 10]}), ["g"])
    >>> codes.tolist(), levels
    ([1, 0, 1], ('9', '10'))
    """
    codes, levels = _codes(frame[factor[0]], factor[0])
    if len(factor) == 1 and frame[factor[0]].dtype.kind in "iuf":
        return codes, tuple(levels)  # different whole numbers are different as text
    for name in factor[1:]:
        more, others = _codes(frame[name], name)
        joint, codes = np.unique(codes * len(others) + more, return_inverse=True)
        levels = [
            f"{levels[first]}:{others[second]}"
            for first, second in zip(*np.divmod(joint, len(others)), strict=True)
        ]
    if len(set(levels)) < len(levels):
        double = next(level for level in levels if levels.count(level) > 1)
        raise DesignError(f"two groups of {':'.join(factor)!r} are both called {double!r}; rename levels")
    return codes.astype(np.intp, copy=False), tuple(levels)


def _codes(values: pd.Series, name: str) -> tuple[np.ndarray, list[str]]:
    if values.dtype.kind == "f":
        if (values != np.trunc(values)).any():
            raise DesignError(f"the grouping column {name!r} has fractions; group by whole numbers or text")
        values = values.astype(np.int64)
    if isinstance(values.dtype, pd.CategoricalDtype) and values.dtype.ordered:
        return np.asarray(values.cat.codes, dtype=np.intp), [str(v) for v in values.cat.categories]
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.cat.reorder_categories(sorted(values.cat.categories))
    if values.dtype.kind in "iu":
        return _codes_of_integers(np.ascontiguousarray(values.to_numpy(), dtype=np.int64))
    codes, levels = pd.factorize(values, sort=True)
    return codes, [str(level) for level in levels.tolist()]


def _codes_of_integers(values: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Without sorting or hashing, where the numbers are in order or their range is not much larger than N."""
    low, high, ascending = _range(values)
    if ascending or 0 <= high - low < 4 * len(values) + 1024:  # negative: beyond 2^63
        codes = np.empty(len(values), dtype=np.intp)
        levels = _levels_in_order(values, codes) if ascending else _levels_by_table(values, low, high, codes)
    else:
        codes, levels = pd.factorize(values, sort=True)
    return codes.astype(np.intp, copy=False), list(map(str, levels.tolist()))


@compiled
def _range(values: Index) -> tuple[int, int, bool]:  # pragma: no cover - compiled
    """Least and greatest, and whether none is smaller than the one before."""
    low, high, ascending = values[0], values[0], True
    for i in range(1, values.shape[0]):
        low, high = min(low, values[i]), max(high, values[i])
        ascending = ascending and values[i] >= values[i - 1]
    return low, high, ascending


@compiled
def _levels_in_order(values: Index, codes: Index) -> Index:  # pragma: no cover - compiled
    """Fills the codes of ascending values; returns what occurs."""
    codes[0] = 0
    for i in range(1, values.shape[0]):
        codes[i] = codes[i - 1] + (values[i] != values[i - 1])
    levels = np.empty(codes[-1] + 1, dtype=values.dtype)
    for i in range(values.shape[0]):
        levels[codes[i]] = values[i]
    return levels


@compiled
def _levels_by_table(values: Index, low: int, high: int, codes: Index) -> Index:  # pragma: no cover - compiled
    """The same of values in any order, by a table of their whole range."""
    place = np.zeros(high - low + 1, dtype=np.intp)
    for i in range(values.shape[0]):
        place[values[i] - low] = 1
    count = 0
    for k in range(place.shape[0]):
        if place[k]:
            place[k] = count
            count += 1
    levels = np.empty(count, dtype=values.dtype)
    for i in range(values.shape[0]):
        codes[i] = place[values[i] - low]
        levels[codes[i]] = values[i]
    return levels


def constant_within_groups(z: np.ndarray, group: np.ndarray, n_groups: int) -> bool:
    """Is z, (N,), the same in all rows of each group, to rounding?"""
    z = np.asarray(z, dtype=float)
    return bool(_constant_within_groups(z, group, n_groups, 1e-12 * max(-z.min(), z.max())))


@compiled
def _constant_within_groups(
    z: Array, group: Index, n_groups: int, rounding: float
) -> bool:  # pragma: no cover - compiled
    """Stops at the first row that differs from the first of its group."""
    first, seen = np.empty(n_groups), np.zeros(n_groups, dtype=np.bool_)
    for i in range(z.shape[0]):
        own = group[i]
        if not seen[own]:
            seen[own] = True
            first[own] = z[i]
        elif not abs(z[i] - first[own]) <= rounding:
            return False
    return True
