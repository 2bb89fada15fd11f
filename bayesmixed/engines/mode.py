"""Mode and curvature of a log density on the unconstrained scale: Newton's method, in compiled loops."""

from typing import NamedTuple

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.compiled import compiled
from bayesmixed.density import PriorArrays
from bayesmixed.density.log_density import log_density
from bayesmixed.likelihood.triangular import cholesky, fill, solve_lower, solve_upper
from bayesmixed.moments import Patterns

#: Newton stops where a further step would raise the log density by less than this.
GAIN, MOST_STEPS = 1e-8, 200
#: Half the width of the differences of gradients, and the longest step in each coordinate.
WIDTH, LONGEST = 1e-4, 1.5


class Mode(NamedTuple):
    """The highest point of a log density.

    Parameters
    ----------
    x : ndarray, shape (d,)
    value : float
        The log density there.
    covariance : ndarray, shape (d, d)
        Inverse of minus its Hessian; where that is not positive definite, of one with a ridge.
    """

    x: Array
    value: float
    covariance: Array


@compiled
def _minus_hessian(
    x: Array, priors: PriorArrays, patterns: Patterns, result: Array
) -> None:  # pragma: no cover - compiled
    """Minus the Hessian by central differences of the exact gradient, made symmetric."""
    size = x.shape[0]
    above, below, moved = np.empty(size), np.empty(size), np.empty(size)
    for i in range(size):
        moved[i] = x[i]
    for k in range(size):
        moved[k] = x[k] + WIDTH
        log_density(moved, above, priors, patterns)
        moved[k] = x[k] - WIDTH
        log_density(moved, below, priors, patterns)
        moved[k] = x[k]
        for i in range(size):
            result[k, i] = (below[i] - above[i]) / (2.0 * WIDTH)
    for i in range(size):
        for k in range(i):
            result[i, k] = 0.5 * (result[i, k] + result[k, i])
            result[k, i] = result[i, k]


@compiled
def _factor(matrix: Array, lower: Array) -> None:  # pragma: no cover - compiled
    """Cholesky factor of the matrix, with as much of a ridge as makes it positive definite."""
    size = matrix.shape[0]
    ridge = 0.0
    for _ in range(60):
        if np.isfinite(cholesky(matrix, lower)):
            return
        more = max(1e-3, ridge)
        for i in range(size):
            matrix[i, i] += more
        ridge += more
    fill(lower, 1.0)


@compiled
def _climb(
    x: Array, priors: PriorArrays, patterns: Patterns, covariance: Array
) -> float:  # pragma: no cover - compiled
    """Newton's method uphill from `x`, which moves to the mode; returns the log density there."""
    size = x.shape[0]
    gradient, trial, unused = np.empty(size), np.empty(size), np.empty(size)
    hessian, lower, step = np.empty((size, size)), np.empty((size, size)), np.empty((size, 1))
    value = log_density(x, gradient, priors, patterns)
    for _ in range(MOST_STEPS):
        _minus_hessian(x, priors, patterns, hessian)
        _factor(hessian, lower)
        for k in range(size):
            step[k, 0] = gradient[k]
        solve_lower(lower, step)
        solve_upper(lower, step)
        longest, slope = 0.0, 0.0
        for k in range(size):
            longest = max(longest, abs(step[k, 0]))
            slope += step[k, 0] * gradient[k]
        if not slope > GAIN:
            break
        length = min(1.0, LONGEST / longest)
        risen = False
        for _ in range(30):
            for k in range(size):
                trial[k] = x[k] + length * step[k, 0]
            higher = log_density(trial, unused, priors, patterns)
            if higher > value + 1e-4 * length * slope:
                risen = True
                break
            length *= 0.5
        if not risen:
            break
        for k in range(size):
            x[k] = trial[k]
            gradient[k] = unused[k]
        value = higher
    fill(covariance, 1.0)
    solve_lower(lower, covariance)
    solve_upper(lower, covariance)
    return value


def find_mode(start: Array, priors: PriorArrays, patterns: Patterns) -> Mode:
    """The mode that lies uphill of a starting point.

    Parameters
    ----------
    start : ndarray, shape (d,)
    priors : PriorArrays
    patterns : Patterns
    """
    x = np.array(start, dtype=float)
    covariance = np.empty((len(x), len(x)))
    value = _climb(x, priors, patterns, covariance)
    return Mode(x, float(value), covariance)
