"""Parameters of both graphs: their names, dimensions and priors, in one place so that they cannot drift."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayesmixed.errors import PriorError
from bayesmixed.parameters import Parameter, ParameterNames, stored_name
from bayesmixed.priors.families import LKJ, Family, PymcPrior
from bayesmixed.priors.joint import Shared
from bayesmixed.priors.resolved import ResolvedPriors

#: How a graph holds a number that another table or prior may change: its name and value -> what stands for it.
Holder = Callable[[str, Any], Any]

#: Marks a parameter that a prior is stated for at the means of the columns, not at x = 0.
CENTERED = "_centered"


def constant(name: str, value: Any) -> Any:
    """A number built into the graph. ``pm.Data`` in its place makes it one that can be exchanged."""
    return value


@dataclass(frozen=True, eq=False)
class CovarianceVariables:
    """Tensors of the covariance parameters.

    Parameters
    ----------
    root : tensor, shape (q, q)
        Square root of G in the coding of the priors, ``diag(sd) chol(Omega)`` by blocks.
    sigma : tensor
    sd : tensor, shape (q,)
        In the coding of the priors.
    """

    root: Any
    sigma: Any
    sd: Any


def prior_variable(
    name: str,
    prior: Family | PymcPrior,
    dims: tuple[str, ...] | None,
    size: int | None,
    hold: Holder = constant,
) -> Any:
    """A free variable of the current PyMC model under one prior."""
    if isinstance(prior, PymcPrior):
        from pymc.distributions.shape_utils import change_dist_size

        if prior.variable is None:
            raise PriorError(
                f"the prior of {name!r}, {prior}, was stored as text only: build the model anew to sample again"
            )
        variable = change_dist_size(prior.variable, () if size is None else (size,))
        return pm.modelcontext(None).register_rv(variable, name, dims=dims)
    if isinstance(prior, Shared):
        return pm.HalfFlat(name, dims=dims)
    distribution = getattr(pm, type(prior).__name__)
    numbers = {key: hold(prior_data(name, key), value) for key, value in prior.parameters.items()}
    return distribution(name, **numbers, dims=dims)


def prior_data(name: str, key: str) -> str:
    """Name of the data variable that holds one number of the prior of `name`."""
    return f"prior.{name}.{key}"


def parameter_dims(parameter: Parameter) -> tuple[str, ...] | None:
    return None if parameter.dim is None else (stored_name(parameter.dim),)


def covariance_variables(
    priors: ResolvedPriors, names: ParameterNames, hold: Holder = constant
) -> CovarianceVariables:
    """sd, Omega and sigma with their priors, and the same in the user's coding where that differs."""
    q = len(names.random_labels)
    moved_any = any(priors.is_moved(parameter) for parameter in names.sd)
    sd = pt.zeros(q)
    for parameter in names.sd:
        moved = priors.is_moved(parameter)
        name = stored_name(parameter.name) + (CENTERED if moved else "")
        size = None if parameter.dim is None else len(parameter.columns)
        value = prior_variable(name, priors.sd[parameter.name], parameter_dims(parameter), size, hold)
        index = list(parameter.columns) if parameter.dim is not None else parameter.columns[0]
        sd = sd[index].set(value)
    root = pt.diag(sd)
    if priors.corr is not None:
        root = _correlated(root, sd, priors.corr, priors.blocks, names, hold)
    sigma = prior_variable("sigma", priors.sigma, None, None, hold)
    T_inverse = hold("coding.random", priors.T_inverse) if moved_any else None
    _user_coding(root, T_inverse, priors, names)
    return CovarianceVariables(root, sigma, sd)


def _correlated(
    root: Any, sd: Any, corr: LKJ, blocks: tuple[tuple[int, ...], ...], names: ParameterNames, hold: Holder
) -> Any:
    """The root with the correlations of every block that has some."""
    eta = hold(prior_data(stored_name(names.corr), "eta"), corr.eta)
    wide = [block for block in blocks if len(block) > 1]
    for number, block in enumerate(wide, start=1):
        suffix = "" if len(wide) == 1 else f"_{number}"
        chol = pm.LKJCorr(f"{stored_name(names.corr)}_chol{suffix}", n=len(block), eta=eta)
        own = np.array(block)
        root = root[np.ix_(own, own)].set(sd[own][:, None] * chol)
    return root


def _user_coding(root: Any, T_inverse: Any, priors: ResolvedPriors, names: ParameterNames) -> None:
    """Deterministics of the sd and correlations at x = 0, exact transforms of the free variables."""
    own = root if T_inverse is None else pt.dot(T_inverse, root)
    G = pt.dot(own, own.T)
    sd = pt.sqrt(pt.diag(G))
    registered = pm.modelcontext(None).named_vars
    for parameter in names.sd:
        name = stored_name(parameter.name)
        if name not in registered:
            index = list(parameter.columns) if parameter.dim is not None else parameter.columns[0]
            pm.Deterministic(name, sd[index], dims=parameter_dims(parameter))
    if names.has_corr:
        corr = G / sd[:, None] / sd[None, :]
        # Exactly one on the diagonal and zero between blocks, not up to rounding.
        between = np.eye(len(names.random_labels))
        for block in priors.blocks:
            between[np.ix_(block, block)] = 1.0
        diagonal = np.eye(len(between), dtype=bool)
        corr = pt.where(diagonal, 1.0, pt.where(between > 0, corr, 0.0))
        dims = tuple(stored_name(dim) for dim in names.corr_dims)
        pm.Deterministic(stored_name(names.corr), corr, dims=dims)
