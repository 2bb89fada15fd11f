"""Posterior means and standard deviations of b without a draw of it, for any number of groups.

By the law of total variance over draws of the other parameters,

    E(b_i) = mean of E(b_i | .),   Var(b_i) = mean of Var(b_i | .) + variance of E(b_i | .),

with the exact conditionals of `bayesmixed.effects`.
"""

import numpy as np

from bayesmixed.coding import Array
from bayesmixed.compiled import compiled
from bayesmixed.effects import whitened_effects
from bayesmixed.likelihood import solve_lower, solve_upper
from bayesmixed.moments import Moments


@compiled
def _effect_moments(Lambda, back, sigma, gamma, Rzz, Rza):  # pragma: no cover - compiled
    # Groups outside, draws inside: the sums of one group are all that is kept.
    draws, q = Lambda.shape[:2]
    groups = len(Rza)
    F, M, lower, columns = np.empty((q, q)), np.empty((q, q)), np.empty((q, q)), np.empty((q, q))
    u = np.empty((q, 1))
    mean, sd = np.zeros((groups, q)), np.empty((groups, q))
    squares, variances = np.empty(q), np.empty(q)
    for g in range(groups):
        for i in range(q):
            squares[i], variances[i] = 0.0, 0.0
        for d in range(draws):
            whitened_effects(Rzz[g], Rza[g], Lambda[d], gamma[d], F, M, lower, u)
            solve_upper(lower, u)
            for i in range(q):
                for j in range(q):
                    columns[i, j] = back[d, j, i]
            solve_lower(lower, columns)
            for i in range(q):
                value, variance = 0.0, 0.0
                for k in range(q):
                    value += back[d, i, k] * u[k, 0]
                    variance += columns[k, i] ** 2
                # Welford: the mean of squares minus the square of the mean would cancel.
                distance = value - mean[g, i]
                mean[g, i] += distance / (d + 1)
                squares[i] += distance * (value - mean[g, i])
                variances[i] += sigma[d] ** 2 * variance
        for i in range(q):
            sd[g, i] = np.sqrt((squares[i] + variances[i]) / draws)
    return mean, sd


def effect_moments(
    moments: Moments, Lambda: Array, sigma: Array, gamma: Array, T_inverse: Array
) -> tuple[Array, Array]:
    """Posterior means and standard deviations of every b_i, averaged over draws of the other parameters.

    Parameters
    ----------
    moments : Moments
        In the coding of `Lambda` and `gamma`.
    Lambda : ndarray, shape (draws, q, q)
    sigma : ndarray, shape (draws,)
    gamma : ndarray, shape (draws, p)
        Coefficients of the columns of X in `moments`.
    T_inverse : ndarray, shape (q, q)
        From the coding of `Lambda` to that of the results.

    Returns
    -------
    mean, sd : ndarray, shape (J, q)
        In units of y per unit of the columns of Z.
    """
    arrays = (Lambda, T_inverse @ Lambda, sigma, gamma, moments.Rzz, moments.Rza)
    return _effect_moments(*(np.ascontiguousarray(a, dtype=float) for a in arrays))
