"""Coefficients integrated out, or taken from y where they stay explicit."""

import numpy as np

from bayesmixed.compiled import compiled
from bayesmixed.likelihood.triangular import cholesky, solve_lower, solve_upper

LOG_2PI = float(np.log(2.0 * np.pi))


@compiled
def subtract_explicit(Q, explicit, reduced):  # pragma: no cover - compiled
    """Cross-products of ``[X_integrated, y - X_explicit beta_explicit]`` from those of ``[X y]``.

    Integrated columns come first, explicit ones next, y last. Returns ``Q a`` with a = (0, -beta, 1) too.
    """
    e = explicit.shape[0]
    p1 = Q.shape[0]
    p = p1 - 1 - e
    Qa = np.empty(p1)
    for i in range(p1):
        total = Q[i, p1 - 1]
        for k in range(e):
            total -= Q[i, p + k] * explicit[k]
        Qa[i] = total
    for i in range(p):
        for j in range(p):
            reduced[i, j] = Q[i, j]
        reduced[i, p] = Qa[i]
        reduced[p, i] = Qa[i]
    total = Qa[p1 - 1]
    for k in range(e):
        total -= explicit[k] * Qa[p + k]
    reduced[p, p] = total
    return Qa


@compiled
def integrate_beta(reduced, sigma, precision, mean, lower, betahat):  # pragma: no cover - compiled
    """The terms of -2 log p that hold beta: ``log|P| - log|K0|_+ - p_flat log 2pi + m'K0m - h'P^-1h``.

    Fills `lower`, the Cholesky factor of P, and `betahat` = P^-1 h.
    """
    p = betahat.shape[0]
    variance = sigma * sigma
    P = np.empty((p, p))
    h = np.empty((p, 1))
    result = 0.0
    for i in range(p):
        for j in range(p):
            P[i, j] = reduced[i, j] / variance
        P[i, i] += precision[i]
        h[i, 0] = reduced[i, p] / variance + precision[i] * mean[i]
        result += precision[i] * mean[i] * mean[i]
        if precision[i] > 0.0:
            result -= np.log(precision[i])
        else:
            result -= LOG_2PI
    log_det = cholesky(P, lower)
    if not np.isfinite(log_det):
        return np.nan
    solve_lower(lower, h)
    for i in range(p):
        result -= h[i, 0] * h[i, 0]
    solve_upper(lower, h)
    for i in range(p):
        betahat[i] = h[i, 0]
    return result + log_det
