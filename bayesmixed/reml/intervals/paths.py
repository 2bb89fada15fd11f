"""Families of theta and sigma along each of which one quantity has a known value: what a profile follows.

A path has one number tau, which fixes the quantity, and free numbers u; ``y = (theta, log(sigma / sigma_hat))``
is a smooth function of both, so that the criterion with the quantity held is a function of u without
constraints, with exact derivatives by the chain rule. For that, the columns of Z are rotated until the quantity
depends on the first entries of Lambda only:

    sd:            theta_0 = tau sigma_hat / sigma
    ICC at z:      theta_0 = tau, so that z'Gz / sigma^2 = tau^2 and ICC = tau^2 / (1 + tau^2)
    correlation:   the two rows of the root of G are nu^2 (1, 0) and mu^2 (sin tau, cos tau)
    sigma:         sigma = sigma_hat exp(tau)
    mean ICC:      theta = t u, with t solved for

An sd or ICC of 0 and a correlation of -1 or 1 are ordinary points of their paths.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.reml.criterion import Criterion


@dataclass(frozen=True, eq=False)
class Slopes:
    """A criterion with its derivatives by the free numbers of a path."""

    value: float
    profile_gradient: Array
    profile_hessian: Array


@dataclass(frozen=True, eq=False)
class Held:
    """The criterion with the quantity of a path held, a function of the path's free numbers u."""

    path: "CovariancePath"
    tau: float

    def value(self, u: Array) -> float:
        """The criterion at u; nan where it does not exist."""
        with np.errstate(all="ignore"):
            return self.path.value(self.path.place(self.tau, u)) + self.path.penalty(u)[0]

    def derivatives(self, u: Array) -> Slopes:
        """The criterion with exact first and second derivatives by u."""
        path, tau = self.path, self.tau
        y = path.place(tau, u)
        value, gradient, hessian = path.derivatives(y)
        J = path.jacobian(tau, u)
        extra, extra_gradient, extra_hessian = path.penalty(u)
        curved = J.T @ hessian @ J + path.bend(tau, u, gradient) + extra_hessian
        return Slopes(value + extra, J.T @ gradient + extra_gradient, curved)


@dataclass(frozen=True, eq=False)
class CovariancePath(ABC):
    """A path of one covariance parameter or ICC.

    Parameters
    ----------
    criterion : Criterion
        In the path's own rotation of the columns of Z.
    theta : ndarray, shape (R,)
        Where that criterion is smallest.
    sigma : float
        sigma there.
    """

    criterion: Criterion
    theta: Array
    sigma: float

    @property
    def lowest(self) -> float:
        """The end of the range of tau below the estimate."""
        return 0.0

    @property
    def highest(self) -> float:
        """The end of the range of tau above the estimate."""
        return np.inf

    @property
    @abstractmethod
    def estimate(self) -> float:
        """tau where the criterion is smallest."""

    @abstractmethod
    def quantity(self, tau: float) -> float:
        """The value that tau stands for, in the user's units."""

    @abstractmethod
    def tau(self, value: float) -> float:
        """The inverse of `quantity`."""

    @abstractmethod
    def free(self, theta: Array) -> Array:
        """The free numbers of theta, and of sigma where it is best for it."""

    @abstractmethod
    def place(self, tau: float, u: Array) -> Array:
        """theta and log(sigma / sigma_hat), shape (R + 1,)."""

    @abstractmethod
    def jacobian(self, tau: float, u: Array) -> Array:
        """Derivatives of `place` by u, shape (R + 1, len(u))."""

    @abstractmethod
    def by_tau(self, tau: float, u: Array) -> Array:
        """Derivatives of `place` by tau, shape (R + 1,)."""

    def bend(self, tau: float, u: Array, gradient: Array) -> Array:
        """Second derivatives by u of ``gradient @ place(tau, u)``, the gradient held."""
        return np.zeros((len(u), len(u)))

    def penalty(self, u: Array) -> tuple[float, Array, Array]:
        """What is added where u says the same thing twice: 0 at its minimum; with its derivatives."""
        return 0.0, np.zeros(len(u)), np.zeros((len(u), len(u)))

    def settled(self, u: Array) -> Array:
        """Other free numbers of the same point, where a descent has left the part that u is meant for; else u."""
        return u

    def held(self, tau: float) -> Held:
        """The criterion of the free numbers at tau."""
        return Held(self, tau)

    @cached_property
    def starts(self) -> list[Array]:
        """Free numbers to descend from: of the estimate, and of small and of large variances."""
        diagonal = self.criterion.diagonal
        return [self.free(theta) for theta in (self.theta, 0.05 * diagonal, 1.0 * diagonal)]

    def slope(self, tau: float, u: Array) -> float:
        """Derivative of the profile by tau, at the best u: the partial one, as u is stationary."""
        return float(self.derivatives(self.place(tau, u))[1] @ self.by_tau(tau, u))

    def log_sigma(self, theta: Array) -> float:
        """log(sigma / sigma_hat) of the best sigma for theta."""
        return float(np.log(self.criterion.estimates(theta)[0] / self.sigma))

    def value(self, y: Array) -> float:
        """The criterion at (theta, log sigma / sigma_hat)."""
        theta, degrees = y[:-1], self.criterion.degrees
        value = self.criterion.value(theta)
        if not np.isfinite(value):
            return np.nan
        away = y[-1] - self.log_sigma(theta)
        return float(value + degrees * (2.0 * away + np.expm1(-2.0 * away)))

    def derivatives(self, y: Array) -> tuple[float, Array, Array]:
        """The criterion, its gradient and its Hessian by (theta, log sigma)."""
        sigma = self.sigma * float(np.exp(y[-1]))
        here = self.criterion.derivatives(y[:-1], sigma)
        unit = np.append(np.ones(len(y) - 1), sigma)
        hessian = unit[:, None] * here.hessian * unit
        hessian[-1, -1] += sigma * here.gradient[-1]
        return here.value, unit * here.gradient, hessian


@dataclass(frozen=True, eq=False)
class SigmaPath(CovariancePath):
    """sigma held: ``sigma_hat exp(tau)``; u is theta."""

    lowest = -np.inf
    estimate = 0.0

    def quantity(self, tau: float) -> float:
        return self.sigma * float(np.exp(tau))

    def tau(self, value: float) -> float:
        return float(np.log(value / self.sigma))

    def free(self, theta: Array) -> Array:
        return np.array(theta, dtype=float)

    def place(self, tau: float, u: Array) -> Array:
        return np.append(u, tau)

    def jacobian(self, tau: float, u: Array) -> Array:
        return np.eye(len(u) + 1, len(u))

    def by_tau(self, tau: float, u: Array) -> Array:
        return np.append(np.zeros(len(u)), 1.0)


@dataclass(frozen=True, eq=False)
class SdPath(CovariancePath):
    """An sd held: ``sd = size sigma_hat tau``; u is the other entries of theta, and log sigma.

    Parameters
    ----------
    index : int
        The entry of theta with ``sd = size sigma theta[index]``.
    size : float
    """

    index: int
    size: float

    @property
    def estimate(self) -> float:
        return abs(float(self.theta[self.index]))

    def quantity(self, tau: float) -> float:
        return self.size * self.sigma * tau

    def tau(self, value: float) -> float:
        return value / (self.size * self.sigma)

    def free(self, theta: Array) -> Array:
        return np.append(np.delete(theta, self.index), self.log_sigma(theta))

    def place(self, tau: float, u: Array) -> Array:
        return np.insert(u, self.index, tau * np.exp(-u[-1]))

    def jacobian(self, tau: float, u: Array) -> Array:
        J = np.insert(np.eye(len(u)), self.index, 0.0, axis=0)
        J[self.index, -1] = -tau * np.exp(-u[-1])
        return J

    def by_tau(self, tau: float, u: Array) -> Array:
        return np.insert(np.zeros(len(u)), self.index, np.exp(-u[-1]))

    def bend(self, tau: float, u: Array, gradient: Array) -> Array:
        result = np.zeros((len(u), len(u)))
        result[-1, -1] = gradient[self.index] * tau * np.exp(-u[-1])
        return result
