"""Random effects integrated out: ``sum_i log|M_i|``, Q, and their derivative by Lambda."""

import numpy as np

from bayesmixed.compiled import compiled
from bayesmixed.likelihood.triangular import cholesky, fill, solve_lower, solve_upper


@compiled
def relative_variance(Rzz, Lambda, F, M):  # pragma: no cover - compiled
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
def integrate_groups(Lambda, patterns, Q):  # pragma: no cover - compiled
    """Fill Q, shape (p + 1, p + 1), and return ``sum_i log|M_i|``."""
    Rzz, count, start, Rza, Raa = patterns.Rzz, patterns.count, patterns.start, patterns.Rza, patterns.Raa
    q, p1 = Rzz.shape[1], Rza.shape[2]
    F, M, lower, columns = np.empty((q, q)), np.empty((q, q)), np.empty((q, q)), np.empty((q, p1))
    for a in range(p1):
        for b in range(a + 1):
            total = 0.0
            for k in range(p1):
                total += Raa[k, a] * Raa[k, b]
            Q[a, b] = total
    sum_log_det = 0.0
    for u in range(Rzz.shape[0]):
        relative_variance(Rzz[u], Lambda, F, M)
        log_det = cholesky(M, lower)
        sum_log_det += count[u] * log_det
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
    for a in range(p1):
        for b in range(a):
            Q[b, a] = Q[a, b]
    return sum_log_det


@compiled
def integrate_groups_gradient(Lambda, patterns, weight, E, gradient):  # pragma: no cover
    """Derivative by Lambda of ``weight * sum_i log|M_i| + tr(E Q)``, E symmetric, into `gradient` (q x q)."""
    Rzz, count, start, Rza = patterns.Rzz, patterns.count, patterns.start, patterns.Rza
    q, p1 = Rzz.shape[1], Rza.shape[2]
    F, M, lower, columns = np.empty((q, q)), np.empty((q, q)), np.empty((q, q)), np.empty((q, p1))
    U, UF, eye, CE = np.empty((q, q)), np.empty((q, q)), np.empty((q, q)), np.empty((q, p1))
    fill(gradient, 0.0)
    for u in range(Rzz.shape[0]):
        relative_variance(Rzz[u], Lambda, F, M)
        cholesky(M, lower)
        fill(eye, 1.0)
        solve_lower(lower, eye)
        solve_upper(lower, eye)
        for i in range(q):
            for j in range(q):
                U[i, j] = weight * count[u] * eye[i, j]
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
