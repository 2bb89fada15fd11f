"""Data sets of one plan, drawn and analysed: by REML with Kenward-Roger, or by the posterior.

REML needs moments only, and they are drawn as such (`MomentSampler`): a data set of many rows takes as long as one
of few. The posterior is refitted to responses, many at once (`MixedModel.refit`).
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesmixed.arrays import Array
from bayesmixed.errors import BayesmixedWarning, DesignError
from bayesmixed.planning.truth import Truth
from bayesmixed.quantiles import t_quantile
from bayesmixed.reml.between import saturation_note
from bayesmixed.reml.criterion import Criterion
from bayesmixed.reml.kenward_roger import KenwardRoger
from bayesmixed.reml.optimize import is_singular, minimise
from bayesmixed.reml.resampling.bootstrap import default_cores, run
from bayesmixed.reml.resampling.simulated import MomentSampler
from bayesmixed.seeds import child_seed, generator

if TYPE_CHECKING:
    from bayesmixed.model import MixedModel

#: Data sets that are refitted at once.
BATCH = 50


class Outcome(NamedTuple):
    """Intervals of the effect in some data sets, each an array with one entry a data set.

    ``singular``: sd estimated as zero (REML). ``failed``: no interval to be trusted; not counted.
    """

    lower: Array
    upper: Array
    singular: NDArray[np.bool_]
    failed: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Trials:
    """One plan: a design, the truth of each data set, and the interval that is asked for.

    Parameters
    ----------
    model : MixedModel
        Of the planned table; its response is a stand-in.
    truth : Truth
    column : int
        Of X, whose coefficient is the effect.
    alpha : float
        The interval has probability ``1 - alpha``, half of alpha on each side.
    seed : numpy.random.SeedSequence
    cores : int, optional
    """

    model: "MixedModel"
    truth: Truth
    column: int
    alpha: float
    seed: np.random.SeedSequence
    cores: int | None = None

    @property
    def batches(self) -> list[range]:
        count = len(self.truth.sigma)
        return [range(a, min(a + BATCH, count)) for a in range(0, count, BATCH)]

    def by_reml(self) -> Iterator[Outcome]:
        """Intervals by REML and Kenward and Roger's t, batch by batch."""
        design, coded = self.model.design, self.model.coded
        if design.n_groups * design.q >= design.n_obs:
            raise DesignError("REML needs more rows than random effects: raise n")
        if note := saturation_note(design, coded.moments):
            raise DesignError(note[0])
        criterion = Criterion.of(coded, tuple(tuple(map(int, block.columns)) for block in design.blocks))
        same = self._sampler(0) if self.truth.constant else None
        L = coded.fixed.inverse[self.column]
        threads = self.cores or default_cores(len(coded.moments.Rza))

        for batch in self.batches:

            def one(k: int, start: int = batch.start) -> tuple[float, float, bool, bool]:
                sampler = self._sampler(start + k) if same is None else same
                patterns = sampler.draw(generator(self.seed, start + k))
                return _interval(replace(criterion, patterns=patterns), L, self.alpha)

            found = list(run(one, len(batch), threads))
            yield Outcome(*(np.array(values) for values in zip(*found, strict=True)))

    def _sampler(self, k: int) -> MomentSampler:
        """Of the truth of data set k, in the coding of the moments."""
        coded, sigma = self.model.coded, float(self.truth.sigma[k])
        Lambda = coded.T @ _root(self.truth.G[k]) / sigma
        return MomentSampler.of(coded.moments, Lambda, sigma, coded.fixed.matrix @ self.truth.beta[k])

    def responses(self, batch: range) -> Array:
        """Rows of y, (data sets, N)."""
        design = self.model.design
        y = np.empty((len(batch), design.n_obs))
        for row, k in enumerate(batch):
            rng = generator(self.seed, k)
            b = rng.standard_normal((design.n_groups, design.q)) @ _root(self.truth.G[k]).T
            noise = self.truth.sigma[k] * rng.standard_normal(design.n_obs) / np.sqrt(design.weights)
            y[row] = design.mean(self.truth.beta[k], b) + noise
        return y

    def by_posterior(self, model: "MixedModel", draws: int) -> Iterator[Outcome]:
        """Equal-tailed posterior intervals, batch by batch, under the priors of a model of the same table."""
        for k, batch in enumerate(self.batches):
            seed = child_seed(self.seed, len(self.truth.sigma) + k)
            with warnings.catch_warnings():  # they are counted, in `failed`
                warnings.simplefilter("ignore", BayesmixedWarning)
                refits = model.refit(self.responses(batch), draws, seed, self.cores, fallback="warn")
            beta = refits.beta[:, :, self.column]
            lower = _weighted_quantile(beta, refits.weights, self.alpha / 2)
            upper = _weighted_quantile(beta, refits.weights, 1 - self.alpha / 2)
            yield Outcome(lower, upper, np.zeros(len(batch), dtype=bool), ~refits.reliable)


def _interval(criterion: Criterion, L: Array, alpha: float) -> tuple[float, float, bool, bool]:
    """Kenward and Roger's interval of one data set; whether it is singular; whether it failed."""
    optimum = minimise(criterion)
    sigma, beta = criterion.estimates(optimum.theta)
    adjustment = KenwardRoger.at(criterion, optimum.theta, sigma)
    df = adjustment.test(L[None])[0]
    half = float(t_quantile(1.0 - alpha / 2.0, np.array([df]))[0] * np.sqrt(L @ adjustment.adjusted @ L))
    estimate = float(L @ beta)
    singular = is_singular(criterion.Lambda(optimum.theta))
    return estimate - half, estimate + half, singular, not (optimum.converged and np.isfinite(half))


def _root(G: Array) -> Array:
    """A square root of a covariance matrix that may be singular."""
    values, vectors = np.linalg.eigh(G)
    return vectors * np.sqrt(np.maximum(values, 0.0))


def _weighted_quantile(values: Array, weights: Array, probability: float) -> Array:
    """Of each row, (n, draws): between draws, linear in the middle of their weights."""
    order = np.argsort(values, axis=1)
    sorted_values, own = np.take_along_axis(values, order, axis=1), np.take_along_axis(weights, order, axis=1)
    places = np.cumsum(own, axis=1) - 0.5 * own
    pairs: Any = zip(places, sorted_values, strict=True)
    return np.array([np.interp(probability, at, row) for at, row in pairs])
