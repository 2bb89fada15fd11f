"""The log posterior density and its gradient, compiled."""

import numpy as np

from bayesmixed.compiled import compiled
from bayesmixed.density.correlations import fill_cholesky, log_lkj, pull_back
from bayesmixed.density.positive import log_positive
from bayesmixed.likelihood import log_likelihood_gradient


@compiled
def _log_prior(x, gradient, positive, blocks, eta, n_corr, q, chol, norm):  # pragma: no cover - compiled
    """Log prior density of `x` without constants; fills the gradient, and chol(Omega) with its norms."""
    value = 0.0
    for k in range(positive.shape[0]):
        place = k if k < q else k + n_corr
        prior, derivative = log_positive(x[place], positive[k, 1], positive[k, 2], positive[k, 3])
        value += prior
        gradient[place] = derivative
    place = q
    for b in range(blocks.shape[0]):
        first, size = blocks[b, 0], blocks[b, 1]
        last = first + size
        end = fill_cholesky(x, place, size, chol[first:last, first:last], norm[first:last])
        value += log_lkj(x, place, size, eta, norm[first:last], gradient)
        place = end
    return value


@compiled
def _add_likelihood_gradient(
    d_Lambda, d_sigma, Lambda, sigma, sd, chol, norm, blocks, n_corr, gradient
):  # pragma: no cover - compiled
    """Add the derivatives by log sd, z and log sigma of a function of Lambda (and sigma) to the gradient."""
    q = Lambda.shape[0]
    d_chol = np.empty((q, q))
    pull = 0.0
    for i in range(q):
        total = 0.0
        for j in range(i + 1):
            total += d_Lambda[i, j] * Lambda[i, j]
            d_chol[i, j] = d_Lambda[i, j] * sd[i] / sigma
        gradient[i] += total
        pull += total
    gradient[q + n_corr] += sigma * d_sigma - pull
    place = q
    for b in range(blocks.shape[0]):
        first, size = blocks[b, 0], blocks[b, 1]
        last = first + size
        pull_back(d_chol[first:last, first:last], chol[first:last, first:last], norm[first:last], place, gradient)
        place += size * (size - 1) // 2


@compiled
def log_density(
    x,
    gradient,
    positive,
    blocks,
    eta,
    constant,
    precision,
    mean,
    students,
    shift,
    Rzz,
    count,
    start,
    Rza,
    Raa,
    n_rows,
    sum_log_weights,
):  # pragma: no cover - compiled
    """Log posterior density of `x` with its gradient; -inf where it does not exist.

    ``positive`` has one row (constant, kind, first, second) for each sd, sigma, explicit coefficient and
    lambda; ``blocks`` the start and size of each block of Z; ``students`` the coefficients of the lambdas.
    """
    q, e, s = Rzz.shape[1], shift.shape[0], students.shape[0]
    n_corr = 0
    for b in range(blocks.shape[0]):
        n_corr += blocks[b, 1] * (blocks[b, 1] - 1) // 2
    sd, chol, norm, Lambda = np.empty(q), np.zeros((q, q)), np.empty(q), np.zeros((q, q))
    value = constant + _log_prior(x, gradient, positive, blocks, eta, n_corr, q, chol, norm)
    sigma = np.exp(x[q + n_corr])
    for i in range(q):
        sd[i] = np.exp(x[i])
        for j in range(i + 1):
            Lambda[i, j] = sd[i] * chol[i, j] / sigma
    rest = q + n_corr + 1
    explicit, own_precision = np.empty(e), np.empty(precision.shape[0])
    for k in range(precision.shape[0]):
        own_precision[k] = precision[k]
    for k in range(e):
        explicit[k] = np.exp(x[rest + k]) - shift[k]
    for k in range(s):
        own_precision[students[k]] = precision[students[k]] * np.exp(-x[rest + e + k])
    d_Lambda, d_precision, d_explicit = np.empty((q, q)), np.empty(mean.shape[0]), np.empty(e)
    likelihood, d_sigma = log_likelihood_gradient(
        Lambda,
        sigma,
        own_precision,
        mean,
        explicit,
        Rzz,
        count,
        start,
        Rza,
        Raa,
        n_rows,
        sum_log_weights,
        d_Lambda,
        d_precision,
        d_explicit,
    )
    value += likelihood
    if not np.isfinite(value):
        for k in range(gradient.shape[0]):
            gradient[k] = 0.0
        return -np.inf
    _add_likelihood_gradient(d_Lambda, d_sigma, Lambda, sigma, sd, chol, norm, blocks, n_corr, gradient)
    for k in range(e):
        gradient[rest + k] += d_explicit[k] * (explicit[k] + shift[k])
    for k in range(s):
        gradient[rest + e + k] -= d_precision[students[k]] * own_precision[students[k]]
    return value
