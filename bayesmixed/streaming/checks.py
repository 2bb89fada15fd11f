"""Designs that give no model that can be estimated, told from moments alone."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.coding import Coding
from bayesmixed.design.blocks import brackets
from bayesmixed.design.checks import check_counts, check_groups, check_names, check_slopes, relation
from bayesmixed.design.collinear import ROUNDING, dependent
from bayesmixed.errors import DesignError

if TYPE_CHECKING:
    from bayesmixed.streaming.design import StreamedDesign


def check(design: "StreamedDesign") -> None:
    """As `bayesmixed.design.checks.check`."""
    check_names(design)
    facts, settled = design.facts, design.streamed
    if facts.low == facts.high:
        raise DesignError(
            f"the response {design.response_name!r} is constant ({facts.low:g} in every row): "
            "there is nothing to model"
        )
    check_groups(design)
    check_counts(design)
    moments = settled.coded.moments
    found = _collinear(moments.triangle()[:, :-1], settled.coded.fixed, design.fixed_labels, facts.sum_weights)
    if found is not None:
        raise DesignError(f"the fixed effects are collinear: {relation(*found)}; remove one")
    for random, columns in brackets(design.encoding):
        names = design.random_labels[columns]
        check_slopes(design, random, columns)
        R = np.linalg.qr((moments.Rzz @ settled.coded.T)[:, :, columns].reshape(-1, len(names)), mode="r")
        for name, size in zip(names, np.linalg.norm(R, axis=0), strict=True):
            if size == 0.0:
                raise DesignError(f"the random effect {name!r} of {random.source} is 0 in every row")
    for block, coding in zip(design.blocks, settled.blocks, strict=True):
        R = np.linalg.qr(moments.Rzz[:, :, list(block.columns)].reshape(-1, block.size), mode="r")
        found = _collinear(R, coding, block.labels, facts.sum_weights)
        if found is not None:
            raise DesignError(f"the random effects {block.labels} are collinear: {relation(*found)}; remove one")


def _collinear(
    R: Array, coding: Coding, labels: tuple[str, ...], total: float
) -> tuple[str, tuple[str, ...]] | None:
    """As `bayesmixed.design.collinear.collinear`, from the triangle of coded columns."""
    own = R if coding.rotation is None else R @ coding.rotation
    length = np.linalg.norm(own, axis=0) / np.sqrt(total)  # 1, or 0 for a column that is its mean
    size = np.hypot(coding.centre, coding.scale * length)
    if (size == 0).any():
        return labels[int(np.argmin(size))], ()
    rest = [k for k in range(len(labels)) if labels[k] != "Intercept"]
    if not rest:
        return None
    constant = ("Intercept",) if len(rest) < len(labels) else ()
    spread = (coding.scale * length / size)[rest]
    if (spread <= ROUNDING).any():
        return labels[rest[int(np.argmin(spread))]], ("Intercept",)
    unit = own[:, rest] / np.linalg.norm(own[:, rest], axis=0)
    if len(unit) < len(rest):
        unit = np.vstack([unit, np.zeros((len(rest) - len(unit), len(rest)))])
    involved = dependent(unit, spread)
    if not involved:
        return None
    *others, last = sorted(rest[k] for k in involved)
    return labels[last], (*constant, *(labels[k] for k in others))
