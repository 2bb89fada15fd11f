"""Prior densities: families, presets that scale with the data, and their resolution to numbers."""

from bayesmixed.priors.families import (
    LKJ,
    Exponential,
    Family,
    Flat,
    Gamma,
    HalfCauchy,
    HalfNormal,
    HalfStudentT,
    Normal,
    PymcPrior,
    StudentT,
)
from bayesmixed.priors.presets import resolve_priors
from bayesmixed.priors.request import Priors
from bayesmixed.priors.resolved import ResolvedPriors

__all__ = [
    "LKJ",
    "Exponential",
    "Family",
    "Flat",
    "Gamma",
    "HalfCauchy",
    "HalfNormal",
    "HalfStudentT",
    "Normal",
    "Priors",
    "PymcPrior",
    "ResolvedPriors",
    "StudentT",
    "resolve_priors",
]
