"""Cholesky factors and triangular solves of small matrices, in explicit loops.

The matrices are 1 x 1 to 5 x 5: calls to LAPACK would cost more than the arithmetic, and linking them 18
seconds of compilation.
"""

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.compiled import compiled


@compiled
def cholesky(matrix: Array, lower: Array) -> float:  # pragma: no cover - compiled
    """Lower triangle with ``lower lower' = matrix``; returns log|matrix|, or nan if not positive definite.

    Both may be the same array.
    """
    size = matrix.shape[0]
    log_det = 0.0
    for i in range(size):
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= lower[i, k] * lower[j, k]
            if i == j:
                if not total > 0.0:
                    return np.nan
                lower[i, i] = np.sqrt(total)
                log_det += 2.0 * np.log(lower[i, i])
            else:
                lower[i, j] = total / lower[j, j]
        for j in range(i + 1, size):
            lower[i, j] = 0.0
    return log_det


@compiled
def solve_lower(lower: Array, columns: Array) -> None:  # pragma: no cover - compiled
    """``columns <- lower^-1 columns``."""
    for i in range(lower.shape[0]):
        for j in range(columns.shape[1]):
            total = columns[i, j]
            for k in range(i):
                total -= lower[i, k] * columns[k, j]
            columns[i, j] = total / lower[i, i]


@compiled
def solve_upper(lower: Array, columns: Array) -> None:  # pragma: no cover - compiled
    """``columns <- lower'^-1 columns``."""
    for i in range(lower.shape[0] - 1, -1, -1):
        for j in range(columns.shape[1]):
            total = columns[i, j]
            for k in range(i + 1, lower.shape[0]):
                total -= lower[k, i] * columns[k, j]
            columns[i, j] = total / lower[i, i]


@compiled
def solve_lower_vector(lower: Array, x: Array) -> None:  # pragma: no cover - compiled
    """``x <- lower^-1 x``."""
    for i in range(lower.shape[0]):
        total = x[i]
        for k in range(i):
            total -= lower[i, k] * x[k]
        x[i] = total / lower[i, i]


@compiled
def solve_upper_vector(lower: Array, x: Array) -> None:  # pragma: no cover - compiled
    """``x <- lower'^-1 x``."""
    for i in range(lower.shape[0] - 1, -1, -1):
        total = x[i]
        for k in range(i + 1, lower.shape[0]):
            total -= lower[k, i] * x[k]
        x[i] = total / lower[i, i]


@compiled
def fill(matrix: Array, diagonal: float) -> None:  # pragma: no cover - compiled
    """``matrix <- diagonal I``. A loop: NumPy's way of writing it takes a second to compile."""
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            matrix[i, j] = diagonal if i == j else 0.0
