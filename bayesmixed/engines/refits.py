"""One model, many responses: a posterior of each by importance sampling, on all cores."""

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesmixed.arguments import check_choice
from bayesmixed.arrays import Array
from bayesmixed.density import Density
from bayesmixed.density.log_density import PriorArrays, log_densities
from bayesmixed.effects.exact_draws import draw_coefficients
from bayesmixed.engines.mode import find_mode
from bayesmixed.engines.refitted import Refits
from bayesmixed.engines.responses import ResponsePatterns
from bayesmixed.engines.settings import SamplerSettings
from bayesmixed.engines.weighted import QUICK, THOROUGH, Weighted, weighted_draws
from bayesmixed.engines.weights import K_HAT_LIMIT
from bayesmixed.errors import BayesmixedWarning, SamplingError
from bayesmixed.likelihood import MarginalLikelihood
from bayesmixed.moments import Patterns
from bayesmixed.parallel import in_threads
from bayesmixed.parameters import CovarianceParameters
from bayesmixed.posterior import CovarianceDraws, MarginalPosterior
from bayesmixed.seeds import child_seed, generator, seed_sequence

if TYPE_CHECKING:
    from bayesmixed.model import MixedModel

#: What happens where importance weights are not to be trusted, and the chains of NUTS where it takes over.
FALLBACKS, CHAINS = ("nuts", "warn"), 4


class _OwnDensity(Density):
    """The density of one response."""

    own: tuple[Patterns, PriorArrays]

    @classmethod
    def of(cls, posterior: MarginalPosterior, patterns: Patterns, priors: PriorArrays) -> "_OwnDensity":
        density = cls(posterior)
        density.__dict__["own"] = (patterns, priors)
        return density

    @property
    def patterns(self) -> Patterns:
        return self.own[0]

    @property
    def prior_arrays(self) -> PriorArrays:
        return self.own[1]


class _Shared(NamedTuple):
    """What all refits share."""

    density: Density
    patterns: ResponsePatterns
    start: Array
    draws: int
    seed: np.random.SeedSequence


def refit(
    model: "MixedModel",
    responses: Array,
    draws: int = 500,
    random_seed: Any = None,
    cores: int | None = None,
    fallback: str = "nuts",
) -> Refits:
    """The posterior of each of many responses; see `MixedModel.refit`."""
    responses = _checked(model, responses, draws, cores, fallback)
    if model.priors.resolved.needs_pymc:
        raise SamplingError("a prior is a PyMC distribution, which refits by importance sampling cannot evaluate")
    density = Density(model.posterior)
    patterns = ResponsePatterns.of_rows(model, responses)
    rms = np.sqrt(np.mean((model.design.Z_rows @ model.posterior.priors.T_inverse) ** 2, axis=0))
    start = density.unconstrain(0.5 / np.maximum(rms, 1e-300), 0.7)
    shared = _Shared(density, patterns, start, draws, seed_sequence(random_seed))
    found = in_threads(lambda k: _weighted(shared, k), range(len(responses)), cores)
    by_nuts = _retried(shared, found, cores, fallback)
    return _collected(model, shared, found, by_nuts, responses, cores)


def _checked(model: "MixedModel", responses: Any, draws: int, cores: int | None, fallback: str) -> Array:
    check_choice("fallback", fallback, FALLBACKS, SamplingError)
    if model.design.streamed is not None:
        raise SamplingError(
            "responses cannot be refitted for a table that was read in parts or summed up by others: which row "
            "each number of a response belongs to is not known; build the model from a table in memory"
        )
    N = model.design.n_obs
    try:
        values: Array = np.asarray(responses, dtype=float)
    except (TypeError, ValueError):
        raise SamplingError(f"responses must be an array (n, {N}) of numbers, one row a response") from None
    if values.ndim != 2 or values.shape[1] != N or not len(values):
        raise SamplingError(f"responses must be an array (n, {N}), one row a response, not {values.shape}")
    if not np.isfinite(values).all():
        raise SamplingError("responses must not hold missing or infinite values")
    for name, value, least in (("draws", draws, 100), ("cores", 1 if cores is None else cores, 1)):
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
            raise SamplingError(f"{name} must be a whole number of at least {least}, not {value!r}")
    return values


def _priors_of(shared: _Shared, response: int) -> PriorArrays:
    """The priors, of coefficients that are counted from a response's own shift."""
    priors, shift = shared.density.prior_arrays, shared.patterns.shift[response]
    n = len(priors.mean)
    mean = shared.density.posterior.coefficients.mean - shift[:n]
    return priors._replace(mean=mean, shift=np.ascontiguousarray(shift[n:]))


def _weighted(shared: _Shared, response: int) -> Weighted:
    """Weighted draws of one posterior: quickly, and with more care where that was not enough."""
    patterns, own = shared.patterns.of(response), _priors_of(shared, response)

    def evaluate(points: Array) -> Array:
        values = np.empty(len(points))
        log_densities(np.ascontiguousarray(points), own, patterns, values)
        return values

    mode = find_mode(_start(shared, patterns), own, patterns)
    rng = generator(shared.seed, response)
    found = weighted_draws(evaluate, mode, shared.draws, rng, QUICK)
    return found if found.k_hat <= K_HAT_LIMIT else weighted_draws(evaluate, mode, shared.draws, rng, THOROUGH)


def _retried(shared: _Shared, found: list[Weighted], cores: int | None, fallback: str) -> NDArray[np.bool_]:
    """Which responses NUTS took over; their draws replace the weighted ones in `found`."""
    doubtful = np.array([not one.k_hat <= K_HAT_LIMIT for one in found])
    if not doubtful.any():
        return doubtful
    text = f"{doubtful.sum()} of {len(found)} refits have importance weights with k-hat > {K_HAT_LIMIT}: "
    if fallback == "warn":
        text += "leave them out (`reliable`), raise draws, or let NUTS take over (fallback='nuts')"
    else:
        text += "their draws are those of NUTS instead (`by_nuts`)"
        for k in np.flatnonzero(doubtful):
            found[k] = _by_nuts(shared, int(k), found[k].k_hat, cores)
    warnings.warn(text, BayesmixedWarning, stacklevel=4)
    return doubtful & (fallback == "nuts")


def _by_nuts(shared: _Shared, response: int, k_hat: float, cores: int | None) -> Weighted:
    """Draws of NUTS, every `CHAINS`-th of as many chains: nearly independent, with equal weights."""
    from bayesmixed.engines.compiled import sample_compiled

    patterns = shared.patterns.of(response)
    density = _OwnDensity.of(shared.density.posterior, patterns, _priors_of(shared, response))
    seed = child_seed(shared.seed, 2 * len(shared.patterns) + response)
    settings = SamplerSettings(shared.draws, 1000, CHAINS, cores, seed, False, 0.9)
    x, _ = sample_compiled(density, _start(shared, patterns), settings)
    points = x.reshape(-1, density.size)[::CHAINS]
    return Weighted(points, np.full(len(points), -np.log(len(points))), k_hat, float("nan"))


def _start(shared: _Shared, patterns: Patterns) -> Array:
    """Where the search for the mode begins: sd and sigma by the size of what least squares leave."""
    left = (patterns.Rza[:, :, -1] ** 2).sum() + (patterns.Raa[:, -1] ** 2).sum()
    x = shared.start.copy()
    q, sigma = shared.density.posterior.moments.q, shared.density.posterior.moments.q + shared.density.n_corr
    size = 0.5 * np.log(max(left / patterns.n_rows, 1e-300))
    x[:q] += size
    x[sigma] += size
    return x


def _collected(
    model: "MixedModel",
    shared: _Shared,
    found: list[Weighted],
    by_nuts: NDArray[np.bool_],
    responses: Array,
    cores: int | None,
) -> Refits:
    n = len(found)
    draws = shared.density.constrain(np.concatenate([one.points for one in found]))
    beta = in_threads(lambda k: _beta(shared, draws, k), range(n), cores)
    covariance = draws.covariance
    shape = (n, shared.draws)
    return Refits(
        model,
        np.stack(beta),
        CovarianceParameters(
            covariance.sd.reshape(*shape, -1),
            covariance.corr.reshape(*shape, *covariance.corr.shape[1:]),
            np.asarray(covariance.sigma).reshape(shape),
        ),
        np.stack([one.weights for one in found]),
        np.array([one.k_hat for one in found]),
        np.array([one.log_evidence for one in found]),
        by_nuts,
        responses,
    )


def _beta(shared: _Shared, draws: CovarianceDraws, response: int) -> Array:
    """One draw of all coefficients for each weighted draw of a response, in the user's coding, (draws, p)."""
    posterior, shift = shared.density.posterior, shared.patterns.shift[response]
    n, own = len(posterior.coefficients.columns), slice(response * shared.draws, (response + 1) * shared.draws)
    kernel = MarginalLikelihood(
        shared.patterns.of(response), posterior.coefficients.mean - shift[:n], posterior.moments.p - n
    )
    explicit = draws.explicit[own] - shift[n:]
    rng = generator(shared.seed, len(shared.patterns) + response)
    gamma = draw_coefficients(kernel, draws.Lambda[own], draws.sigma[own], draws.precision[own], explicit, rng, 1)
    coded = np.empty((shared.draws, posterior.moments.p))
    coded[:, posterior.order] = np.hstack([gamma, explicit]) + shift
    return coded @ posterior.priors.fixed_coding.inverse.T
