"""The log posterior density of the covariance parameters on the unconstrained scale, with its gradient.

The unconstrained vector holds, in this order,

    log sd (q),  z of each block's correlations,  log sigma,  log of explicit coefficients,  log lambda,

where row i of a block's ``chol(Omega)`` is ``(z_i1, ..., z_i,i-1, 1) / r_i``, the transform that PyMC uses too.
Under LKJ(eta) the density of z with its Jacobian is ``prod_i r_i^-(2 eta + n - 1)`` over a constant.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from scipy.special import gammaln

from bayesmixed.coding import Array
from bayesmixed.errors import PriorError
from bayesmixed.likelihood import log_likelihood_gradient
from bayesmixed.posterior import CovarianceDraws, MarginalPosterior
from bayesmixed.priors.families import Exponential, Family, Gamma, HalfCauchy, HalfNormal, HalfStudentT

# Shapes that log densities of positive parameters have, up to a constant.
_GAUSSIAN, _STUDENT, _GAMMA, _INVERSE_GAMMA = 0.0, 1.0, 2.0, 3.0


class PositivePrior(NamedTuple):
    """A family on the positive half line: constant, shape of the log density, two numbers."""

    constant: float
    kind: float
    first: float
    second: float


def positive_prior(family: Family) -> PositivePrior:
    """Log density of a family, ``constant + shape(x; first, second)``."""
    match family:
        case HalfNormal(sigma):
            return PositivePrior(0.5 * np.log(2.0 / np.pi) - np.log(sigma), _GAUSSIAN, sigma, 0.0)
        case HalfStudentT(nu, sigma):
            return _half_student(nu, sigma)
        case HalfCauchy(beta):
            return _half_student(1.0, beta)
        case Exponential(lam):
            return PositivePrior(np.log(lam), _GAMMA, 0.0, lam)
        case Gamma(alpha, beta):
            return PositivePrior(alpha * np.log(beta) - gammaln(alpha), _GAMMA, alpha - 1.0, beta)
    raise PriorError(f"{family} is not a prior of a positive parameter that the compiled engine knows")


def _half_student(nu: float, sigma: float) -> PositivePrior:
    constant = (
        np.log(2.0) + gammaln((nu + 1.0) / 2.0) - gammaln(nu / 2.0) - 0.5 * np.log(nu * np.pi) - np.log(sigma)
    )
    return PositivePrior(constant, _STUDENT, nu, sigma)


def _inverse_gamma(shape: float, rate: float) -> PositivePrior:
    return PositivePrior(shape * np.log(rate) - gammaln(shape), _INVERSE_GAMMA, shape + 1.0, rate)


@njit(cache=True, nogil=True, error_model="numpy")
def _positive(log_x, kind, first, second):  # pragma: no cover - compiled
    """Log density without its constant, with the Jacobian of the logarithm; and its derivative by log x."""
    x = np.exp(log_x)
    if kind == 0.0:
        u = x / first
        return log_x - 0.5 * u * u, 1.0 - u * u
    if kind == 1.0:
        u = x / second
        ratio = u * u / first
        return log_x - 0.5 * (first + 1.0) * np.log1p(ratio), 1.0 - (first + 1.0) * ratio / (1.0 + ratio)
    if kind == 2.0:
        return (first + 1.0) * log_x - second * x, first + 1.0 - second * x
    return (1.0 - first) * log_x - second / x, 1.0 - first + second / x


@njit(cache=True, nogil=True, error_model="numpy")
def _fill_block(x, first, size, chol, norm):  # pragma: no cover - compiled
    """chol(Omega) of one block from its z, starting at ``x[first]``; `norm` gets r."""
    place = first
    for i in range(size):
        total = 1.0
        for k in range(i):
            total += x[place + k] * x[place + k]
        norm[i] = np.sqrt(total)
        for k in range(i):
            chol[i, k] = x[place + k] / norm[i]
        chol[i, i] = 1.0 / norm[i]
        place += i
    return place


@njit(cache=True, nogil=True, error_model="numpy")
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

    ``positive`` has one row (constant, kind, first, second) for each sd, sigma, explicit coefficient and lambda;
    ``blocks`` the start and size of each block of Z; ``students`` the coefficients that the lambdas belong to.
    """
    q = Rzz.shape[1]
    n_corr = 0
    for b in range(blocks.shape[0]):
        n_corr += blocks[b, 1] * (blocks[b, 1] - 1) // 2
    e, s = shift.shape[0], students.shape[0]
    sd, chol, norm, Lambda = np.empty(q), np.zeros((q, q)), np.empty(q), np.zeros((q, q))
    value = constant
    for k in range(q + 1 + e + s):
        place = k if k < q else k + n_corr
        prior, derivative = _positive(x[place], positive[k, 1], positive[k, 2], positive[k, 3])
        value += prior
        gradient[place] = derivative
    place = q
    for b in range(blocks.shape[0]):
        first, size = blocks[b, 0], blocks[b, 1]
        local = chol[first : first + size, first : first + size]
        power = 2.0 * eta + size - 1.0
        begin = place
        place = _fill_block(x, place, size, local, norm[first : first + size])
        for i in range(size):
            r = norm[first + i]
            value -= power * np.log(r)
            for k in range(i):
                gradient[begin + k] = -power * x[begin + k] / (r * r)
            begin += i
    sigma = np.exp(x[q + n_corr])
    for i in range(q):
        sd[i] = np.exp(x[i])
        for j in range(i + 1):
            Lambda[i, j] = sd[i] * chol[i, j] / sigma
    explicit, own_precision = np.empty(e), precision.copy()
    for k in range(e):
        explicit[k] = np.exp(x[q + n_corr + 1 + k]) - shift[k]
    for k in range(s):
        own_precision[students[k]] = precision[students[k]] * np.exp(-x[q + n_corr + 1 + e + k])
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
        gradient[:] = 0.0
        return -np.inf
    pull = 0.0
    for i in range(q):
        total = 0.0
        for j in range(i + 1):
            total += d_Lambda[i, j] * Lambda[i, j]
        gradient[i] += total
        pull += total
    gradient[q + n_corr] += sigma * d_sigma - pull
    place = q
    for b in range(blocks.shape[0]):
        first, size = blocks[b, 0], blocks[b, 1]
        for row in range(size):
            i = first + row
            inner = 0.0
            for k in range(row + 1):
                inner += d_Lambda[i, first + k] * sd[i] / sigma * chol[i, first + k]
            for k in range(row):
                own = d_Lambda[i, first + k] * sd[i] / sigma
                gradient[place + k] += (own - inner * chol[i, first + k]) / norm[i]
            place += row
    for k in range(e):
        gradient[q + n_corr + 1 + k] += d_explicit[k] * (explicit[k] + shift[k])
    for k in range(s):
        gradient[q + n_corr + 1 + e + k] -= d_precision[students[k]] * own_precision[students[k]]
    return value


@dataclass(frozen=True)
class Density:
    """`log_density` with its data, and the way from unconstrained vectors to parameters.

    Parameters
    ----------
    posterior : MarginalPosterior
        Whose priors are all of built-in families.
    """

    posterior: MarginalPosterior

    @property
    def blocks(self) -> np.ndarray:
        return np.array([[block[0], len(block)] for block in self.posterior.priors.blocks], dtype=np.int64)

    @property
    def n_corr(self) -> int:
        sizes = self.blocks[:, 1]
        return int((sizes * (sizes - 1) // 2).sum())

    @property
    def size(self) -> int:
        """Length of the unconstrained vector."""
        q, e = self.posterior.moments.q, len(self.posterior.coefficients.explicit)
        return q + self.n_corr + 1 + e + int(self.posterior.coefficients.student.sum())

    @property
    def _positive(self) -> Array:
        priors, coefficients = self.posterior.priors, self.posterior.coefficients
        rows = _rows(priors.sd, self.posterior.names.sd)
        rows.append(positive_prior(priors.sigma))
        rows += _rows(priors.fixed, coefficients.explicit_terms)
        rows += [_inverse_gamma(nu / 2.0, nu / 2.0) for nu in coefficients.nu[coefficients.student]]
        return np.array(rows, dtype=float)

    def arguments(self) -> tuple:
        """Everything that `log_density` takes after `x` and `gradient`."""
        posterior, coefficients = self.posterior, self.posterior.coefficients
        kernel, positive = posterior.kernel, self._positive
        constant = float(positive[:, 0].sum())
        eta = 1.0
        if posterior.priors.corr is not None:
            eta = posterior.priors.corr.eta
            constant -= sum(posterior.priors.corr.log_normaliser(int(size)) for size in self.blocks[:, 1])
        students = np.flatnonzero(coefficients.student).astype(np.int64)
        shift = np.ascontiguousarray(posterior.shift[len(coefficients.columns) :])
        own = (
            positive,
            self.blocks,
            float(eta),
            constant,
            coefficients.precision,
            kernel.mean,
            students,
            shift,
        )
        return (*own, *kernel.arrays)

    def value_and_gradient(self, x: Array) -> tuple[float, Array]:
        """The log density at one unconstrained vector, with its gradient."""
        gradient = np.empty(self.size)
        value = log_density(np.ascontiguousarray(x, dtype=float), gradient, *self.arguments())
        return value, gradient

    def constrain(self, x: Array) -> CovarianceDraws:
        """Parameters of unconstrained vectors, shape (draws, size)."""
        q, n_corr = self.posterior.moments.q, self.n_corr
        e = len(self.posterior.coefficients.explicit)
        chol = np.zeros((len(x), q, q))
        place = q
        for first, size in self.blocks:
            for row in range(size):
                i = first + row
                z = np.column_stack([x[:, place : place + row], np.ones(len(x))])
                chol[:, i, first : i + 1] = z / np.sqrt((z**2).sum(axis=1, keepdims=True))
                place += row
        sigma, rest = np.exp(x[:, q + n_corr]), q + n_corr + 1
        root = np.exp(x[:, :q, None]) * chol
        coefficients = self.posterior.coefficients
        precision = np.broadcast_to(coefficients.precision, (len(x), len(coefficients.precision))).copy()
        precision[:, coefficients.student] *= np.exp(-x[:, rest + e :])
        covariance = self.posterior.covariance(root, sigma)
        return CovarianceDraws(covariance, root / sigma[:, None, None], precision, np.exp(x[:, rest : rest + e]))

    def unconstrain(self, sd: Array, sigma: float) -> Array:
        """A starting point without correlations; explicit coefficients and lambdas at 1."""
        x = np.zeros(self.size)
        q = self.posterior.moments.q
        x[:q], x[q + self.n_corr] = np.log(sd), np.log(sigma)
        return x


def _rows(families, parameters) -> list[PositivePrior]:
    """One row for each coordinate of the parameters."""
    return [
        positive_prior(families[parameter.name].entry(k))
        for parameter in parameters
        for k in range(len(parameter.columns))
    ]
