"""A criterion with its exact derivatives by (theta, sigma): what Newton, Satterthwaite and intervals need."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.likelihood import integrate_groups_hessian
from bayesmixed.moments import Patterns

if TYPE_CHECKING:
    from bayesmixed.reml.criterion import Criterion


@dataclass(frozen=True, eq=False)
class Derivatives:
    """The criterion ``f = sum log|M_i| + log|Qxx| + r^2 / sigma^2 + n log sigma^2 + ...`` and its derivatives.

    n is N - p, for ML N, without ``log|Qxx|``. With ``a = (-betahat, 1)`` and ``dQ`` the derivatives of Q,

        dr^2 = a'dQ a,    d2r^2 = a'd2Q a - 2 (dQ_r a)_x' Qxx^-1 (dQ_s a)_x,
        dlog|Qxx| = tr(Qxx^-1 dQxx),    d2log|Qxx| = tr(Qxx^-1 d2Qxx) - tr(Qxx^-1 dQxx_r Qxx^-1 dQxx_s).

    Parameters
    ----------
    value : float
    gradient : ndarray, shape (R + 1,)
        By theta and sigma.
    hessian : ndarray, shape (R + 1, R + 1)
    sigma : float
    Qxx_inverse : ndarray, shape (p, p)
        ``sigma^2 Qxx^-1`` is the covariance matrix of beta.
    Qxx_by_theta : ndarray, shape (R, p, p)
    theta_units : ndarray, shape (R,)
        Length of the row of Lambda in which each theta stands, at least 1.
    """

    value: float
    gradient: Array
    hessian: Array
    sigma: float
    Qxx_inverse: Array
    Qxx_by_theta: Array
    theta_units: Array

    @classmethod
    def at(cls, criterion: "Criterion", theta: Array, value: float, sigma: float, Q: Array) -> "Derivatives":
        """Derivatives at theta and sigma, where the cross-products are Q."""
        p = criterion.p
        inverse = np.linalg.inv(Q[:p, :p]) if np.isfinite(value) else np.full((p, p), np.nan)
        a = np.append(-inverse @ Q[:p, p], 1.0)
        E = np.outer(a, a) / sigma**2
        if criterion.restricted:
            E[:p, :p] += inverse
        Lambda = criterion.Lambda(theta)
        gradient, hessian, dQ = criterion.sum_over_parts(lambda part: _by_theta(criterion, Lambda, part, E))
        pull = (dQ @ a)[:, :p]
        hessian -= 2.0 / sigma**2 * pull @ inverse @ pull.T
        if criterion.restricted:
            relative = inverse @ dQ[:, :p, :p]
            hessian -= np.einsum("rab,sba->rs", relative, relative)
        # Divided in steps: sigma^4 of a y in very small or large units is 0 or infinite.
        squares, n = float(a @ Q @ a) / sigma**2, criterion.degrees
        corner = (6.0 * squares - 2.0 * n) / sigma**2
        side = -2.0 * (dQ @ a @ a) / sigma**2 / sigma
        gradient = np.append(gradient, 2.0 * (n - squares) / sigma)
        hessian = np.block([[hessian, side[:, None]], [side[None], np.array([[corner]])]])
        rows = np.linalg.norm(Lambda, axis=1)[criterion.entries[0]]
        return cls(value, gradient, hessian, sigma, inverse, dQ[:, :p, :p], np.maximum(rows, 1.0))

    @property
    def profile_gradient(self) -> Array:
        """By theta, with sigma at its best: the same as with sigma held there."""
        return self.gradient[:-1]

    @property
    def profile_hessian(self) -> Array:
        """By theta, with sigma at its best."""
        side = self.hessian[:-1, -1]
        profiled: Array = self.hessian[:-1, :-1] - np.outer(side, side) / self.hessian[-1, -1]
        return profiled

    def contrast_variance(self, L: Array) -> tuple[Array, Array]:
        """Covariance matrix of ``L beta`` and its derivatives by (theta, sigma).

        Parameters
        ----------
        L : ndarray, shape (k, p)

        Returns
        -------
        covariance : ndarray, shape (k, k)
        derivatives : ndarray, shape (R + 1, k, k)
        """
        direction = self.Qxx_inverse @ L.T
        covariance = self.sigma**2 * L @ direction
        by_theta = -(self.sigma**2) * np.swapaxes(direction, 0, 1) @ self.Qxx_by_theta @ direction
        return covariance, np.concatenate([by_theta, 2.0 / self.sigma * covariance[None]])


def _by_theta(criterion: "Criterion", Lambda: Array, patterns: Patterns, E: Array) -> tuple[Array, Array, Array]:
    """Gradient, Hessian and dQ of a part of the patterns."""
    size, p1 = len(criterion.entries[0]), len(E)
    gradient, hessian, dQ = np.empty(size), np.empty((size, size)), np.empty((size, p1, p1))
    integrate_groups_hessian(Lambda, *criterion.entries, patterns, E, gradient, hessian, dQ)
    return gradient, hessian, dQ
