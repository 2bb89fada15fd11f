"""The posterior of every simulated response, by the engine that is to be calibrated."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.calibration.joint import Joint
from bayesmixed.coding import CodedMoments
from bayesmixed.engines.settings import choose_engine
from bayesmixed.errors import BayesmixedWarning
from bayesmixed.parallel import in_threads
from bayesmixed.parameters import CovarianceParameters
from bayesmixed.posterior import CovarianceDraws, MarginalPosterior
from bayesmixed.seeds import child_seed, generator

if TYPE_CHECKING:
    from bayesmixed.engines.refitted import Refits
    from bayesmixed.model import MixedModel

#: Responses refitted at once, and of how many draws of NUTS one is kept, so that they are nearly independent.
BATCH, THIN = 50, 5
TUNE = 500
#: Weights below this do not count: such draws lie where G is too large, beside sigma, for b to be drawn at all.
NEGLIGIBLE = 1e-15


class Posterior(NamedTuple):
    """Draws, their weights (they sum to one), and whether NUTS had to take over from importance sampling."""

    joint: Joint
    weights: Array
    by_nuts: bool


@dataclass(frozen=True, eq=False)
class Posteriors:
    """How each simulated response is fitted.

    Parameters
    ----------
    model : MixedModel
        Whose design and resolved priors all replicates share.
    engine : str
        Of `MixedModel.fit`; "nuts" is the sampler that "auto" stands for.
    draws : int
    seed : numpy.random.SeedSequence
    cores : int, optional
    """

    model: "MixedModel"
    engine: str
    draws: int
    seed: np.random.SeedSequence
    cores: int | None

    @classmethod
    def of(
        cls, model: "MixedModel", engine: str, draws: int, seed: np.random.SeedSequence, cores: int | None
    ) -> "Posteriors":
        engine = choose_engine("auto" if engine == "nuts" else engine, model.priors.resolved.needs_pymc)
        return cls(model, engine, draws, seed, cores)

    def batches(self, count: int) -> Iterator[range]:
        yield from (range(start, min(start + BATCH, count)) for start in range(0, count, BATCH))

    def of_batch(self, batch: range, responses: Array) -> list[Posterior]:
        """The posteriors of replicates, by their numbers."""
        with warnings.catch_warnings():  # priors far from these data make some replicates hard: they are counted
            warnings.simplefilter("ignore", BayesmixedWarning)
            if self.engine == "importance":
                refits = self.model.refit(responses, self.draws, child_seed(self.seed, batch.start), self.cores)
                return in_threads(lambda k: self._of_refit(refits, k, batch[k]), range(len(batch)), self.cores)
            cores = 1 if self.engine == "pymc" else self.cores
            return in_threads(lambda k: self._of_fit(responses[k], batch[k]), range(len(batch)), cores)

    def _of_refit(self, refits: "Refits", k: int, replicate: int) -> Posterior:
        """Exact draws of b beside the weighted ones of everything else."""
        rng = generator(self.seed, _own(replicate))
        covariance = CovarianceParameters(
            refits.covariance.sd[k], refits.covariance.corr[k], refits.covariance.sigma[k]
        )
        posterior = self._posterior(refits.responses[k])
        none = np.empty((len(covariance.sigma), 0))
        draws = CovarianceDraws(covariance, posterior.Lambda(covariance), none, none)
        b = posterior.draw_effects(refits.beta[k], draws, rng, cores=1)
        joint, weights = Joint.with_new_group(refits.beta[k], covariance, b, rng), refits.weights[k]
        counted = weights > NEGLIGIBLE
        return Posterior(joint.some(counted), weights[counted], bool(refits.by_nuts[k]))

    def _posterior(self, y: Array) -> MarginalPosterior:
        design, names = replace(self.model.design, y=y), self.model.names
        return MarginalPosterior.of(CodedMoments.of(design), self.model.priors.resolved, names)

    def _of_fit(self, y: Array, replicate: int) -> Posterior:
        """As a user would fit it, one chain."""
        model, thin = self.model._with_response(y), 1 if self.engine == "quadrature" else THIN
        fit = model.fit(
            self.draws * thin,
            TUNE,
            chains=1,
            cores=1,
            random_seed=child_seed(self.seed, _own(replicate)),
            progressbar=False,
            engine=self.engine,
            keep_groups=True,
        )
        kept, covariance = slice(None, None, thin), fit.covariance
        own = CovarianceParameters(covariance.sd[kept], covariance.corr[kept], np.asarray(covariance.sigma)[kept])
        rng = generator(child_seed(self.seed, _own(replicate)), 0)
        joint = Joint.with_new_group(fit.beta[kept], own, fit.effects[kept], rng)
        return Posterior(joint, np.full(self.draws, 1.0 / self.draws), False)


def _own(replicate: int) -> int:
    """The key of a replicate's seed; those before it are of batches and of truths."""
    return 2**32 + replicate
