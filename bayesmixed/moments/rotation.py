"""Rows of each group rotated into a triangle, one at a time as they come or in blocks.

A row at a time (Givens) takes a square root and two divisions for each of its columns; a block (Householder) takes
them once. For that, rows are taken group by group, and chunks of whole groups are worked on at once.
"""

from collections.abc import Callable

import numpy as np

from bayesmixed.arrays import Array, Index
from bayesmixed.chunks import in_chunks, whole_groups
from bayesmixed.compiled import compiled

#: y, X and Z of some rows, and the roots of their weights (empty where no row has one).
Rows = tuple[Array, Array, Array, Array]
#: Rows that are reflected at once: with 10 columns they stay in the fastest cache.
BLOCK = 256


@compiled
def rotate_row_in(triangle: Array, row: Array, first: int, last: int) -> None:  # pragma: no cover - compiled
    """Givens rotations that take ``row[first:last]`` into the rows of an upper triangle."""
    columns = row.shape[0]
    for k in range(first, last):
        x = row[k]
        if x == 0.0:
            continue
        diagonal = triangle[k - first, k]
        r = np.hypot(diagonal, x)
        c = diagonal / r
        s = x / r
        triangle[k - first, k] = r
        row[k] = 0.0
        for j in range(k + 1, columns):
            old = triangle[k - first, j]
            triangle[k - first, j] = c * old + s * row[j]
            row[j] = c * row[j] - s * old


@compiled
def rotate_rows(
    y: Array, X: Array, Z: Array, root: Array, group: Index, by_group: Array, overall: Array
) -> None:  # pragma: no cover - compiled
    """Rotate each row ``[z x y]`` into its group's triangle, and what is left of [x y] into the common one.

    Rows are multiplied by `root`, which is empty where no row has a weight.
    """
    q, p = Z.shape[1], X.shape[1]
    row, rest = np.empty(q + p + 1), np.empty(p + 1)
    for i in range(Z.shape[0]):
        factor = root[i] if root.shape[0] > 0 else 1.0
        for k in range(q):
            row[k] = factor * Z[i, k]
        for k in range(p):
            row[q + k] = factor * X[i, k]
        row[q + p] = factor * y[i]
        rotate_row_in(by_group[group[i]], row, 0, q)
        for k in range(p + 1):
            rest[k] = row[q + k]
        rotate_row_in(overall, rest, 0, p + 1)


@compiled
def _dot(a: Array, b: Array, first: int, last: int) -> float:  # pragma: no cover - compiled
    """Four sums side by side, because each addition waits for the one before."""
    s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
    i = first
    while i + 4 <= last:
        s0 += a[i] * b[i]
        s1 += a[i + 1] * b[i + 1]
        s2 += a[i + 2] * b[i + 2]
        s3 += a[i + 3] * b[i + 3]
        i += 4
    while i < last:
        s0 += a[i] * b[i]
        i += 1
    return (s0 + s1) + (s2 + s3)


@compiled
def inner_products(lines: Array) -> Array:  # pragma: no cover - compiled
    """Of every two lines, shape (k, k)."""
    k, n = lines.shape
    result = np.empty((k, k))
    for a in range(k):
        for b in range(a + 1):
            result[a, b] = _dot(lines[a], lines[b], 0, n)
            result[b, a] = result[a, b]
    return result


@compiled
def _move_row_in(
    triangle: Array, block: Array, offset: int, first: int, last: int, k: int
) -> None:  # pragma: no cover - compiled
    """An empty row k of the triangle takes the first row that has something there, so that none is left of it.

    A group of one row then fills one row of its triangle, and the others stay zero without rounding errors.
    """
    own = block[offset + k]
    i = first
    while i < last and own[i] == 0.0:
        i += 1
    if i < last:
        sign = 1.0 if own[i] > 0.0 else -1.0
        for j in range(k, triangle.shape[1]):
            triangle[k, j] = sign * block[offset + j, i]
            block[offset + j, i] = 0.0


@compiled
def reflect_in(
    triangle: Array, block: Array, offset: int, first: int, last: int
) -> None:  # pragma: no cover - compiled
    """Reflections that take the rows ``first:last`` of a block, one column a line, into an upper triangle.

    Line ``offset + k`` of the block belongs to column k of the triangle, whose diagonal stays non-negative.
    """
    columns = triangle.shape[1]
    for k in range(triangle.shape[0]):
        own = block[offset + k]
        if triangle[k, k] == 0.0:
            _move_row_in(triangle, block, offset, first, last, k)
        squares = _dot(own, own, first, last)
        if squares == 0.0:
            continue
        diagonal = triangle[k, k]
        length = np.sqrt(diagonal * diagonal + squares)
        head = -squares / (diagonal + length)
        factor = 2.0 / (head * head + squares)
        triangle[k, k] = length
        for j in range(k + 1, columns):
            other = block[offset + j]
            shared = factor * (head * triangle[k, j] + _dot(own, other, first, last))
            triangle[k, j] -= shared * head
            for i in range(first, last):
                other[i] -= shared * own[i]


@compiled
def _load(
    y: Array, X: Array, Z: Array, root: Array, first: int, last: int, block: Array, place: int
) -> None:  # pragma: no cover - compiled
    """Rows ``first:last`` of [Z X y], times their root weights, into a block from `place` on."""
    q, p = Z.shape[1], X.shape[1]
    for i in range(first, last):
        factor = root[i] if root.shape[0] > 0 else 1.0
        column = place + i - first
        for k in range(q):
            block[k, column] = factor * Z[i, k]
        for k in range(p):
            block[q + k, column] = factor * X[i, k]
        block[q + p, column] = factor * y[i]


@compiled
def _rotate_groups(
    y: Array, X: Array, Z: Array, root: Array, start: Index, Rzz: Array, Rza: Array, overall: Array, block: Array
) -> None:  # pragma: no cover - compiled
    """Rows ``start[i]:start[i + 1]`` into the triangle of group i, what is left of [x y] into the common one."""
    q, p1 = Rza.shape[1], Rza.shape[2]
    triangle = np.empty((q, q + p1))
    used = 0
    for group in range(start.shape[0] - 1):
        for k in range(q):
            for j in range(q + p1):
                triangle[k, j] = 0.0
        row = start[group]
        while row < start[group + 1]:
            if used == block.shape[1]:
                reflect_in(overall, block, q, 0, used)
                used = 0
            some = min(start[group + 1] - row, block.shape[1] - used)
            _load(y, X, Z, root, row, row + some, block, used)
            reflect_in(triangle, block, 0, used, used + some)
            row += some
            used += some
        for k in range(q):
            for j in range(q):
                Rzz[group, k, j] = triangle[k, j]
            for j in range(p1):
                Rza[group, k, j] = triangle[k, q + j]
    reflect_in(overall, block, q, 0, used)


@compiled
def _place_by_group(group: Index, start: Index, place: Index, order: Index) -> None:  # pragma: no cover - compiled
    """Counting sort: the rows of each group one after the other, as they come."""
    for i in range(group.shape[0]):
        order[place[group[i]]] = i
        place[group[i]] += 1


@compiled
def _sorted(group: Index) -> bool:  # pragma: no cover - compiled
    for i in range(1, group.shape[0]):  # noqa: SIM110 - numba has no generators in all()
        if group[i] < group[i - 1]:
            return False
    return True


def rows_by_group(group: Index, n: Index) -> tuple[Index | None, Index]:
    """Rows in the order of their groups, None where they are, and where the n rows of each group start."""
    start = np.concatenate([[0], np.cumsum(n)]).astype(np.intp)
    if _sorted(group):
        return None, start
    order = np.empty(len(group), dtype=np.intp)
    _place_by_group(group, start, start[:-1].copy(), order)
    return order, start


def taken(array: Array, own: Index | slice) -> Array:
    """Some rows of an array."""
    return array[own] if isinstance(own, slice) else array.take(own, axis=0)


def rotate(
    rows: Callable[[Index | slice], Rows], group: Index, n: Index, q: int, p1: int
) -> tuple[Array, Array, Array]:
    """Triangles of every group and of what is left, as in `bayesmixed.moments.moments`.

    Parameters
    ----------
    rows : callable
        Gives some rows of the table, as contiguous arrays.
    group : ndarray of int, shape (N,)
    n : ndarray of int, shape (J,)
        Rows of each group.
    q, p1 : int
        Columns of Z and of [X y].

    Returns
    -------
    Rzz : ndarray, shape (J, q, q)
    Rza : ndarray, shape (J, q, p + 1)
    Raa : ndarray, shape (p + 1, p + 1)
    """
    order, start = rows_by_group(group, n)
    Rzz, Rza = np.empty((len(n), q, q)), np.empty((len(n), q, p1))

    def rotate_chunk(first: int, last: int) -> Array:
        own = slice(start[first], start[last])
        overall, block = np.zeros((p1, p1)), np.empty((q + p1, BLOCK))
        made = rows(own if order is None else order[own])
        edges = start[first : last + 1] - start[first]
        _rotate_groups(*made, edges, Rzz[first:last], Rza[first:last], overall, block)
        return overall

    overall, *others = in_chunks(rotate_chunk, whole_groups(start))
    for other in others:
        reflect_in(overall, np.ascontiguousarray(other.T), 0, 0, p1)
    return Rzz, Rza, overall
