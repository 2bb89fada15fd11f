"""Draw parameters from the priors, data from the parameters, and refit: are the ranks uniform?"""

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.calibration.joint import Joint, quantities
from bayesmixed.calibration.posteriors import Posterior, Posteriors
from bayesmixed.calibration.ranks import rank
from bayesmixed.calibration.result import Calibration
from bayesmixed.errors import DesignError, PriorError, SamplingError
from bayesmixed.parallel import in_threads
from bayesmixed.priors.draws import draw_priors
from bayesmixed.reml.resampling.bootstrap import progress
from bayesmixed.seeds import child_seed, generator, seed_sequence
from bayesmixed.simulation import simulate_rows

if TYPE_CHECKING:
    from bayesmixed.model import MixedModel

#: Keys of the children of the seed: of the truths, of the posteriors, of what breaks ties.
PRIOR, TRUTH, POSTERIOR, TIES = range(4)


def calibrate(
    model: "MixedModel",
    replicates: int = 1000,
    engine: str = "importance",
    *,
    draws: int = 1000,
    random_seed: Any = None,
    cores: int | None = None,
    progressbar: bool = True,
) -> Calibration:
    """Simulation-based calibration of a model on its own design: the check of everything at once.

    Each replicate draws parameters from the priors, random effects and a response from them, and fits that. If
    priors, likelihood, sampler and conditionals all belong to one model, the truth is one more draw of the
    posterior, so that its rank among the draws is uniform: Talts, Betancourt, Simpson, Vehtari and Gelman (2018),
    arXiv:1804.06788. Ranked are all parameters, ICC, G, random effects, predictions and the log likelihood of the
    data, which sees what single parameters do not: Modrak et al. (2023), doi:10.1214/23-BA1404.

    The priors are the model's own numbers, ``model.priors.resolved``, in every replicate. Taking them anew from
    each simulated response would be another model, and would fail.

    Parameters
    ----------
    model : MixedModel
        With proper priors. Of its table only X, Z, groups, weights and the numbers of the priors matter.
    replicates : int
    engine : {"importance", "nuts", "compiled", "quadrature", "pymc"}
        "importance": weighted draws (`MixedModel.refit`), some milliseconds a replicate. The others as for
        `MixedModel.fit`, with one chain; "nuts" is "compiled", or "pymc" where a prior needs it.
    draws : int
        Of each posterior. Few weighted ones rank extreme truths a little wrong: stay with 1000. Of NUTS every
        fifth is taken, so that they are nearly independent.
    random_seed : int, SeedSequence or Generator, optional
        The same seed gives the same ranks, on any number of cores.
    cores : int, optional
    progressbar : bool
        On standard error.

    Returns
    -------
    Calibration

    Raises
    ------
    PriorError
        A prior is improper, so that no truth can be drawn; or there is no model, whose priors have numbers.
    DesignError
        The table was read in parts.
    SamplingError
        No such engine, or too few draws or replicates.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"))
    >>> found = bm.calibrate(model, 200, random_seed=1, progressbar=False)
    >>> found.table.loc["sigma", "within"]
    np.True_
    """
    _check(model, replicates, draws)
    seed = seed_sequence(random_seed)
    start = time.perf_counter()
    posteriors = Posteriors.of(model, engine, draws, child_seed(seed, POSTERIOR), cores)
    prior = draw_priors(model.priors.resolved, model.names, replicates, generator(seed, PRIOR))
    found, by_nuts = [], 0

    def batch_of(numbers: range) -> list[tuple[dict[str, float], bool]]:
        truths = [_truth(model, prior, k, child_seed(seed, TRUTH)) for k in numbers]
        fitted = posteriors.of_batch(numbers, np.array([y for _, y in truths]))

        def ranked(k: int) -> tuple[dict[str, float], bool]:
            rng = generator(child_seed(seed, TIES), numbers[k])
            return _ranks(model, *truths[k], fitted[k], rng), fitted[k].by_nuts

        return in_threads(ranked, range(len(numbers)), cores)

    steps = list(posteriors.batches(replicates))
    for batch in progress(map(batch_of, steps), len(steps), progressbar):
        found += [ranks for ranks, _ in batch]
        by_nuts += sum(taken for _, taken in batch)
    return Calibration.of(model, found, posteriors.engine, draws, by_nuts, time.perf_counter() - start)


def _truth(model: "MixedModel", prior: Any, k: int, seed: np.random.SeedSequence) -> tuple[Joint, Array]:
    """What drew the data of replicate k, and the data."""
    rng = generator(seed, k)
    truth = Joint.of_prior(model, prior, k, rng)
    y = simulate_rows(model.design, truth.beta[0], truth.b[0], truth.covariance.sigma[0], rng)
    return truth, y


def _ranks(
    model: "MixedModel", truth: Joint, y: Array, posterior: Posterior, rng: np.random.Generator
) -> dict[str, float]:
    known, drawn = quantities(model, truth, y), quantities(model, posterior.joint, y)
    return {label: rank(drawn[label], posterior.weights, float(known[label][0]), rng) for label in known}


def _check(model: Any, replicates: Any, draws: Any) -> None:
    from bayesmixed.model import MixedModel

    if not isinstance(model, MixedModel):
        raise PriorError(
            "calibrate needs a MixedModel, whose priors are numbers: a formula or a specification without a table "
            f"has none to draw from; got a {type(model).__name__}"
        )
    if model.design.streamed is not None:
        raise DesignError("calibrate simulates rows: build the model from a table in memory")
    for name, value, least in (("replicates", replicates, 10), ("draws", draws, 100)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise SamplingError(f"{name} must be a whole number of at least {least}, not {value!r}")
