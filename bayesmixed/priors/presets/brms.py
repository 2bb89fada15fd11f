"""The default priors of brms."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.coding.coding import Coding, column_codings
from bayesmixed.errors import PriorError
from bayesmixed.parameters import ParameterNames
from bayesmixed.priors.families import Flat, HalfStudentT, StudentT
from bayesmixed.priors.presets.common import columns_of_blocks, far_from_zero, lkj
from bayesmixed.priors.resolved import Prior, ResolvedPriors

if TYPE_CHECKING:
    from bayesmixed.design import Design


def brms_priors(design: "Design", names: ParameterNames) -> ResolvedPriors:
    """The defaults of brms 2.18: Student-t(3, median y, s) on the intercept of the centred design, flat slopes,
    half-Student-t(3, s) on every sd and sigma, LKJ(1), with s = max(2.5, mad y), rounded to one digit.

    They act in brms's own coding: X is centred, Z is not. doi:10.18637/jss.v080.i01
    """
    if design.streamed is not None:
        raise PriorError(
            "the brms priors need the median of y, which sums over parts of a table do not tell: use the default "
            "priors, or give numbers by name"
        )
    y = design.y
    location = float(np.round(np.median(y), 1))
    scale = max(2.5, float(np.round(1.4826 * np.median(np.abs(y - np.median(y))), 1)))
    X_coding, block_codings = column_codings(design)
    has_intercept = any(p.name == "Intercept" for p in names.fixed)
    fixed: dict[str, Prior] = {p.name: Flat() for p in names.fixed}
    if has_intercept:
        fixed["Intercept"] = StudentT(3.0, location, scale)
    coding = X_coding.unscaled if has_intercept else Coding.identity(design.p)
    return ResolvedPriors(
        "brms",
        fixed,
        {p.name: HalfStudentT(3.0, scale) for p in names.sd},
        lkj(design, 1.0),
        names.corr,
        HalfStudentT(3.0, scale),
        (),
        coding,
        tuple(Coding.identity(len(block.columns)) for block in design.blocks),
        columns_of_blocks(design),
        tuple(far_from_zero(design, block_codings, "brms")),
    )
