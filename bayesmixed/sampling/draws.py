"""Draws -> DataTree: Bambi's names, dimensions and coordinates, with where the numbers came from."""

import json
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.parameters import CovarianceParameters, ParameterNames, stored_name
from bayesmixed.posterior import CovarianceDraws, MarginalPosterior
from bayesmixed.sampling.sampled import Sampled
from bayesmixed.seeds import BETA, EFFECTS, generator

if TYPE_CHECKING:
    import xarray as xr

    from bayesmixed.model import MixedModel

#: Draws of b beyond this are not kept when ``keep_groups="auto"``; their moments are.
KEEP_BYTES = 1_000_000_000
PACKAGES = ("bayesmixed", "numpy", "scipy", "numba", "nutpie", "pymc", "arviz", "formulae")

#: Dimensions and values of each variable, as xarray takes them.
type Variables = dict[str, tuple[tuple[str, ...], Array]]


def assemble(
    model: "MixedModel",
    sampled: Sampled,
    seed: np.random.SeedSequence,
    keep_groups: bool | str = "auto",
    cores: int | None = None,
) -> "xr.DataTree":
    """Draw beta and b exactly, given the covariance parameters, and put everything in one DataTree.

    Parameters
    ----------
    model : MixedModel
    sampled : Sampled
    seed : numpy.random.SeedSequence
        Of the run; the draws of beta and b have children of it.
    keep_groups : {"auto", True, False}
        Keep draws of b; "auto" keeps up to 1 GB of them and moments beyond.
    cores : int, optional
        Threads; all cores if None. The draws do not depend on it.

    Returns
    -------
    xarray.DataTree
        ``posterior``; ``group_effects`` where draws of b are not kept; ``sample_stats``, ``importance`` and
        ``auxiliary`` where the sampler left any; ``observed_data`` and ``constant_data`` of rows in memory.
    """
    import xarray as xr

    posterior, names, draws = model.posterior, model.names, sampled.draws
    beta = posterior.draw_beta(draws, generator(seed, BETA), cores)
    variables = parameter_variables(names, beta, draws.covariance, sampled.shape)
    groups: dict[str, Any] = {}
    if keeps_draws(posterior, draws, keep_groups):
        effects = posterior.draw_effects(beta, draws, generator(seed, EFFECTS), cores)
        effects = effects.reshape(*sampled.shape, *effects.shape[1:])
        variables |= effect_variables(names, effects, ("chain", "draw"))
    else:
        groups["group_effects"] = effect_moments_dataset(model, beta, draws, cores)
    groups = {"posterior": parameter_dataset(variables, names, sampled.shape), **groups}
    if sampled.statistics is not None:
        groups["sample_stats"] = sampled.statistics
    if sampled.weighted is not None:
        groups["importance"] = sampled.weighted
    auxiliary = _auxiliary(posterior, draws, sampled.shape)
    if auxiliary:
        groups["auxiliary"] = xr.Dataset(auxiliary)
    if model.design.streamed is None:
        groups |= data_groups(model)
    tree = xr.DataTree.from_dict(groups)
    tree.attrs = provenance(model, sampled, seed)
    return tree


def keeps_draws(posterior: MarginalPosterior, draws: CovarianceDraws, keep_groups: bool | str) -> bool:
    """Whether draws of b are kept."""
    if keep_groups == "auto":
        return len(draws.sigma) * posterior.moments.n_groups * posterior.moments.q * 8 <= KEEP_BYTES
    return bool(keep_groups)


def parameter_variables(
    names: ParameterNames, beta: Array, covariance: CovarianceParameters, shape: tuple[int, int]
) -> Variables:
    """Variables of the parameters: coefficients, sd, correlations, sigma."""
    variables: Variables = {}
    for parameters, vector in ((names.fixed, beta), (names.sd, covariance.sd)):
        for parameter in parameters:
            own = () if parameter.dim is None else (stored_name(parameter.dim),)
            variables[stored_name(parameter.name)] = _variable(parameter.value(vector), shape, own)
    if names.has_corr:
        dims = tuple(stored_name(dim) for dim in names.corr_dims)
        variables[stored_name(names.corr)] = _variable(covariance.corr, shape, dims)
    variables["sigma"] = _variable(covariance.sigma, shape, ())
    return variables


def effect_variables(names: ParameterNames, effects: Array, dims: tuple[str, ...]) -> Variables:
    """Variables of the random effects b, from an array (..., J, q) with leading dimensions `dims`.

    The group comes last, as Bambi has it.
    """
    variables: Variables = {}
    for parameter in names.effects:
        values = parameter.value(effects)
        own: tuple[str, ...] = ()
        if parameter.dim is not None:
            values, own = np.swapaxes(values, -1, -2), (stored_name(parameter.dim),)
        variables[stored_name(parameter.name)] = ((*dims, *own, stored_name(names.factor_dim)), values)
    return variables


def effects_of(dataset: "xr.Dataset", names: ParameterNames, dims: tuple[str, ...]) -> Array:
    """The inverse of `effect_variables`: an array (..., J, q) with leading dimensions `dims`."""
    columns = []
    for parameter in names.effects:
        variable = dataset[stored_name(parameter.name)].transpose(*dims, stored_name(names.factor_dim), ...)
        values = variable.to_numpy()
        columns.append(values[..., None] if parameter.dim is None else values)
    return np.concatenate(columns, axis=-1)


def effect_moments_dataset(
    model: "MixedModel", beta: Array, draws: CovarianceDraws, cores: int | None = None
) -> "xr.Dataset":
    """Exact posterior means and standard deviations of b where draws would take too much memory."""
    import xarray as xr

    moments = np.stack(model.posterior.effect_moments(beta, draws, cores))
    variables = effect_variables(model.names, moments, ("moment",))
    coords = _coordinates(model.names, variables) | {"moment": ["mean", "sd"]}
    return xr.Dataset(variables, coords=coords)


def _auxiliary(posterior: MarginalPosterior, draws: CovarianceDraws, shape: tuple[int, int]) -> Variables:
    """Scales lambda of Student-t priors, which exact conditionals need again."""
    coefficients, variables = posterior.coefficients, {}
    for parameter in coefficients.student_terms:
        place = coefficients.places(parameter)
        scale = coefficients.precision[place] / draws.precision[:, place]
        own = () if parameter.dim is None else (stored_name(parameter.dim),)
        value = scale[:, 0] if parameter.dim is None else scale
        variables[stored_name(parameter.name) + "_scale"] = _variable(value, shape, own)
    return variables


def data_groups(model: "MixedModel") -> dict[str, Any]:
    """The rows: observed response, and what a replicate of them needs."""
    import xarray as xr

    design = model.design
    obs = {"__obs__": np.arange(design.n_obs)}
    response = stored_name(design.response_name)
    constant = {
        "X": (("__obs__", "fixed_column"), np.asarray(design.X)),
        "Z_rows": (("__obs__", "random_column"), np.asarray(design.Z_rows)),
        "group": ("__obs__", np.asarray(design.group)),
        "offset": ("__obs__", np.asarray(design.offset)),
        "weights": ("__obs__", np.asarray(design.weights)),
    }
    columns = {"fixed_column": list(design.fixed_labels), "random_column": list(design.random_labels)}
    return {
        "observed_data": xr.Dataset({response: ("__obs__", np.asarray(design.y))}, coords=obs),
        "constant_data": xr.Dataset(constant, coords=obs | columns),
    }


def provenance(model: "MixedModel", sampled: Sampled, seed: np.random.SeedSequence) -> dict[str, Any]:
    """Attributes that say what was fitted, with what, from which seed; none for what is not known."""
    return {
        "modeling_interface": "bayesmixed",
        "modeling_interface_version": _versions()["bayesmixed"],
        "formula": model.specification.formula,
        "priors": json.dumps(model.priors.resolved.to_dict()),
        "engine": sampled.engine,
        "random_seed": json.dumps({"entropy": _plain_entropy(seed.entropy), "spawn_key": list(seed.spawn_key)}),
        "versions": json.dumps(_versions()),
        **_known(
            inference_library=sampled.library,
            tuning_steps=sampled.tune,
            target_accept=sampled.target_accept,
            sampling_time=sampled.seconds,
            log_evidence=sampled.log_evidence,
            sampler_note=sampled.note,
        ),
    }


def _known(**attributes: Any) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}


@cache
def _versions() -> dict[str, str]:
    """Of the packages behind a fit; reading them takes milliseconds."""
    return {package: version(package) for package in PACKAGES}


def _plain_entropy(entropy: Any) -> Any:
    return [int(value) for value in entropy] if np.ndim(entropy) else int(entropy)


def _variable(values: Array, shape: tuple[int, int], dims: tuple[str, ...]) -> tuple[tuple[str, ...], Array]:
    values = np.asarray(values)
    return ("chain", "draw", *dims), values.reshape(*shape, *values.shape[1:])


def _coordinates(names: ParameterNames, variables: Variables) -> dict[str, list[Any]]:
    used = {dim for dims, _ in variables.values() for dim in dims}
    return {dim: values for dim, values in names.coords().items() if dim in used}


def parameter_dataset(variables: Variables, names: ParameterNames, shape: tuple[int, int]) -> "xr.Dataset":
    """A dataset of such variables with chains, draws and the coordinates that they use."""
    import xarray as xr

    chains = {"chain": np.arange(shape[0]), "draw": np.arange(shape[1])}
    return xr.Dataset(variables, coords=chains | _coordinates(names, variables))
