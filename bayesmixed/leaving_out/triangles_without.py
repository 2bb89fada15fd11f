"""What all groups but one tell about the coefficients, as triangles: sums from both ends, and no difference.

Given theta, and with ``b_i = Lambda u_i``, ``u_i ~ N(0, sigma^2 I)``, all unknowns are those of one least-squares
problem: a prior is a few more rows. Rows of a group, with the identity for u, are rotated into a triangle

    [ U_i  *    * ]      log|M_i| = 2 log|U_i|,   [Gamma_i gamma_i; 0 r_i] is what the group tells of the
    [ 0  Gamma_i gamma_i ]                        coefficients once u is integrated out, r_i what none fits.
    [ 0   0    r_i ]

The prior and the groups before i are rotated together from the front, those after i from the back; joined they
are everything but i. Subtracting group i from the total would lose all digits of a coefficient that hardly
any other group tells of.
"""

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.compiled import compiled
from bayesmixed.moments.rotation import rotate_row_in


@compiled
def group_triangles(
    R: Array, Lambda: Array, explicit: Array, blocks: Array
) -> None:  # pragma: no cover - compiled
    """Fill the triangles of every group, shape (J, q + p + 1, q + p + 1), from rows ``[Z X X_explicit y]``."""
    q, e, size = Lambda.shape[0], explicit.shape[0], blocks.shape[1]
    row = np.empty(size)
    for g in range(R.shape[0]):
        block = blocks[g]
        for i in range(size):
            for k in range(size):
                block[i, k] = 0.0
        for k in range(q):
            block[k, k] = 1.0
        for i in range(R.shape[1]):
            unknowns_of_row(R[g, i], Lambda, explicit, e, row)
            rotate_row_in(block, row, 0, size)


@compiled
def unknowns_of_row(
    columns: Array, Lambda: Array, explicit: Array, e: int, row: Array
) -> None:  # pragma: no cover - compiled
    """``[z'Lambda, x, y - x_explicit'beta_explicit]`` of one row ``[z x x_explicit y]``."""
    q, size = Lambda.shape[0], row.shape[0]
    for k in range(q):
        total = 0.0
        for i in range(q):
            total += columns[i] * Lambda[i, k]
        row[k] = total
    for k in range(q, size - 1):
        row[k] = columns[k]
    total = columns[size - 1 + e]
    for k in range(e):
        total -= columns[size - 1 + k] * explicit[k]
    row[size - 1] = total


@compiled
def prior_triangle(
    precision: Array, mean: Array, sigma: float, triangle: Array
) -> None:  # pragma: no cover - compiled
    """The prior as rows: ``sqrt(K0) sigma [I, m]``, shape (p, p + 1)."""
    p = precision.shape[0]
    for i in range(p):
        for k in range(p + 1):
            triangle[i, k] = 0.0
        root = np.sqrt(precision[i]) * sigma
        triangle[i, i] = root
        triangle[i, p] = root * mean[i]


@compiled
def join(triangle: Array, other: Array, offset: int, row: Array) -> float:  # pragma: no cover - compiled
    """Rotate the p rows of another triangle into one, (p, p + 1); returns the squares that none fits."""
    p: int = triangle.shape[0]
    left = 0.0
    for i in range(p):
        for k in range(p + 1):
            row[k] = other[offset + i, offset + k]
        rotate_row_in(triangle, row, 0, p)
        left += row[p] * row[p]
    return left


@compiled
def without_each(
    blocks: Array, q: int, prior: Array, rest: Array, total: Array
) -> None:  # pragma: no cover - compiled
    """Fill what the prior and all groups but one tell, (J, p, p + 1), and what all tell, (p, p + 1)."""
    groups, p = rest.shape[0], rest.shape[1]
    row, back = np.empty(p + 1), np.zeros((p, p + 1))
    for i in range(p):
        for k in range(p + 1):
            total[i, k] = prior[i, k]
    for g in range(groups):
        for i in range(p):
            for k in range(p + 1):
                rest[g, i, k] = total[i, k]
        join(total, blocks[g], q, row)
    for g in range(groups - 1, -1, -1):
        join(rest[g], back, 0, row)
        join(back, blocks[g], q, row)
