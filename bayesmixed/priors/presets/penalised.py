"""Penalised-complexity priors of standard deviations."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.parameters import ParameterNames
from bayesmixed.priors.families import Exponential, HalfStudentT
from bayesmixed.priors.presets.common import check_numbers, numbers
from bayesmixed.priors.presets.default import default_priors
from bayesmixed.priors.resolved import ResolvedPriors

if TYPE_CHECKING:
    from bayesmixed.design import Design


def penalised_complexity_priors(
    design: "Design", names: ParameterNames, upper: float | None = None, probability: float = 0.05
) -> ResolvedPriors:
    """The default priors with exponential ones of every group sd: ``P(sd > U) = probability``.

    Simpson et al. (2017), doi:10.1214/16-STS576, section 3.3: the distance from the simpler model without the
    effect has a constant rate of penalisation, which for the sd of a normal effect is an exponential prior with
    rate ``-log(probability) / U``. U is `upper` for the group's intercept, ``upper / sd(z)`` for a slope; without
    `upper` it is the spread of y, which a group sd can hardly exceed.
    """
    what = "a penalised-complexity prior"
    check_numbers(what, 1.0, probability=probability)
    if upper is not None:
        check_numbers(what, upper=upper)
    base = default_priors(design, names)
    spread = base.sigma.sigma if isinstance(base.sigma, HalfStudentT) else 1.0
    factor = 1.0 if upper is None else upper / float(np.asarray(spread))
    rate = -np.log(probability) / factor
    sd = {
        name: Exponential(numbers(rate / np.asarray(prior.parameters["sigma"])))
        for name, prior in base.sd.items()
        if isinstance(prior, HalfStudentT)
    }
    return replace(base, preset="penalised_complexity", sd=sd)
