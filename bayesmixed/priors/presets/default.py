"""The default priors: weakly informative, scaled by the data."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.parameters import ParameterNames
from bayesmixed.priors.families import HalfStudentT, Normal
from bayesmixed.priors.presets.common import columns_of_blocks, lkj, numbers
from bayesmixed.priors.resolved import ResolvedPriors
from bayesmixed.scales import DataScales

if TYPE_CHECKING:
    from bayesmixed.design import Design


def default_priors(design: "Design", names: ParameterNames) -> ResolvedPriors:
    """Weakly informative in units of the data's own spread s (sd of y about its mean, minus the offset).

    Coefficients: Normal(0, 2.5 s / sd(x)); the intercept, stated at the means of the columns:
    Normal(mean y, 2.5 s). Standard deviations of random effects: half-Student-t(3, s / sd(z)), of a block
    with the constant at the means of its columns; sigma: half-Student-t(3, s). Correlations: LKJ(2).

    The scales stay defensible from 3 groups to 3000. A group sd can hardly exceed the spread of all y, and
    a half-t puts a quarter of its mass above 1.4 s, so that with 3 groups the tail is cut off where
    it is absurd, not where it is merely large; near 0 the density is flat, so that an sd of zero is neither
    favoured nor excluded. With 3000 groups the likelihood's width is s / 80 or less, over
    which these densities are constant.
    """
    found = DataScales.of(design)
    X_coding, block_codings, spread = found.fixed, found.blocks, found.spread
    constant = X_coding.constant
    centres = found.mean * constant
    widths = np.where(constant != 0, 2.5 * spread, 2.5 * spread / X_coding.scale)
    scales = np.empty(design.q)
    for block, coding in zip(design.blocks, block_codings, strict=True):
        scales[list(block.columns)] = spread / np.where(coding.constant != 0, 1.0, coding.scale)
    fixed = {p.name: Normal(numbers(p.value(centres)), numbers(p.value(widths))) for p in names.fixed}
    sd = {p.name: HalfStudentT(3.0, numbers(p.value(scales))) for p in names.sd}
    return ResolvedPriors(
        "default",
        fixed,
        sd,
        lkj(design, 2.0),
        names.corr,
        HalfStudentT(3.0, np.sqrt(found.squares / design.n_obs)),
        (),
        X_coding.unscaled,
        tuple(coding.unscaled for coding in block_codings),
        columns_of_blocks(design),
    )
