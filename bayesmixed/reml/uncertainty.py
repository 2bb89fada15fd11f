"""Standard errors of the variance parameters, by the delta method."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.coding import Array
from bayesmixed.components import components
from bayesmixed.parameters import CovarianceParameters
from bayesmixed.reml.satterthwaite import covariance_of_variance_parameters

if TYPE_CHECKING:
    from bayesmixed.reml.fit import RemlFit


def variance_standard_errors(fit: "RemlFit") -> dict[str, float]:
    """Standard errors of every sd, correlation and sigma; nan where the estimate lies at the boundary."""
    theta = fit.optimum.theta
    A = covariance_of_variance_parameters(fit.profile, theta, fit.sigma)

    def quantities(parameters: Array) -> dict[str, float]:
        root = parameters[-1] * fit.profile.coded.T_inverse @ fit.profile.Lambda(parameters[:-1])
        return labelled(fit, CovarianceParameters.from_G(root @ root.T, parameters[-1]))

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
    found = {}
    for parameter in fit.names.sd:
        found |= dict(zip(parameter.labels, np.atleast_1d(covariance.sd[list(parameter.columns)]), strict=True))
    for component in components(fit.design, covariance):
        if component.quantity == "correlation":
            found[f"{fit.names.corr}[{component.term}]"] = float(component.values)
    found["sigma"] = float(covariance.sigma)
    return {label: float(value) for label, value in found.items()}
