"""Standard errors of the variance parameters, by the delta method."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.coding import Array
from bayesmixed.parameters import CovarianceParameters
from bayesmixed.quantities import covariance_by_label
from bayesmixed.reml.satterthwaite import covariance_of_variance_parameters

if TYPE_CHECKING:
    from bayesmixed.reml.fit import RemlFit


def variance_standard_errors(fit: "RemlFit") -> dict[str, float]:
    """Standard errors of every sd, correlation and sigma; nan where the estimate lies at the boundary."""
    theta = fit.optimum.theta
    A = covariance_of_variance_parameters(fit.derivatives)

    def quantities(parameters: Array) -> dict[str, float]:
        return labelled(fit, fit.covariance_at(parameters[:-1], parameters[-1]))

    at = np.append(theta, fit.sigma)
    here, step = quantities(at), 1e-5
    jacobian = {label: np.empty(len(at)) for label in here}
    for k in range(len(at)):
        unit = np.zeros(len(at))
        unit[k] = step * (at[k] if k == len(at) - 1 else max(1.0, abs(at[k])))
        above, below = quantities(at + unit), quantities(at - unit)
        for label, row in jacobian.items():
            row[k] = (above[label] - below[label]) / (2.0 * unit[k])
    result = {}
    for label, row in jacobian.items():
        boundary = fit.singular and label != "sigma"
        result[label] = float("nan") if boundary else float(np.sqrt(row @ A @ row))
    return result


def labelled(fit: "RemlFit", covariance: CovarianceParameters) -> dict[str, float]:
    """sd, correlations within blocks and sigma by the labels that posterior tables use."""
    found = covariance_by_label(fit.design, fit.names, covariance)
    return {label: float(value) for label, value in found.items()}
