"""The default priors of rstanarm."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.coding import Coding, DataScales
from bayesmixed.parameters import ParameterNames
from bayesmixed.priors.families import Exponential, Gamma, Normal
from bayesmixed.priors.joint import JointPrior, Member, Shared
from bayesmixed.priors.presets.common import SampleScales, columns_of_blocks, far_from_zero, lkj, numbers
from bayesmixed.priors.resolved import Prior, ResolvedPriors

if TYPE_CHECKING:
    from bayesmixed.design import Design


def rstanarm_priors(design: "Design", names: ParameterNames) -> ResolvedPriors:
    """The defaults of rstanarm 2.21 and later, scaled by the data as it scales them.

    Coefficients: Normal(0, 2.5 sd(y) / sd(x)); the intercept of the centred design: Normal(mean y, 2.5 sd(y));
    sigma: Exponential(1 / sd(y)). The covariance matrix of each block has ``decov(1, 1, 1, 1)``: the root mean
    square of its q standard deviations, divided by sigma, is Gamma(1, 1); the variances share it uniformly,
    Dirichlet(1); correlations LKJ(1). Z is not centred. sd has N - 1 in its denominator, as in R.
    https://mc-stan.org/rstanarm/articles/priors.html
    """
    found = SampleScales.of(design, ddof=1)
    coding = found.centred(design)
    widths = 2.5 * found.y / np.where(coding.constant != 0, 1.0, found.X)
    centres = found.mean * coding.constant
    fixed: dict[str, Prior] = {
        p.name: Normal(numbers(p.value(centres)), numbers(p.value(widths))) for p in names.fixed
    }
    return ResolvedPriors(
        "rstanarm",
        fixed,
        {p.name: Shared() for p in names.sd},
        lkj(design, 1.0),
        names.corr,
        Exponential(1.0 / found.y),
        (),
        coding,
        tuple(Coding.identity(len(block.columns)) for block in design.blocks),
        columns_of_blocks(design),
        tuple(far_from_zero(design, DataScales.of(design).blocks, "rstanarm")),
        tuple(_decov(block, names) for block in columns_of_blocks(design)),
    )


def _decov(block: tuple[int, ...], names: ParameterNames) -> JointPrior:
    """The root mean square of the block's sd relative to sigma, and its shares."""
    members = members_of(block, names, np.full(len(block), 1.0 / len(block)))
    labels = ", ".join(names.random_labels[column] for column in block)
    title = f"root mean square of the sd of {labels} by {names.factor} / sigma"
    if len(block) == 1:
        title = f"{members[0].name} / sigma"
    return JointPrior(title, members, (1.0,) * len(block), Gamma(1.0, 1.0), relative=True)


def members_of(
    block: tuple[int, ...], names: ParameterNames, weights: Sequence[float] | Array
) -> tuple[Member, ...]:
    """The standard deviations of some columns of Z."""
    place = {column: (p.name, k) for p in names.sd for k, column in enumerate(p.columns)}
    return tuple(Member(*place[column], float(weight)) for column, weight in zip(block, weights, strict=True))
