"""log p(y_i | y_-i, theta) of groups and of rows, with b and the coefficients integrated out, for every draw.

With everything but unit i as a triangle T (see `bayesmixed.leaving_out.triangles_without`), rotating the rows of i
into it gives T+ and leaves l of them that no unknown fits:

    -2 log p(y_i | y_-i, theta)
        = n_i log(2 pi sigma^2) - sum log w_i + log|M_i| + 2 log(|T+| / |T|) + l'l / sigma^2.

For one row x of the unknowns, times root w, with h = ||T+^-T x||^2 and the residual e of the fit to all rows, that
is a normal density of ``e / (1 - h)`` with variance ``sigma^2 / (1 - h)``, times root w; where 1 - h would lose
digits the row is left out by rotating the others. The same with T+ in place of T predicts a replicate of unit i
from all rows.

Vehtari, Gelman and Gabry (2017), doi:10.1007/s11222-016-9696-4.
"""

import numpy as np

from bayesmixed.arrays import Array, Index
from bayesmixed.compiled import compiled
from bayesmixed.leaving_out.triangles_without import (
    group_triangles,
    join,
    prior_triangle,
    unknowns_of_row,
    without_each,
)
from bayesmixed.likelihood import LOG_2PI
from bayesmixed.moments.rotation import rotate_row_in

#: Below this 1 - h, a row is left out by rotating all others instead.
FREE = 0.01


@compiled
def _joined(
    triangle: Array, block: Array, q: int, sigma: float, row: Array
) -> float:  # pragma: no cover - compiled
    """``2 log(|T+| / |T|) + l'l / sigma^2`` of a group; the triangle becomes T+."""
    p, log_ratio = triangle.shape[0], 0.0
    for k in range(p):
        log_ratio -= 2.0 * np.log(triangle[k, k])
    left = join(triangle, block, q, row) + block[q + p, q + p] * block[q + p, q + p]
    for k in range(p):
        log_ratio += 2.0 * np.log(triangle[k, k])
    result: float = log_ratio + left / (sigma * sigma)
    return result


@compiled
def densities_of_groups(
    R: Array,
    n: Array,
    log_weights: Array,
    Lambda: Array,
    sigma: Array,
    precision: Array,
    mean: Array,
    explicit: Array,
    result: Array,
    within: Array,
) -> None:  # pragma: no cover - compiled
    """Fill ``log p(y_i | y_-i, theta)`` and ``log p(replicate of y_i | y, theta)``, both (draws, J)."""
    groups, p, q = R.shape[0], precision.shape[1], Lambda.shape[1]
    blocks, rest = np.empty((groups, q + p + 1, q + p + 1)), np.empty((groups, p, p + 1))
    prior, total, row = np.empty((p, p + 1)), np.empty((p, p + 1)), np.empty(p + 1)
    again = np.empty((p, p + 1))
    for d in range(sigma.shape[0]):
        group_triangles(R, Lambda[d], explicit[d], blocks)
        prior_triangle(precision[d], mean, sigma[d], prior)
        without_each(blocks, q, prior, rest, total)
        constant = LOG_2PI + 2.0 * np.log(sigma[d])
        for g in range(groups):
            own = n[g] * constant - log_weights[g]
            for k in range(q):
                own += 2.0 * np.log(blocks[g, k, k])
            for i in range(p):
                for k in range(p + 1):
                    again[i, k] = total[i, k]
            result[d, g] = -0.5 * (own + _joined(rest[g], blocks[g], q, sigma[d], row))
            within[d, g] = -0.5 * (own + _joined(again, blocks[g], q, sigma[d], row))


@compiled
def _stack(block: Array, coefficients: Array, q: int, triangle: Array) -> None:  # pragma: no cover - compiled
    """The triangle of (u, coefficients), (q + p, q + p + 1): u from a group, or its prior, coefficients below."""
    p, size = coefficients.shape[0], triangle.shape[0]
    for i in range(size):
        for k in range(size + 1):
            triangle[i, k] = 0.0
    for i in range(q):
        for k in range(size + 1):
            triangle[i, k] = block[i, k]
    for i in range(p):
        for k in range(p + 1):
            triangle[q + i, q + k] = coefficients[i, k]


@compiled
def _predicted(triangle: Array, row: Array, solved: Array) -> tuple[float, float]:  # pragma: no cover - compiled
    """``h = ||T^-T x||^2`` and the residual y - x'(T^-1 t) of a row ``[x y]``."""
    size: int = triangle.shape[0]
    h, residual = 0.0, row[size]
    for k in range(size):
        total = row[k]
        for i in range(k):
            total -= triangle[i, k] * solved[i]
        solved[k] = total / triangle[k, k]
        h += solved[k] * solved[k]
        residual -= solved[k] * triangle[k, size]
    return h, residual


@compiled
def _all_but(
    rows: Array, left_out: int, Lambda: Array, explicit: Array, triangle: Array, row: Array
) -> None:  # pragma: no cover - compiled
    """Rotate all rows of a group but one into a triangle."""
    for i in range(rows.shape[0]):
        if i != left_out:
            unknowns_of_row(rows[i], Lambda, explicit, explicit.shape[0], row)
            rotate_row_in(triangle, row, 0, triangle.shape[0])


@compiled
def _normal(residual: float, variance: float, log_weight: float) -> float:  # pragma: no cover - compiled
    result: float = -0.5 * (LOG_2PI + np.log(variance) - log_weight + residual * residual / variance)
    return result


@compiled
def densities_of_rows(
    R: Array,
    rows: Array,
    start: Index,
    log_weights: Array,
    Lambda: Array,
    sigma: Array,
    precision: Array,
    mean: Array,
    explicit: Array,
    result: Array,
    within: Array,
) -> None:  # pragma: no cover - compiled
    """Fill ``log p(y_ij | y_-ij, theta)`` and ``log p(replicate of y_ij | y, theta)``, both (draws, N).

    Rows ``[Z X X_explicit y]``, times root weights, stand group by group: those of g in
    ``start[g]:start[g + 1]``.
    """
    groups, p, q = R.shape[0], precision.shape[1], Lambda.shape[1]
    blocks, rest = np.empty((groups, q + p + 1, q + p + 1)), np.empty((groups, p, p + 1))
    prior, total = np.empty((p, p + 1)), np.empty((p, p + 1))
    full, without = np.empty((q + p, q + p + 1)), np.empty((q + p, q + p + 1))
    row, other, solved, identity = np.empty(q + p + 1), np.empty(q + p + 1), np.empty(q + p), np.eye(q, q + p + 1)
    for d in range(sigma.shape[0]):
        group_triangles(R, Lambda[d], explicit[d], blocks)
        prior_triangle(precision[d], mean, sigma[d], prior)
        without_each(blocks, q, prior, rest, total)
        variance = sigma[d] * sigma[d]
        for g in range(groups):
            _stack(blocks[g], total, q, full)
            for j in range(start[g], start[g + 1]):
                unknowns_of_row(rows[j], Lambda[d], explicit[d], explicit.shape[1], row)
                h, residual = _predicted(full, row, solved)
                within[d, j] = _normal(residual, variance * (1.0 + h), log_weights[j])
                free = 1.0 - h
                if free > FREE:
                    result[d, j] = _normal(residual / free, variance / free, log_weights[j])
                    continue
                _stack(identity, rest[g], q, without)
                own = rows[start[g] : start[g + 1]]
                _all_but(own, j - start[g], Lambda[d], explicit[d], without, other)
                h, residual = _predicted(without, row, solved)
                result[d, j] = _normal(residual, variance * (1.0 + h), log_weights[j])
