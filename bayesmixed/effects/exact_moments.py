"""Posterior means and standard deviations of b without a draw of it, for any number of groups.

By the law of total variance over draws of the other parameters,

    E(b_i) = mean of E(b_i | .),   Var(b_i) = mean of Var(b_i | .) + variance of E(b_i | .),

with the exact conditionals of `exact_draws`. Groups are worked on in blocks, on all cores; besides the result this
takes no memory.
"""

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.compiled import compiled
from bayesmixed.effects.lanes import (
    LANES,
    load_groups,
    solve_lower_lanes,
    solve_upper_lanes,
    whitened_effects,
)
from bayesmixed.moments import Moments
from bayesmixed.parallel import in_threads, parts

#: Draws times groups of one block.
WORK = 2_000_000


@compiled
def _add_draw(
    d: int,
    sigma: float,
    back: Array,
    lower: Array,
    inverse: Array,
    u: Array,
    column: Array,
    mean: Array,
    squares: Array,
    variances: Array,
) -> None:  # pragma: no cover - compiled
    """Add the conditional mean and variance of draw d to the sums of each lane."""
    q = u.shape[0]
    solve_upper_lanes(lower, inverse, u)
    value, variance, share = np.empty(LANES), sigma * sigma, 1.0 / (d + 1)
    for i in range(q):
        for g in range(LANES):
            value[g] = 0.0
        for k in range(q):
            factor, effect, own = back[i, k], u[k], column[k]
            for g in range(LANES):
                value[g] += factor * effect[g]
                own[g] = factor
        solve_lower_lanes(lower, inverse, column)
        centre, spread, within = mean[i], squares[i], variances[i]
        for k in range(q):
            own = column[k]
            for g in range(LANES):
                within[g] += variance * own[g] * own[g]
        for g in range(LANES):
            # Welford: the mean of squares minus the square of the mean would cancel.
            distance = value[g] - centre[g]
            centre[g] += distance * share
            spread[g] += distance * (value[g] - centre[g])


@compiled
def _effect_moments(
    Lambda: Array,
    back: Array,
    sigma: Array,
    gamma: Array,
    Rzz: Array,
    Rza: Array,
    result_mean: Array,
    result_sd: Array,
) -> None:  # pragma: no cover - compiled
    # Groups outside, draws inside: the sums of some groups are all that is kept.
    draws, q, p1 = Lambda.shape[0], Lambda.shape[1], Rza.shape[2]
    groups = len(Rza)
    own_Rzz, own_Rza = np.zeros((q, q, LANES)), np.zeros((q, p1, LANES))
    F, lower, inverse = np.empty((q, q, LANES)), np.empty((q, q, LANES)), np.empty((q, LANES))
    r, u, column = np.empty((q, LANES)), np.empty((q, LANES)), np.empty((q, LANES))
    mean, squares, variances = np.empty((q, LANES)), np.empty((q, LANES)), np.empty((q, LANES))
    for first in range(0, groups, LANES):
        count = min(LANES, groups - first)
        load_groups(Rzz, Rza, first, count, own_Rzz, own_Rza)
        for i in range(q):
            for g in range(LANES):
                mean[i, g], squares[i, g], variances[i, g] = 0.0, 0.0, 0.0
        for d in range(draws):
            whitened_effects(own_Rzz, own_Rza, Lambda[d], gamma[d], F, lower, inverse, r, u)
            _add_draw(d, sigma[d], back[d], lower, inverse, u, column, mean, squares, variances)
        for g in range(count):
            for i in range(q):
                result_mean[first + g, i] = mean[i, g]
                result_sd[first + g, i] = np.sqrt((squares[i, g] + variances[i, g]) / draws)


def effect_moments(
    moments: Moments, Lambda: Array, sigma: Array, gamma: Array, T_inverse: Array, cores: int | None = None
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
    cores : int, optional
        Threads; all cores if None. The numbers do not depend on it.

    Returns
    -------
    mean, sd : ndarray, shape (J, q)
        In units of y per unit of the columns of Z.
    """
    given = (Lambda, T_inverse @ Lambda, sigma, gamma)
    Lambda, back, sigma, gamma = (np.ascontiguousarray(a, dtype=float) for a in given)
    Rzz, Rza = (np.ascontiguousarray(a, dtype=float) for a in (moments.Rzz, moments.Rza))
    mean, sd = np.empty((len(Rzz), moments.q)), np.empty((len(Rzz), moments.q))

    def fill(part: slice) -> None:
        _effect_moments(Lambda, back, sigma, gamma, Rzz[part], Rza[part], mean[part], sd[part])

    in_threads(fill, parts(len(Rzz), WORK // len(sigma)), cores)
    return mean, sd
