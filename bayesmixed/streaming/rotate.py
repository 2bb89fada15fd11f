"""Rows of one part into the running triangles of their groups."""

import numpy as np

from bayesmixed.arrays import Array, Index
from bayesmixed.compiled import compiled
from bayesmixed.moments.rotation import BLOCK, reflect_in, rotate_rows, rows_by_group

#: With fewer rows a group than this, rows are rotated one by one.
FEW_ROWS = 3


def add_rows(y: Array, X: Array, Z: Array, root: Array, places: Index, by_group: Array, overall: Array) -> None:
    """Rotate rows ``[z x y]``, times their root weights, into ``by_group[place]`` and the common triangle.

    A part has several rows of most groups: taken group by group, they go in as one reflection for each column.

    Parameters
    ----------
    y, X, Z : ndarray
    root : ndarray
        Empty where no row has a weight.
    places : ndarray of int, shape (N,)
    by_group : ndarray, shape (J, q, q + p + 1)
        Changed in place, as is `overall`, shape (p + 1, p + 1).
    """
    y, X, Z, root = (np.ascontiguousarray(values, dtype=float) for values in (y, X, Z, root))
    if len(y) < FEW_ROWS * len(by_group):
        rotate_rows(y, X, Z, root, places, by_group, overall)
        return
    order, start = rows_by_group(places, np.bincount(places, minlength=len(by_group)))
    if order is None:
        order = np.arange(len(places), dtype=np.intp)
    block = np.empty((by_group.shape[2], BLOCK))
    _add_groups(y, X, Z, root, order, start, by_group, overall, block)


@compiled
def _load(
    y: Array, X: Array, Z: Array, root: Array, order: Index, first: int, last: int, block: Array, place: int
) -> None:  # pragma: no cover - compiled
    """The rows ``order[first:last]`` of [Z X y] into a block from `place` on."""
    q, p = Z.shape[1], X.shape[1]
    for i in range(first, last):
        row, column = order[i], place + i - first
        factor = root[row] if root.shape[0] > 0 else 1.0
        for k in range(q):
            block[k, column] = factor * Z[row, k]
        for k in range(p):
            block[q + k, column] = factor * X[row, k]
        block[q + p, column] = factor * y[row]


@compiled
def _add_groups(
    y: Array,
    X: Array,
    Z: Array,
    root: Array,
    order: Index,
    start: Index,
    by_group: Array,
    overall: Array,
    block: Array,
) -> None:  # pragma: no cover - compiled
    """Rows ``order[start[i]:start[i + 1]]`` into the triangle of group i, what is left into the common one."""
    q, used = Z.shape[1], 0
    for group in range(start.shape[0] - 1):
        row = start[group]
        while row < start[group + 1]:
            if used == block.shape[1]:
                reflect_in(overall, block, q, 0, used)
                used = 0
            some = min(start[group + 1] - row, block.shape[1] - used)
            _load(y, X, Z, root, order, row, row + some, block, used)
            reflect_in(by_group[group], block, 0, used, used + some)
            row += some
            used += some
    reflect_in(overall, block, q, 0, used)
