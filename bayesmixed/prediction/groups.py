"""Draws of b of some groups and some draws: those that a fit kept, or exact new ones."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.effects.exact_draws import draw_group_effects
from bayesmixed.parameters import CovarianceParameters

if TYPE_CHECKING:
    from bayesmixed.fit.draws import FitDraws


def effects_of_groups(fit: "FitDraws", groups: np.ndarray, draws: np.ndarray, rng: np.random.Generator) -> Array:
    """Draws of b of the observed groups at some positions, for some draws of the other parameters.

    Where a fit kept only moments of b, ``b_i | beta, sd, Omega, sigma, y`` is drawn anew: exactly, from the
    moments of the rows, so that any group can be had without all of them.

    Parameters
    ----------
    fit : Fit
    groups : ndarray of int, shape (K,)
        Positions among the observed levels, each at most once: two draws of one group would differ.
    draws : ndarray of int, shape (R,)
        Positions among the draws of all chains.
    rng : numpy.random.Generator
        Not used where draws of b were kept.

    Returns
    -------
    ndarray, shape (R, K, q)
        In the user's coding: units of y over units of the column of Z.
    """
    if fit.has_effects:
        kept: Array = fit.effects[draws][:, groups]
        return kept
    posterior, moments = fit.model.posterior, fit.model.posterior.moments
    levels = tuple(moments.levels[j] for j in groups)
    own = replace(moments, Rzz=moments.Rzz[groups], Rza=moments.Rza[groups], n=moments.n[groups], levels=levels)
    covariance = CovarianceParameters(
        fit.covariance.sd[draws], fit.covariance.corr[draws], fit.covariance.sigma[draws]
    )
    gamma, back = posterior.gamma(fit.beta[draws]), posterior.priors.T_inverse
    return draw_group_effects(own, posterior.Lambda(covariance), covariance.sigma, gamma, rng, back)
