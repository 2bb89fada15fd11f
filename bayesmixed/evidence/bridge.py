"""Bridge sampling: the ratio of two normalising constants from draws of both densities."""

from typing import NamedTuple

import numpy as np

from bayesmixed.arrays import Array, Index
from bayesmixed.density import Density
from bayesmixed.engines.importance import evaluate
from bayesmixed.engines.proposal import Mixture
from bayesmixed.errors import SamplingError

#: Steps of the bridge, which converges in a handful.
STEPS = 100
#: Components of the proposal, and steps that fit it.
COMPONENTS, FITTING = 3, 10
#: Pieces that each chain is cut into; half of all pieces fit the proposal.
PIECES = 8


class Bridged(NamedTuple):
    """Log evidence by bridge sampling.

    Parameters
    ----------
    value : float
        Mean over the repeats.
    error : float
        Monte Carlo standard error.
    repeats : ndarray, shape (repeats,)
    """

    value: float
    error: float
    repeats: Array


def bridged(rest: Array, log_weights: Array, whole: Array, rest_size: float, whole_size: float) -> float:
    """log of the mean of l over one distribution, by draws of the one that is l times as dense besides.

    The fixed point of ``r = E_rest[l / (s l + (1 - s) r)] / E_whole[1 / (s l + (1 - s) r)]``, s the share of the
    effective draws that the second distribution has; the least variance that a bridge can have. With l a
    posterior density, not normalised, over that of a proposal, r is the evidence; with l the density
    ``p(y_i | y_-i, theta)`` and draws without and with unit i, r is ``p(y_i | y_-i)``.
    Meng and Wong (1996), Statistica Sinica 6, 831-860.

    Parameters
    ----------
    rest, log_weights : ndarray, shape (R,)
        log l at draws of the first distribution, and their normalised log weights.
    whole : ndarray, shape (S,)
        log l at draws of the second.
    rest_size, whole_size : float
        Effective draws of both.
    """
    log_share = np.log(whole_size / (whole_size + rest_size))
    log_other = np.log(rest_size / (whole_size + rest_size))
    log_r = float(np.logaddexp.reduce(log_weights + rest))
    for _ in range(STEPS):
        above = np.logaddexp.reduce(log_weights + rest - np.logaddexp(log_share + rest, log_other + log_r))
        below = np.logaddexp.reduce(-np.logaddexp(log_share + whole, log_other + log_r)) - np.log(len(whole))
        moved = float(above - below)
        if abs(moved - log_r) < 1e-10:
            break
        log_r = moved
    return moved


def bridge(
    density: Density, draws: Array, repeats: int, rng: np.random.Generator, cores: int | None = None
) -> Bridged:
    """Log of the integral of a density, from draws of it.

    A mixture of t distributions is fitted to half of the draws, on the unconstrained scale, and bridged with the
    other half. Each repeat splits the draws afresh and draws from the proposal anew. Random halves of the draws
    differ among themselves as much as all draws differ from the truth, so that the sd over the repeats is a
    standard error of their mean (the delete-half jackknife). It is about twice the true one, on the safe side,
    because the noise of the proposal's draws averages out over the repeats. Whole pieces of chains go to one half
    or the other, so that it sees autocorrelation too.

    Parameters
    ----------
    density : Density
    draws : ndarray, shape (chains, draws, size)
        Unconstrained.
    repeats : int
        At least 2.
    rng : numpy.random.Generator
    cores : int, optional

    References
    ----------
    Meng and Wong (1996); Gronau et al. (2017), doi:10.1016/j.jmp.2017.09.005.
    """
    chains, count, size = draws.shape
    flat = draws.reshape(-1, size)
    if count < PIECES or len(flat) // 2 < 20 * size:
        raise SamplingError(
            f"{chains} chains of {count} draws are too few for bridge sampling of {size} parameters: fit with more"
        )
    values = evaluate(density, flat, cores)
    piece = np.arange(chains)[:, None] * PIECES + np.arange(count) * PIECES // count
    found = np.array([_once(density, draws, values, piece.ravel(), rng, cores) for _ in range(repeats)])
    return Bridged(float(found.mean()), float(found.std(ddof=1)), found)


def _once(
    density: Density, draws: Array, values: Array, piece: Index, rng: np.random.Generator, cores: int | None
) -> float:
    chains, count, size = draws.shape
    flat, pieces = draws.reshape(-1, size), chains * PIECES
    fits = np.isin(piece, rng.permutation(pieces)[: pieces // 2])
    proposal = _fitted(flat[fits], rng)
    log_ratios = values - proposal.log_density(flat)
    own = log_ratios[~fits]
    worth = len(own) * efficiency(log_ratios.reshape(chains, count))
    points = proposal.draw(len(flat), rng)
    rest = evaluate(density, points, cores) - proposal.log_density(points)
    return bridged(rest, np.full(len(rest), -np.log(len(rest))), own, float(len(rest)), worth)


def _fitted(x: Array, rng: np.random.Generator) -> Mixture:
    """A mixture of t distributions by expectation and maximisation."""
    weights = np.full(len(x), 1.0 / len(x))
    covariance = np.atleast_2d(np.cov(x.T))
    ridge = 1e-3 * np.diag(np.diag(covariance))
    one = Mixture(np.ones(1), x.mean(axis=0)[None], np.linalg.cholesky(covariance + ridge)[None])
    found = one.split(x, weights, COMPONENTS, rng)
    for _ in range(FITTING):
        found = found.refitted(x, weights, ridge)
    return found


def efficiency(values: Array) -> float:
    """Effective draws for each draw of chains, (chains, draws): at most 1."""
    from arviz_stats.base import array_stats

    found = float(array_stats.ess(values, chain_axis=0, draw_axis=1, method="mean")) / values.size
    return min(1.0, found) if np.isfinite(found) else 1.0
