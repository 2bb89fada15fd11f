"""The posterior under flat priors, whose mode is the REML estimate: what lies between REML and the posterior.

Under priors that are flat on the coefficients, on every sd and on sigma, and uniform over correlation matrices,
the posterior density of the covariance parameters is proportional to the restricted likelihood. Its mode is
REML's estimate. So the way from REML to a posterior median has two parts: from the mode of that density to
its median, because it is skewed, and from there to the median under the model's own priors.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.density import Density
from bayesmixed.engines.settings import SamplerSettings
from bayesmixed.parameters import CovarianceParameters
from bayesmixed.posterior import MarginalPosterior
from bayesmixed.priors.families import LKJ, Flat
from bayesmixed.priors.resolved import ResolvedPriors
from bayesmixed.seeds import BETA, EFFECTS, seed_sequence

if TYPE_CHECKING:
    from bayesmixed.fit import Fit
    from bayesmixed.model import MixedModel

#: The sampler's: the same draws whenever a fit is reconciled.
SEED = 20_260_101
#: Random effects beyond this many are left out of the comparison.
MOST_EFFECTS = 1000


@dataclass(frozen=True, eq=False)
class FlatDraws:
    """Draws under flat priors, chains one after another.

    Parameters
    ----------
    beta : ndarray, shape (draws, p)
    covariance : CovarianceParameters
    shape : tuple of int
        Chains and draws of each.
    effects : ndarray, shape (draws, J, q), or None
        Random effects, where they join the comparison.
    """

    beta: Array
    covariance: CovarianceParameters
    shape: tuple[int, int]
    effects: Array | None


def spare_groups(model: "MixedModel") -> int:
    """Groups beyond those that the fixed effects take up between groups.

    ``J - 1`` minus the columns of X, beyond q, that lie in the span of Z: effects between groups.
    """
    design, moments = model.design, model.coded.moments
    within = np.linalg.matrix_rank(moments.Raa[:-1, :-1], tol=1e-9 * np.sqrt(design.n_obs))
    return design.n_groups - 1 - max(design.p - int(within) - design.q, 0)


def is_proper(model: "MixedModel") -> bool:
    """Whether flat priors give a proper posterior.

    For an sd that grows without bound the restricted likelihood falls like ``sd^-(spare groups)``, which must be
    integrable: one sd needs 2 spare groups (J >= 3 when only the mean is fixed), each further sd one more.
    Gelman (2006), doi:10.1214/06-BA117A. As REML, it needs more rows than random effects.
    """
    design = model.design
    return spare_groups(model) >= design.q + 1 and design.n_groups * design.q < design.n_obs


def flat_priors(priors: ResolvedPriors) -> ResolvedPriors:
    """The same parameters in the same coding, under flat priors."""
    return replace(
        priors,
        fixed={name: Flat() for name in priors.fixed},
        sd={name: Flat() for name in priors.sd},
        corr=None if priors.corr is None else LKJ(1.0),
        sigma=Flat(),
        joint=(),
    )


def keeps_effects(fit: "Fit") -> bool:
    """Whether random effects join the comparison: their draws are there, and they are not too many."""
    design = fit.model.design
    return fit.has_effects and design.n_groups * design.q <= MOST_EFFECTS


def draw_flat(fit: "Fit") -> FlatDraws:
    """As many draws under flat priors as the fit has under its own.

    Parameters
    ----------
    fit : Fit
        Of a model for which `is_proper`.
    """
    from bayesmixed.engines.compiled import sample_compiled
    from bayesmixed.sampling.sample import starting_point

    model, (chains, draws) = fit.model, fit.shape
    posterior = MarginalPosterior.of(model.coded, flat_priors(model.priors.resolved), model.names)
    settings = SamplerSettings(draws, 1000, chains, None, seed_sequence(SEED), False, 0.9)
    density = Density(posterior)
    x, _ = sample_compiled(density, starting_point(model, density), settings)
    found = density.constrain(x.reshape(-1, density.size))
    beta = posterior.draw_beta(found, settings.generator(BETA))
    effects = posterior.draw_effects(beta, found, settings.generator(EFFECTS)) if keeps_effects(fit) else None
    return FlatDraws(beta, found.covariance, (chains, draws), effects)
