"""Contrasts of cells: every pair, each with a reference or its predecessor, or what the user wants."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from bayesmixed.arrays import Array
from bayesmixed.errors import PredictionError, RemlError
from bayesmixed.marginal_effects.combinations import Combinations, check_estimated
from bayesmixed.marginal_effects.grid import text_of
from bayesmixed.reml.hypotheses.contrasts import Contrasts

Pairs = list[tuple[int, int]]


def pairwise(k: int) -> Pairs:
    """Each cell minus every later one, as emmeans has them."""
    return [(i, j) for i in range(k) for j in range(i + 1, k)]


def reference(k: int) -> Pairs:
    """Each cell minus the first."""
    return [(i, 0) for i in range(1, k)]


def sequential(k: int) -> Pairs:
    """Each cell minus the one before."""
    return [(i, i - 1) for i in range(1, k)]


METHODS: dict[str, Callable[[int], Pairs]] = {
    "pairwise": pairwise,
    "reference": reference,
    "sequential": sequential,
}


def compare(cells: Combinations, method: Any, n_by: int = 0) -> Combinations:
    """Contrasts of cells, within each combination of the first `n_by` levels of their index.

    Parameters
    ----------
    cells : Combinations
    method : {"pairwise", "reference", "sequential"}, or anything that `Contrasts.of` takes
        Text such as ``"(T2 + T3) / 2 - T1"``, vectors, a matrix, or a dict, by the labels of cells.
    n_by : int

    Raises
    ------
    PredictionError
        There is one cell only, or the contrasts cannot be read.
    """
    blocks, labels = _blocks(cells.index, n_by)
    k = len(labels)
    if k < 2:
        raise PredictionError(
            "one cell has nothing to be compared with: name several values in at, such as at={'x': [0, 1]}, or "
            "another variable"
        )
    names, C, null = _matrix(method, labels)
    parts = [(C @ cells.L[rows], C @ cells.constant[rows]) for rows in blocks]
    index = _index(cells.index, n_by, [rows[0] for rows in blocks], names)
    L, constant = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    check_estimated(L)
    return replace(cells, index=index, L=L, constant=constant, null=np.tile(null, len(blocks)))


def _blocks(index: pd.Index, n_by: int) -> tuple[list[Any], list[str]]:
    """Positions of the cells of each block, and the labels that cells have within one."""
    rows = [key if isinstance(key, tuple) else (key,) for key in index]
    found: dict[tuple[Any, ...], list[int]] = {}
    for place, row in enumerate(rows):
        found.setdefault(row[:n_by], []).append(place)
    first = next(iter(found.values()))
    return list(found.values()), [", ".join(map(text_of, rows[place][n_by:])) for place in first]


def _matrix(method: Any, labels: list[str]) -> tuple[tuple[str, ...], Array, Array]:
    k = len(labels)
    if isinstance(method, str) and method in METHODS:
        pairs, one = METHODS[method](k), np.eye(k)
        names = tuple(f"{_bracketed(labels[i])} - {_bracketed(labels[j])}" for i, j in pairs)
        return names, np.array([one[i] - one[j] for i, j in pairs]), np.zeros(len(pairs))
    try:
        found = Contrasts.of(method, labels)
    except RemlError as error:
        raise PredictionError(f"{error}; or use method={' or '.join(map(repr, METHODS))}") from None
    return found.names, found.L, found.values


def _bracketed(label: str) -> str:
    return f"({label})" if " - " in label else label


def _index(old: pd.Index, n_by: int, starts: list[int], names: tuple[str, ...]) -> pd.Index:
    if not n_by:
        return pd.Index(names, name="contrast")
    keys = [old[start][:n_by] for start in starts]
    return pd.MultiIndex.from_tuples(
        [(*key, name) for key in keys for name in names], names=[*old.names[:n_by], "contrast"]
    )
