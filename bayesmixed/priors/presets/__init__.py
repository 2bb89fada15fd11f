"""Presets: the numbers that the data give to priors of one kind."""

from typing import TYPE_CHECKING

from bayesmixed.parameters import ParameterNames
from bayesmixed.priors.presets.bambi import bambi_priors
from bayesmixed.priors.presets.brms import brms_priors
from bayesmixed.priors.presets.default import default_priors
from bayesmixed.priors.presets.penalised import penalised_complexity_priors
from bayesmixed.priors.presets.rstanarm import rstanarm_priors
from bayesmixed.priors.presets.shared import icc_priors, r2d2m2_priors
from bayesmixed.priors.request import Priors
from bayesmixed.priors.resolved import ResolvedPriors

if TYPE_CHECKING:
    from bayesmixed.design import Design

_PRESETS = {
    "default": default_priors,
    "brms": brms_priors,
    "rstanarm": rstanarm_priors,
    "bambi": bambi_priors,
    "penalised_complexity": penalised_complexity_priors,
    "icc": icc_priors,
    "r2d2m2": r2d2m2_priors,
}


def resolve_priors(priors: Priors, design: "Design") -> ResolvedPriors:
    """Turn a preset, and what the user gave by name, into numbers for one design."""
    names = ParameterNames.of(design)
    return _PRESETS[priors.preset](design, names, **priors.options).override(priors, names)
