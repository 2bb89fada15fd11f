"""The marginal log likelihood and its gradient, compiled.

Both work in small arrays carved out of one: on a small table making them would cost more than the arithmetic.
"""

from typing import NamedTuple

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.compiled import compiled
from bayesmixed.likelihood.coefficients import LOG_2PI, integrate_beta, subtract_explicit, times_explicit
from bayesmixed.likelihood.groups import integrate_groups, integrate_groups_gradient
from bayesmixed.likelihood.triangular import fill, solve_lower, solve_upper
from bayesmixed.likelihood.views import matrix, vector
from bayesmixed.moments import Patterns


class Workspace(NamedTuple):
    """Arrays that one evaluation fills; threads need one each.

    Parameters
    ----------
    Q, reduced, E : ndarray, shape (p + 1, p + 1)
    lower, inverse : ndarray, shape (p_integrated, p_integrated)
    betahat : ndarray, shape (p_integrated,)
    """

    Q: Array
    reduced: Array
    E: Array
    lower: Array
    inverse: Array
    betahat: Array


@compiled
def workspace_size(p1: int, p: int) -> int:  # pragma: no cover - compiled
    """Numbers in a `Workspace` for p1 columns of X and y, p of which are integrated."""
    return 3 * p1 * p1 + 2 * p * p + p


@compiled
def workspace(flat: Array, place: int, p1: int, p: int) -> Workspace:  # pragma: no cover - compiled
    """A `Workspace` carved out of `flat`, from a place on."""
    wide, narrow = p1 * p1, p * p
    end = place + 3 * wide
    return Workspace(
        matrix(flat, place, p1, p1),
        matrix(flat, place + wide, p1, p1),
        matrix(flat, place + 2 * wide, p1, p1),
        matrix(flat, end, p, p),
        matrix(flat, end + narrow, p, p),
        vector(flat, end + 2 * narrow, p),
    )


@compiled
def evaluate(
    Lambda: Array,
    sigma: float,
    precision: Array,
    mean: Array,
    explicit: Array,
    patterns: Patterns,
    work: Workspace,
) -> float:  # pragma: no cover - compiled
    """`log_likelihood` in a workspace, which then holds what its derivatives need."""
    p = work.betahat.shape[0]
    log_det = integrate_groups(Lambda, patterns, work.Q)
    subtract_explicit(work.Q, explicit, work.reduced)
    beta_terms = integrate_beta(work.reduced, sigma, precision, mean, work.lower, work.betahat)
    total = patterns.n_rows * (LOG_2PI + 2.0 * np.log(sigma)) - patterns.sum_log_weights + log_det + beta_terms
    value: float = -0.5 * (total + work.reduced[p, p] / (sigma * sigma))
    return value


@compiled
def log_likelihood(
    Lambda: Array, sigma: float, precision: Array, mean: Array, explicit: Array, patterns: Patterns
) -> float:  # pragma: no cover - compiled
    """log p(y | Lambda, sigma, beta_explicit) with b and the other coefficients integrated out."""
    p1, p = patterns.Rza.shape[2], mean.shape[0]
    flat = np.empty(workspace_size(p1, p))
    value = evaluate(Lambda, sigma, precision, mean, explicit, patterns, workspace(flat, 0, p1, p))
    flat[0] = value
    return value


@compiled
def _derivative_by_Q(explicit: Array, variance: float, work: Workspace) -> None:  # pragma: no cover - compiled
    """E with ``d(-2 log p) = tr(E dQ)`` over the columns [integrated, explicit, y]; and ``P^-1``.

    ``E = (P^-1 + a a') / sigma^2`` with P^-1 in the integrated columns and ``a = (-betahat, -beta_explicit, 1)``.
    """
    betahat, E, inverse = work.betahat, work.E, work.inverse
    p, last = betahat.shape[0], E.shape[0] - 1
    fill(inverse, 1.0)
    solve_lower(work.lower, inverse)
    solve_upper(work.lower, inverse)
    # The last row is a / sigma^2.
    for i in range(last):
        E[last, i] = (-betahat[i] if i < p else -explicit[i - p]) / variance
    E[last, last] = 1.0 / variance
    for i in range(last):
        for j in range(last):
            E[i, j] = E[last, i] * E[last, j] * variance
            if i < p and j < p:
                E[i, j] += inverse[i, j] / variance
        E[i, last] = E[last, i]


@compiled
def evaluate_gradient(
    Lambda: Array,
    sigma: float,
    precision: Array,
    mean: Array,
    explicit: Array,
    patterns: Patterns,
    work: Workspace,
    d_Lambda: Array,
    d_precision: Array,
    d_explicit: Array,
) -> tuple[float, float]:  # pragma: no cover - compiled
    """`log_likelihood_gradient` in a workspace."""
    value = evaluate(Lambda, sigma, precision, mean, explicit, patterns, work)
    if not np.isfinite(value):
        return value, 0.0
    Q, E, inverse, betahat = work.Q, work.E, work.inverse, work.betahat
    p1, p, variance = Q.shape[0], betahat.shape[0], sigma * sigma
    _derivative_by_Q(explicit, variance, work)
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
    for k in range(explicit.shape[0]):
        pull = times_explicit(Q, p + k, explicit)
        for i in range(p):
            pull -= Q[p + k, i] * betahat[i]
        d_explicit[k] = pull / variance
    return value, -(patterns.n_rows - trace) / sigma


@compiled
def log_likelihood_gradient(
    Lambda: Array,
    sigma: float,
    precision: Array,
    mean: Array,
    explicit: Array,
    patterns: Patterns,
    d_Lambda: Array,
    d_precision: Array,
    d_explicit: Array,
) -> tuple[float, float]:  # pragma: no cover - compiled
    """`log_likelihood` with its derivatives; returns (value, derivative by sigma at fixed Lambda).

    Where the value is not finite, derivatives are left as they are.

    ``d(-2 log p) = d sum log|M| + tr(E dQ)``, and ``d(-2 log p) / dsigma^2 = [N - tr(E Q)] / sigma^2``.
    """
    p1, p = patterns.Rza.shape[2], mean.shape[0]
    flat = np.empty(workspace_size(p1, p))
    work = workspace(flat, 0, p1, p)
    value, d_sigma = evaluate_gradient(
        Lambda, sigma, precision, mean, explicit, patterns, work, d_Lambda, d_precision, d_explicit
    )
    flat[0] = value
    return value, d_sigma
