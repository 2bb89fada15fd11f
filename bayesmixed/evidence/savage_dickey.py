"""The Savage-Dickey ratio of coefficients: prior density at 0 over posterior density at 0.

Given the covariance parameters, the posterior of a coefficient is normal, so that its density at 0 is a mean of
normal densities over draws and needs no smoothing.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from bayesmixed.arrays import Array
from bayesmixed.engines.weights import K_HAT_LIMIT, smooth_weights
from bayesmixed.errors import PriorError
from bayesmixed.evidence.bridge import efficiency
from bayesmixed.evidence.marginal import Target
from bayesmixed.parameters import Parameter
from bayesmixed.priors.families import Normal, StudentT


class DensityRatio(NamedTuple):
    """A log Bayes factor of the model against the null, by densities at 0.

    Parameters
    ----------
    log_bf : float
    error : float
        Monte Carlo standard error; infinite where 0 is so far out in the tail that a few draws decide.
    """

    log_bf: float
    error: float


def savage_dickey(target: Target, tested: tuple[Parameter, ...], draws: Array) -> DensityRatio:
    """Log of prior over posterior density at 0 of some coefficients.

    It is the Bayes factor exactly when the other priors do not depend on these coefficients, as here in the
    coding of the priors. Dickey (1971), doi:10.1214/aoms/1177693507.

    Parameters
    ----------
    target : Target
    tested : tuple of Parameter
        Coefficients with normal or Student-t priors.
    draws : ndarray, shape (chains, draws, size)
        Unconstrained.

    Raises
    ------
    PriorError
        A prior of another family, or of a coefficient that is stated at the means of the columns.
    """
    priors = target.posterior.priors
    for parameter in tested:
        prior = priors.fixed[parameter.name]
        if not isinstance(prior, Normal | StudentT):
            raise PriorError(
                f"the density ratio needs a normal or Student-t prior of {parameter.name!r}, not {prior}"
            )
        if not priors.reach(parameter) <= {column for other in tested for column in other.columns}:
            raise PriorError(
                f"the prior of {parameter.name!r} is stated at the means of the columns, or with other terms, so "
                "that it is not 0 under the null model: the density at 0 says nothing of it"
            )
    chains, count, size = draws.shape
    log_densities = _at_zero(target, tested, draws.reshape(-1, size))
    top = log_densities.max()
    relative = np.exp(log_densities - top)
    worth = relative.size * efficiency(relative.reshape(chains, count))
    log_posterior = top + np.log(relative.mean())
    log_prior = sum(float(np.sum(_prior(priors.fixed[p.name], p))) for p in tested)
    error = float(relative.std() / relative.mean() / np.sqrt(worth))
    if smooth_weights(log_densities)[1] > K_HAT_LIMIT:
        error = float("inf")  # the mean has no error that these draws could tell
    return DensityRatio(float(log_prior - log_posterior), error)


def _prior(prior: Any, parameter: Parameter) -> Array:
    return np.array([prior.entry(k).logpdf(0.0) for k in range(len(parameter.columns))])


def _at_zero(target: Target, tested: tuple[Parameter, ...], x: Array) -> Array:
    """Log density at 0 of the coefficients, given the other parameters of each draw."""
    posterior, found = target.posterior, target.density.constrain(x)
    kernel, n = posterior.kernel, len(posterior.coefficients.columns)
    places = [place for parameter in tested for place in posterior.coefficients.places(parameter)]
    zero, explicit = -posterior.shift[places], found.explicit - posterior.shift[n:]
    result = np.empty(len(x))
    for d in range(len(x)):
        Q = kernel.cross_products(found.Lambda[d])[1]
        variance = found.sigma[d] ** 2
        P = Q[:n, :n] / variance + np.diag(found.precision[d])
        h = (Q[:n, -1] - Q[:n, n:-1] @ explicit[d]) / variance + found.precision[d] * kernel.mean
        covariance = np.linalg.inv(P)
        mean = (covariance @ h)[places]
        result[d] = stats.multivariate_normal.logpdf(zero, mean, covariance[np.ix_(places, places)])
    return result
