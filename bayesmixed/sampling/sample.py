"""Draws of the covariance parameters: which engine, where to start, and what comes out."""

import time
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.density import Density
from bayesmixed.engines.settings import SamplerSettings, choose_engine
from bayesmixed.errors import BayesmixedWarning, RemlError
from bayesmixed.sampling.external import covariance_draws
from bayesmixed.sampling.sampled import Sampled, kept_statistics
from bayesmixed.seeds import QUADRATURE, SCALES

if TYPE_CHECKING:
    import xarray as xr

    from bayesmixed.model import MixedModel
    from bayesmixed.posterior import CovarianceDraws

    #: Draws, their chains and draws of each, nutpie's statistics, and its seconds.
    Run = tuple[CovarianceDraws, tuple[int, int], xr.Dataset, float]


def sample(model: "MixedModel", settings: SamplerSettings, engine: str = "auto") -> Sampled:
    """Draw the covariance parameters of a model, with the engine that the user named or "auto" stands for.

    Raises
    ------
    SamplingError
        There is no such engine, or it cannot take the priors of the model.
    """
    engine = choose_engine(engine, model.priors.resolved.needs_pymc)
    if engine == "importance":
        return _sample_importance(model, settings)
    if engine == "quadrature":
        return _sample_quadrature(model, settings)
    run = {"compiled": _sample_compiled, "pymc": _sample_graph}[engine]
    draws, shape, statistics, seconds = run(model, settings)
    return Sampled(
        draws,
        shape,
        kept_statistics(statistics),
        engine,
        library="nutpie",
        tune=settings.tune,
        target_accept=settings.target_accept,
        seconds=seconds,
    )


def _sample_compiled(model: "MixedModel", settings: SamplerSettings) -> "Run":
    # The first import takes seconds, which are not the sampler's.
    import nutpie  # noqa: F401

    from bayesmixed.engines.compiled import sample_compiled

    density = Density(model.posterior)
    start = starting_point(model, density)
    begin = time.perf_counter()
    x, statistics = sample_compiled(density, start, settings)
    seconds = time.perf_counter() - begin
    draws = density.constrain(x.reshape(-1, density.size))
    return draws, x.shape[:2], statistics, seconds


def _sample_importance(model: "MixedModel", settings: SamplerSettings) -> Sampled:
    from bayesmixed.engines.importance import sample_importance
    from bayesmixed.engines.weights import K_HAT_LIMIT

    density = Density(model.posterior)
    start = starting_point(model, density)
    begin = time.perf_counter()
    found = sample_importance(density, start, settings)
    seconds = time.perf_counter() - begin
    k_hat = found.weighted.k_hat
    if not k_hat <= K_HAT_LIMIT:
        note = (
            f"the importance weights have k-hat = {k_hat:.2f} > {K_HAT_LIMIT}, too heavy a tail to be trusted: "
            "the draws are those of NUTS (engine='compiled') instead"
        )
        warnings.warn(note, BayesmixedWarning, stacklevel=4)
        return replace(sample(model, settings, "compiled"), note=note)
    return Sampled(
        density.constrain(found.unconstrained),
        (settings.chains, settings.draws),
        found.statistics(),
        "importance",
        library="bayesmixed",
        seconds=seconds,
        log_evidence=found.weighted.log_evidence,
        weighted=found.dataset(),
    )


def _sample_quadrature(model: "MixedModel", settings: SamplerSettings) -> Sampled:
    from bayesmixed.engines.importance import statistics
    from bayesmixed.engines.quadrature import integrate

    density = Density(model.posterior)
    start = starting_point(model, density)
    begin = time.perf_counter()
    shape = (settings.chains, settings.draws)
    grid = integrate(density, start)
    x = grid.draw(shape[0] * shape[1], settings.generator(QUADRATURE))
    seconds = time.perf_counter() - begin
    return Sampled(
        density.constrain(x),
        shape,
        statistics(np.arange(len(x)).reshape(shape)),
        "quadrature",
        library="bayesmixed",
        seconds=seconds,
        log_evidence=grid.log_evidence,
    )


def _sample_graph(model: "MixedModel", settings: SamplerSettings) -> "Run":
    from bayesmixed.engines.nutpie_runs import run_nutpie
    from bayesmixed.graph import sampling_graph
    from bayesmixed.graph.compilation import compiled_graph

    compiled = compiled_graph(sampling_graph(model.posterior, model.names))
    begin = time.perf_counter()
    tree = run_nutpie(compiled, settings)
    seconds = time.perf_counter() - begin
    draws, shape = covariance_draws(model.posterior, tree["posterior"].to_dataset(), settings.generator(SCALES))
    return draws, shape, tree["sample_stats"].to_dataset(), seconds


def starting_point(model: "MixedModel", density: Density) -> np.ndarray:
    """The REML estimates in the coding of the priors, away from zero; the prior's scale where there is none."""
    posterior = model.posterior
    spread = model.design.response_spread
    squares = model.design.z_mean_squares(posterior.priors.T_inverse)
    scale = spread / np.maximum(np.sqrt(squares), 1e-300)
    sd, sigma = 0.5 * scale, 0.7 * spread
    try:
        reml = model.reml()
        T = posterior.priors.T
        sigma = max(reml.sigma, 1e-3 * spread)
        sd = np.maximum(np.sqrt(np.diag(T @ reml.G @ T.T)), 0.1 * sigma * scale / spread)
    except RemlError:
        pass
    return density.unconstrain(sd, sigma)
