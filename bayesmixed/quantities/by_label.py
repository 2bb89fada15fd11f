"""What a model is asked for, by the labels of tables: coefficients, sd, correlations, sigma, ICC.

One list serves draws of a posterior, REML estimates and bootstrap replicates, so that they cannot drift.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.icc import icc_points, icc_values
from bayesmixed.parameters import CovarianceParameters, ParameterNames
from bayesmixed.quantities.components import components

if TYPE_CHECKING:
    from bayesmixed.design import Design


def coefficients_by_label(names: ParameterNames, beta: Array) -> dict[str, Array]:
    """Coefficients, shape (..., p), one entry a column of X."""
    return {
        label: beta[..., column]
        for parameter in names.fixed
        for label, column in zip(parameter.labels, parameter.columns, strict=True)
    }


def covariance_by_label(
    design: "Design", names: ParameterNames, covariance: CovarianceParameters
) -> dict[str, Array]:
    """sd, correlations within blocks (upper triangle, ``Subject_corr[Intercept,Days]``) and sigma."""
    found = {
        label: covariance.sd[..., column]
        for parameter in names.sd
        for label, column in zip(parameter.labels, parameter.columns, strict=True)
    }
    for component in components(design, covariance):
        if component.quantity == "correlation":
            found[f"{names.corr}[{component.term}]"] = component.values
    found["sigma"] = np.asarray(covariance.sigma)
    return found


def icc_by_label(
    design: "Design", covariance: CovarianceParameters, at: Mapping[str, Any] | None = None
) -> dict[str, Array]:
    """The ICC at the points at which it is reported."""
    points = icc_points(design, at)
    labels = [icc_label(design.factor_name, point.at, len(points) == 1) for point in points]
    return {label: icc_values(covariance, point.rows) for label, point in zip(labels, points, strict=True)}


def icc_label(factor: str, at: Mapping[str, Any] | None, only: bool) -> str:
    """``ICC(Subject)``, ``ICC(Subject | Days = 4.5)`` or ``ICC(Subject | mean over rows)``."""
    if at:
        where = ", ".join(
            f"{name} = {value:g}" if np.isreal(value) else f"{name} = {value}" for name, value in at.items()
        )
        return f"ICC({factor} | {where})"
    return f"ICC({factor})" if only else f"ICC({factor} | mean over rows)"


def effects_by_label(names: ParameterNames, b: Array) -> dict[str, Array]:
    """Random effects, shape (..., J, q), by ``1|Subject[308]`` or ``Type|Subject[T2, 308]``."""
    found = {}
    for parameter in names.effects:
        for coordinate, column in zip(parameter.coords or ("",), parameter.columns, strict=True):
            lead = f"{coordinate}, " if parameter.dim is not None else ""
            for j, level in enumerate(names.levels):
                found[f"{parameter.name}[{lead}{level}]"] = b[..., j, column]
    return found
