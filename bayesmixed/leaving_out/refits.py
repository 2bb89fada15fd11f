"""Posteriors without one unit, where draws of the whole posterior cannot stand for them."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.compiled import compiled
from bayesmixed.density import Density
from bayesmixed.engines.mode import find_mode
from bayesmixed.engines.settings import SamplerSettings
from bayesmixed.engines.weighted import weighted_draws
from bayesmixed.engines.weights import K_HAT_LIMIT, effective_size_of_weights
from bayesmixed.evidence.bridge import bridged
from bayesmixed.leaving_out.draws import kernel_arguments
from bayesmixed.likelihood import log_likelihood
from bayesmixed.moments import Moments, Patterns
from bayesmixed.posterior import CovarianceDraws, MarginalPosterior
from bayesmixed.seeds import child_seed

if TYPE_CHECKING:
    from bayesmixed.model import MixedModel

#: Weighted draws of each refit, or draws of NUTS in four chains.
DRAWS = 4000


@dataclass(frozen=True, eq=False)
class _Without:
    """A model as samplers see it, with the posterior of fewer rows."""

    model: "MixedModel"
    posterior: MarginalPosterior

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)


def refitted_log_density(
    model: "MixedModel", rest: Moments, whole: Array, whole_size: float, seed: np.random.SeedSequence
) -> float:
    """``log p(y_i | y_-i)``, from draws given the moments of y_-i; the numbers of the priors stay.

    ``p(y_i | y_-i, theta)`` is the marginal likelihood of all rows over that of the rest. Its mean over draws
    without i can rest on few of them, where i is far from the others, and so is bridged with draws of the whole
    posterior.

    Parameters
    ----------
    model : MixedModel
    rest : Moments
        Of y_-i, in the coding of the priors.
    whole : ndarray, shape (draws,)
        ``log p(y_i | y_-i, theta)`` at draws of the whole posterior.
    whole_size : float
        How many independent draws these are worth.
    seed : numpy.random.SeedSequence
    """
    part = replace(model.posterior, moments=rest)
    draws, log_weights = _draws(model, part, seed)
    log_densities = _log_likelihoods(model.posterior, draws) - _log_likelihoods(part, draws)
    return bridged(log_densities, log_weights, whole, effective_size_of_weights(log_weights), whole_size)


def _draws(
    model: "MixedModel", posterior: MarginalPosterior, seed: np.random.SeedSequence
) -> tuple[CovarianceDraws, Array]:
    """Draws with normalised log weights: importance sampling, or NUTS where its weights are not to be trusted."""
    from bayesmixed.sampling.sample import sample, starting_point

    if not model.priors.resolved.needs_pymc:
        density = Density(posterior)
        mode = find_mode(starting_point(model, density), density.prior_arrays, density.patterns)
        found = weighted_draws(density.values, mode, DRAWS, np.random.default_rng(child_seed(seed, 0)))
        if found.k_hat <= K_HAT_LIMIT:
            return density.constrain(found.points), found.log_weights
    settings = SamplerSettings(DRAWS // 4, 1000, 4, None, seed, False, 0.9)
    draws = sample(cast("MixedModel", _Without(model, posterior)), settings).draws
    return draws, np.full(len(draws.sigma), -np.log(len(draws.sigma)))


def _log_likelihoods(posterior: MarginalPosterior, draws: CovarianceDraws) -> Array:
    Lambda, sigma, precision, explicit = kernel_arguments(posterior, draws)
    kernel, result = posterior.kernel, np.empty(len(sigma))
    mean = np.ascontiguousarray(kernel.mean, dtype=float)
    _fill(Lambda, sigma, precision, mean, explicit, kernel.patterns, result)
    return result


@compiled
def _fill(
    Lambda: Array, sigma: Array, precision: Array, mean: Array, explicit: Array, patterns: Patterns, result: Array
) -> None:  # pragma: no cover - compiled
    for d in range(sigma.shape[0]):
        result[d] = log_likelihood(Lambda[d], sigma[d], precision[d], mean, explicit[d], patterns)
