"""Priors of how variance is shared: on the ICC itself, and R2D2M2."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.coding import DataScales
from bayesmixed.errors import PriorError
from bayesmixed.parameters import ParameterNames
from bayesmixed.priors.families import HalfStudentT
from bayesmixed.priors.joint import JointPrior, Member, RootR2, Shared
from bayesmixed.priors.presets.common import check_numbers
from bayesmixed.priors.presets.default import default_priors
from bayesmixed.priors.presets.rstanarm import members_of
from bayesmixed.priors.resolved import Prior, ResolvedPriors

if TYPE_CHECKING:
    from bayesmixed.design import Design


def icc_priors(
    design: "Design",
    names: ParameterNames,
    alpha: float = 1.0,
    beta: float = 1.0,
    nu: float = 3.0,
    scale: float | None = None,
) -> ResolvedPriors:
    """The default priors, but ``ICC ~ Beta(alpha, beta)`` and ``sqrt(sd^2 + sigma^2)`` half-Student-t(nu, scale).

    sd is that of the group's intercept, in a model with slopes at the means of the slope variables, and the ICC is
    the one there. `scale` is the spread of y where it is not given. Earlier studies with mean ICC m and sd s say
    ``alpha + beta = m (1 - m) / s^2 - 1``, ``alpha = m (alpha + beta)``.

    Raises
    ------
    PriorError
        The model has no random intercept, whose share the ICC is, or a number is not positive.
    """
    check_numbers("a prior on the ICC", alpha=alpha, beta=beta, nu=nu, scale=1.0 if scale is None else scale)
    if "Intercept" not in names.random_labels:
        raise PriorError("a prior on the ICC needs a random intercept: (1 | g) or (t | g)")
    base, found = default_priors(design, names), DataScales.of(design)
    column = names.random_labels.index("Intercept")
    (intercept,) = members_of((column,), names, [1.0])
    joint = JointPrior(
        f"sqrt({intercept.name}^2 + sigma^2)",
        (intercept, Member("sigma", 0, 1.0)),
        (alpha, beta),
        HalfStudentT(nu, found.spread if scale is None else scale),
        relative=False,
    )
    sd: dict[str, Prior] = {**base.sd, intercept.name: Shared()}
    return replace(base, preset="icc", sd=sd, sigma=Shared(), joint=(joint,))


def r2d2m2_priors(
    design: "Design",
    names: ParameterNames,
    mean: float = 0.5,
    precision: float = 2.0,
    concentration: float = 0.5,
) -> ResolvedPriors:
    """The default priors, but all terms share an R2: ``R2 ~ Beta(mean precision, (1 - mean) precision)``.

    With ``T = sigma^2 R2 / (1 - R2)`` and shares phi ~ Dirichlet(concentration): coefficients are
    ``N(0, phi_k T / sd(x_k)^2)``, group standard deviations ``sqrt(phi_k T) / sd(z_k)``, at the means of the slope
    variables. The intercept keeps its own prior. R2 is that part of the variance of y that fixed and random
    effects explain together. Aguilar and Bürkner (2023), doi:10.1214/23-EJS2136
    """
    check_numbers("R2D2M2", 1.0, mean=mean)
    check_numbers("R2D2M2", precision=precision, concentration=concentration)
    base, found = default_priors(design, names), DataScales.of(design)
    members, fixed = [], dict(base.fixed)
    for parameter in names.fixed:
        columns = list(parameter.columns)
        if found.fixed.constant[columns].any():
            continue
        fixed[parameter.name] = Shared()
        members += [Member(parameter.name, k, float(found.fixed.scale[c] ** 2)) for k, c in enumerate(columns)]
    for block, coding in zip(base.blocks, found.blocks, strict=True):
        members += members_of(block, names, np.where(coding.constant != 0, 1.0, coding.scale**2))
    joint = JointPrior(
        "sd of all that is explained / sigma",
        tuple(members),
        (concentration,) * len(members),
        RootR2(mean * precision, (1.0 - mean) * precision),
        relative=True,
    )
    sd = dict.fromkeys(base.sd, Shared())
    return replace(base, preset="r2d2m2", fixed=fixed, sd=sd, joint=(joint,))
