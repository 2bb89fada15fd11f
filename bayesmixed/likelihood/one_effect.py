"""The groups of a model with one random effect: M is a number, ``m = 1 + f^2`` with ``f = Rzz Lambda``."""

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.compiled import compiled
from bayesmixed.moments import Patterns

#: A product of determinants is logged before it could overflow: one logarithm stands for many groups.
LARGE = 1e100


@compiled
def add_one_effect(Lambda: Array, patterns: Patterns, Q: Array) -> float:  # pragma: no cover - compiled
    """Add the groups to the lower triangle of Q; returns ``sum_i log m_i``."""
    Rzz, count, start, Rza = patterns.Rzz, patterns.count, patterns.start, patterns.Rza
    p1 = Rza.shape[2]
    sum_log_det, product = 0.0, 1.0
    for u in range(Rzz.shape[0]):
        f = Rzz[u, 0, 0] * Lambda[0, 0]
        m = 1.0 + f * f
        if count[u] == 1.0 and m < LARGE:
            product *= m
            if product > LARGE:
                sum_log_det += np.log(product)
                product = 1.0
        else:
            sum_log_det += count[u] * np.log(m)
        inverse = 1.0 / m
        for g in range(start[u], start[u + 1]):
            for a in range(p1):
                x = Rza[g, 0, a] * inverse
                for b in range(a + 1):
                    Q[a, b] += x * Rza[g, 0, b]
    total: float = sum_log_det + np.log(product)
    return total


@compiled
def one_effect_gradient(
    Lambda: Array, patterns: Patterns, weight: float, E: Array, gradient: Array
) -> None:  # pragma: no cover - compiled
    """``2 Lambda sum_u Rzz^2 (weight m_u / m - c E c')`` with ``c = Rza / m``, into `gradient` (1 x 1)."""
    Rzz, count, start, Rza = patterns.Rzz, patterns.count, patterns.start, patterns.Rza
    p1 = Rza.shape[2]
    result = 0.0
    for u in range(Rzz.shape[0]):
        r = Rzz[u, 0, 0]
        f = r * Lambda[0, 0]
        inverse = 1.0 / (1.0 + f * f)
        square = 0.0
        for g in range(start[u], start[u + 1]):
            for a in range(p1):
                inner = 0.0
                for b in range(p1):
                    inner += E[a, b] * Rza[g, 0, b]
                square += Rza[g, 0, a] * inner
        result += r * r * inverse * (weight * count[u] - square * inverse)
    gradient[0, 0] = 2.0 * result * Lambda[0, 0]
