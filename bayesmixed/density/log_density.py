"""The log posterior density and its gradient, compiled."""

from typing import NamedTuple

import numpy as np

from bayesmixed.arrays import Array, Index
from bayesmixed.compiled import compiled
from bayesmixed.density.correlations import fill_cholesky, log_lkj, pull_back
from bayesmixed.density.positive import log_positive
from bayesmixed.likelihood import log_likelihood, log_likelihood_gradient


class PriorArrays(NamedTuple):
    """The priors as the compiled density takes them.

    Parameters
    ----------
    positive : ndarray, shape (parameters, 4)
        A row (constant, kind, first, second) for each sd, sigma, explicit coefficient and lambda.
    blocks : ndarray of int, shape (blocks, 2)
        First column of Z of each block, and how many it has.
    eta : float
        Of LKJ.
    constant : float
        Of the log prior density, so that it integrates to one.
    precision, mean : ndarray, shape (p_integrated,)
        Of the integrated coefficients, lambda = 1.
    students : ndarray of int
        Integrated coefficients that have a lambda.
    shift : ndarray, shape (p_explicit,)
        What the moments took from each explicit coefficient.
    """

    positive: Array
    blocks: Array
    eta: float
    constant: float
    precision: Array
    mean: Array
    students: Index
    shift: Array


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
def read_vector(x, gradient, priors, Lambda, sd, chol, norm, explicit, precision):  # pragma: no cover - compiled
    """Parameters of `x`; returns its log prior density, sigma, and how many correlations there are.

    Fills Lambda, sd, chol(Omega) with its norms, explicit coefficients (without the shift), precisions, and the
    gradient of the prior.
    """
    blocks, students = priors.blocks, priors.students
    q, e = sd.shape[0], explicit.shape[0]
    n_corr = 0
    for b in range(blocks.shape[0]):
        n_corr += blocks[b, 1] * (blocks[b, 1] - 1) // 2
    value = priors.constant
    value += _log_prior(x, gradient, priors.positive, blocks, priors.eta, n_corr, q, chol, norm)
    sigma = np.exp(x[q + n_corr])
    for i in range(q):
        sd[i] = np.exp(x[i])
        for j in range(i + 1):
            Lambda[i, j] = sd[i] * chol[i, j] / sigma
    rest = q + n_corr + 1
    for k in range(e):
        explicit[k] = np.exp(x[rest + k]) - priors.shift[k]
    for k in range(precision.shape[0]):
        precision[k] = priors.precision[k]
    for k in range(students.shape[0]):
        precision[students[k]] *= np.exp(-x[rest + e + k])
    return value, sigma, n_corr


@compiled
def log_density(x, gradient, priors, patterns):  # pragma: no cover - compiled
    """Log posterior density of `x` with its gradient; -inf where it does not exist."""
    blocks, students, shift = priors.blocks, priors.students, priors.shift
    q, p, e = patterns.Rzz.shape[1], priors.precision.shape[0], shift.shape[0]
    sd, chol, norm, Lambda = np.empty(q), np.zeros((q, q)), np.empty(q), np.zeros((q, q))
    explicit, precision = np.empty(e), np.empty(p)
    value, sigma, n_corr = read_vector(x, gradient, priors, Lambda, sd, chol, norm, explicit, precision)
    d_Lambda, d_precision, d_explicit = np.empty((q, q)), np.empty(p), np.empty(e)
    likelihood, d_sigma = log_likelihood_gradient(
        Lambda, sigma, precision, priors.mean, explicit, patterns, d_Lambda, d_precision, d_explicit
    )
    value += likelihood
    if not np.isfinite(value):
        for k in range(gradient.shape[0]):
            gradient[k] = 0.0
        return -np.inf
    _add_likelihood_gradient(d_Lambda, d_sigma, Lambda, sigma, sd, chol, norm, blocks, n_corr, gradient)
    rest = q + n_corr + 1
    for k in range(e):
        gradient[rest + k] += d_explicit[k] * (explicit[k] + shift[k])
    for k in range(students.shape[0]):
        gradient[rest + e + k] -= d_precision[students[k]] * precision[students[k]]
    return value


@compiled
def log_densities(points, priors, patterns, values):  # pragma: no cover - compiled
    """`log_density` of many vectors, the rows of `points`, without gradients."""
    q, e = patterns.Rzz.shape[1], priors.shift.shape[0]
    sd, chol, norm, Lambda = np.empty(q), np.zeros((q, q)), np.empty(q), np.zeros((q, q))
    explicit, precision, unused = np.empty(e), np.empty(priors.precision.shape[0]), np.empty(points.shape[1])
    for i in range(points.shape[0]):
        value, sigma, _ = read_vector(points[i], unused, priors, Lambda, sd, chol, norm, explicit, precision)
        value += log_likelihood(Lambda, sigma, precision, priors.mean, explicit, patterns)
        values[i] = value if np.isfinite(value) else -np.inf
