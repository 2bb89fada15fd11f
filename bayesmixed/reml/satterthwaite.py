"""Satterthwaite's degrees of freedom, of single contrasts and of F tests, computed as lmerTest does."""

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.reml.derivatives import Derivatives

#: Directions in which the criterion is flatter than this carry no information, as in lmerTest.
FLAT = 1e-8


def satterthwaite_df(here: Derivatives, contrasts: Array) -> Array:
    """``2 v^2 / (g' A g)`` with v the variance of a contrast and g its gradient in (theta, sigma).

    A is twice the inverse of the observed Hessian of the criterion in (theta, sigma). Kuznetsova, Brockhoff
    and Christensen (2017), doi:10.18637/jss.v082.i13, section 2.

    Parameters
    ----------
    here : Derivatives
        Of the criterion where it is smallest.
    contrasts : ndarray, shape (contrasts, p)
        In the coding of the criterion.

    Returns
    -------
    ndarray, shape (contrasts,)
    """
    covariance, derivatives = here.contrast_variance(contrasts)
    variance = np.diag(covariance)
    gradient = np.einsum("rkk->kr", derivatives)
    A = covariance_of_variance_parameters(here)
    degrees: Array = 2.0 * variance**2 / np.einsum("kr,rs,ks->k", gradient, A, gradient)
    return degrees


def satterthwaite_test(here: Derivatives, L: Array) -> tuple[float, Array]:
    """Denominator degrees of freedom of the F test of ``L beta = 0``, and those of its t-like parts.

    The F statistic is a mean of squared independent t statistics along the eigenvectors of the covariance of
    ``L beta``; its degrees of freedom match the mean of an F to theirs: with ``E = sum nu_m / (nu_m - 2)``
    over parts with nu_m > 2, ``2 E / (E - rank)``. Fai and Cornelius (1996), doi:10.1080/00949659608811740.

    Parameters
    ----------
    L : ndarray, shape (k, p)
        Of full row rank, in the coding of the criterion.
    """
    covariance, _ = here.contrast_variance(L)
    _, vectors = np.linalg.eigh(covariance)
    parts = satterthwaite_df(here, vectors.T @ L)
    return combined_df(parts), parts


def combined_df(parts: Array) -> float:
    """Degrees of freedom of an F from those of its parts, with lmerTest's rules for the edges."""
    rank = len(parts)
    if rank == 1 or np.ptp(parts) < 1e-8 * parts.mean():
        return float(parts.mean())
    if (parts <= 2.0).any():
        return 2.0
    E = float((parts / (parts - 2.0)).sum())
    return 2.0 * E / (E - rank)


def covariance_of_variance_parameters(here: Derivatives) -> Array:
    """Asymptotic covariance matrix of (theta, sigma): ``2 H^+`` without the flat directions of H.

    H is taken in (theta, sigma / its estimate), a large theta relative to its row of Lambda, so that neither the
    unit of y nor how much more groups differ than rows decides what counts as flat.
    """
    unit = np.append(here.theta_units, here.sigma)
    eigenvalues, vectors = np.linalg.eigh(unit[:, None] * here.hessian * unit)
    kept = eigenvalues > FLAT
    relative = 2.0 * (vectors[:, kept] / eigenvalues[kept]) @ vectors[:, kept].T
    covariance: Array = unit[:, None] * relative * unit
    return covariance
