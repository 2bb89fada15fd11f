"""The groups of a model with two random effects, an intercept and a slope most often.

``M = [[a, b], [b, d]] = L diag(a, s) L'`` with ``L = [[1, 0], [r, 1]]``, ``r = b / a``, ``s = |M| / a``, where

    |M| = 1 + tr(F F') + det(F)^2

is a sum of squares, so that no digit is lost when M is nearly singular beside its largest entry. With
``u = L^-1 x`` of a column x of Rza, ``x'M^-1x = u_1^2 / a + u_2^2 / s``.
"""

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.compiled import compiled
from bayesmixed.likelihood.one_effect import LARGE
from bayesmixed.moments import Patterns


@compiled
def _factor(Rzz: Array, Lambda: Array) -> tuple[float, float, float, float]:  # pragma: no cover - compiled
    """``(1 / a, 1 / s, r, |M|)`` of one pattern."""
    f00 = Rzz[0, 0] * Lambda[0, 0] + Rzz[0, 1] * Lambda[1, 0]
    f01 = Rzz[0, 0] * Lambda[0, 1] + Rzz[0, 1] * Lambda[1, 1]
    f10 = Rzz[1, 0] * Lambda[0, 0] + Rzz[1, 1] * Lambda[1, 0]
    f11 = Rzz[1, 0] * Lambda[0, 1] + Rzz[1, 1] * Lambda[1, 1]
    det_f = (Rzz[0, 0] * Rzz[1, 1] - Rzz[0, 1] * Rzz[1, 0]) * (
        Lambda[0, 0] * Lambda[1, 1] - Lambda[0, 1] * Lambda[1, 0]
    )
    a = 1.0 + f00 * f00 + f01 * f01
    det = a + f10 * f10 + f11 * f11 + det_f * det_f
    inverse = 1.0 / a
    return inverse, a / det, (f00 * f10 + f01 * f11) * inverse, det


@compiled
def add_two_effects(Lambda: Array, patterns: Patterns, Q: Array) -> float:  # pragma: no cover - compiled
    """Add the groups to the lower triangle of Q; returns ``sum_i log|M_i|``."""
    Rzz, count, start, Rza = patterns.Rzz, patterns.count, patterns.start, patterns.Rza
    p1 = Rza.shape[2]
    sum_log_det, product = 0.0, 1.0
    for u in range(Rzz.shape[0]):
        first, second, r, det = _factor(Rzz[u], Lambda)
        if count[u] == 1.0 and det < LARGE:
            product *= det
            if product > LARGE:
                sum_log_det += np.log(product)
                product = 1.0
        else:
            sum_log_det += count[u] * np.log(det)
        for g in range(start[u], start[u + 1]):
            for a in range(p1):
                x = Rza[g, 0, a] * first
                y = (Rza[g, 1, a] - r * Rza[g, 0, a]) * second
                for b in range(a + 1):
                    Q[a, b] += x * Rza[g, 0, b] + y * (Rza[g, 1, b] - r * Rza[g, 0, b])
    total: float = sum_log_det + np.log(product)
    return total


@compiled
def two_effects_gradient(
    Lambda: Array, patterns: Patterns, weight: float, E: Array, gradient: Array
) -> None:  # pragma: no cover - compiled
    """``2 sum_u (Rzz' U Rzz) Lambda`` with ``U = weight m_u M^-1 - C E C'``, into `gradient` (2 x 2).

    ``U = L'^-1 V L^-1``, V from ``uEu'``; the sum over patterns holds three numbers.
    """
    Rzz, count, start, Rza = patterns.Rzz, patterns.count, patterns.start, patterns.Rza
    p1 = Rza.shape[2]
    s00, s01, s11 = 0.0, 0.0, 0.0
    for u in range(Rzz.shape[0]):
        first, second, r, _ = _factor(Rzz[u], Lambda)
        xx, xy, yy = 0.0, 0.0, 0.0
        for g in range(start[u], start[u + 1]):
            for a in range(p1):
                inner_x, inner_y = 0.0, 0.0
                for b in range(p1):
                    inner_x += E[a, b] * Rza[g, 0, b]
                    inner_y += E[a, b] * (Rza[g, 1, b] - r * Rza[g, 0, b])
                y = Rza[g, 1, a] - r * Rza[g, 0, a]
                xx += Rza[g, 0, a] * inner_x
                xy += Rza[g, 0, a] * inner_y
                yy += y * inner_y
        v00 = first * (weight * count[u] - xx * first)
        v01 = -xy * first * second
        v11 = second * (weight * count[u] - yy * second)
        # t is L^-1 Rzz.
        t00, t01 = Rzz[u, 0, 0], Rzz[u, 0, 1]
        t10, t11 = Rzz[u, 1, 0] - r * t00, Rzz[u, 1, 1] - r * t01
        s00 += v00 * t00 * t00 + 2.0 * v01 * t00 * t10 + v11 * t10 * t10
        s01 += v00 * t00 * t01 + v01 * (t00 * t11 + t01 * t10) + v11 * t10 * t11
        s11 += v00 * t01 * t01 + 2.0 * v01 * t01 * t11 + v11 * t11 * t11
    for j in range(2):
        gradient[0, j] = 2.0 * (s00 * Lambda[0, j] + s01 * Lambda[1, j])
        gradient[1, j] = 2.0 * (s01 * Lambda[0, j] + s11 * Lambda[1, j])
