"""Adaptive importance sampling of a log density: draws with weights that stand for it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.engines.mode import Mode
from bayesmixed.engines.proposal import Mixture
from bayesmixed.engines.weights import K_HAT_LIMIT, effective_size_of_weights, smooth_weights

#: Share and width of the component that keeps weights bounded where the others have too light a tail.
GUARD_SHARE, GUARD_WIDTH = 0.1, 3.0
#: A guard this wide tries again where the first was not enough.
WIDER_SHARE, WIDER_WIDTH = 0.25, 6.0
#: A proposal that needs no fitting where data are many: nearly the normal approximation, with a smaller guard.
NEARLY_NORMAL, NORMAL_GUARD = 30.0, 0.05
#: Draws that try it: a fifth of those that are wanted, within these limits.
PILOT = 200, 500
#: ESS for each weighted draw from which that one is taken, and its largest k-hat.
ENOUGH, LIGHT = 0.75, 0.5


class Plan(NamedTuple):
    """How a proposal is adapted.

    Parameters
    ----------
    components : int
        Of the mixture, besides the guard.
    draws, rounds : int
        Of each round, and how many.
    steps : int
        Of expectation and maximisation in each round.
    """

    components: int
    draws: int
    rounds: int
    steps: int


#: For one posterior that is to be described well, and for one of thousands.
THOROUGH, QUICK = Plan(3, 1000, 3, 5), Plan(1, 400, 2, 1)


class Weighted(NamedTuple):
    """Weighted draws of a density.

    Parameters
    ----------
    points : ndarray, shape (R, d)
    log_weights : ndarray, shape (R,)
        Pareto-smoothed; their exponentials sum to one.
    k_hat : float
    log_evidence : float
        Log of the integral of the density.
    """

    points: Array
    log_weights: Array
    k_hat: float
    log_evidence: float

    @property
    def ess(self) -> float:
        """``(sum w)^2 / sum w^2``."""
        return effective_size_of_weights(self.log_weights)

    @property
    def weights(self) -> Array:
        return np.exp(self.log_weights)


def weighted_draws(
    evaluate: Callable[[Array], Array],
    mode: Mode,
    count: int,
    rng: np.random.Generator,
    plan: Plan = THOROUGH,
    most: float = 1.0,
) -> Weighted:
    """Draws from an adapted mixture of t distributions, with weights.

    A pilot tries the normal approximation at the mode, with a heavier tail and a guard. Where its weights are
    nearly equal, as they are for tables with many groups, that is the proposal. Else it starts from one t with the
    curvature at the mode, and refits a mixture to the weighted draws of each round. The draws of the last
    round are the result; earlier ones, which the proposal has seen, are left out. Where k-hat is
    above 0.7 it is tried once more, from a proposal that has seen all of them, with a wider guard.

    Parameters
    ----------
    evaluate : callable
        The log density at each row of an array, (points, d).
    mode : Mode
    count : int
        R, which becomes as much larger as the largest weights are, so that few are resampled twice.
    rng : numpy.random.Generator
    plan : Plan
    most : float
        How many times larger R may become.
    """
    proposal, share, times = _proposal(evaluate, mode, count, rng, plan, most)
    count = int(np.ceil(count * times))
    found = _weigh(evaluate, _guarded(proposal, share, GUARD_WIDTH), count, rng)
    if found.k_hat > K_HAT_LIMIT and np.isfinite(found.log_weights).sum() > 10 * (mode.x.size + 1):
        proposal = _refitted(proposal, found, plan.steps)
        again = _weigh(evaluate, _guarded(proposal, WIDER_SHARE, WIDER_WIDTH), count, rng)
        found = min(found, again, key=lambda one: one.k_hat)
    return found


def _proposal(
    evaluate: Callable[[Array], Array],
    mode: Mode,
    count: int,
    rng: np.random.Generator,
    plan: Plan,
    most: float,
) -> tuple[Mixture, float, float]:
    """What the result is drawn from, the share of its guard, and how many times more draws it takes."""
    normal = Mixture.around(mode, 1.0, NEARLY_NORMAL)
    tried = min(max(count // 5, PILOT[0]), PILOT[1])
    pilot = _weigh(evaluate, _guarded(normal, NORMAL_GUARD, GUARD_WIDTH), tried, rng)
    if pilot.ess >= ENOUGH * tried and pilot.k_hat <= LIGHT:
        return normal, NORMAL_GUARD, float(np.clip(np.quantile(pilot.weights, 0.98) * tried, 1.0, most))
    return adapted(evaluate, mode, rng, plan), GUARD_SHARE, most


def adapted(evaluate: Callable[[Array], Array], mode: Mode, rng: np.random.Generator, plan: Plan) -> Mixture:
    """A mixture that was refitted in rounds, without a guard."""
    proposal = Mixture.around(mode)
    for number in range(plan.rounds):
        source = proposal if number == 0 else _guarded(proposal, GUARD_SHARE, GUARD_WIDTH)
        found = _weigh(evaluate, source, plan.draws, rng)
        if number == 1 and plan.components > 1:
            proposal = proposal.split(found.points, found.weights, plan.components, rng)
        proposal = _refitted(proposal, found, plan.steps)
    return proposal


def _weigh(
    evaluate: Callable[[Array], Array], proposal: Mixture, count: int, rng: np.random.Generator
) -> Weighted:
    points = proposal.draw(count, rng)
    log_ratios = evaluate(points) - proposal.log_density(points)
    top = log_ratios.max()
    if not np.isfinite(top):
        return Weighted(points, np.full(count, -np.log(count)), np.inf, float("nan"))
    log_weights, k_hat = smooth_weights(log_ratios)
    return Weighted(points, log_weights, k_hat, float(top + np.log(np.exp(log_ratios - top).mean())))


def _refitted(proposal: Mixture, found: Weighted, steps: int) -> Mixture:
    """The mixture nearer to weighted draws; as it was where these are too few to tell."""
    if found.ess < 4.0 * (proposal.size + 1):
        return proposal
    _, covariance = _moments(found)
    ridge = 1e-3 * np.diag(np.diag(covariance))
    for _ in range(steps):
        proposal = proposal.refitted(found.points, found.weights, ridge)
    return proposal


def _moments(found: Weighted) -> tuple[Array, Array]:
    weights = found.weights
    mean = weights @ found.points
    off = found.points - mean
    return mean, (off * weights[:, None]).T @ off


def _guarded(proposal: Mixture, share: float, width: float) -> Mixture:
    """With one more component, as wide as the whole mixture times `width`."""
    mean, covariance = proposal.moments
    root = width * np.linalg.cholesky(covariance)
    return Mixture(
        np.append((1.0 - share) * proposal.share, share),
        np.vstack([proposal.location, mean]),
        np.concatenate([proposal.root, root[None]]),
        proposal.degrees,
    )
