"""Families of positive parameters as numbers, and their log densities by the logarithm of the parameter."""

from typing import NamedTuple

import numpy as np
from scipy.special import betaln, gammaln

from bayesmixed.compiled import compiled
from bayesmixed.errors import PriorError
from bayesmixed.priors.families import (
    Exponential,
    Family,
    Flat,
    Gamma,
    HalfCauchy,
    HalfNormal,
    HalfStudentT,
    PymcPrior,
)
from bayesmixed.priors.joint import RootR2, Shared

# Shapes that log densities of positive parameters have, up to a constant.
_GAUSSIAN, _STUDENT, _GAMMA, _INVERSE_GAMMA, _ODDS = 0.0, 1.0, 2.0, 3.0, 4.0


class PositivePrior(NamedTuple):
    """A family on the positive half line: constant, shape of the log density, two numbers."""

    constant: float
    kind: float
    first: float
    second: float


#: Nothing: a density of the logarithm that is 1.
SHARED = PositivePrior(0.0, _GAMMA, -1.0, 0.0)


def positive_prior(family: Family | PymcPrior) -> PositivePrior:
    """Log density of a built-in family, ``constant + shape(x; first, second)``."""
    numbers = [float(v) for v in family.parameters.values()] if isinstance(family, Family) else []
    match family, numbers:
        case HalfNormal(), [sigma]:
            return PositivePrior(0.5 * np.log(2.0 / np.pi) - np.log(sigma), _GAUSSIAN, sigma, 0.0)
        case HalfStudentT(), [nu, sigma]:
            return _half_student(nu, sigma)
        case HalfCauchy(), [beta]:
            return _half_student(1.0, beta)
        case Exponential(), [lam]:
            return PositivePrior(np.log(lam), _GAMMA, 0.0, lam)
        case Gamma(), [alpha, beta]:
            return PositivePrior(alpha * np.log(beta) - float(gammaln(alpha)), _GAMMA, alpha - 1.0, beta)
        case RootR2(), [alpha, beta]:
            return PositivePrior(np.log(2.0) - float(betaln(alpha, beta)), _ODDS, alpha, beta)
        case Shared(), []:  # the joint prior is that of logarithms, and has all of it
            return SHARED
        case Flat(), []:  # improper, for comparisons only: the user's own prior of an sd must be proper
            return PositivePrior(0.0, _GAMMA, 0.0, 0.0)
    raise PriorError(f"{family} is not a prior of a positive parameter that the compiled engine knows")


def _half_student(nu: float, sigma: float) -> PositivePrior:
    constant = (
        np.log(2.0) + gammaln((nu + 1.0) / 2.0) - gammaln(nu / 2.0) - 0.5 * np.log(nu * np.pi) - np.log(sigma)
    )
    return PositivePrior(constant, _STUDENT, nu, sigma)


def inverse_gamma(shape: float, rate: float) -> PositivePrior:
    return PositivePrior(shape * np.log(rate) - gammaln(shape), _INVERSE_GAMMA, shape + 1.0, rate)


@compiled
def log_positive(
    log_x: float, kind: float, first: float, second: float
) -> tuple[float, float]:  # pragma: no cover - compiled
    """Log density without its constant, with the Jacobian of the logarithm; and its derivative by log x."""
    x = np.exp(log_x)
    if kind == _GAUSSIAN:
        u = x / first
        return log_x - 0.5 * u * u, 1.0 - u * u
    if kind == _STUDENT:
        u = x / second
        ratio = u * u / first
        return log_x - 0.5 * (first + 1.0) * np.log1p(ratio), 1.0 - (first + 1.0) * ratio / (1.0 + ratio)
    if kind == _GAMMA:
        return (first + 1.0) * log_x - second * x, first + 1.0 - second * x
    if kind == _ODDS:
        share = 1.0 / (1.0 + 1.0 / (x * x))
        value = 2.0 * first * log_x - (first + second) * np.log1p(x * x)
        return value, 2.0 * first - 2.0 * (first + second) * share
    return (1.0 - first) * log_x - second / x, 1.0 - first + second / x
