"""The default priors: weakly informative, scaled by the data."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.coding import DataScales
from bayesmixed.parameters import ParameterNames
from bayesmixed.priors.families import HalfStudentT, Normal
from bayesmixed.priors.presets.common import columns_of_blocks, lkj, numbers
from bayesmixed.priors.presets.recoding import block_coding, fixed_coding
from bayesmixed.priors.resolved import ResolvedPriors

if TYPE_CHECKING:
    from bayesmixed.design import Design


def default_priors(design: "Design", names: ParameterNames) -> ResolvedPriors:
    """Weakly informative in units of the data's own spread s (sd of y about its mean, minus the offset).

    Coefficients: Normal(0, 2.5 s / sd(x)); the intercept, stated at the means of the columns:
    Normal(mean y, 2.5 s). Standard deviations of random effects: half-Student-t(3, s / sd(z)), of a block
    with the constant at the means of its columns; sigma: half-Student-t(3, s). Correlations: LKJ(2). Factors and
    interactions in columns that depend on no coding, see `recoding`.

    The scales stay defensible from 3 groups to 3000. A group sd rarely exceeds the spread of all y by much, and
    a half-t puts a quarter of its mass above 1.4 s, so that with 3 groups the tail is cut off where
    it is absurd, not where it is merely large; near 0 the density is flat, so that an sd of zero is neither
    favoured nor excluded. With 3000 groups the likelihood's width is s / 80 or less, over
    which these densities are constant.
    """
    found = DataScales.of(design)
    spread, constant = found.spread, found.fixed.constant
    X_coding, X_scale = fixed_coding(design, found.fixed)
    centres, widths = found.mean * constant, 2.5 * spread / X_scale
    scales, codings = np.empty(design.q), []
    for number, block in enumerate(design.blocks):
        coding, scale = block_coding(design, number, found.blocks[number])
        scales[list(block.columns)] = spread / scale
        codings.append(coding)
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
        X_coding,
        tuple(codings),
        columns_of_blocks(design),
    )
