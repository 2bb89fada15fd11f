"""Random effects integrated out: ``sum_i log|M_i|``, Q, and their derivative by Lambda.

One and two random effects, nearly all models that there are, have code of their own (`one_effect`, `two_effects`);
here is the code of any number, and the choice between them.
"""

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.compiled import compiled
from bayesmixed.likelihood.one_effect import add_one_effect, one_effect_gradient
from bayesmixed.likelihood.triangular import cholesky, fill, solve_lower, solve_upper
from bayesmixed.likelihood.two_effects import add_two_effects, two_effects_gradient
from bayesmixed.moments import Patterns


@compiled
def relative_variance(Rzz: Array, Lambda: Array, F: Array, M: Array) -> None:  # pragma: no cover - compiled
    """``F = Rzz Lambda`` and ``M = I + F F'``."""
    q = Rzz.shape[0]
    for i in range(q):
        for j in range(q):
            total = 0.0
            for k in range(q):
                total += Rzz[i, k] * Lambda[k, j]
            F[i, j] = total
    for i in range(q):
        for j in range(i + 1):
            total = 0.0
            for k in range(q):
                total += F[i, k] * F[j, k]
            M[i, j] = total
            M[j, i] = total
        M[i, i] += 1.0


@compiled
def integrate_groups(Lambda: Array, patterns: Patterns, Q: Array) -> float:  # pragma: no cover - compiled
    """Fill Q, shape (p + 1, p + 1), and return ``sum_i log|M_i|``."""
    Raa, q, p1 = patterns.Raa, patterns.Rzz.shape[1], patterns.Rza.shape[2]
    for a in range(p1):
        for b in range(a + 1):
            total = 0.0
            for k in range(p1):
                total += Raa[k, a] * Raa[k, b]
            Q[a, b] = total
    if q == 1:
        sum_log_det = add_one_effect(Lambda, patterns, Q)
    elif q == 2:
        sum_log_det = add_two_effects(Lambda, patterns, Q)
    else:
        sum_log_det = add_effects(Lambda, patterns, Q)
    for a in range(p1):
        for b in range(a):
            Q[b, a] = Q[a, b]
    return sum_log_det


@compiled
def integrate_groups_gradient(
    Lambda: Array, patterns: Patterns, weight: float, E: Array, gradient: Array
) -> None:  # pragma: no cover - compiled
    """Derivative by Lambda of ``weight * sum_i log|M_i| + tr(E Q)``, E symmetric, into `gradient` (q x q)."""
    q = patterns.Rzz.shape[1]
    if q == 1:
        one_effect_gradient(Lambda, patterns, weight, E, gradient)
    elif q == 2:
        two_effects_gradient(Lambda, patterns, weight, E, gradient)
    else:
        effects_gradient(Lambda, patterns, weight, E, gradient)


@compiled
def add_effects(Lambda: Array, patterns: Patterns, Q: Array) -> float:  # pragma: no cover - compiled
    """Add the groups to the lower triangle of Q, for any q; returns ``sum_i log|M_i|``."""
    Rzz, count, start, Rza = patterns.Rzz, patterns.count, patterns.start, patterns.Rza
    q, p1 = Rzz.shape[1], Rza.shape[2]
    work, columns = np.empty((3, q, q)), np.empty((q, p1))
    F, M, lower = work[0], work[1], work[2]
    sum_log_det = 0.0
    for u in range(Rzz.shape[0]):
        relative_variance(Rzz[u], Lambda, F, M)
        sum_log_det += count[u] * cholesky(M, lower)
        for g in range(start[u], start[u + 1]):
            for k in range(q):
                for a in range(p1):
                    columns[k, a] = Rza[g, k, a]
            solve_lower(lower, columns)
            for a in range(p1):
                for b in range(a + 1):
                    total = Q[a, b]
                    for k in range(q):
                        total += columns[k, a] * columns[k, b]
                    Q[a, b] = total
    return sum_log_det


@compiled
def effects_gradient(
    Lambda: Array, patterns: Patterns, weight: float, E: Array, gradient: Array
) -> None:  # pragma: no cover - compiled
    """`integrate_groups_gradient` for any q: ``2 sum_u Rzz' U F`` with ``U = weight m_u M^-1 - C E C'``."""
    Rzz, count, start, Rza = patterns.Rzz, patterns.count, patterns.start, patterns.Rza
    q, p1 = Rzz.shape[1], Rza.shape[2]
    work, rows = np.empty((6, q, q)), np.empty((2, q, p1))
    F, M, lower, U, UF, inverse = work[0], work[1], work[2], work[3], work[4], work[5]
    columns, CE = rows[0], rows[1]
    fill(gradient, 0.0)
    for u in range(Rzz.shape[0]):
        relative_variance(Rzz[u], Lambda, F, M)
        cholesky(M, lower)
        fill(inverse, 1.0)
        solve_lower(lower, inverse)
        solve_upper(lower, inverse)
        for i in range(q):
            for j in range(q):
                U[i, j] = weight * count[u] * inverse[i, j]
        for g in range(start[u], start[u + 1]):
            for k in range(q):
                for a in range(p1):
                    columns[k, a] = Rza[g, k, a]
            solve_lower(lower, columns)
            solve_upper(lower, columns)
            for i in range(q):
                for b in range(p1):
                    total = 0.0
                    for a in range(p1):
                        total += columns[i, a] * E[a, b]
                    CE[i, b] = total
            for i in range(q):
                for j in range(q):
                    total = U[i, j]
                    for a in range(p1):
                        total -= CE[i, a] * columns[j, a]
                    U[i, j] = total
        for i in range(q):
            for j in range(q):
                total = 0.0
                for k in range(q):
                    total += U[i, k] * F[k, j]
                UF[i, j] = 2.0 * total
        for i in range(q):
            for j in range(q):
                total = gradient[i, j]
                for k in range(q):
                    total += Rzz[u, k, i] * UF[k, j]
                gradient[i, j] = total
