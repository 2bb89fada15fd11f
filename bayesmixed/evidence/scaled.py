"""Priors whose scale is multiplied, for a look at how far a Bayes factor rests on it."""

from dataclasses import replace

import numpy as np

from bayesmixed.errors import PriorError
from bayesmixed.priors.families import (
    Exponential,
    Family,
    Gamma,
    HalfCauchy,
    HalfNormal,
    HalfStudentT,
    Normal,
    PymcPrior,
    StudentT,
)
from bayesmixed.priors.resolved import ResolvedPriors

#: The number of a family that is a scale, or (minus) a rate.
_SCALES: dict[type, tuple[str, int]] = {
    Normal: ("sigma", 1),
    StudentT: ("sigma", 1),
    HalfNormal: ("sigma", 1),
    HalfStudentT: ("sigma", 1),
    HalfCauchy: ("beta", 1),
    Exponential: ("lam", -1),
    Gamma: ("beta", -1),
}


def can_scale(prior: Family | PymcPrior) -> bool:
    return type(prior) in _SCALES


def scaled(prior: Family | PymcPrior, factor: float) -> Family:
    """The density of `factor` times the parameter; a location (mu) stays where it is.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> str(scaled(bm.HalfNormal(10), 2)), str(scaled(bm.Exponential(0.1), 2)), str(scaled(bm.Normal(5, 1), 2))
    ('HalfNormal(sigma=20)', 'Exponential(lam=0.05)', 'Normal(mu=5, sigma=2)')
    """
    if not isinstance(prior, Family) or not can_scale(prior):
        raise PriorError(f"the prior {prior} has no scale of its own that could be multiplied")
    name, power = _SCALES[type(prior)]
    number = np.asarray(getattr(prior, name)) * factor**power
    return replace(prior, **{name: tuple(number.tolist()) if number.ndim else float(number)})


def with_scaled(priors: ResolvedPriors, names: tuple[str, ...], factor: float) -> ResolvedPriors:
    """All priors as they are, but the scales of some multiplied."""
    for name in names:
        if not can_scale(priors[name]):
            title = next((joint.title for joint in priors.joint if name in joint.names), None)
            reason = f"is a share of the {title}" if title else f"is {priors[name]}"
            raise PriorError(f"the prior of {name!r} {reason}, which has no scale of its own to be multiplied")
    fixed = {k: scaled(v, factor) if k in names else v for k, v in priors.fixed.items()}
    sd = {k: scaled(v, factor) if k in names else v for k, v in priors.sd.items()}
    return replace(priors, fixed=fixed, sd=sd)
