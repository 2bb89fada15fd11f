"""The default priors of Bambi."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.coding import Coding
from bayesmixed.parameters import ParameterNames
from bayesmixed.priors.families import HalfNormal, HalfStudentT, Normal
from bayesmixed.priors.presets.common import SampleScales, columns_of_blocks, lkj, numbers
from bayesmixed.priors.resolved import Prior, ResolvedPriors

if TYPE_CHECKING:
    from bayesmixed.design import Design


def bambi_priors(design: "Design", names: ParameterNames) -> ResolvedPriors:
    """The automatic priors of Bambi 0.21, in its coding: X is centred where it has an intercept, Z is not.

    With s the sd of y: coefficients Normal(0, 2.5 s / sd(x)), the intercept Normal(mean y, w) with
    ``w^2 = (2.5 s)^2 + sum of (2.5 s mean(x) / sd(x))^2``; sd of the group's intercept HalfNormal(w), of slopes
    HalfNormal(2.5 s / sd(z)); sigma half-Student-t(4, s). Bambi has no correlations between random effects:
    where the formula has them, their prior is this package's, LKJ(2). doi:10.18637/jss.v103.i15
    """
    found = SampleScales.of(design, ddof=0)
    coding = found.centred(design)
    constant = np.array([label == "Intercept" for label in design.fixed_labels])
    slopes = 2.5 * found.y / np.where(constant, 1.0, found.X)
    width = float(np.hypot(2.5 * found.y, np.linalg.norm(np.where(constant, 0.0, slopes * found.X_means))))
    fixed: dict[str, Prior] = {
        p.name: Normal(found.mean, width) if p.name == "Intercept" else Normal(0.0, numbers(p.value(slopes)))
        for p in names.fixed
    }
    is_intercept = np.array([label == "Intercept" for label in design.random_labels])
    sd = np.where(is_intercept, width, 2.5 * found.y / np.where(is_intercept, 1.0, found.Z))
    return ResolvedPriors(
        "bambi",
        fixed,
        {p.name: HalfNormal(numbers(p.value(sd))) for p in names.sd},
        lkj(design, 2.0),
        names.corr,
        HalfStudentT(4.0, found.y),
        (),
        coding,
        tuple(Coding.identity(len(block.columns)) for block in design.blocks),
        columns_of_blocks(design),
    )
