"""Presets: the numbers that the data give to the default priors and to those of brms."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.coding import Coding, column_codings
from bayesmixed.errors import PriorError
from bayesmixed.parameters import ParameterNames
from bayesmixed.priors.families import LKJ, Flat, HalfStudentT, Normal, StudentT
from bayesmixed.priors.request import Priors
from bayesmixed.priors.resolved import Prior, ResolvedPriors
from bayesmixed.scales import DataScales

if TYPE_CHECKING:
    from bayesmixed.design import Design


def resolve(priors: Priors, design: "Design") -> ResolvedPriors:
    """Turn a preset, and what the user gave by name, into numbers for one design."""
    names = ParameterNames.of(design)
    preset = {"default": default_priors, "brms": brms_priors}[priors.preset]
    return preset(design, names).override(priors, names)


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
    fixed = {p.name: Normal(_numbers(p.value(centres)), _numbers(p.value(widths))) for p in names.fixed}
    sd = {p.name: HalfStudentT(3.0, _numbers(p.value(scales))) for p in names.sd}
    return ResolvedPriors(
        "default",
        fixed,
        sd,
        _lkj(design, 2.0),
        names.corr,
        HalfStudentT(3.0, np.sqrt(found.squares / design.n_obs)),
        (),
        X_coding.unscaled,
        tuple(coding.unscaled for coding in block_codings),
        _blocks(design),
    )


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
        _lkj(design, 1.0),
        names.corr,
        HalfStudentT(3.0, scale),
        (),
        coding,
        tuple(Coding.identity(len(block.columns)) for block in design.blocks),
        _blocks(design),
        tuple(_far_from_zero(design, block_codings, "brms")),
    )


def _far_from_zero(design: "Design", codings: tuple[Coding, ...], preset: str):
    for block, coding in zip(design.blocks, codings, strict=True):
        for k, column in enumerate(block.columns):
            if abs(coding.centre[k]) > 2.0 * coding.scale[k]:
                label = design.random_labels[column]
                yield (
                    f"the {preset} priors act at {label} = 0, which is far from the data (mean "
                    f"{coding.centre[k]:.4g}, sd {coding.scale[k]:.4g}): centre {label}, or use the default priors"
                )


def _lkj(design: "Design", eta: float) -> LKJ | None:
    return LKJ(eta) if any(len(block.columns) > 1 for block in design.blocks) else None


def _blocks(design: "Design") -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(k) for k in block.columns) for block in design.blocks)


def _numbers(values):
    return tuple(float(v) for v in values) if np.ndim(values) else float(values)
