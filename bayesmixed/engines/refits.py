"""One model, many responses: a posterior of each by importance sampling, on all cores."""

import os
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesmixed.arrays import Array
from bayesmixed.density import Density
from bayesmixed.density.log_density import log_densities
from bayesmixed.effects import draw_coefficients
from bayesmixed.engines.mode import find_mode
from bayesmixed.engines.responses import ResponsePatterns
from bayesmixed.engines.weighted import QUICK, THOROUGH, Weighted, weighted_draws
from bayesmixed.engines.weights import K_HAT_LIMIT, effective_size_of
from bayesmixed.errors import BayesmixedWarning, SamplingError
from bayesmixed.likelihood import MarginalLikelihood
from bayesmixed.moments import Patterns
from bayesmixed.parameters import CovarianceParameters
from bayesmixed.posterior import CovarianceDraws
from bayesmixed.quantities import coefficients_by_label, covariance_by_label
from bayesmixed.seeds import generator, seed_sequence

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.model import MixedModel


@dataclass(frozen=True, eq=False)
class Refits:
    """Weighted draws of the posteriors of many responses under one model.

    Parameters
    ----------
    model : MixedModel
        Whose X, Z, groups, weights and priors all of them share.
    beta : ndarray, shape (n, draws, p)
        Coefficients in the user's coding.
    covariance : CovarianceParameters
        sd (n, draws, q), corr (n, draws, q, q) and sigma (n, draws), in the user's coding.
    weights : ndarray, shape (n, draws)
        Of each response they sum to one.
    k_hat : ndarray, shape (n,)
    log_evidence : ndarray, shape (n,)
        Log of the integral of likelihood times priors; up to a constant under flat priors of coefficients.
    """

    model: "MixedModel"
    beta: Array
    covariance: CovarianceParameters
    weights: Array
    k_hat: Array
    log_evidence: Array

    def __len__(self) -> int:
        return len(self.weights)

    def __repr__(self) -> str:
        return f"Refits({len(self)} responses, {self.weights.shape[1]} weighted draws of each)"

    @property
    def reliable(self) -> NDArray[np.bool_]:
        """Which responses have weights with k-hat of at most 0.7; shape (n,)."""
        return self.k_hat <= K_HAT_LIMIT

    @property
    def ess(self) -> Array:
        """``(sum w)^2 / sum w^2`` of each response, (n,)."""
        return 1.0 / (self.weights**2).sum(axis=1)

    def effective_sizes(self) -> "pd.DataFrame":
        """Effective sample size of the mean of every quantity, from the weights; one row a response."""

        def sizes(values: Array) -> Array:
            return np.array([effective_size_of(f, w) for f, w in zip(values, self.weights, strict=True)])

        return self._table(sizes)

    def scalars(self) -> dict[str, Array]:
        """Draws (n, draws) of every free number by its label, as `Fit.scalars`; they go with `weights`."""
        design, names = self.model.design, self.model.names
        return coefficients_by_label(names, self.beta) | covariance_by_label(design, names, self.covariance)

    def means(self) -> "pd.DataFrame":
        """Posterior means, one row a response and one column a quantity."""
        return self._table(lambda values: (self.weights * values).sum(axis=1))

    def sds(self) -> "pd.DataFrame":
        """Posterior standard deviations, one row a response and one column a quantity."""

        def sd(values: Array) -> Array:
            off = values - (self.weights * values).sum(axis=1, keepdims=True)
            return np.sqrt((self.weights * off**2).sum(axis=1))

        return self._table(sd)

    def quantiles(self, probability: float) -> "pd.DataFrame":
        """One posterior quantile of every quantity, one row a response."""
        if not 0.0 < probability < 1.0:
            raise SamplingError(f"a probability must lie between 0 and 1, not {probability!r}")

        def quantile(values: Array) -> Array:
            order = np.argsort(values, axis=1)
            below = np.cumsum(np.take_along_axis(self.weights, order, axis=1), axis=1)
            place = np.minimum((below < probability).sum(axis=1), values.shape[1] - 1)
            return np.take_along_axis(np.take_along_axis(values, order, axis=1), place[:, None], axis=1)[:, 0]

        return self._table(quantile)

    def probability_below(self, truth: Mapping[str, Any]) -> "pd.DataFrame":
        """Posterior probability that a quantity is below its truth: uniform if responses come from the prior.

        Simulation-based calibration; Talts, Betancourt, Simpson, Vehtari and Gelman (2018), arXiv:1804.06788.

        Parameters
        ----------
        truth : mapping of str to float or ndarray, shape (n,)
            By the labels of `scalars`.
        """
        found, scalars = {}, self.scalars()
        for label, value in truth.items():
            if label not in scalars:
                raise SamplingError(f"there is no quantity {label!r}; there are {', '.join(scalars)}")
            known = np.broadcast_to(np.asarray(value, dtype=float), len(self))
            found[label] = (self.weights * (scalars[label] < known[:, None])).sum(axis=1)
        return self._frame(found)

    def _table(self, of: Callable[[Array], Array]) -> "pd.DataFrame":
        return self._frame({label: of(values) for label, values in self.scalars().items()})

    def _frame(self, columns: dict[str, Array]) -> "pd.DataFrame":
        import pandas as pd

        return pd.DataFrame(columns).rename_axis("response")


class _Shared(NamedTuple):
    """What all refits share."""

    density: Density
    patterns: ResponsePatterns
    start: Array
    draws: int
    seed: np.random.SeedSequence


def refit(
    model: "MixedModel", responses: Array, draws: int = 500, random_seed: Any = None, cores: int | None = None
) -> Refits:
    """The posterior of each of many responses; see `MixedModel.refit`."""
    responses = _checked(model, responses, draws, cores)
    if model.priors.resolved.needs_pymc:
        raise SamplingError("a prior is a PyMC distribution, which refits by importance sampling cannot evaluate")
    density = Density(model.posterior)
    patterns = ResponsePatterns.of_rows(model, responses)
    rms = np.sqrt(np.mean((model.design.Z_rows @ model.posterior.priors.T_inverse) ** 2, axis=0))
    start = density.unconstrain(0.5 / np.maximum(rms, 1e-300), 0.7)
    shared = _Shared(density, patterns, start, draws, seed_sequence(random_seed))
    with ThreadPoolExecutor(cores or os.cpu_count() or 1) as pool:
        found = list(pool.map(lambda k: _weighted(shared, k), range(len(responses))))
        return _collected(model, shared, found, pool)


def _checked(model: "MixedModel", responses: Any, draws: int, cores: int | None) -> Array:
    responses = np.asarray(responses, dtype=float)
    N = model.design.n_obs
    if responses.ndim != 2 or responses.shape[1] != N or not len(responses):
        raise SamplingError(f"responses must be an array (n, {N}), one row a response, not {responses.shape}")
    if not np.isfinite(responses).all():
        raise SamplingError("responses must not hold missing or infinite values")
    for name, value, least in (("draws", draws, 100), ("cores", 1 if cores is None else cores, 1)):
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
            raise SamplingError(f"{name} must be a whole number of at least {least}, not {value!r}")
    return responses


def _weighted(shared: _Shared, response: int) -> Weighted:
    """Weighted draws of one posterior: quickly, and with more care where that was not enough."""
    patterns, priors = shared.patterns.of(response), shared.density.prior_arrays
    shift = shared.patterns.shift[response]
    n = len(priors.mean)
    coefficients = shared.density.posterior.coefficients
    own = priors._replace(mean=coefficients.mean - shift[:n], shift=np.ascontiguousarray(shift[n:]))

    def evaluate(points: Array) -> Array:
        values = np.empty(len(points))
        log_densities(np.ascontiguousarray(points), own, patterns, values)
        return values

    mode = find_mode(_start(shared, patterns), own, patterns)
    rng = generator(shared.seed, response)
    found = weighted_draws(evaluate, mode, shared.draws, rng, QUICK)
    return found if found.k_hat <= K_HAT_LIMIT else weighted_draws(evaluate, mode, shared.draws, rng, THOROUGH)


def _start(shared: _Shared, patterns: Patterns) -> Array:
    """Where the search for the mode begins: sd and sigma by the size of what least squares leave."""
    left = (patterns.Rza[:, :, -1] ** 2).sum() + (patterns.Raa[:, -1] ** 2).sum()
    x = shared.start.copy()
    q, sigma = shared.density.posterior.moments.q, shared.density.posterior.moments.q + shared.density.n_corr
    size = 0.5 * np.log(max(left / patterns.n_rows, 1e-300))
    x[:q] += size
    x[sigma] += size
    return x


def _collected(model: "MixedModel", shared: _Shared, found: list[Weighted], pool: ThreadPoolExecutor) -> Refits:
    n, k_hat = len(found), np.array([one.k_hat for one in found])
    if (k_hat > K_HAT_LIMIT).any():
        warnings.warn(
            f"{(k_hat > K_HAT_LIMIT).sum()} of {n} refits have importance weights with k-hat > {K_HAT_LIMIT}: "
            "leave them out (`reliable`), or raise draws",
            BayesmixedWarning,
            stacklevel=4,
        )
    draws = shared.density.constrain(np.concatenate([one.points for one in found]))
    beta = list(pool.map(lambda k: _beta(shared, draws, k), range(n)))
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
        k_hat,
        np.array([one.log_evidence for one in found]),
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
    gamma = draw_coefficients(kernel, draws.Lambda[own], draws.sigma[own], draws.precision[own], explicit, rng)
    coded = np.empty((shared.draws, posterior.moments.p))
    coded[:, posterior.order] = np.hstack([gamma, explicit]) + shift
    return coded @ posterior.priors.fixed_coding.inverse.T
