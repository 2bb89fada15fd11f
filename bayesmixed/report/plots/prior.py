"""Densities of priors in the user's own coding, to draw beside posteriors."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.errors import PriorError
from bayesmixed.parameters import CovarianceParameters
from bayesmixed.priors.draws import draw_priors
from bayesmixed.priors.families import LKJ, Family, Flat, Normal, PymcPrior
from bayesmixed.quantities.by_label import coefficients_by_label, covariance_by_label

if TYPE_CHECKING:
    from bayesmixed.model import MixedModel

DRAWS = 8_000


def prior_density(model: "MixedModel", label: str, x: Array) -> Array | None:
    """Density of a parameter's prior at x; None where it is improper or a PyMC distribution.

    A prior that is stated at the means of the columns is carried over to zero: exactly for coefficients with
    normal priors, by draws for the sd and correlations of a block with the constant.
    """
    names, resolved = model.names, model.priors.resolved
    if resolved.joint:
        return _of_joint(model, label, x)
    if label == "sigma":
        return _closed(resolved.sigma, x)
    for parameter in names.fixed:
        if label in parameter.labels:
            column = parameter.columns[parameter.labels.index(label)]
            return _coefficient(model, column, x)
    for parameter in names.sd:
        if label in parameter.labels:
            place = parameter.labels.index(label)
            if not resolved.is_moved(parameter):
                return _closed(_entry(resolved[parameter.name], place), x)
            draws = covariance_draws(model)
            return None if draws is None else _smooth(draws.sd[:, parameter.columns[place]], x, lowest=0.0)
    return _correlation(model, label, x)


def _of_joint(model: "MixedModel", label: str, x: Array) -> Array | None:
    """By draws: what shares a total with others has no density in closed form."""
    try:
        drawn = draw_priors(model.priors.resolved, model.names, DRAWS, np.random.default_rng(0))
    except PriorError:
        return None
    covariance = covariance_by_label(model.design, model.names, drawn.covariance)
    values = coefficients_by_label(model.names, drawn.beta) | covariance
    is_sd = label == "sigma" or any(label in parameter.labels for parameter in model.names.sd)
    return _smooth(values[label], x, lowest=0.0 if is_sd else None)


def _closed(prior: Family | PymcPrior, x: Array) -> Array | None:
    if not isinstance(prior, Family) or isinstance(prior, Flat):
        return None
    density: Array = np.exp(prior.logpdf(x))
    return density


def _entry(prior: Family | PymcPrior, place: int) -> Family | PymcPrior:
    return prior.entry(place) if isinstance(prior, Family) else prior


def _coefficient(model: "MixedModel", column: int, x: Array) -> Array | None:
    """``beta = K^-1 beta_prior``: one family where only one enters, normal where all that enter are normal."""
    resolved = model.priors.resolved
    priors = [_entry(resolved[p.name], k) for p in model.names.fixed for k in range(len(p.columns))]
    weights = resolved.fixed_coding.inverse[column]
    used = np.flatnonzero(weights)
    if list(used) == [column] and weights[column] == 1.0:
        return _closed(priors[column], x)
    normal = [(weights[k], prior) for k in used if isinstance(prior := priors[k], Normal)]
    if len(normal) < len(used):
        return None
    mean = sum(weight * prior.mu for weight, prior in normal)
    sd = float(np.sqrt(sum((weight * prior.sigma) ** 2 for weight, prior in normal)))
    return _closed(Normal(mean, sd), x)


def _correlation(model: "MixedModel", label: str, x: Array) -> Array | None:
    labels = model.design.random_labels
    for block in model.priors.resolved.blocks:
        for place, k in enumerate(block):
            for m in block[place + 1 :]:
                if label == f"{model.names.corr}[{labels[k]},{labels[m]}]":
                    draws = covariance_draws(model)
                    return None if draws is None else _smooth(draws.corr[:, k, m], x)
    return None


def covariance_draws(model: "MixedModel", count: int = DRAWS, seed: int = 0) -> CovarianceParameters | None:
    """Draws of sd and Omega from their prior in the user's coding; None with a PyMC distribution among them."""
    resolved, rng = model.priors.resolved, np.random.default_rng(seed)
    sd = np.empty((count, model.design.q))
    for parameter in model.names.sd:
        for place, column in enumerate(parameter.columns):
            prior = _entry(resolved[parameter.name], place)
            if not isinstance(prior, Family):
                return None
            sd[:, column] = prior.distribution().ppf(rng.uniform(size=count))
    corr = np.broadcast_to(np.eye(model.design.q), (count, model.design.q, model.design.q)).copy()
    for block in resolved.blocks:
        if resolved.corr is not None and len(block) > 1:
            index = np.array(block)
            corr[:, index[:, None], index] = lkj_draws(resolved.corr, len(block), count, rng)
    G = CovarianceParameters(sd, corr, np.ones(count)).G
    back = resolved.T_inverse
    return CovarianceParameters.from_G(back @ G @ back.T, np.ones(count))


def lkj_draws(prior: LKJ, size: int, count: int, rng: np.random.Generator) -> Array:
    """Correlation matrices by partial correlations on a vine, shape (count, size, size).

    Lewandowski, Kurowicka and Joe (2009), section 2.4, doi:10.1016/j.jmva.2009.04.008.
    """
    partial, corr = np.zeros((2, count, size, size))
    shape = prior.eta + (size - 1) / 2.0
    for k in range(size - 1):
        shape -= 0.5
        for i in range(k + 1, size):
            partial[:, k, i] = value = 2.0 * rng.beta(shape, shape, size=count) - 1.0
            for m in range(k - 1, -1, -1):
                a, b = partial[:, m, i], partial[:, m, k]
                value = value * np.sqrt((1.0 - a**2) * (1.0 - b**2)) + a * b
            corr[:, k, i] = corr[:, i, k] = value
    return corr + np.eye(size)


def _smooth(values: Array, x: Array, lowest: float | None = None) -> Array:
    """Density of draws at x, from those near x; reflected at the boundary."""
    from scipy.stats import gaussian_kde

    width = np.ptp(x)
    near = values[(values > x.min() - width) & (values < x.max() + width)]
    if len(near) < 50:
        return np.zeros_like(x)
    density = gaussian_kde(near)
    result = density(x) if lowest is None else density(x) + density(2.0 * lowest - x)
    scaled: Array = result * len(near) / len(values)
    return scaled
