"""The two sides of a comparison, quantity by quantity: REML with its interval, the posterior with its own."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.parameters import CovarianceParameters, ParameterNames
from bayesmixed.quantiles import normal_quantile
from bayesmixed.quantities.by_label import (
    coefficients_by_label,
    covariance_by_label,
    effects_by_label,
    icc_by_label,
)

if TYPE_CHECKING:
    from bayesmixed.design import Design
    from bayesmixed.reml import RemlFit

#: An sd below this share of sigma, in scaled columns, and a correlation this close to one are at the boundary.
ZERO, ONE = 1e-4, 1.0 - 1e-6


class Quantity(NamedTuple):
    """One thing that both sides speak of."""

    kind: str
    label: str


@dataclass(frozen=True, eq=False)
class RemlSide:
    """Estimates, standard errors and intervals by label; empty where REML does not exist.

    Parameters
    ----------
    estimate, se, lower, upper : dict of str to float
    df : dict of str to float
        Satterthwaite's, of coefficients.
    boundary : frozenset of str
        Quantities whose estimate lies at the edge.
    """

    estimate: dict[str, float]
    se: dict[str, float]
    lower: dict[str, float]
    upper: dict[str, float]
    df: dict[str, float]
    boundary: frozenset[str]


def draws_by_quantity(
    design: "Design", names: ParameterNames, beta: Array, covariance: CovarianceParameters, b: Array | None
) -> dict[Quantity, Array]:
    """Every quantity with its draws (or its estimate), in the order of the table."""
    own = covariance_by_label(design, names, covariance)
    sd = [label for parameter in names.sd for label in parameter.labels]
    kinds = dict.fromkeys(sd, "sd") | {"sigma": "sigma"}
    groups = [
        ("fixed", coefficients_by_label(names, beta)),
        (None, own),
        ("ICC", icc_by_label(design, covariance)),
        ("random effect", {} if b is None else effects_by_label(names, b)),
    ]
    return {
        Quantity(kind or kinds.get(label, "correlation"), label): values
        for kind, found in groups
        for label, values in found.items()
    }


def reml_side(fit: "RemlFit", ci_prob: float, method: str, with_effects: bool) -> RemlSide:
    """The REML fit as one side; intervals of `RemlFit.confint`, of random effects estimate +- z se."""
    table = fit.confint(method=method, ci_prob=ci_prob)
    b = fit.effects[0] if with_effects else None
    found = draws_by_quantity(fit.design, fit.names, fit.beta, fit.covariance, b)
    estimate = {quantity.label: float(value) for quantity, value in found.items()}
    labels = fit.design.fixed_labels
    se = dict(zip(labels, fit.se, strict=True)) | fit.variance_se
    lower, upper = table["lower"].to_dict(), table["upper"].to_dict()
    if with_effects:
        z = normal_quantile(0.5 + ci_prob / 2.0)
        spread = np.sqrt(np.diagonal(fit.effects[1], axis1=1, axis2=2))
        for label, own in effects_by_label(fit.names, spread).items():
            se[label] = float(own)
            lower[label], upper[label] = estimate[label] - z * own, estimate[label] + z * own
    df = dict(zip(labels, fit.df, strict=True))
    return RemlSide(estimate, se, lower, upper, df, _at_boundary(fit, found))


def _at_boundary(fit: "RemlFit", found: dict[Quantity, Array]) -> frozenset[str]:
    """Labels of zero sd, of correlations at +-1 or of such sd, of an ICC of 0, of effects of such sd."""
    names, covariance = fit.names, fit.covariance
    zero = covariance.sd * np.sqrt(np.diag(fit.design.z_second_moment)) <= ZERO * fit.sigma
    ones = np.argwhere((np.abs(covariance.corr) > ONE) | zero[:, None] | zero[None, :])
    terms = names.random_labels
    labels = {f"{names.corr}[{terms[k]},{terms[m]}]" for k, m in ones}
    labels |= {label for p in names.sd for label, k in zip(p.labels, p.columns, strict=True) if zero[k]}
    labels |= {quantity.label for quantity, value in found.items() if quantity.kind == "ICC" and value < ZERO**2}
    effects = effects_by_label(names, np.broadcast_to(zero, (fit.design.n_groups, fit.design.q)))
    labels |= {label for label, is_zero in effects.items() if is_zero}
    return frozenset(labels)
