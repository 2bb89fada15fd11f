"""Newton's method downhill, also from saddles and where the criterion bends the wrong way."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bayesmixed.arrays import Array

#: Newton stops where no derivative is larger: further steps would only move rounding errors.
STATIONARY, MOST_STEPS = 1e-9, 200
#: Where a criterion that bends upwards in every direction would fall by this share of itself, it has arrived. A
#: fall of 1e-10 moves an estimate by 1e-5 of its standard error.
REACHED = 1e-18
#: A curvature below minus this is followed downhill.
SADDLE = 1e-6
#: Differences of criteria smaller than this share of their size are left to the gradient to judge.
JUDGED = 1e-11


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


class WithDerivatives(Protocol):
    """The criterion of free numbers with its derivatives there."""

    @property
    def value(self) -> float: ...

    @property
    def profile_gradient(self) -> Array: ...

    @property
    def profile_hessian(self) -> Array: ...


class Smooth(Protocol):
    """A criterion of free numbers: `Criterion`, or one with a quantity held."""

    def value(self, u: Array, /) -> float: ...

    def derivatives(self, u: Array, /) -> WithDerivatives: ...


def descend(function: Smooth, u: Array) -> Optimum:
    """The minimum that lies downhill of u.

    Each step is Newton's with the size of every curvature in place of its sign, shortened until the criterion
    falls by a fair part of what the step promised. Where it bends downwards, a part of the step goes along that
    direction, also from a saddle, where nothing pulls.
    """
    here = function.derivatives(u)
    for _ in range(MOST_STEPS):
        if not np.isfinite(here.value):
            break
        curvatures, directions = np.linalg.eigh(here.profile_hessian)
        if np.abs(here.profile_gradient).max(initial=0.0) < STATIONARY and curvatures[0] > -SADDLE:
            break
        step = directions @ _lengths(curvatures, directions.T @ here.profile_gradient, np.linalg.norm(u))
        if curvatures[0] > SADDLE and -(here.profile_gradient @ step) < REACHED * abs(here.value):
            break
        accepted = _accepted(function, u, here, step)
        if accepted is None:
            break
        u, here = accepted
    return Optimum(u, here.value, here.profile_gradient, here.profile_hessian)


def _lengths(curvatures: Array, pull: Array, size: float) -> Array:
    """The step along each direction of curvature."""
    lengths = -pull / np.maximum(np.abs(curvatures), 1e-8)
    least = 0.1 * max(1.0, size)
    if curvatures[0] < -SADDLE and abs(lengths[0]) < least:
        lengths[0] = -least if pull[0] > 0 else least
    return lengths * min(1.0, 1.5 * max(1.0, size) / max(float(np.linalg.norm(lengths)), 1e-300))


def _accepted(
    function: Smooth, u: Array, here: WithDerivatives, step: Array
) -> tuple[Array, WithDerivatives] | None:
    """Where the step, shortened as far as needed, leads; None where it does not help."""
    slope = here.profile_gradient @ step
    bend = min(float(step @ here.profile_hessian @ step), 0.0)
    for _ in range(40):
        expected = slope + 0.5 * bend
        if -expected < JUDGED * max(1.0, abs(here.value)):
            there = function.derivatives(u + step)
            smaller = np.abs(there.profile_gradient).max() < np.abs(here.profile_gradient).max()
            return (u + step, there) if smaller else None
        if function.value(u + step) <= here.value + 0.01 * expected:
            return u + step, function.derivatives(u + step)
        step, slope, bend = 0.5 * step, 0.5 * slope, 0.25 * bend
    return None
