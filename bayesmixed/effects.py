"""Exact draws of beta and b given the covariance parameters.

With ``F_i = Rzz_i Lambda`` and ``r_i`` the rotated residual of group i,

    beta | .       ~ N(P^-1 h, P^-1),
    b_i | beta, .  = Lambda u_i,   u_i ~ N((I + F_i'F_i)^-1 F_i' r_i, sigma^2 (I + F_i'F_i)^-1),

which is ``N(W_i Z_i'(y_i - X_i beta), sigma^2 W_i)`` and stays right when Lambda is singular.
"""

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.compiled import compiled
from bayesmixed.likelihood import (
    MarginalLikelihood,
    cholesky,
    integrate_beta,
    integrate_groups,
    solve_lower,
    solve_upper,
    subtract_explicit,
)
from bayesmixed.moments import Moments


@compiled
def _draw_coefficients(Lambda, sigma, precision, mean, explicit, noise, patterns):  # pragma: no cover - compiled
    draws, p = noise.shape
    p1 = patterns.Rza.shape[2]
    Q, reduced, lower = np.empty((p1, p1)), np.empty((p + 1, p + 1)), np.empty((p, p))
    betahat, column = np.empty(p), np.empty((p, 1))
    result = np.empty((draws, p))
    for d in range(draws):
        integrate_groups(Lambda[d], patterns, Q)
        subtract_explicit(Q, explicit[d], reduced)
        integrate_beta(reduced, sigma[d], precision[d], mean, lower, betahat)
        for k in range(p):
            column[k, 0] = noise[d, k]
        solve_upper(lower, column)
        for k in range(p):
            result[d, k] = betahat[k] + column[k, 0]
    return result


def draw_coefficients(
    kernel: MarginalLikelihood,
    Lambda: Array,
    sigma: Array,
    precision: Array,
    explicit: Array,
    rng: np.random.Generator,
) -> Array:
    """One draw of the integrated coefficients for each draw of the covariance parameters.

    Parameters
    ----------
    kernel : MarginalLikelihood
    Lambda : ndarray, shape (draws, q, q)
    sigma : ndarray, shape (draws,)
    precision : ndarray, shape (draws, p_integrated)
    explicit : ndarray, shape (draws, p_explicit)
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (draws, p_integrated)
    """
    noise = rng.standard_normal((len(sigma), kernel.n_integrated))
    arrays = (
        np.ascontiguousarray(a, dtype=float) for a in (Lambda, sigma, precision, kernel.mean, explicit, noise)
    )
    return _draw_coefficients(*arrays, kernel.patterns)


@compiled
def whitened_effects(Rzz, Rza, Lambda, gamma, F, M, lower, u):  # pragma: no cover - compiled
    """``lower lower' = M = I + F'F`` of one group and ``u = lower^-1 F'r``: b is ``Lambda lower'^-1 u``."""
    q, p = Rzz.shape[0], Rza.shape[1] - 1
    for i in range(q):
        u[i, 0] = 0.0
    for i in range(q):
        residual = Rza[i, p]
        for k in range(p):
            residual -= Rza[i, k] * gamma[k]
        for j in range(q):
            total = 0.0
            for k in range(q):
                total += Rzz[i, k] * Lambda[k, j]
            F[i, j] = total
            u[j, 0] += total * residual
    for i in range(q):
        for j in range(q):
            total = 1.0 if i == j else 0.0
            for k in range(q):
                total += F[k, i] * F[k, j]
            M[i, j] = total
    cholesky(M, lower)
    solve_lower(lower, u)


@compiled
def _draw_group_effects(Lambda, sigma, gamma, noise, Rzz, Rza):  # pragma: no cover - compiled
    draws, groups, q = noise.shape
    F, M, lower, u = np.empty((q, q)), np.empty((q, q)), np.empty((q, q)), np.empty((q, 1))
    result = np.empty((draws, groups, q))
    for d in range(draws):
        for g in range(groups):
            whitened_effects(Rzz[g], Rza[g], Lambda[d], gamma[d], F, M, lower, u)
            for i in range(q):
                u[i, 0] += sigma[d] * noise[d, g, i]
            solve_upper(lower, u)
            for i in range(q):
                total = 0.0
                for k in range(q):
                    total += Lambda[d, i, k] * u[k, 0]
                result[d, g, i] = total
    return result


def draw_group_effects(
    moments: Moments, Lambda: Array, sigma: Array, gamma: Array, rng: np.random.Generator
) -> Array:
    """One draw of every b_i for each draw of the other parameters.

    Parameters
    ----------
    moments : Moments
        In the coding of `Lambda` and `gamma`.
    Lambda : ndarray, shape (draws, q, q)
    sigma : ndarray, shape (draws,)
    gamma : ndarray, shape (draws, p)
        Coefficients of the columns of X in `moments`.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (draws, J, q)
    """
    noise = rng.standard_normal((len(sigma), moments.n_groups, moments.q))
    return _group_effects(moments, Lambda, sigma, gamma, noise)


def _group_effects(moments: Moments, Lambda: Array, sigma: Array, gamma: Array, noise: Array) -> Array:
    arrays = (
        np.ascontiguousarray(a, dtype=float) for a in (Lambda, sigma, gamma, noise, moments.Rzz, moments.Rza)
    )
    return _draw_group_effects(*arrays)


def conditional_effects(moments: Moments, Lambda: Array, sigma: float, gamma: Array) -> tuple[Array, Array]:
    """Conditional means ``W_i Z_i'(y_i - X_i beta)`` and variances ``sigma^2 W_i`` of every group.

    Returns
    -------
    mean : ndarray, shape (J, q)
    variance : ndarray, shape (J, q, q)
    """
    F = moments.Rzz @ Lambda
    r = moments.Rza[:, :, -1] - moments.Rza[:, :, :-1] @ gamma
    M = np.eye(moments.q) + np.swapaxes(F, 1, 2) @ F
    mean = np.linalg.solve(M, np.einsum("jki,jk->ji", F, r)[..., None])[..., 0] @ Lambda.T
    return mean, sigma**2 * (Lambda @ np.linalg.inv(M) @ Lambda.T)
