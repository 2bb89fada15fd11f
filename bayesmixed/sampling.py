"""NUTS on the covariance parameters: which engine, where to start, and what comes out."""

import time
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.density import Density
from bayesmixed.engines.settings import SamplerSettings, choose_engine
from bayesmixed.errors import RemlError
from bayesmixed.external import covariance_draws
from bayesmixed.sampled import Sampled, kept_statistics

if TYPE_CHECKING:
    import xarray as xr

    from bayesmixed.model import MixedModel
    from bayesmixed.posterior import CovarianceDraws

    #: Draws, their chains and draws of each, nutpie's statistics, and its seconds.
    Run = tuple[CovarianceDraws, tuple[int, int], xr.Dataset, float]


def sample(model: "MixedModel", settings: SamplerSettings, engine: str = "auto") -> Sampled:
    """Draw the covariance parameters of a model by NUTS."""
    engine = choose_engine(engine, model.priors.resolved.needs_pymc)
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


def _sample_graph(model: "MixedModel", settings: SamplerSettings) -> "Run":
    import nutpie

    from bayesmixed.engines.compiled import run_nutpie

    compiled = nutpie.compile_pymc_model(model.to_pymc("marginal"))
    begin = time.perf_counter()
    tree = run_nutpie(compiled, settings)
    seconds = time.perf_counter() - begin
    draws, shape = covariance_draws(model.posterior, tree["posterior"].to_dataset(), settings.generator(3))
    return draws, shape, tree["sample_stats"].to_dataset(), seconds


def starting_point(model: "MixedModel", density: Density) -> np.ndarray:
    """The REML estimates in the coding of the priors, away from zero; the prior's scale where there is none."""
    posterior = model.posterior
    spread = float(np.std(model.design.y - model.design.offset))
    scale = spread / np.maximum(np.sqrt(np.mean(_prior_coded_rows(model) ** 2, axis=0)), 1e-300)
    sd, sigma = 0.5 * scale, 0.7 * spread
    try:
        reml = model.reml()
        T = posterior.priors.T
        sigma = max(reml.sigma, 1e-3 * spread)
        sd = np.maximum(np.sqrt(np.diag(T @ reml.G @ T.T)), 0.1 * sigma * scale / spread)
    except RemlError:
        pass
    return density.unconstrain(sd, sigma)


def _prior_coded_rows(model: "MixedModel") -> np.ndarray:
    return model.design.Z_rows @ model.posterior.priors.T_inverse
