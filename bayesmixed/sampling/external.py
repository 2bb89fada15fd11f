"""Draws that any sampler of any of our graphs left behind -> Sampled, with what they say of their origin."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.errors import DesignError, SamplingError
from bayesmixed.parameters import Parameter, stored_name
from bayesmixed.posterior import CovarianceDraws, MarginalPosterior
from bayesmixed.priors.families import StudentT
from bayesmixed.priors.joint import Shared
from bayesmixed.sampling.sampled import Sampled, kept_statistics
from bayesmixed.seeds import SCALES, generator

if TYPE_CHECKING:
    import xarray as xr


def from_datatree(posterior: MarginalPosterior, datatree: Any, seed: np.random.SeedSequence) -> Sampled:
    """Draws that some sampler left in a DataTree.

    Raises
    ------
    SamplingError
        There is no group ``posterior``, or it does not hold draws of this model.
    """
    groups = getattr(datatree, "children", {})
    if "posterior" not in groups:
        raise SamplingError("the draws must be a DataTree with a group 'posterior', such as pm.sample returns")
    draws, shape = covariance_draws(posterior, datatree["posterior"].to_dataset(), generator(seed, SCALES))
    statistics = kept_statistics(datatree["sample_stats"].to_dataset()) if "sample_stats" in groups else None
    return Sampled(draws, shape, statistics, "external", **origin(datatree))


# ---------------------------------------------------------------- where they came from
def origin(datatree: "xr.DataTree") -> dict[str, Any]:
    """Library, tuning steps, target_accept and seconds of a sampler, each None where the draws do not say it.

    ArviZ, PyMC and nutpie put them in the attributes of ``posterior`` or of ``sample_stats``; our own fits
    have them in those of the tree.
    """
    places = [datatree, *(datatree[name] for name in ("posterior", "sample_stats") if name in datatree.children)]
    attrs: dict[str, Any] = {}
    for place in places:
        attrs = dict(place.attrs) | attrs
    settings = _nutpie_settings(attrs.get("inference_library_settings"))
    library = attrs.get("inference_library")
    tune = _number(attrs.get("tuning_steps", settings.get("num_tune")))
    return {
        "library": library if isinstance(library, str) and library else None,
        "tune": None if tune is None else int(tune),
        "target_accept": _number(attrs.get("target_accept", settings.get("target_accept"))),
        "seconds": _number(attrs.get("sampling_time")),
    }


def _nutpie_settings(text: Any) -> dict[str, Any]:
    """Tuning steps and target_accept from nutpie's record of its settings, as far as it has them."""
    try:
        found = json.loads(text)["settings"]
        return {
            "num_tune": found.get("num_tune"),
            "target_accept": found["adapt_options"]["step_size_settings"]["target_accept"],
        }
    except (TypeError, ValueError, KeyError, AttributeError):
        # Other versions of nutpie may write it in another way: then it is unknown.
        return {}


def _number(value: Any) -> float | None:
    """A finite number, also where a file gave it back as an array of one; None for anything else."""
    try:
        found = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return None
    return found.item() if found.size == 1 and np.isfinite(found).all() else None


# ---------------------------------------------------------------- what they hold
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
        place = coefficients.places(parameter)
        precision[:, place] /= _student_scale(posterior, parameter, values, beta, rng)
    shape = (dataset.sizes["chain"], dataset.sizes["draw"])
    return CovarianceDraws(covariance, posterior.Lambda(covariance), precision, explicit), shape


def _stacked(variable: "xr.DataArray") -> np.ndarray:
    """Values with chains and draws as one first axis."""
    array = variable.transpose("chain", "draw", ...).to_numpy()
    stacked: np.ndarray = array.reshape(-1, *array.shape[2:])
    return stacked


def _all_coefficients(posterior: MarginalPosterior, values: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """beta in the coding of the priors, (draws, p), if the draws have all of it."""
    if not all(stored_name(p.name) in values for p in posterior.names.fixed):
        return None
    columns = [values[stored_name(p.name)] for p in posterior.names.fixed]
    draws = len(next(iter(values.values())))
    beta = np.column_stack([np.empty((draws, 0)), *(column.reshape(draws, -1) for column in columns)])
    return beta @ posterior.priors.fixed_coding.matrix.T


def _explicit(
    posterior: MarginalPosterior, values: Mapping[str, np.ndarray], beta: np.ndarray | None
) -> np.ndarray:
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


def _student_scale(
    posterior: MarginalPosterior,
    parameter: Parameter,
    values: Mapping[str, np.ndarray],
    beta: np.ndarray | None,
    rng: np.random.Generator,
) -> np.ndarray:
    """lambda of a Student-t prior: as drawn, or from its exact conditional given the coefficient."""
    name = stored_name(parameter.name) + "_scale"
    if name in values:
        return values[name].reshape(len(values[name]), -1)
    if beta is None:
        raise SamplingError(f"the draws lack both {name!r} and the coefficients themselves")
    prior = posterior.priors.fixed[parameter.name]
    if isinstance(prior, Shared):
        raise SamplingError(f"the draws lack {name!r}, the prior variance of {parameter.name!r}")
    assert isinstance(prior, StudentT)  # `parameter` is one of `student_terms`
    numbers = prior.parameters
    z = (beta[:, list(parameter.columns)] - numbers["mu"]) / numbers["sigma"]
    shape = (numbers["nu"] + 1.0) / 2.0
    scale: np.ndarray = (numbers["nu"] + z**2) / 2.0 / rng.gamma(shape, size=z.shape)
    return scale
