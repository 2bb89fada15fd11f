"""Standard errors of the variance parameters and of the ICC, by the delta method."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.icc import IccPoint, icc_values
from bayesmixed.parameters import CovarianceParameters
from bayesmixed.quantities.by_label import covariance_by_label
from bayesmixed.reml.satterthwaite import covariance_of_variance_parameters

if TYPE_CHECKING:
    from bayesmixed.reml.estimates import Estimates


def variance_standard_errors(fit: "Estimates") -> dict[str, float]:
    """Standard errors of every sd, correlation and sigma; nan where the estimate lies at the boundary."""
    labels = list(labelled(fit, fit.covariance))
    errors = _delta_method(fit, lambda covariance: np.array(list(labelled(fit, covariance).values())))
    boundary = [fit.singular and label != "sigma" for label in labels]
    return dict(zip(labels, np.where(boundary, np.nan, errors).tolist(), strict=True))


def icc_standard_errors(fit: "Estimates", points: Sequence[IccPoint]) -> Array:
    """Standard errors of the ICC at points; nan where the estimates lie at the boundary."""
    if fit.singular:
        return np.full(len(points), np.nan)
    return _delta_method(fit, lambda covariance: np.array([icc_values(covariance, p.rows) for p in points]))


def _delta_method(fit: "Estimates", quantities: Callable[[CovarianceParameters], Array]) -> Array:
    """Standard errors of functions of G and sigma, by central differences in (theta, sigma)."""
    at = np.append(fit.optimum.theta, fit.sigma)
    size = np.append(np.maximum(1.0, np.abs(at[:-1])), at[-1])
    rows = []
    for k in range(len(at)):
        unit = np.where(np.arange(len(at)) == k, 1e-5 * size, 0.0)
        above, below = (quantities(fit.covariance_at(x[:-1], x[-1])) for x in (at + unit, at - unit))
        rows.append((above - below) / (2.0 * unit[k]))
    A = covariance_of_variance_parameters(fit.derivatives)
    errors: Array = np.sqrt(np.einsum("rk,rs,sk->k", rows, A, rows))
    return errors


def labelled(fit: "Estimates", covariance: CovarianceParameters) -> dict[str, float]:
    """sd, correlations within blocks and sigma by the labels that posterior tables use."""
    found = covariance_by_label(fit.design, fit.names, covariance)
    return {label: float(value) for label, value in found.items()}
