"""Exact draws of beta and b given the covariance parameters.

With ``F_i = Rzz_i Lambda`` and ``r_i`` the rotated residual of group i,

    beta | .       ~ N(P^-1 h, P^-1),
    b_i | beta, .  = Lambda u_i,   u_i ~ N((I + F_i'F_i)^-1 F_i' r_i, sigma^2 (I + F_i'F_i)^-1),

which is ``N(W_i Z_i'(y_i - X_i beta), sigma^2 W_i)`` with ``W_i = Lambda (I + F_i'F_i)^-1 Lambda'`` and stays
right when Lambda is singular.
"""

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.compiled import compiled
from bayesmixed.effects.lanes import LANES, load_groups, solve_upper_lanes, whitened_effects
from bayesmixed.likelihood import (
    MarginalLikelihood,
    integrate_beta,
    integrate_groups,
    solve_upper,
    subtract_explicit,
)
from bayesmixed.moments import Moments, Patterns
from bayesmixed.parallel import in_threads, parts

#: Random numbers of one block of draws of b, which stay in the cache.
BLOCK = 250_000
#: Draws times triangles of one task for beta.
WORK = 1_000_000


@compiled
def _draw_coefficients(
    Lambda: Array, sigma: Array, precision: Array, explicit: Array, noise: Array, mean: Array, patterns: Patterns
) -> Array:  # pragma: no cover - compiled
    """``betahat + L'^-1 noise`` of each draw, with ``P = L L'``; noise is standard normal, (draws, p)."""
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
    cores: int | None = None,
) -> Array:
    """One draw of the integrated coefficients, ``N(P^-1 h, P^-1)``, for each draw of the covariance parameters.

    Parameters
    ----------
    kernel : MarginalLikelihood
    Lambda : ndarray, shape (draws, q, q)
    sigma : ndarray, shape (draws,)
    precision : ndarray, shape (draws, p_integrated)
        Prior precisions; 0 for a flat prior.
    explicit : ndarray, shape (draws, p_explicit)
        Coefficients that stay explicit, less the shift that was taken from y.
    rng : numpy.random.Generator
    cores : int, optional
        Threads; all cores if None. The draws do not depend on it.

    Returns
    -------
    ndarray, shape (draws, p_integrated)
    """
    noise = rng.standard_normal((len(sigma), kernel.n_integrated))
    given = (Lambda, sigma, precision, explicit)
    Lambda, sigma, precision, explicit = (np.ascontiguousarray(a, dtype=float) for a in given)
    mean, patterns = np.ascontiguousarray(kernel.mean, dtype=float), kernel.patterns

    def draw(part: slice) -> Array:
        own = Lambda[part], sigma[part], precision[part], explicit[part], noise[part]
        return _draw_coefficients(*own, mean, patterns)

    blocks = parts(len(sigma), max(1, WORK // len(patterns.Rza)))
    return np.concatenate(in_threads(draw, blocks, cores))


@compiled
def _draw_group_effects(
    Lambda: Array, back: Array, sigma: Array, gamma: Array, Rzz: Array, Rza: Array, result: Array
) -> None:  # pragma: no cover - compiled
    """Turn standard normal noise in `result`, (draws, J, q), into draws of b."""
    draws, groups, q = result.shape
    p1 = Rza.shape[2]
    own_Rzz, own_Rza = np.zeros((q, q, LANES)), np.zeros((q, p1, LANES))
    F, lower, inverse = np.empty((q, q, LANES)), np.empty((q, q, LANES)), np.empty((q, LANES))
    r, u = np.empty((q, LANES)), np.empty((q, LANES))
    for first in range(0, groups, LANES):
        count = min(LANES, groups - first)
        load_groups(Rzz, Rza, first, count, own_Rzz, own_Rza)
        for d in range(draws):
            whitened_effects(own_Rzz, own_Rza, Lambda[d], gamma[d], F, lower, inverse, r, u)
            own = result[d, first : first + count]
            for i in range(q):
                for g in range(count):
                    u[i, g] += sigma[d] * own[g, i]
            solve_upper_lanes(lower, inverse, u)
            for i in range(q):
                for g in range(count):
                    own[g, i] = 0.0
                for k in range(q):
                    factor = back[d, i, k]
                    for g in range(count):
                        own[g, i] += factor * u[k, g]


def draw_group_effects(
    moments: Moments,
    Lambda: Array,
    sigma: Array,
    gamma: Array,
    rng: np.random.Generator,
    T_inverse: Array | None = None,
    cores: int | None = None,
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
        Of every further block of draws, a child of it.
    T_inverse : ndarray, shape (q, q), optional
        From the coding of `Lambda` to that of the result; the same if None.
    cores : int, optional
        Threads; all cores if None. The draws do not depend on it.

    Returns
    -------
    ndarray, shape (draws, J, q)
    """
    back = Lambda if T_inverse is None else T_inverse @ Lambda
    Lambda, back, sigma, gamma = (np.ascontiguousarray(a, dtype=float) for a in (Lambda, back, sigma, gamma))
    Rzz, Rza = (np.ascontiguousarray(a, dtype=float) for a in (moments.Rzz, moments.Rza))
    result = np.empty((len(sigma), moments.n_groups, moments.q))
    blocks = parts(len(sigma), BLOCK // max(moments.n_groups * moments.q, 1))
    generators = [rng] if len(blocks) == 1 else rng.spawn(len(blocks))

    def fill(block: tuple[slice, np.random.Generator]) -> None:
        part, own_rng = block
        result[part] = own_rng.standard_normal(result[part].shape)
        _draw_group_effects(Lambda[part], back[part], sigma[part], gamma[part], Rzz, Rza, result[part])

    in_threads(fill, zip(blocks, generators, strict=True), cores)
    return result


def conditional_effects(moments: Moments, Lambda: Array, sigma: float, gamma: Array) -> tuple[Array, Array]:
    """Conditional means ``W_i Z_i'(y_i - X_i beta)`` and variances ``sigma^2 W_i`` of every group.

    Parameters
    ----------
    moments : Moments
        In the coding of `Lambda` and `gamma`; so are the results.
    Lambda : ndarray, shape (q, q)
    sigma : float
    gamma : ndarray, shape (p,)
        Coefficients of the columns of X in `moments`.

    Returns
    -------
    mean : ndarray, shape (J, q)
    variance : ndarray, shape (J, q, q)
    """
    q = moments.q
    r = moments.Rza[:, :, -1] - moments.Rza[:, :, :-1] @ gamma
    # A triangle of I and F under each other: I + F'F would lose its ones beside large entries of F.
    rows = np.zeros((len(r), 2 * q, q + 1))
    rows[:, :q, :q], rows[:, q:, :q], rows[:, q:, q] = np.eye(q), moments.Rzz @ Lambda, r
    triangle = np.linalg.qr(rows, mode="r")
    root = Lambda @ np.linalg.inv(triangle[:, :q, :q])
    mean = np.einsum("jik,jk->ji", root, triangle[:, :q, q])
    return mean, sigma**2 * (root @ np.swapaxes(root, 1, 2))
