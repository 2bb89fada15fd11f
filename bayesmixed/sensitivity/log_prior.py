"""The log prior density of every parameter at the draws of a fit."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.errors import PriorError
from bayesmixed.parameters import CovarianceParameters, Parameter, stored_name
from bayesmixed.priors.families import Flat, PymcPrior
from bayesmixed.priors.joint import JointPrior, Shared
from bayesmixed.priors.resolved import Prior

if TYPE_CHECKING:
    from bayesmixed.fit import Fit


def log_prior(fit: "Fit") -> dict[str, Array]:
    """Log density of each top-level prior on the scale of the parameters, by name; each of shape (draws,).

    Coefficients included, although they were integrated out while sampling: of a Student-t prior it is the
    density of the coefficient itself, its auxiliary scale integrated. Densities speak of the parameters where the
    priors are stated (the intercept and the sd of a block with the constant perhaps at the means of the
    columns). Flat priors are left out. They are normalised.

    Parameters
    ----------
    fit : Fit

    Returns
    -------
    dict of str to ndarray
        A joint prior of several variances by its title.
    """
    return dict(_densities(fit))


def _densities(fit: "Fit") -> Iterator[tuple[str, Array]]:
    priors, names = fit.model.priors.resolved, fit.model.names
    beta = fit.beta @ priors.fixed_coding.matrix.T
    T = priors.T
    covariance = CovarianceParameters.from_G(T @ fit.covariance.G @ T.T, fit.covariance.sigma)
    for parameters, families, values in ((names.fixed, priors.fixed, beta), (names.sd, priors.sd, covariance.sd)):
        for parameter in parameters:
            prior = families[parameter.name]
            if isinstance(prior, Shared):
                if parameter in names.fixed:
                    yield parameter.name, _given_scale(fit, parameter, beta)
            elif not isinstance(prior, Flat):
                yield parameter.name, _log_density(prior, parameter.name, values[:, list(parameter.columns)])
    if priors.corr is not None:
        wide = [list(block) for block in priors.blocks if len(block) > 1]
        corr = (covariance.corr[:, block][:, :, block] for block in wide)
        yield priors.corr_name, np.sum([priors.corr.logpdf(own) for own in corr], axis=0)
    if not isinstance(priors.sigma, Shared | Flat):
        yield "sigma", _log_density(priors.sigma, "sigma", covariance.sigma[:, None])
    for joint in priors.joint:
        yield joint.title, joint.logpdf(_roots(fit, joint, covariance), covariance.sigma)


def _log_density(prior: Prior, name: str, values: Array) -> Array:
    """Of draws (draws, entries), summed over the entries."""
    if not isinstance(prior, PymcPrior):
        return np.asarray(prior.logpdf(values).sum(axis=1))
    if prior.variable is None:
        raise PriorError(f"the prior of {name!r}, {prior}, was stored as text only: build the model anew")
    import pymc as pm
    from pymc.distributions.shape_utils import change_dist_size

    variable = change_dist_size(prior.variable, values.shape)
    return np.asarray(pm.logp(variable, values).eval()).sum(axis=1)


def _scales(fit: "Fit", parameter: Parameter) -> Array:
    """Draws of the prior variances lambda of coefficients that take part in a joint prior, (draws, entries)."""
    array = fit.idata["auxiliary"][f"{stored_name(parameter.name)}_scale"].transpose("chain", "draw", ...)
    return array.to_numpy().reshape(int(np.prod(fit.shape)), -1)


def _given_scale(fit: "Fit", parameter: Parameter, beta: Array) -> Array:
    """``log N(beta; 0, lambda)``."""
    scale, values = _scales(fit, parameter), beta[:, list(parameter.columns)]
    return np.asarray(-0.5 * (np.log(2.0 * np.pi * scale) + values**2 / scale).sum(axis=1))


def _roots(fit: "Fit", joint: JointPrior, covariance: CovarianceParameters) -> Array:
    """Square roots of the variances that share a total, (draws, members)."""
    names = fit.model.names
    sd = {(p.name, k): covariance.sd[:, column] for p in names.sd for k, column in enumerate(p.columns)}
    found = sd | {("sigma", 0): covariance.sigma}
    for parameter in names.fixed:
        if parameter.name in joint.names:
            scales = np.sqrt(_scales(fit, parameter))
            found |= {(parameter.name, k): scales[:, k] for k in range(scales.shape[1])}
    return np.column_stack([found[member.name, member.entry] for member in joint.members])
