"""The log posterior density and its gradient, compiled."""

from typing import NamedTuple

import numpy as np

from bayesmixed.arrays import Array, Index
from bayesmixed.compiled import compiled
from bayesmixed.density.correlations import fill_cholesky, log_lkj, pull_back
from bayesmixed.density.joint import log_joint
from bayesmixed.density.positive import log_positive
from bayesmixed.likelihood.marginal import evaluate, evaluate_gradient, workspace, workspace_size
from bayesmixed.likelihood.views import matrix, vector
from bayesmixed.moments import Patterns


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
    members : ndarray, shape (members, 4)
    totals : ndarray, shape (joint priors, 6)
        Joint priors of variances; see `joint_arrays`.
    """

    positive: Array
    blocks: Index
    eta: float
    constant: float
    precision: Array
    mean: Array
    students: Index
    shift: Array
    members: Array
    totals: Array


class Point(NamedTuple):
    """Parameters of one unconstrained vector, and derivatives by them: arrays that one evaluation fills.

    Parameters
    ----------
    Lambda, chol, derivative : ndarray, shape (q, q)
        Square root of D; chol(Omega); the derivative by one or the other.
    sd, norm : ndarray, shape (q,)
    precision, d_precision : ndarray, shape (p_integrated,)
    explicit, d_explicit : ndarray, shape (p_explicit,)
    """

    Lambda: Array
    chol: Array
    derivative: Array
    sd: Array
    norm: Array
    precision: Array
    d_precision: Array
    explicit: Array
    d_explicit: Array


@compiled
def point_size(q: int, p: int, e: int) -> int:  # pragma: no cover - compiled
    """Numbers in a `Point`."""
    return 3 * q * q + 2 * (q + p + e)


@compiled
def point(flat: Array, q: int, p: int, e: int) -> Point:  # pragma: no cover - compiled
    """A `Point` carved out of the beginning of `flat`, which is zero where Lambda and chol(Omega) are."""
    a, b = 3 * q * q, 3 * q * q + 2 * q
    for k in range(2 * q * q):
        flat[k] = 0.0
    return Point(
        matrix(flat, 0, q, q),
        matrix(flat, q * q, q, q),
        matrix(flat, 2 * q * q, q, q),
        vector(flat, a, q),
        vector(flat, a + q, q),
        vector(flat, b, p),
        vector(flat, b + p, p),
        vector(flat, b + 2 * p, e),
        vector(flat, b + 2 * p + e, e),
    )


@compiled
def _log_prior(
    x: Array, gradient: Array, priors: PriorArrays, n_corr: int, q: int, chol: Array, norm: Array
) -> float:  # pragma: no cover - compiled
    """Log prior density of `x` without constants; fills the gradient, and chol(Omega) with its norms."""
    positive, blocks = priors.positive, priors.blocks
    value = 0.0
    for k in range(positive.shape[0]):
        place = k if k < q else k + n_corr
        prior, derivative = log_positive(x[place], positive[k, 1], positive[k, 2], positive[k, 3])
        value += prior
        gradient[place] = derivative
    value += log_joint(x, gradient, priors.members, priors.totals, q, n_corr)
    place = q
    for b in range(blocks.shape[0]):
        first, size = blocks[b, 0], blocks[b, 1]
        last = first + size
        end = fill_cholesky(x, place, size, chol[first:last, first:last], norm[first:last])
        value += log_lkj(x, place, size, priors.eta, norm[first:last], gradient)
        place = end
    return value


@compiled
def _add_likelihood_gradient(
    d_Lambda: Array,
    d_sigma: float,
    Lambda: Array,
    sigma: float,
    sd: Array,
    chol: Array,
    norm: Array,
    blocks: Index,
    n_corr: int,
    gradient: Array,
) -> None:  # pragma: no cover - compiled
    """Add the derivatives by log sd, z and log sigma of a function of Lambda (and sigma) to the gradient.

    `d_Lambda` is used up: it becomes the derivative by chol(Omega).
    """
    q = Lambda.shape[0]
    pull = 0.0
    for i in range(q):
        total = 0.0
        for j in range(i + 1):
            total += d_Lambda[i, j] * Lambda[i, j]
            d_Lambda[i, j] *= sd[i] / sigma
        gradient[i] += total
        pull += total
    gradient[q + n_corr] += sigma * d_sigma - pull
    place = q
    for b in range(blocks.shape[0]):
        first, size = blocks[b, 0], blocks[b, 1]
        last = first + size
        pull_back(
            d_Lambda[first:last, first:last], chol[first:last, first:last], norm[first:last], place, gradient
        )
        place += size * (size - 1) // 2


@compiled
def read_vector(
    x: Array, gradient: Array, priors: PriorArrays, at: Point
) -> tuple[float, float, int]:  # pragma: no cover - compiled
    """Parameters of `x`; returns its log prior density, sigma, and how many correlations there are.

    Fills the point's Lambda, sd, chol(Omega) with its norms, explicit coefficients (without the shift) and
    precisions, and the gradient of the prior.
    """
    blocks, students = priors.blocks, priors.students
    Lambda, sd, chol, norm, explicit, precision = at.Lambda, at.sd, at.chol, at.norm, at.explicit, at.precision
    q, e = sd.shape[0], explicit.shape[0]
    n_corr = 0
    for b in range(blocks.shape[0]):
        n_corr += blocks[b, 1] * (blocks[b, 1] - 1) // 2
    value = priors.constant
    value += _log_prior(x, gradient, priors, n_corr, q, chol, norm)
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
def log_density(
    x: Array, gradient: Array, priors: PriorArrays, patterns: Patterns
) -> float:  # pragma: no cover - compiled
    """Log posterior density of `x` with its gradient; -inf where it does not exist."""
    blocks, students, shift = priors.blocks, priors.students, priors.shift
    q, p, e = patterns.Rzz.shape[1], priors.precision.shape[0], shift.shape[0]
    p1, size = patterns.Rza.shape[2], point_size(q, p, e)
    flat = np.empty(size + workspace_size(p1, p))
    at, work = point(flat, q, p, e), workspace(flat, size, p1, p)
    value, sigma, n_corr = read_vector(x, gradient, priors, at)
    likelihood, d_sigma = evaluate_gradient(
        at.Lambda,
        sigma,
        at.precision,
        priors.mean,
        at.explicit,
        patterns,
        work,
        at.derivative,
        at.d_precision,
        at.d_explicit,
    )
    value += likelihood
    if not np.isfinite(value):
        for k in range(gradient.shape[0]):
            gradient[k] = 0.0
        flat[0] = value
        return -np.inf
    _add_likelihood_gradient(
        at.derivative, d_sigma, at.Lambda, sigma, at.sd, at.chol, at.norm, blocks, n_corr, gradient
    )
    rest = q + n_corr + 1
    for k in range(e):
        gradient[rest + k] += at.d_explicit[k] * (at.explicit[k] + shift[k])
    for k in range(students.shape[0]):
        gradient[rest + e + k] -= at.d_precision[students[k]] * at.precision[students[k]]
    flat[0] = value
    return value


@compiled
def log_densities(
    points: Array, priors: PriorArrays, patterns: Patterns, values: Array
) -> None:  # pragma: no cover - compiled
    """`log_density` of many vectors, the rows of `points`, without gradients."""
    q, p, e = patterns.Rzz.shape[1], priors.precision.shape[0], priors.shift.shape[0]
    p1, size = patterns.Rza.shape[2], point_size(q, p, e)
    flat, unused = np.empty(size + workspace_size(p1, p)), np.empty(points.shape[1])
    at, work = point(flat, q, p, e), workspace(flat, size, p1, p)
    for i in range(points.shape[0]):
        value, sigma, _ = read_vector(points[i], unused, priors, at)
        value += evaluate(at.Lambda, sigma, at.precision, priors.mean, at.explicit, patterns, work)
        values[i] = value if np.isfinite(value) else -np.inf
    flat[0] = 0.0
