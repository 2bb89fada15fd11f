"""Minimise a criterion over theta: quasi-Newton from one or several starts, then Newton to the last digit."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from bayesmixed.coding import Array
from bayesmixed.reml.criterion import Criterion

#: G / sigma^2, in centred and scaled columns, counts as singular below this smallest eigenvalue.
SINGULAR = 1e-8
STARTS = (1.0, 0.1, 10.0, 0.01)


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
    """The best of several starts; one start is enough when it ends inside and is stationary."""
    best: Optimum | None = None
    for scale in STARTS:
        found = _from(criterion, np.where(criterion.diagonal, scale, 0.0))
        if best is None or found.value < best.value - 1e-9 * max(1.0, abs(best.value)):
            best = found
        if best.converged and not is_singular(criterion.Lambda(best.theta)):
            break
    return _positive_diagonal(criterion, _at_zero(criterion, best))


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
