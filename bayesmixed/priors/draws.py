"""Draws of the parameters from their priors."""

from numbers import Integral
from typing import NamedTuple

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.errors import PriorError
from bayesmixed.parameters import CovarianceParameters, ParameterNames
from bayesmixed.priors.families import Flat, PymcPrior
from bayesmixed.priors.joint import Shared
from bayesmixed.priors.resolved import Prior, ResolvedPriors


class PriorDraws(NamedTuple):
    """Draws in the user's coding: coefficients (draws, p), and sd, correlations and sigma."""

    beta: Array
    covariance: CovarianceParameters


def draw_priors(priors: ResolvedPriors, names: ParameterNames, draws: int, rng: np.random.Generator) -> PriorDraws:
    """Draw every parameter from its prior.

    Raises
    ------
    PriorError
        A prior is improper, so that it has no draws; or `draws` is no whole number of at least 1.
    """
    if not isinstance(draws, Integral) or isinstance(draws, bool) or draws < 1:
        raise PriorError(f"draws must be a whole number of at least 1, not {draws!r}")
    p, q = len(priors.fixed_coding.centre), len(names.random_labels)
    beta, sd = np.empty((draws, p)), np.empty((draws, q))
    sigma, shared = _sigma_and_shares(priors, draws, rng)
    for parameters, families, target in ((names.fixed, priors.fixed, beta), (names.sd, priors.sd, sd)):
        for parameter in parameters:
            size, columns = (draws, len(parameter.columns)), list(parameter.columns)
            if isinstance(families[parameter.name], Shared):
                roots = np.column_stack([shared[parameter.name, k] for k in range(len(columns))])
                target[:, columns] = roots * rng.standard_normal(size) if target is beta else roots
            else:
                target[:, columns] = _draw(families[parameter.name], parameter.name, size, rng)
    root = np.zeros((draws, q, q))
    for block in priors.blocks:
        index = np.ix_(np.arange(draws), block, block)
        chol = np.ones((draws, 1, 1))
        if priors.corr is not None and len(block) > 1:
            chol = draw_lkj_cholesky(priors.corr.eta, len(block), draws, rng)
        root[index] = sd[:, list(block), None] * chol
    own = priors.T_inverse @ root
    covariance = CovarianceParameters.from_G(own @ np.swapaxes(own, 1, 2), sigma)
    return PriorDraws(beta @ priors.fixed_coding.inverse.T, covariance)


def _sigma_and_shares(
    priors: ResolvedPriors, draws: int, rng: np.random.Generator
) -> tuple[Array, dict[tuple[str, int], Array]]:
    """sigma, and the square roots of all variances that have a joint prior, by name and entry."""
    sigma = np.ones(draws)
    if not isinstance(priors.sigma, Shared):
        sigma = _draw(priors.sigma, "sigma", (draws, 1), rng)[:, 0]
    found: dict[tuple[str, int], Array] = {}
    for joint in priors.joint:
        roots = joint.draw(draws, sigma, rng)
        found |= {(member.name, member.entry): roots[:, k] for k, member in enumerate(joint.members)}
    return found.get(("sigma", 0), sigma), found


def draw_lkj_cholesky(eta: float, size: int, draws: int, rng: np.random.Generator) -> Array:
    """Cholesky factors of LKJ(eta) correlation matrices, shape (draws, size, size).

    Row i (from 1) is ``(sqrt(w) u, sqrt(1 - w))`` with u uniform on a sphere and
    ``w ~ Beta(i / 2, eta + (size - 1 - i) / 2)``: the onion of Lewandowski, Kurowicka and Joe (2009),
    doi:10.1016/j.jmva.2009.04.008, section 3.2, row by row.
    """
    chol = np.zeros((draws, size, size))
    chol[:, 0, 0] = 1.0
    for i in range(1, size):
        w = rng.beta(i / 2.0, eta + (size - 1.0 - i) / 2.0, size=draws)
        direction = rng.standard_normal((draws, i))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        chol[:, i, :i] = np.sqrt(w)[:, None] * direction
        chol[:, i, i] = np.sqrt(1.0 - w)
    return chol


def _draw(prior: Prior, name: str, size: tuple[int, int], rng: np.random.Generator) -> Array:
    if isinstance(prior, Flat):
        raise PriorError(f"the prior of {name!r} is flat, so it has no draws: give it a proper one by name")
    if isinstance(prior, PymcPrior):
        if prior.variable is None:
            raise PriorError(
                f"the prior of {name!r}, {prior}, was not stored: build the model anew to draw from it"
            )
        import pymc as pm
        from pymc.distributions.shape_utils import change_dist_size

        drawn: Array = pm.draw(change_dist_size(prior.variable, size), random_seed=int(rng.integers(2**31)))
    else:
        drawn = prior.distribution().rvs(size=size, random_state=rng)
    return drawn
