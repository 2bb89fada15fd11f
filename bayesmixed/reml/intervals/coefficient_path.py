"""The ML deviance with one coefficient held."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.moments import Patterns
from bayesmixed.reml.criterion import Criterion


@dataclass(frozen=True, eq=False)
class CoefficientPath:
    """A coefficient held: ``beta_k = origin + size sigma_hat tau``; the free numbers are theta.

    In columns of X rotated until the coefficient belongs to the first one, x, the deviance with it held at v is
    that of ``y - v x`` without column x: an ordinary criterion of theta, with beta and sigma at their best.

    Parameters
    ----------
    criterion : Criterion
        Of all columns, by ML; x is the first.
    theta : ndarray
        Where it is smallest.
    sigma : float
        sigma there.
    origin, size : float
    """

    criterion: Criterion
    theta: Array
    sigma: float
    origin: float
    size: float

    lowest = -np.inf
    highest = np.inf

    @property
    def estimate(self) -> float:
        return self._first(self.theta)[0] / self.sigma

    def quantity(self, tau: float) -> float:
        return self.origin + self.size * self.sigma * tau

    def tau(self, value: float) -> float:
        return (value - self.origin) / (self.size * self.sigma)

    @cached_property
    def starts(self) -> list[Array]:
        """Where to descend from: the estimate, small and large variances."""
        diagonal = self.criterion.diagonal
        return [self.theta, 0.05 * diagonal, 1.0 * diagonal]

    def settled(self, theta: Array) -> Array:
        return theta

    def held(self, tau: float) -> Criterion:
        """The criterion of ``y - v x`` without x."""
        patterns = self.criterion.patterns
        columns = np.delete(np.eye(self.criterion.p + 1), 0, axis=1)
        columns[0, -1] = -self.sigma * tau
        return replace(self.criterion, patterns=_recoded(patterns, columns))

    def slope(self, tau: float, theta: Array) -> float:
        """Derivative of the profile by tau: ``r^2(v) = r^2 + (v - betahat)^2 / (Qxx^-1)_00``."""
        estimate, variance, squares = self._first(theta)
        away = self.sigma * tau - estimate
        total = squares + away**2 / variance
        return float(2.0 * self.criterion.degrees * self.sigma * away / variance / total)

    def _first(self, theta: Array) -> tuple[float, float, float]:
        """Best coefficient of x at theta, ``(Qxx^-1)_00`` and r^2."""
        sigma, beta = self.criterion.estimates(theta)
        Q = self.criterion.cross_products(theta)
        variance = np.linalg.solve(Q[:-1, :-1], np.eye(len(beta), 1))[0, 0]
        return float(beta[0]), float(variance), self.criterion.degrees * sigma**2


def _recoded(patterns: Patterns, columns: Array) -> Patterns:
    """Patterns of other columns of ``[X y]``: ``[X y] @ columns``, no more of them than before."""
    size = columns.shape[1]
    Raa = np.zeros((size, size))
    triangle = np.linalg.qr(patterns.Raa @ columns, mode="r")
    Raa[: len(triangle)] = triangle
    return patterns._replace(Rza=np.ascontiguousarray(patterns.Rza @ columns), Raa=Raa)


def rotated_columns(criterion: Criterion, contrast: Array) -> tuple[Criterion, float]:
    """The criterion in columns of X of which the first carries the contrast, and its size.

    With beta the coefficients in the criterion's coding, ``contrast @ beta = size * gamma_0``.
    """
    rotation, triangle = np.linalg.qr(contrast[:, None], mode="complete")
    columns = np.eye(criterion.p + 1)
    columns[:-1, :-1] = rotation * np.sign(triangle[0, 0])
    return replace(criterion, patterns=_recoded(criterion.patterns, columns)), abs(float(triangle[0, 0]))
