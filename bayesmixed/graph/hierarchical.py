"""The graph with b and beta explicit: for what the marginal graph cannot say, and as a check of it."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayesmixed.arguments import check_choice
from bayesmixed.errors import SamplingError
from bayesmixed.graph.joint import joint_potentials, shared_scale
from bayesmixed.graph.parameters import CENTERED, covariance_variables, parameter_dims, prior_variable
from bayesmixed.parameters import ParameterNames, stored_name
from bayesmixed.priors.joint import Shared
from bayesmixed.priors.resolved import ResolvedPriors

if TYPE_CHECKING:
    from bayesmixed.design import Design

PARAMETRISATIONS = ("noncentered", "centered")


def hierarchical_graph(
    design: "Design", priors: ResolvedPriors, names: ParameterNames, parametrisation: str = "noncentered"
) -> pm.Model:
    """PyMC graph of ``y ~ N(X beta + Z b + offset, sigma^2 / w)`` with ``b_i ~ N(0, G)`` and beta explicit.

    Parameters
    ----------
    parametrisation : {"noncentered", "centered"}
        Non-centred: ``b_i = root u_i`` with standard normal u_i, better when groups say little.
        Centred: b_i itself is free, better when groups are large.
    """
    check_choice("parametrisation", parametrisation, PARAMETRISATIONS, SamplingError)
    coords = names.coords() | {"__obs__": np.arange(design.n_obs)}
    with pm.Model(coords=coords) as model:
        covariance = covariance_variables(priors, names)
        beta, scales = _coefficients(priors, names)
        joint_potentials(priors, names, covariance, scales)
        b = _group_effects(covariance.root, design, priors, names, parametrisation)
        mu = pt.dot(design.X, beta) + (design.Z_rows * b[design.group]).sum(axis=1) + design.offset
        pm.Normal(
            stored_name(design.response_name),
            mu,
            covariance.sigma / np.sqrt(design.weights),
            observed=design.y,
            dims="__obs__",
        )
    return model


def _coefficients(priors: ResolvedPriors, names: ParameterNames) -> tuple[Any, dict[str, Any]]:
    """All coefficients in the user's coding, shape (p,), and prior variances of those that share a joint prior."""
    coding = priors.fixed_coding
    prior_coded = pt.zeros(len(coding.centre))
    moved, scales = [], {}
    for parameter in names.fixed:
        index = list(parameter.columns) if parameter.dim is not None else parameter.columns[0]
        is_moved = priors.is_moved(parameter)
        name = stored_name(parameter.name) + (CENTERED if is_moved else "")
        size = None if parameter.dim is None else len(parameter.columns)
        if isinstance(priors.fixed[parameter.name], Shared):
            scales[parameter.name] = shared_scale(parameter)
            value = pm.Normal(name, 0.0, pt.sqrt(scales[parameter.name]), dims=parameter_dims(parameter))
        else:
            value = prior_variable(name, priors.fixed[parameter.name], parameter_dims(parameter), size)
        prior_coded = prior_coded[index].set(value)
        if is_moved:
            moved.append((parameter, index))
    beta = pt.dot(coding.inverse, prior_coded)
    for parameter, index in moved:
        pm.Deterministic(stored_name(parameter.name), beta[index], dims=parameter_dims(parameter))
    return beta, scales


def _group_effects(
    root: Any, design: "Design", priors: ResolvedPriors, names: ParameterNames, parametrisation: str
) -> Any:
    """b in the user's coding, shape (J, q), with one Deterministic for each random term."""
    shape = (design.n_groups, design.q)
    if parametrisation == "noncentered":
        b_prior = pt.dot(pm.Normal(f"{stored_name(names.factor)}_offset", 0.0, 1.0, shape=shape), root.T)
    else:
        name = f"{stored_name(names.factor)}_effects{CENTERED}"
        b_prior = pm.MvNormal(name, np.zeros(design.q), chol=root, shape=shape)
    b = pt.dot(b_prior, priors.T_inverse.T)
    for parameter in names.effects:
        # The group comes last, as in Bambi and in the DataTree of a fit.
        own = b[:, list(parameter.columns)].T if parameter.dim is not None else b[:, parameter.columns[0]]
        dims = (*(parameter_dims(parameter) or ()), stored_name(names.factor_dim))
        pm.Deterministic(stored_name(parameter.name), own, dims=dims)
    return b
