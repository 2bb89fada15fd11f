"""Minimise a criterion over theta: a scan for valleys, then Newton's method with the exact Hessian."""

from dataclasses import replace

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.reml.criterion import Criterion
from bayesmixed.reml.descent import Optimum, descend

#: G / sigma^2, in centred and scaled columns, counts as singular below this smallest eigenvalue.
SINGULAR = 1e-8
#: Multiples of the identity at which the criterion is scanned for minima before any is descended to.
SCALES = np.concatenate([[0.0], np.geomspace(1e-3, 1e3, 25)])
#: Of more groups than this, a sample of so many tells where to start.
MANY, SAMPLE = 8_000, 2_000
#: Of very many groups one of so many: a start that is nearer saves steps over all of them.
SHARE = 20


def minimise(criterion: Criterion, start: Array | None = None) -> Optimum:
    """The best minimum that can be reached from the valleys of a scan; usually there is one.

    The (restricted) likelihood of few, uneven groups can have a minimum at the boundary and another inside. So
    when the first search ends at the boundary, or nowhere, others begin where one effect is large and the rest
    are small.

    Parameters
    ----------
    criterion : Criterion
    start : ndarray, optional
        A theta near the minimum, as for a table like another one; the scan is left out then.
    """
    if start is None and len(criterion.patterns.start) > MANY:
        start = minimise(_sample(criterion)).theta
    best = _best(criterion, criterion.diagonal.astype(float)) if start is None else descend(criterion, start)
    if not best.converged or is_singular(criterion.Lambda(best.theta)):
        for k in np.flatnonzero(criterion.diagonal):
            direction = np.where(criterion.diagonal, 0.01, 0.0)
            direction[k] = 1.0
            other = _best(criterion, direction)
            if other.value < best.value - 1e-9 * max(1.0, abs(best.value)):
                best = other
    return _positive_diagonal(criterion, _at_zero(criterion, best))


def _best(criterion: Criterion, direction: Array) -> Optimum:
    """The lowest of the minima that descents lead to from the valleys along one direction."""
    values = np.array([criterion.value(scale * direction) for scale in SCALES])
    values[~np.isfinite(values)] = np.inf
    padded = np.concatenate([[np.inf], values, [np.inf]])
    lowest = np.flatnonzero((padded[1:-1] <= padded[:-2]) & (padded[1:-1] < padded[2:]))
    # At zero the gradient vanishes by symmetry, so a descent begins beside it.
    starts = [max(SCALES[k], SCALES[1]) * direction for k in lowest]
    return min((descend(criterion, start) for start in starts), key=lambda optimum: optimum.value)


def _sample(criterion: Criterion) -> Criterion:
    """The criterion of an evenly spaced sample of patterns, as if the whole table were like them."""
    patterns = criterion.patterns
    kept = np.arange(0, len(patterns.count), min(len(patterns.count) // SAMPLE, SHARE))
    members = np.diff(patterns.start)[kept]
    start = np.concatenate([[0], np.cumsum(members)])
    rows = np.repeat(patterns.start[kept] - start[:-1], members) + np.arange(start[-1])
    share = patterns.count[kept].sum() / patterns.count.sum()
    sampled = patterns._replace(
        Rzz=patterns.Rzz[kept],
        count=patterns.count[kept],
        start=start,
        Rza=patterns.Rza[rows],
        Raa=np.sqrt(share) * patterns.Raa,
        n_rows=share * patterns.n_rows,
    )
    return replace(criterion, patterns=sampled)


def is_singular(Lambda: Array) -> bool:
    """Whether ``D = Lambda Lambda'`` has an eigenvalue below 1e-8."""
    return bool(np.linalg.svd(Lambda, compute_uv=False)[-1] ** 2 < SINGULAR)


def _at_zero(criterion: Criterion, found: Optimum) -> Optimum:
    """Put rows of Lambda that only rounding keeps from zero there, if that costs nothing."""
    rows, _ = criterion.entries
    for k in np.unique(rows):
        own = rows == k
        if 0 < np.abs(found.theta[own]).max() < 1e-4:
            theta = np.where(own, 0.0, found.theta)
            here = criterion.derivatives(theta)
            there = Optimum(theta, here.value, here.profile_gradient, here.profile_hessian)
            if there.value <= found.value + 1e-7 and (there.converged or not found.converged):
                found = there
    return found


def _positive_diagonal(criterion: Criterion, found: Optimum) -> Optimum:
    """Of the square roots of D that differ by signs of columns, the one with a positive diagonal."""
    _, columns = criterion.entries
    sign = {j: -1.0 if found.theta[k] < 0 else 1.0 for k, j in enumerate(columns) if criterion.diagonal[k]}
    signs = np.array([sign[j] for j in columns])
    hessian = found.hessian * np.outer(signs, signs)
    return Optimum(found.theta * signs + 0.0, found.value, found.gradient * signs, hessian)
