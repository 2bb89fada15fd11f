"""The path along which a correlation of two random effects is held (see `paths`)."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayesmixed.arrays import Array, Index
from bayesmixed.reml.intervals.paths import CovariancePath


@dataclass(frozen=True, eq=False)
class CorrelationPath(CovariancePath):
    """A correlation held: sin(tau); u is nu, mu, the other entries of theta, and log sigma.

    Squares of nu and mu are the two sd (in units of sigma and of their columns), so that neither turns its
    sign, which would turn the correlation's; either may be zero.

    Parameters
    ----------
    first, cross, second : int
        Entries (0, 0), (1, 0) and (1, 1) of the block of Lambda, in theta.
    cosine, sine : float
        The second effect is ``cosine`` times the first rotated column's plus ``sine`` times the second's.
    """

    first: int
    cross: int
    second: int
    cosine: float
    sine: float

    lowest = -np.pi / 2
    highest = np.pi / 2

    @property
    def own(self) -> list[int]:
        return [self.first, self.cross, self.second]

    @property
    def estimate(self) -> float:
        along, across = self._second_row(self.theta)
        if abs(self.theta[self.first]) < 1e-9 or np.hypot(along, across) < 1e-9:
            return 0.0
        return float(np.arctan2(along * np.sign(self.theta[self.first]), abs(across)))

    def _second_row(self, theta: Array) -> tuple[float, float]:
        first, cross, second = theta[self.own]
        return self.cosine * first + self.sine * cross, self.sine * second

    def quantity(self, tau: float) -> float:
        return float(np.sin(tau))

    def tau(self, value: float) -> float:
        return float(np.arcsin(value))

    def free(self, theta: Array) -> Array:
        roots = np.sqrt([abs(theta[self.first]), np.hypot(*self._second_row(theta))])
        return np.concatenate([roots, np.delete(theta, self.own), [self.log_sigma(theta)]])

    def _rows(self, tau: float) -> Array:
        """Entries `own` of theta are this matrix times (nu^2, mu^2)."""
        sine = self.sine
        return np.array([[1.0, 0.0], [-self.cosine / sine, np.sin(tau) / sine], [0.0, np.cos(tau) / sine]])

    @cached_property
    def _others(self) -> Index:
        return np.delete(np.arange(len(self.theta) + 1), self.own)

    def place(self, tau: float, u: Array) -> Array:
        y = np.empty(len(u) + 1)
        y[self.own], y[self._others] = self._rows(tau) @ u[:2] ** 2, u[2:]
        return y

    def jacobian(self, tau: float, u: Array) -> Array:
        J = np.zeros((len(u) + 1, len(u)))
        J[self.own, :2] = self._rows(tau) * 2.0 * u[:2]
        J[self._others, np.arange(2, len(u))] = 1.0
        return J

    def by_tau(self, tau: float, u: Array) -> Array:
        result = np.zeros(len(u) + 1)
        result[self.own] = np.array([0.0, np.cos(tau), -np.sin(tau)]) * u[1] ** 2 / self.sine
        return result

    def bend(self, tau: float, u: Array, gradient: Array) -> Array:
        result = np.zeros((len(u), len(u)))
        result[[0, 1], [0, 1]] = 2.0 * gradient[self.own] @ self._rows(tau)
        return result
