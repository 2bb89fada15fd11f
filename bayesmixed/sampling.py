"""NUTS on the covariance parameters: which engine, where to start, and what comes out."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.density import Density
from bayesmixed.engines.settings import SamplerSettings, choose_engine
from bayesmixed.errors import DesignError, RemlError, SamplingError
from bayesmixed.parameters import stored_name
from bayesmixed.posterior import CovarianceDraws, MarginalPosterior

if TYPE_CHECKING:
    import xarray as xr

    from bayesmixed.model import MixedModel

#: nutpie's statistics that are kept, and ArviZ's names for them.
STATISTICS = {
    "diverging": "diverging",
    "energy": "energy",
    "energy_error": "energy_error",
    "depth": "tree_depth",
    "n_steps": "n_steps",
    "step_size": "step_size",
    "mean_tree_accept": "acceptance_rate",
    "maxdepth_reached": "reached_max_treedepth",
    "logp": "lp",
}


@dataclass(frozen=True)
class Sampled:
    """Draws of the covariance parameters, chains one after another, and the sampler's statistics.

    Parameters
    ----------
    draws : CovarianceDraws
    shape : tuple of int
        Chains and draws of each.
    statistics : xarray.Dataset or None
    engine : str
    seconds : float
        Of the sampler alone, compilation included.
    """

    draws: CovarianceDraws
    shape: tuple[int, int]
    statistics: "xr.Dataset | None"
    engine: str
    seconds: float


def sample(model: "MixedModel", settings: SamplerSettings, engine: str = "auto") -> Sampled:
    """Draw the covariance parameters of a model by NUTS."""
    engine = choose_engine(engine, model.priors.resolved.needs_pymc)
    begin = time.perf_counter()
    run = {"compiled": _sample_compiled, "pymc": _sample_graph}[engine]
    draws, shape, statistics = run(model, settings)
    return Sampled(draws, shape, _statistics(statistics), engine, time.perf_counter() - begin)


def _sample_compiled(model: "MixedModel", settings: SamplerSettings):
    from bayesmixed.engines.compiled import sample_compiled

    density = Density(model.posterior)
    x, statistics = sample_compiled(density, starting_point(model, density), settings)
    draws = density.constrain(x.reshape(-1, density.size))
    return draws, x.shape[:2], statistics


def _sample_graph(model: "MixedModel", settings: SamplerSettings):
    import nutpie

    from bayesmixed.engines.compiled import run_nutpie

    tree = run_nutpie(nutpie.compile_pymc_model(model.to_pymc("marginal")), settings)
    draws, shape = covariance_draws(model.posterior, tree["posterior"].to_dataset(), settings.generator(3))
    return draws, shape, tree["sample_stats"].to_dataset()


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


def covariance_draws(
    posterior: MarginalPosterior, dataset: "xr.Dataset", rng: np.random.Generator
) -> tuple[CovarianceDraws, tuple[int, int]]:
    """Read what any sampler of any of our graphs drew: sd, correlations, sigma, and what beta needs.

    Raises
    ------
    SamplingError
        A variable is missing, or does not have chains and draws.
    """
    names, coefficients = posterior.names, posterior.coefficients
    needed = ["sigma", *(p.name for p in names.sd)]
    missing = [name for name in needed if stored_name(name) not in dataset]
    if missing:
        raise SamplingError(
            f"the draws lack {', '.join(map(repr, missing))}; they have {', '.join(map(str, dataset))}"
        )
    if not {"chain", "draw"} <= set(dataset["sigma"].dims):
        raise SamplingError("the draws must have the dimensions 'chain' and 'draw'")
    values = {str(name): _stacked(dataset[name]) for name in dataset}
    if posterior.priors.corr is not None and stored_name(names.corr) not in values:
        raise SamplingError(f"the draws lack {names.corr!r}")
    try:
        covariance = names.covariance(values)
    except DesignError as error:
        raise SamplingError(f"the draws cannot be of this model: {error}") from None
    beta = _all_coefficients(posterior, values)
    explicit = _explicit(posterior, values, beta)
    precision = np.broadcast_to(
        coefficients.precision, (len(covariance.sigma), len(coefficients.precision))
    ).copy()
    for parameter in coefficients.student_terms:
        place = [coefficients.columns.index(column) for column in parameter.columns]
        precision[:, place] /= _student_scale(posterior, parameter, values, beta, rng)
    shape = (dataset.sizes["chain"], dataset.sizes["draw"])
    return CovarianceDraws(covariance, posterior.Lambda(covariance), precision, explicit), shape


def _stacked(variable) -> np.ndarray:
    """Values with chains and draws as one first axis."""
    array = variable.transpose("chain", "draw", ...).to_numpy()
    return array.reshape(-1, *array.shape[2:])


def _all_coefficients(posterior: MarginalPosterior, values: dict) -> np.ndarray | None:
    """beta in the coding of the priors, (draws, p), if the draws have all of it."""
    if not all(stored_name(p.name) in values for p in posterior.names.fixed):
        return None
    columns = [values[stored_name(p.name)] for p in posterior.names.fixed]
    beta = np.column_stack([column.reshape(len(column), -1) for column in columns])
    return beta @ posterior.priors.fixed_coding.matrix.T


def _explicit(posterior: MarginalPosterior, values: dict, beta: np.ndarray | None) -> np.ndarray:
    columns = posterior.coefficients.explicit
    if beta is not None:
        return beta[:, list(columns)]
    parts = [np.empty((len(values["sigma"]), 0))]
    for parameter in posterior.coefficients.explicit_terms:
        stored = stored_name(parameter.name)
        name = next((n for n in (stored + "_centered", stored) if n in values), None)
        if name is None:
            raise SamplingError(f"the draws lack {parameter.name!r}, whose prior keeps it explicit")
        parts.append(values[name].reshape(len(values[name]), -1))
    return np.hstack(parts)


def _student_scale(posterior: MarginalPosterior, parameter, values: dict, beta, rng) -> np.ndarray:
    """lambda of a Student-t prior: as drawn, or from its exact conditional given the coefficient."""
    name = stored_name(parameter.name) + "_scale"
    if name in values:
        return values[name].reshape(len(values[name]), -1)
    if beta is None:
        raise SamplingError(f"the draws lack both {name!r} and the coefficients themselves")
    prior = posterior.priors.fixed[parameter.name]
    numbers = prior.parameters
    z = (beta[:, list(parameter.columns)] - numbers["mu"]) / numbers["sigma"]
    shape = (numbers["nu"] + 1.0) / 2.0
    return (numbers["nu"] + z**2) / 2.0 / rng.gamma(shape, size=z.shape)


def _statistics(dataset: "xr.Dataset | None") -> "xr.Dataset | None":
    if dataset is None:
        return None
    kept = {name: new for name, new in STATISTICS.items() if name in dataset and new not in dataset}
    own = [name for name in STATISTICS.values() if name in dataset]
    return dataset[[*own, *(name for name in kept if name not in own)]].rename(
        {old: new for old, new in kept.items() if old != new}
    )


def from_datatree(posterior: MarginalPosterior, datatree, seed: np.random.SeedSequence) -> Sampled:
    """Draws that some sampler left in a DataTree."""
    if "posterior" not in getattr(datatree, "children", {}):
        raise SamplingError("the draws must be a DataTree with a group 'posterior', such as pm.sample returns")
    rng = np.random.default_rng(np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, 3)))
    draws, shape = covariance_draws(posterior, datatree["posterior"].to_dataset(), rng)
    statistics = None
    if "sample_stats" in datatree.children:
        statistics = _statistics(datatree["sample_stats"].to_dataset())
    return Sampled(draws, shape, statistics, "external", 0.0)
