"""Minimise a criterion over theta: quasi-Newton from one or several starts, then Newton to the last digit."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from bayesmixed.coding import Array
from bayesmixed.reml.criterion import Criterion

#: G / sigma^2, in centred and scaled columns, counts as singular below this smallest eigenvalue.
SINGULAR = 1e-8
#: Multiples of the identity at which the criterion is scanned for minima before any is descended to.
SCALES = np.concatenate([[0.0], np.geomspace(1e-3, 1e3, 25)])


@dataclass(frozen=True)
class Optimum:
    """Where the criterion is smallest.

    Parameters
    ----------
    theta : ndarray
    value : float
    gradient : ndarray
        Zero up to rounding at a minimum, also at the boundary, where theta is 0.
    converged : bool
    """

    theta: Array
    value: float
    gradient: Array
    converged: bool


def minimise(criterion: Criterion) -> Optimum:
    """The best minimum that can be reached from the valleys of a scan; usually there is one.

    The (restricted) likelihood of few, uneven groups can have a minimum at the boundary and another inside. So
    when the first search ends at the boundary, others begin where one effect is large and the rest are small.
    """
    best = _best(criterion, criterion.diagonal.astype(float))
    if is_singular(criterion.Lambda(best.theta)):
        for k in np.flatnonzero(criterion.diagonal):
            direction = np.where(criterion.diagonal, 0.01, 0.0)
            direction[k] = 1.0
            other = _best(criterion, direction)
            if other.value < best.value - 1e-9 * max(1.0, abs(best.value)):
                best = other
    return _positive_diagonal(criterion, _at_zero(criterion, best))


def _best(criterion: Criterion, direction: Array) -> Optimum:
    """The lowest of the minima that descents lead to from the valleys along one direction."""
    values = np.array([criterion.value_and_gradient(scale * direction)[0] for scale in SCALES])
    values[~np.isfinite(values)] = np.inf
    padded = np.concatenate([[np.inf], values, [np.inf]])
    lowest = np.flatnonzero((padded[1:-1] <= padded[:-2]) & (padded[1:-1] < padded[2:]))
    # At zero the gradient vanishes by symmetry, so a descent begins beside it.
    starts = [max(SCALES[k], SCALES[1]) * direction for k in lowest]
    return min((_from(criterion, start) for start in starts), key=lambda optimum: optimum.value)


def is_singular(Lambda: Array) -> bool:
    """Whether ``D = Lambda Lambda'`` has an eigenvalue below 1e-8."""
    return bool(np.linalg.svd(Lambda, compute_uv=False)[-1] ** 2 < SINGULAR)


def _from(criterion: Criterion, start: Array) -> Optimum:
    options = {"gtol": 1e-6, "maxiter": 500}
    with np.errstate(all="ignore"):
        result = minimize(criterion.value_and_gradient, start, jac=True, method="BFGS", options=options)
    return _newton(criterion, result.x)


def _newton(criterion: Criterion, theta: Array, steps: int = 12) -> Optimum:
    value, gradient = criterion.value_and_gradient(theta)
    for _ in range(steps):
        if np.abs(gradient).max() < 1e-9:
            break
        eigenvalues, vectors = np.linalg.eigh(hessian(lambda t: criterion.value_and_gradient(t)[1], theta))
        curvature = np.maximum(np.abs(eigenvalues), 1e-8)
        step = -vectors @ ((vectors.T @ gradient) / curvature)
        shrink, tolerance = 1.0, 1e-12 * max(1.0, abs(value))
        for _ in range(30):
            new_value, new_gradient = criterion.value_and_gradient(theta + shrink * step)
            if new_value <= value + tolerance:
                break
            shrink /= 2.0
        if not new_value <= value + tolerance or np.abs(new_gradient).max() >= np.abs(gradient).max():
            break
        theta, value, gradient = theta + shrink * step, new_value, new_gradient
    # A gradient this small moves the criterion by less than its last printed digit.
    converged = bool(np.isfinite(value) and np.abs(gradient).max() < 1e-4 * max(1.0, np.sqrt(abs(value))))
    return Optimum(theta, float(value), gradient, converged)


def hessian(gradient, at: Array, step: float = 1e-3) -> Array:
    """Second derivatives from central differences of a gradient, extrapolated once (error of order step^4)."""
    size = len(at)
    columns = np.empty((size, size))
    for k in range(size):
        unit = np.zeros(size)
        unit[k] = max(1.0, abs(at[k]))
        wide = (gradient(at + step * unit) - gradient(at - step * unit)) / (2.0 * step * unit[k])
        half = (gradient(at + 0.5 * step * unit) - gradient(at - 0.5 * step * unit)) / (step * unit[k])
        columns[:, k] = (4.0 * half - wide) / 3.0
    return 0.5 * (columns + columns.T)


def _at_zero(criterion: Criterion, found: Optimum) -> Optimum:
    """Put rows of Lambda that only rounding keeps from zero there, if that costs nothing."""
    rows, _ = criterion.entries
    for k in np.unique(rows):
        own = rows == k
        if 0 < np.abs(found.theta[own]).max() < 1e-4:
            theta = np.where(own, 0.0, found.theta)
            value, gradient = criterion.value_and_gradient(theta)
            if value <= found.value + 1e-7:
                found = Optimum(theta, float(value), gradient, found.converged)
    return found


def _positive_diagonal(criterion: Criterion, found: Optimum) -> Optimum:
    """Of the square roots of D that differ by signs of columns, the one with a positive diagonal."""
    _, columns = criterion.entries
    sign = {j: -1.0 if found.theta[k] < 0 else 1.0 for k, j in enumerate(columns) if criterion.diagonal[k]}
    signs = np.array([sign[j] for j in columns])
    return Optimum(found.theta * signs + 0.0, found.value, found.gradient * signs, found.converged)
