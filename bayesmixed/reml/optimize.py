"""Minimise a criterion over theta: a scan for valleys, then Newton's method with the exact Hessian."""

from dataclasses import dataclass, replace

import numpy as np

from bayesmixed.coding import Array
from bayesmixed.reml.criterion import Criterion
from bayesmixed.reml.derivatives import Derivatives

#: G / sigma^2, in centred and scaled columns, counts as singular below this smallest eigenvalue.
SINGULAR = 1e-8
#: Multiples of the identity at which the criterion is scanned for minima before any is descended to.
SCALES = np.concatenate([[0.0], np.geomspace(1e-3, 1e3, 25)])
#: Of more groups than this, a sample of so many tells where to start.
MANY, SAMPLE = 8_000, 2_000
#: Newton stops where no derivative is larger: further steps would only move rounding errors.
STATIONARY, MOST_STEPS = 1e-9, 200


@dataclass(frozen=True, eq=False)
class Optimum:
    """Where the criterion is smallest.

    Parameters
    ----------
    theta : ndarray
    value : float
    gradient : ndarray
        Zero up to rounding at a minimum, also at the boundary, where theta is 0.
    hessian : ndarray
        By theta, sigma at its best: no eigenvalue is negative at a minimum.
    """

    theta: Array
    value: float
    gradient: Array
    hessian: Array

    @property
    def converged(self) -> bool:
        """Whether gradient and Hessian are those of a minimum."""
        size = max(1.0, np.sqrt(abs(self.value)))
        # A gradient this small moves the criterion by less than its last printed digit.
        stationary = bool(np.isfinite(self.value) and np.abs(self.gradient).max() < 1e-4 * size)
        return stationary and bool(np.linalg.eigvalsh(self.hessian)[0] > -1e-4 * size)


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
    best = _best(criterion, criterion.diagonal.astype(float)) if start is None else _newton(criterion, start)
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
    return min((_newton(criterion, start) for start in starts), key=lambda optimum: optimum.value)


def _sample(criterion: Criterion) -> Criterion:
    """The criterion of an evenly spaced sample of patterns, as if the whole table were like them."""
    patterns = criterion.patterns
    kept = np.arange(0, len(patterns.count), len(patterns.count) // SAMPLE)
    members = np.diff(patterns.start)[kept]
    rows = np.concatenate([np.arange(patterns.start[u], patterns.start[u + 1]) for u in kept])
    share = patterns.count[kept].sum() / patterns.count.sum()
    sampled = patterns._replace(
        Rzz=patterns.Rzz[kept],
        count=patterns.count[kept],
        start=np.concatenate([[0], np.cumsum(members)]),
        Rza=patterns.Rza[rows],
        Raa=np.sqrt(share) * patterns.Raa,
        n_rows=share * patterns.n_rows,
    )
    return replace(criterion, patterns=sampled)


def is_singular(Lambda: Array) -> bool:
    """Whether ``D = Lambda Lambda'`` has an eigenvalue below 1e-8."""
    return bool(np.linalg.svd(Lambda, compute_uv=False)[-1] ** 2 < SINGULAR)


def _newton(criterion: Criterion, theta: Array) -> Optimum:
    """Descend to the nearest minimum; away from it, directions of negative curvature are followed downhill."""
    here = criterion.derivatives(theta)
    for _ in range(MOST_STEPS):
        gradient = here.profile_gradient
        if not np.isfinite(here.value):
            break
        step = _step(here, theta)
        if np.abs(gradient).max() < STATIONARY and not _is_saddle(here):
            break
        shorter = _shortened(criterion, theta, step, here.value)
        if shorter is None:
            break
        there = criterion.derivatives(theta + shorter)
        flat = here.value - there.value < 1e-12 * max(1.0, abs(here.value))
        if flat and np.abs(there.profile_gradient).max() >= np.abs(gradient).max():
            break
        theta, here = theta + shorter, there
    return Optimum(theta, here.value, here.profile_gradient, here.profile_hessian)


def _is_saddle(here: Derivatives) -> bool:
    return bool(np.linalg.eigvalsh(here.profile_hessian)[0] < -1e-6)


def _step(here: Derivatives, theta: Array) -> Array:
    """Newton's step with the size of each curvature in place of its sign, and not much longer than theta."""
    eigenvalues, vectors = np.linalg.eigh(here.profile_hessian)
    pull = vectors.T @ here.profile_gradient
    if np.abs(pull).max() < STATIONARY and eigenvalues[0] < 0:
        pull[0] = eigenvalues[0] * 0.1  # on a saddle nothing pulls: step off it
    step = -vectors @ (pull / np.maximum(np.abs(eigenvalues), 1e-8))
    return step * min(1.0, 2.0 * max(1.0, np.linalg.norm(theta)) / max(np.linalg.norm(step), 1e-300))


def _shortened(criterion: Criterion, theta: Array, step: Array, value: float) -> Array | None:
    """The step, halved until the criterion does not rise; None where no step helps."""
    tolerance = 1e-12 * max(1.0, abs(value))
    for _ in range(40):
        if criterion.value(theta + step) <= value + tolerance:
            return step
        step = 0.5 * step
    return None


def _at_zero(criterion: Criterion, found: Optimum) -> Optimum:
    """Put rows of Lambda that only rounding keeps from zero there, if that costs nothing."""
    rows, _ = criterion.entries
    for k in np.unique(rows):
        own = rows == k
        if 0 < np.abs(found.theta[own]).max() < 1e-4:
            theta = np.where(own, 0.0, found.theta)
            here = criterion.derivatives(theta)
            if here.value <= found.value + 1e-7:
                found = Optimum(theta, here.value, here.profile_gradient, here.profile_hessian)
    return found


def _positive_diagonal(criterion: Criterion, found: Optimum) -> Optimum:
    """Of the square roots of D that differ by signs of columns, the one with a positive diagonal."""
    _, columns = criterion.entries
    sign = {j: -1.0 if found.theta[k] < 0 else 1.0 for k, j in enumerate(columns) if criterion.diagonal[k]}
    signs = np.array([sign[j] for j in columns])
    hessian = found.hessian * np.outer(signs, signs)
    return Optimum(found.theta * signs + 0.0, found.value, found.gradient * signs, hessian)
