"""The marginal log likelihood and its gradient, compiled."""

import numpy as np

from bayesmixed.compiled import compiled
from bayesmixed.likelihood.coefficients import LOG_2PI, integrate_beta, subtract_explicit
from bayesmixed.likelihood.groups import integrate_groups, integrate_groups_gradient
from bayesmixed.likelihood.triangular import fill, solve_lower, solve_upper


@compiled
def log_likelihood(Lambda, sigma, precision, mean, explicit, patterns):  # pragma: no cover - compiled
    """log p(y | Lambda, sigma, beta_explicit) with b and the other coefficients integrated out."""
    p1 = patterns.Rza.shape[2]
    p = p1 - 1 - explicit.shape[0]
    Q, reduced = np.empty((p1, p1)), np.empty((p + 1, p + 1))
    log_det = integrate_groups(Lambda, patterns, Q)
    subtract_explicit(Q, explicit, reduced)
    beta_terms = integrate_beta(reduced, sigma, precision, mean, np.empty((p, p)), np.empty(p))
    total = patterns.n_rows * (LOG_2PI + 2.0 * np.log(sigma)) - patterns.sum_log_weights + log_det + beta_terms
    return -0.5 * (total + reduced[p, p] / (sigma * sigma))


@compiled
def _derivative_by_Q(lower, betahat, explicit, variance, E, inverse):  # pragma: no cover - compiled
    """E with ``d(-2 log p) = tr(E dQ)`` over the columns [integrated, explicit, y]; and ``P^-1``.

    ``E = (P^-1 + a a') / sigma^2`` with P^-1 in the integrated columns and ``a = (-betahat, -beta_explicit, 1)``.
    """
    p, p1 = betahat.shape[0], E.shape[0]
    fill(inverse, 1.0)
    solve_lower(lower, inverse)
    solve_upper(lower, inverse)
    a = np.empty(p1)
    for i in range(p):
        a[i] = -betahat[i]
    for k in range(explicit.shape[0]):
        a[p + k] = -explicit[k]
    a[p1 - 1] = 1.0
    for i in range(p1):
        for j in range(p1):
            E[i, j] = a[i] * a[j] / variance
    for i in range(p):
        for j in range(p):
            E[i, j] += inverse[i, j] / variance


@compiled
def log_likelihood_gradient(
    Lambda,
    sigma,
    precision,
    mean,
    explicit,
    patterns,
    d_Lambda,
    d_precision,
    d_explicit,
):  # pragma: no cover - compiled
    """`log_likelihood` with its derivatives; returns (value, derivative by sigma at fixed Lambda).

    Where the value is not finite, derivatives are left as they are.

    ``d(-2 log p) = d sum log|M| + tr(E dQ)``, and ``d(-2 log p) / dsigma^2 = [N - tr(E Q)] / sigma^2``.
    """
    p1, e = patterns.Rza.shape[2], explicit.shape[0]
    p = p1 - 1 - e
    Q, reduced, E = np.empty((p1, p1)), np.empty((p + 1, p + 1)), np.empty((p1, p1))
    lower, inverse, betahat = np.empty((p, p)), np.empty((p, p)), np.empty(p)
    log_det = integrate_groups(Lambda, patterns, Q)
    Qa = subtract_explicit(Q, explicit, reduced)
    beta_terms = integrate_beta(reduced, sigma, precision, mean, lower, betahat)
    variance = sigma * sigma
    total = patterns.n_rows * (LOG_2PI + np.log(variance)) - patterns.sum_log_weights + log_det + beta_terms
    value = -0.5 * (total + reduced[p, p] / variance)
    if not np.isfinite(value):
        return value, 0.0
    _derivative_by_Q(lower, betahat, explicit, variance, E, inverse)
    trace = 0.0
    for i in range(p1):
        for j in range(p1):
            trace += E[i, j] * Q[i, j]
            E[i, j] *= -0.5
    integrate_groups_gradient(Lambda, patterns, -0.5, E, d_Lambda)
    for i in range(p):
        off = betahat[i] - mean[i]
        flat = 1.0 / precision[i] if precision[i] > 0.0 else 0.0
        d_precision[i] = -0.5 * (inverse[i, i] - flat + off * off)
    for k in range(e):
        pull = Qa[p + k]
        for i in range(p):
            pull -= Q[p + k, i] * betahat[i]
        d_explicit[k] = pull / variance
    return value, -(patterns.n_rows - trace) / sigma
