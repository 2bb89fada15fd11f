"""Joint priors of variances in a graph: parameters without a prior of their own, and one potential for all."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayesmixed.arrays import Array
from bayesmixed.graph.parameters import CovarianceVariables, Holder, constant, parameter_dims, prior_data
from bayesmixed.parameters import Parameter, ParameterNames, stored_name
from bayesmixed.priors.families import Family
from bayesmixed.priors.joint import JointPrior, RootR2
from bayesmixed.priors.resolved import ResolvedPriors

#: Auxiliary scale of a coefficient with a Student-t prior; prior variance of one that shares a total.
SCALE = "_scale"


def shared_scale(parameter: Parameter) -> Any:
    """Prior variances of coefficients that share a joint prior: a free variable of the current model."""
    return pm.HalfFlat(stored_name(parameter.name) + SCALE, dims=parameter_dims(parameter))


def joint_potentials(
    priors: ResolvedPriors,
    names: ParameterNames,
    covariance: CovarianceVariables,
    scales: Mapping[str, Any],
    hold: Holder = constant,
) -> None:
    """Add the joint priors to the current model.

    Their density is that of logarithms. The free variables are improper by themselves, so PyMC cannot draw them
    from the prior: ``model.prior_predictive()`` can.

    Parameters
    ----------
    priors : ResolvedPriors
    names : ParameterNames
    covariance : CovarianceVariables
    scales : mapping of str to tensor
        Prior variances of the coefficients of shared terms, each a vector.
    hold : callable
        How the graph holds numbers.
    """
    places = {(p.name, k): (covariance.sd[c], 2.0) for p in names.sd for k, c in enumerate(p.columns)}
    places["sigma", 0] = (covariance.sigma, 2.0)
    for parameter in names.fixed:
        if parameter.name in scales:
            own = pt.atleast_1d(scales[parameter.name])
            places |= {(parameter.name, k): (own[k], 1.0) for k in range(len(parameter.columns))}
    for number, joint in enumerate(priors.joint, start=1):
        found = [places[member.name, member.entry] for member in joint.members]
        logs, powers = pt.log(pt.stack([value for value, _ in found])), np.array([power for _, power in found])
        value = _log_density(joint, f"joint_prior_{number}", logs, powers, covariance.sigma, hold)
        pm.Potential(f"joint_prior_{number}", value)


def _log_density(joint: JointPrior, name: str, logs: Any, powers: Array, sigma: Any, hold: Holder) -> Any:
    """By the parameters themselves, whose transforms in PyMC have the Jacobian of the logarithm."""
    parts = logs * powers + pt.as_tensor_variable(hold(prior_data(name, "log_weights"), np.log(joint.weights)))
    concentration = pt.as_tensor_variable(hold(prior_data(name, "alpha"), np.array(joint.concentration)))
    L = pt.logsumexp(parts)
    log_r = 0.5 * L - (pt.log(sigma) if joint.relative else 0.0)
    dirichlet = (
        pt.gammaln(concentration.sum()) - pt.gammaln(concentration).sum() + (concentration * (parts - L)).sum()
    )
    constant_part = np.log(powers).sum() - np.log(2.0)
    return dirichlet + constant_part + _log_total(joint.total, name, pt.exp(log_r), hold) + log_r - logs.sum()


def _log_total(total: Family, name: str, r: Any, hold: Holder) -> Any:
    numbers = {key: hold(prior_data(name, f"total_{key}"), value) for key, value in total.parameters.items()}
    if isinstance(total, RootR2):
        a, b = numbers["alpha"], numbers["beta"]
        log_beta = pt.gammaln(a) + pt.gammaln(b) - pt.gammaln(a + b)
        return np.log(2.0) + (2.0 * a - 1.0) * pt.log(r) - (a + b) * pt.log1p(r**2) - log_beta
    return pm.logp(getattr(pm, type(total).__name__).dist(**numbers), r)
