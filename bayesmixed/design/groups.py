"""Which group each row belongs to, and what the groups are called."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

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
    codes, levels = pd.factorize(values, sort=True)
    return codes, [str(level) for level in levels.tolist()]


def constant_within_groups(z: np.ndarray, group: np.ndarray, n_groups: int) -> bool:
    """Is z, (N,), the same in all rows of each group, to rounding?"""
    first = np.empty(n_groups, dtype=np.intp)
    first[group[::-1]] = np.arange(len(group) - 1, -1, -1)
    return bool(np.abs(z - z[first][group]).max() <= 1e-12 * np.abs(z).max())
