"""Paths along which an ICC is held (see `paths`): at one row of Z, and averaged over rows."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayesmixed.arrays import Array, Index
from bayesmixed.reml.intervals.paths import CovariancePath


class IccPath(CovariancePath):
    """``ICC = tau^2 / (1 + tau^2)``: tau is an sd in units of sigma."""

    def quantity(self, tau: float) -> float:
        return 1.0 if np.isinf(tau) else tau**2 / (1.0 + tau**2)

    def tau(self, value: float) -> float:
        return float(np.sqrt(value / (1.0 - value)))


@dataclass(frozen=True, eq=False)
class IccAtRow(IccPath):
    """The ICC at one row z of Z held: ``z'Gz / sigma^2 = sum_B (size_B theta_B)^2 = tau^2``, B the blocks of z.

    ``size_B theta_B = tau n_B`` with n of length 1, ``n = m / |m|``, ``m = (1, .., 1) / sqrt(B) + N a``: every n
    without a negative entry has its a, and signs do not matter. u is a, the other entries of theta, and log sigma.

    Parameters
    ----------
    index : ndarray of int, shape (B,)
        Those entries of theta.
    sizes : ndarray, shape (B,)
    """

    index: Index
    sizes: Array

    @cached_property
    def _centre(self) -> Array:
        return np.full(len(self.index), 1.0 / np.sqrt(len(self.index)))

    @cached_property
    def _across(self) -> Array:
        """N, shape (B, B - 1): an orthonormal basis of what is orthogonal to the centre."""
        return np.linalg.qr(self._centre[:, None], mode="complete")[0][:, 1:]

    @cached_property
    def _others(self) -> Index:
        return np.delete(np.arange(len(self.theta) + 1), self.index)

    @property
    def highest(self) -> float:
        """0 where z is zero, so that the ICC is 0 whatever G is."""
        return np.inf if len(self.index) else 0.0

    @property
    def estimate(self) -> float:
        return float(np.linalg.norm(self.sizes * self.theta[self.index]))

    def free(self, theta: Array) -> Array:
        a = self._chart(np.abs(self.sizes * theta[self.index]))
        return np.concatenate([a, np.delete(theta, self.index), [self.log_sigma(theta)]])

    def _chart(self, parts: Array) -> Array:
        """a of numbers that are not negative."""
        return self._across.T @ parts / (self._centre @ parts) if parts.any() else np.zeros(len(parts) - 1)

    def settled(self, u: Array) -> Array:
        n, _ = self._direction(u)
        return u if (n >= -1e-9).all() else np.concatenate([self._chart(np.abs(n)), u[len(n) - 1 :]])

    def _direction(self, u: Array) -> tuple[Array, float]:
        m = self._centre + self._across @ u[: len(self.index) - 1]
        length = float(np.linalg.norm(m))
        return m / length, length

    def place(self, tau: float, u: Array) -> Array:
        y = np.empty(len(self.theta) + 1)
        y[self.index] = tau * self._direction(u)[0] / self.sizes
        y[self._others] = u[len(self.index) - 1 :]
        return y

    def jacobian(self, tau: float, u: Array) -> Array:
        k = len(self.index) - 1
        n, length = self._direction(u)
        J = np.zeros((len(self.theta) + 1, len(u)))
        turned = (self._across - np.outer(n, n @ self._across)) / length
        J[self.index, :k] = tau * turned / self.sizes[:, None]
        J[self._others, np.arange(k, len(u))] = 1.0
        return J

    def by_tau(self, tau: float, u: Array) -> Array:
        result = np.zeros(len(self.theta) + 1)
        result[self.index] = self._direction(u)[0] / self.sizes
        return result

    def bend(self, tau: float, u: Array, gradient: Array) -> Array:
        k = len(self.index) - 1
        result = np.zeros((len(u), len(u)))
        if k:
            n, length = self._direction(u)
            pull = tau * gradient[self.index] / self.sizes
            along = pull @ n
            inner = 3.0 * along * np.outer(n, n) - np.outer(pull, n) - np.outer(n, pull) - along * np.eye(k + 1)
            result[:k, :k] = self._across.T @ inner @ self._across / length**2
        return result


@dataclass(frozen=True, eq=False)
class IccOverRows(IccPath):
    """The average of the ICC over rows of Z held: ``theta = t u``, t solved for; u has length 1 at the minimum.

    Parameters
    ----------
    rows : ndarray, shape (m, q)
        Rows of Z in the coding of the criterion, without those that are zero.
    shares : ndarray, shape (m,)
        Their weights, which add up to 1.
    most : float
        What the average cannot exceed: the share of rows that are not zero.
    """

    rows: Array
    shares: Array
    most: float

    def quantity(self, tau: float) -> float:
        return self.most * super().quantity(tau)

    def tau(self, value: float) -> float:
        return super().tau(value / self.most)

    def _ratios(self, theta: Array) -> Array:
        """``z'Gz / sigma^2`` of every row."""
        return ((self.rows @ self.criterion.Lambda(theta)) ** 2).sum(axis=1)

    @property
    def estimate(self) -> float:
        ratios = self._ratios(self.theta)
        return float(np.sqrt(self.shares @ (ratios / (1.0 + ratios)) / (self.shares @ (1.0 / (1.0 + ratios)))))

    def free(self, theta: Array) -> Array:
        direction = theta if theta.any() else 1.0 * self.criterion.diagonal
        return np.append(direction / np.linalg.norm(direction), self.log_sigma(theta))

    def _stretch(self, tau: float, theta: Array) -> float:
        """t with the quantity at ``t theta``; by Newton's method in log t on the logit of the ICC."""
        ratios = self._ratios(theta)
        if tau == 0.0 or not ratios.any():
            return 0.0
        target = 2.0 * np.log(tau)
        log_t = 0.5 * (target - np.log(self.shares @ ratios))
        for _ in range(100):
            here = ratios * np.exp(min(2.0 * log_t, 500.0))
            between, within = self.shares @ (here / (1.0 + here)), self.shares @ (1.0 / (1.0 + here))
            slope = 2.0 * (self.shares @ (here / (1.0 + here) ** 2)) / (between * within)
            step = (target - np.log(between / within)) / slope
            log_t += step
            if abs(step) < 1e-14 * max(1.0, abs(log_t)):
                break
        return float(np.exp(log_t))

    def _by_theta(self, theta: Array) -> tuple[Array, Array]:
        """Gradient and Hessian of the average ICC by theta."""
        entries, columns = self.criterion.entries
        Z, scaled = self.rows[:, entries], self.rows @ self.criterion.Lambda(theta)
        first = 2.0 * Z * scaled[:, columns]
        left = 1.0 / (1.0 + (scaled**2).sum(axis=1))
        gradient = (self.shares * left**2) @ first
        same = columns[:, None] == columns[None, :]
        hessian = 2.0 * same * ((Z * (self.shares * left**2)[:, None]).T @ Z)
        return gradient, hessian - 2.0 * (first * (self.shares * left**3)[:, None]).T @ first

    def place(self, tau: float, u: Array) -> Array:
        return np.append(self._stretch(tau, u[:-1]) * u[:-1], u[-1])

    def _stretch_by_u(self, tau: float, u: Array) -> tuple[float, Array, Array]:
        """t, its derivatives by the direction, and the gradient of the average ICC."""
        direction = u[:-1]
        t = self._stretch(tau, direction)
        gradient = self._by_theta(t * direction)[0]
        pull = gradient @ direction
        return t, (-t * gradient / pull if t > 0 else np.zeros(len(direction))), gradient

    def jacobian(self, tau: float, u: Array) -> Array:
        t, by_u, _ = self._stretch_by_u(tau, u)
        J = np.eye(len(u))
        J[:-1, :-1] = t * np.eye(len(u) - 1) + np.outer(u[:-1], by_u)
        return J

    def by_tau(self, tau: float, u: Array) -> Array:
        result = np.zeros(len(u))
        if tau > 0:
            gradient = self._stretch_by_u(tau, u)[2]
            result[:-1] = u[:-1] * 2.0 * tau / (1.0 + tau**2) ** 2 / (gradient @ u[:-1])
        return result

    def bend(self, tau: float, u: Array, gradient: Array) -> Array:
        """By Lagrange's multiplier, with which t's own second derivatives drop out."""
        result = np.zeros((len(u), len(u)))
        t, by_u, icc_gradient = self._stretch_by_u(tau, u)
        if t > 0:
            direction = u[:-1]
            multiplier = (gradient[:-1] @ direction) / (icc_gradient @ direction)
            rest = gradient[:-1] - multiplier * icc_gradient
            J = t * np.eye(len(direction)) + np.outer(direction, by_u)
            hessian = self._by_theta(t * direction)[1]
            result[:-1, :-1] = np.outer(rest, by_u) + np.outer(by_u, rest) - multiplier * J.T @ hessian @ J
        return result

    def penalty(self, u: Array) -> tuple[float, Array, Array]:
        direction = np.append(u[:-1], 0.0)
        excess = direction @ direction - 1.0
        own = np.append(np.ones(len(u) - 1), 0.0)
        hessian = 4.0 * excess * np.diag(own) + 8.0 * np.outer(direction, direction)
        return float(excess**2), 4.0 * excess * direction, hessian
