"""Mixtures of multivariate t distributions that are fitted to weighted draws."""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from bayesmixed.arrays import Array
from bayesmixed.engines.mode import Mode

#: Degrees of freedom: tails heavier than those of any posterior here, which fall exponentially.
DEGREES = 6.0


@dataclass(frozen=True, eq=False)
class Mixture:
    """``sum_k share_k t(x; location_k, root_k root_k', degrees)``.

    Parameters
    ----------
    share : ndarray, shape (K,)
    location : ndarray, shape (K, d)
    root : ndarray, shape (K, d, d)
        Lower triangles.
    degrees : float
    """

    share: Array
    location: Array
    root: Array
    degrees: float = DEGREES

    @classmethod
    def around(cls, mode: Mode, widened: float = 1.2, degrees: float = DEGREES) -> "Mixture":
        """One t at the mode, with the curvature there, somewhat wider."""
        root = widened * np.linalg.cholesky(mode.covariance)[None]
        return cls(np.ones(1), mode.x[None].copy(), root, degrees)

    @property
    def size(self) -> int:
        return int(self.location.shape[1])

    @property
    def moments(self) -> tuple[Array, Array]:
        """Mean, and the covariance matrix without the widening by the tails of a t."""
        mean = self.share @ self.location
        off = self.location - mean
        within = np.einsum("k,kij,klj->il", self.share, self.root, self.root)
        return mean, within + (off * self.share[:, None]).T @ off

    def draw(self, count: int, rng: np.random.Generator) -> Array:
        """Draws, (count, d); of each component its share, to within one."""
        places = (rng.uniform() + np.arange(count)) / count
        component = np.minimum(np.searchsorted(np.cumsum(self.share), places), len(self.share) - 1)
        normal = rng.standard_normal((count, self.size))
        normal /= np.sqrt(rng.chisquare(self.degrees, size=count) / self.degrees)[:, None]
        x = np.empty_like(normal)
        for k in range(len(self.share)):
            own = component == k
            x[own] = self.location[k] + normal[own] @ self.root[k].T
        return x

    def _distances(self, x: Array) -> Array:
        """Squared Mahalanobis distances, (K, draws)."""
        distances = np.empty((len(self.share), len(x)))
        for k, root in enumerate(self.root):
            whitened = (x - self.location[k]) @ np.linalg.inv(root).T
            distances[k] = np.einsum("ij,ij->i", whitened, whitened)
        return distances

    def _log_joint(self, distances: Array) -> Array:
        """``log(share_k t_k(x))``, (K, draws)."""
        nu, d = self.degrees, self.size
        log_det = np.log(np.diagonal(self.root, axis1=1, axis2=2)).sum(axis=1)
        constant = gammaln((nu + d) / 2.0) - gammaln(nu / 2.0) - 0.5 * d * np.log(nu * np.pi)
        with np.errstate(divide="ignore"):
            each = np.log(self.share) - log_det + constant
        joint: Array = each[:, None] - 0.5 * (nu + d) * np.log1p(distances / nu)
        return joint

    def log_density(self, x: Array) -> Array:
        """The log density at each row of x."""
        return _log_sum(self._log_joint(self._distances(x)))

    def refitted(self, x: Array, weights: Array, ridge: Array) -> "Mixture":
        """One step of expectation and maximisation towards the distribution that weighted draws stand for.

        Population Monte Carlo with t components: Cappe, Douc, Guillin, Marin and Robert (2008),
        doi:10.1007/s11222-008-9059-x, section 4.2.

        Parameters
        ----------
        x : ndarray, shape (draws, d)
        weights : ndarray, shape (draws,)
            That sum to one.
        ridge : ndarray, shape (d, d)
            Added to each covariance matrix, so that none collapses.
        """
        distances = self._distances(x)
        joint = self._log_joint(distances)
        belongs = weights * np.exp(joint - _log_sum(joint))
        share = belongs.sum(axis=1)
        pull = belongs * (self.degrees + self.size) / (self.degrees + distances)
        kept = np.flatnonzero(share > 0.01)
        location = (pull[kept] @ x) / pull[kept].sum(axis=1)[:, None]
        root = np.empty((len(kept), self.size, self.size))
        for j, k in enumerate(kept):
            off = x - location[j]
            root[j] = np.linalg.cholesky((off * pull[k][:, None]).T @ off / share[k] + ridge)
        return Mixture(share[kept] / share[kept].sum(), location, root, self.degrees)

    def split(self, x: Array, weights: Array, components: int, rng: np.random.Generator) -> "Mixture":
        """Components at weighted draws, with the common covariance somewhat narrowed: a place to refit from."""
        chosen = x[np.searchsorted(np.cumsum(weights), rng.uniform(size=components) * weights.sum())]
        location = 0.5 * (chosen + weights @ x)
        off = x - weights @ x
        root = np.linalg.cholesky(0.7 * (off * weights[:, None]).T @ off)
        return Mixture(
            np.full(components, 1.0 / components),
            location,
            np.repeat(root[None], components, axis=0),
            self.degrees,
        )


def _log_sum(joint: Array) -> Array:
    """log of the sum over components."""
    top: Array = joint.max(axis=0)
    return top if len(joint) == 1 else top + np.log(np.exp(joint - top).sum(axis=0))
