"""Coefficients integrated out, or taken from y where they stay explicit."""

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.compiled import compiled
from bayesmixed.likelihood.triangular import cholesky, solve_lower_vector, solve_upper_vector

LOG_2PI = float(np.log(2.0 * np.pi))


@compiled
def times_explicit(Q: Array, row: int, explicit: Array) -> float:  # pragma: no cover - compiled
    """One entry of ``Q a`` with a = (0, -beta_explicit, 1): explicit columns come just before y, the last."""
    last, e = Q.shape[0] - 1, explicit.shape[0]
    total: float = Q[row, last]
    for k in range(e):
        total -= Q[row, last - e + k] * explicit[k]
    return total


@compiled
def subtract_explicit(Q: Array, explicit: Array, reduced: Array) -> None:  # pragma: no cover - compiled
    """Cross-products of ``[X_integrated, y - X_explicit beta_explicit]`` from those of ``[X y]``.

    Integrated columns come first, explicit ones next, y last. `reduced` may have rows and columns to spare.
    """
    e, last = explicit.shape[0], Q.shape[0] - 1
    p = last - e
    for i in range(p):
        for j in range(p):
            reduced[i, j] = Q[i, j]
        total = times_explicit(Q, i, explicit)
        reduced[i, p] = total
        reduced[p, i] = total
    total = times_explicit(Q, last, explicit)
    for k in range(e):
        total -= explicit[k] * times_explicit(Q, p + k, explicit)
    reduced[p, p] = total


@compiled
def _counted_from(
    reduced: Array, variance: float, precision: Array, mean: Array, i: int
) -> float:  # pragma: no cover - compiled
    """Its prior mean for a coefficient of which the prior says more than the data, else 0."""
    return mean[i] if precision[i] * variance > reduced[i, i] else 0.0


@compiled
def integrate_beta(
    reduced: Array, sigma: float, precision: Array, mean: Array, lower: Array, betahat: Array
) -> float:  # pragma: no cover - compiled
    """The terms of -2 log p that hold beta: ``log|P| - log|K0|_+ - p_flat log 2pi + m'K0m - h'P^-1h``.

    Fills `lower`, the Cholesky factor of P, and `betahat` = P^-1 h. Under a prior far sharper than the data the
    last two terms are huge and nearly equal. So beta is counted from c, which there is m: with
    ``g = (Q_xy - Q_xx c)/sigma^2 + K0 (m - c)`` they are
    ``(m - c)'K0(m - c) + (c'Q_xx c - 2 c'Q_xy)/sigma^2 - g'P^-1g``, and betahat is ``c + P^-1 g``.
    """
    p = betahat.shape[0]
    variance = sigma * sigma
    result = 0.0
    for i in range(p):
        c = _counted_from(reduced, variance, precision, mean, i)
        off, left = mean[i] - c, reduced[i, p]
        for j in range(p):
            lower[i, j] = reduced[i, j] / variance
            left -= reduced[i, j] * _counted_from(reduced, variance, precision, mean, j)
        lower[i, i] += precision[i]
        betahat[i] = left / variance + precision[i] * off
        result += precision[i] * off * off - c * (left + reduced[i, p]) / variance
        if precision[i] > 0.0:
            result -= np.log(precision[i])
        else:
            result -= LOG_2PI
    log_det = cholesky(lower, lower)
    if not np.isfinite(log_det):
        return np.nan
    solve_lower_vector(lower, betahat)
    for i in range(p):
        result -= betahat[i] * betahat[i]
    solve_upper_vector(lower, betahat)
    for i in range(p):
        betahat[i] += _counted_from(reduced, variance, precision, mean, i)
    return result + log_det
