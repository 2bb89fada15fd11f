"""Satterthwaite's degrees of freedom, computed as lmerTest does."""

import numpy as np

from bayesmixed.coding import Array
from bayesmixed.likelihood import MarginalLikelihood, integrate_groups_gradient
from bayesmixed.reml.criterion import Criterion
from bayesmixed.reml.optimize import hessian

#: Directions in which the criterion is flatter than this carry no information, as in lmerTest.
FLAT = 1e-8


def satterthwaite_df(criterion: Criterion, theta: Array, sigma: float, contrasts: Array) -> Array:
    """``2 v^2 / (g' A g)`` with v the variance of a contrast and g its gradient in (theta, sigma).

    A is twice the inverse of the observed Hessian of the criterion in (theta, sigma). Kuznetsova, Brockhoff
    and Christensen (2017), doi:10.18637/jss.v082.i13, section 2.

    Parameters
    ----------
    criterion : Criterion
    theta : ndarray
        Where it is smallest.
    sigma : float
    contrasts : ndarray, shape (contrasts, p)
        In the coding of the criterion.

    Returns
    -------
    ndarray, shape (contrasts,)
    """
    A = covariance_of_variance_parameters(criterion, theta, sigma)
    result = np.empty(len(contrasts))
    for k, contrast in enumerate(contrasts):
        variance, gradient = _variance_and_gradient(criterion, theta, sigma, contrast)
        result[k] = 2.0 * variance**2 / (gradient @ A @ gradient)
    return result


def covariance_of_variance_parameters(criterion: Criterion, theta: Array, sigma: float) -> Array:
    """Asymptotic covariance matrix of (theta, sigma): ``2 H^+`` without the flat directions of H.

    H is taken in (theta, sigma / its estimate), so that the unit of y does not decide what counts as flat.
    """
    gradient = _deviance_gradient(criterion)
    unit = np.append(np.ones(len(theta)), sigma)
    H = hessian(lambda relative: unit * gradient(unit * relative), np.append(theta, 1.0))
    eigenvalues, vectors = np.linalg.eigh(H)
    kept = eigenvalues > FLAT
    covariance = 2.0 * (vectors[:, kept] / eigenvalues[kept]) @ vectors[:, kept].T
    return unit[:, None] * covariance * unit


def _deviance_gradient(criterion: Criterion):
    """Gradient in (theta, sigma) of -2 log (restricted) likelihood, beta integrated out or profiled out."""
    kernel = MarginalLikelihood.flat(criterion.coded.moments)
    patterns = kernel.patterns
    p = criterion.coded.moments.p

    def gradient(parameters: Array) -> Array:
        theta, sigma = parameters[:-1], parameters[-1]
        Lambda = criterion.Lambda(theta)
        if criterion.restricted:
            found = kernel.value_and_gradient(Lambda, sigma)
            return -2.0 * np.append(found.Lambda[criterion.entries], found.sigma)
        _, Q = kernel.cross_products(Lambda)
        a = np.append(-np.linalg.solve(Q[:p, :p], Q[:p, p]), 1.0)
        d_Lambda = np.empty_like(Lambda)
        E = np.outer(a, a) / sigma**2
        integrate_groups_gradient(
            Lambda, patterns.Rzz, patterns.count, patterns.start, patterns.Rza, 1.0, E, d_Lambda
        )
        d_sigma = 2.0 * patterns.n_rows / sigma - 2.0 * (a @ Q @ a) / sigma**3
        return np.append(d_Lambda[criterion.entries], d_sigma)

    return gradient


def _variance_and_gradient(criterion: Criterion, theta: Array, sigma: float, contrast: Array):
    """``l' sigma^2 Qxx^-1 l`` and its gradient in (theta, sigma)."""
    kernel = MarginalLikelihood.flat(criterion.coded.moments)
    patterns, p = kernel.patterns, criterion.coded.moments.p
    Lambda = criterion.Lambda(theta)
    _, Q = kernel.cross_products(Lambda)
    direction = np.linalg.solve(Q[:p, :p], contrast)
    variance = float(sigma**2 * contrast @ direction)
    E = np.zeros((p + 1, p + 1))
    E[:p, :p] = -(sigma**2) * np.outer(direction, direction)
    d_Lambda = np.empty_like(Lambda)
    integrate_groups_gradient(Lambda, patterns.Rzz, patterns.count, patterns.start, patterns.Rza, 0.0, E, d_Lambda)
    return variance, np.append(d_Lambda[criterion.entries], 2.0 * variance / sigma)
