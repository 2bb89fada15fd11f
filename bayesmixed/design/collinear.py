"""Is a column a linear combination of the others, whatever the units?"""

from collections.abc import Sequence

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.chunks import chunk_edges, in_chunks
from bayesmixed.coding.coding import Coding, all_equal
from bayesmixed.compiled import compiled

# Relative size of what is left of a column once the others explain it; rounding leaves 1e-14,
# a time of 1e6 + (0, 1, ..., 9) leaves 3e-6 even when it is not centred.
COLLINEAR = 1e-10
ROUNDING = 1e-14
#: Smallest eigenvalue of cross-products of columns of length one, above which nothing needs a closer look.
APART = 1e-4


def collinear(columns: np.ndarray, labels: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
    """The first column that the others determine, with those others; None if there is none.

    Columns are scaled, and centred where one of them is the constant, so that neither units nor
    a far-away zero (calendar years, 1e6 + t) count as collinear. The decomposition is QR with
    column pivoting of the triangular factors of row chunks, accurate to rounding.

    Parameters
    ----------
    columns : (n, k) ndarray
    labels : sequence of k str

    Returns
    -------
    tuple (label, other labels), or None

    Examples
    --------
    >>> t = np.arange(4.0)
    >>> collinear(np.column_stack([np.ones(4), t, 2 * t + 1]), ["Intercept", "t", "u"])
    ('u', ('Intercept', 't'))
    """
    if columns.shape[1] == 0:
        return None
    size = greatest(columns)
    if (size == 0).any():
        return labels[int(np.argmin(size))], ()
    rest = [k for k, name in enumerate(labels) if name != "Intercept"]
    if not rest or _clearly_apart(columns, labels):
        return None
    constant = ("Intercept",) if len(rest) < len(labels) else ()
    kept = _centred(columns[:, rest]) if constant else columns[:, rest]
    R = triangle(kept / size[rest])
    spread = np.sqrt((R**2).sum(axis=0) / len(columns))  # relative to the size
    flat = spread <= ROUNDING
    if flat.any():
        return labels[rest[int(np.argmax(flat))]], ("Intercept",)
    involved = dependent(R / (spread * np.sqrt(len(columns))), spread)
    if not involved:
        return None
    *others, last = sorted(rest[k] for k in involved)  # blame the column that was written last
    if others and _spanned(columns[:, last], columns[:, others]):
        constant = ()
    return labels[last], (*constant, *(labels[k] for k in others))


def _clearly_apart(columns: np.ndarray, labels: Sequence[str]) -> bool:
    """Whether even plain cross-products, in one pass, show columns that no others determine."""
    unit = np.array([float(name == "Intercept") for name in labels])
    if unit.any() and not all_equal(columns[:, unit.argmax()], 1.0):
        return False
    return Coding.of_columns(columns, None, unit).smallest_eigenvalue(columns, None) > APART


def greatest(columns: np.ndarray) -> np.ndarray:
    """The greatest size in each column, (k,)."""
    columns = np.ascontiguousarray(columns, dtype=float)
    return np.max(in_chunks(lambda a, b: _greatest(columns[a:b]), chunk_edges(len(columns))), axis=0)


@compiled
def _greatest(columns: Array) -> Array:  # pragma: no cover - compiled
    size = np.zeros(columns.shape[1])
    for i in range(columns.shape[0]):
        for k in range(columns.shape[1]):
            size[k] = max(size[k], abs(columns[i, k]))
    return size


def _spanned(column: np.ndarray, others: np.ndarray) -> bool:
    """Whether the others determine the column without the constant."""
    weight = np.linalg.lstsq(others, column, rcond=None)[0]
    return bool(np.abs(column - others @ weight).max() <= 1e-9 * np.abs(column).max())


def _centred(columns: np.ndarray) -> np.ndarray:
    kept = columns - columns.mean(axis=0)
    return kept - kept.mean(axis=0)  # the first mean was rounded at the size of the column


def dependent(R: np.ndarray, spread: np.ndarray) -> list[int]:
    """Positions of a column of R that the others determine and of those; empty if there is none.

    Columns of R have length 1; `spread` is their own size relative to that of their rounding.
    """
    from scipy.linalg import qr

    _, R, order = qr(R, mode="economic", pivoting=True)
    # The table itself is rounded: relative to a column's spread that is more than to its size.
    left = np.abs(np.diag(R)) > np.maximum(COLLINEAR, ROUNDING / spread[order])[: len(R)]
    if left.all():
        return []
    rank = int(np.argmin(left))
    weight = np.linalg.solve(R[:rank, :rank], R[:rank, rank])
    involved = [int(order[k]) for k in np.flatnonzero(np.abs(weight) > 1e-6)]
    return [*involved, int(order[rank])]


def triangle(matrix: np.ndarray, rows: int = 2048) -> np.ndarray:
    """R of the QR decomposition, (k, k), from chunks of rows: Q'Q = I makes them stackable."""
    k = matrix.shape[1]
    rows = max(rows, 4 * k)
    while len(matrix) > rows:
        whole = len(matrix) // rows * rows
        chunks = np.linalg.qr(matrix[:whole].reshape(-1, rows, k), mode="r").reshape(-1, k)
        matrix = np.vstack([chunks, matrix[whole:]])
    R = np.linalg.qr(matrix, mode="r")
    return np.vstack([R, np.zeros((max(k - len(R), 0), k))])
