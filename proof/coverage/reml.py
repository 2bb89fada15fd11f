"""REML and ML estimates of many data sets at once: a scan of t, then Newton's method in log t."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayesmixed.arrays import Array
from proof.coverage.draws import Data, Layout
from proof.coverage.sums import Sums, at_common, at_own, degrees, weighted

#: ``u = log(sd / sigma)`` of the scan; before them comes t = 0.
SCAN = np.arange(-7.0, 7.5, 0.05)
RATIOS = np.append(0.0, np.exp(2.0 * SCAN))
#: The package puts an sd below this, in units of sigma, at zero.
AT_ZERO = 1e-4
#: Directions in which the criterion is flatter tell nothing, as in lmerTest.
FLAT = 1e-8


@dataclass(frozen=True, eq=False)
class Slopes:
    """Derivatives by t at fixed sigma = 1: of log|M| + log|Qxx|, and of r^2."""

    log_dets: Array
    log_dets_2: Array
    squares: Array
    squares_2: Array
    Qxx: Array


@dataclass(frozen=True, eq=False)
class Estimates:
    """Where the criterion of each data set is smallest.

    Parameters
    ----------
    layout : Layout
    data : Data
    restricted : bool
    t : ndarray, shape (D,)
        ``sd^2 / sigma^2``; 0 at the boundary.
    """

    layout: Layout
    data: Data
    restricted: bool
    t: Array

    @cached_property
    def sums(self) -> Sums:
        return at_own(self.layout, self.data, self.t)

    @cached_property
    def value(self) -> Array:
        """The criterion, up to the constant that `Sums.value` leaves out."""
        return self.sums.value(self.layout, self.restricted)

    @property
    def zero(self) -> Array:
        return self.t == 0.0

    @cached_property
    def sigma(self) -> Array:
        return np.sqrt(self.sums.squares / degrees(self.layout, self.restricted))

    @cached_property
    def beta(self) -> Array:
        """Coefficients of the user's columns, (D, p)."""
        return self.sums.gamma @ self.layout.contrasts.T

    @property
    def named(self) -> dict[str, Array]:
        """Estimate of each quantity."""
        named = {name: self.beta[:, k] for k, name in enumerate(("Intercept", "x")[: self.layout.p])}
        return named | {"sd": np.sqrt(self.t) * self.sigma, "sigma": self.sigma, "ICC": self.t / (1.0 + self.t)}

    @cached_property
    def slopes(self) -> Slopes:
        return slopes(self.layout, self.data, self.t, self.sums, self.restricted)

    @cached_property
    def variances(self) -> Array:
        """Variances of the coefficients, ``sigma^2 L Qxx^-1 L'`` for each contrast L, (D, p)."""
        L = self.layout.contrasts
        return self.sigma[:, None] ** 2 * np.einsum("ka,dab,kb->dk", L, self.sums.inverse, L)

    @cached_property
    def covariance(self) -> Array:
        """Asymptotic covariance of (theta, sigma), twice the inverse of the Hessian; ``theta = sqrt(t)``."""
        s, theta, sigma = self.slopes, np.sqrt(self.t), self.sigma
        by_t, by_tt = s.log_dets + s.squares / sigma**2, s.log_dets_2 + s.squares_2 / sigma**2
        hessian = np.empty((len(theta), 2, 2))
        hessian[:, 0, 0] = 2.0 * by_t + 4.0 * self.t * by_tt
        hessian[:, 0, 1] = hessian[:, 1, 0] = -4.0 * theta * s.squares / sigma**3
        hessian[:, 1, 1] = 4.0 * degrees(self.layout, self.restricted) / sigma**2
        unit = np.column_stack([np.maximum(1.0, theta), sigma])
        values, vectors = np.linalg.eigh(unit[:, :, None] * hessian * unit[:, None, :])
        inverse = np.where(values > FLAT, 2.0 / np.where(values > FLAT, values, 1.0), 0.0)
        found = np.einsum("dik,dk,djk->dij", vectors, inverse, vectors)
        return unit[:, :, None] * found * unit[:, None, :]


def slopes(layout: Layout, data: Data, t: Array, sums: Sums, restricted: bool) -> Slopes:
    """Exact first and second derivatives by t, (D,)."""
    m = layout.m
    w = 1.0 / (1.0 + m * t[:, None])
    first, second = -m * w**2, 2.0 * m**2 * w**3
    gamma = sums.gamma
    residual = Data(data.y - gamma @ layout.X.T, data.rest)
    dQxx, pull, d_squares = weighted(layout, residual, first)
    d2Qxx, _, d2_squares = weighted(layout, residual, second)
    d2_squares = d2_squares - 2.0 * np.einsum("da,dab,db->d", pull, sums.inverse, pull)
    log_dets, log_dets_2 = (m * w).sum(axis=1), -(m**2 * w**2).sum(axis=1)
    if restricted:
        relative = sums.inverse @ dQxx
        log_dets = log_dets + np.einsum("daa->d", relative)
        log_dets_2 = log_dets_2 + np.einsum("daa->d", sums.inverse @ d2Qxx)
        log_dets_2 = log_dets_2 - np.einsum("dab,dba->d", relative, relative)
    return Slopes(log_dets, log_dets_2, d_squares, d2_squares, dQxx)


def profile_slopes(layout: Layout, data: Data, t: Array, restricted: bool) -> tuple[Array, Array, Array]:
    """The criterion at ``u = log(t) / 2``, beta and sigma at their best, with first and second derivative by u."""
    sums = at_own(layout, data, t)
    s, count = slopes(layout, data, t, sums, restricted), degrees(layout, restricted)
    relative = s.squares / sums.squares
    by_t = s.log_dets + count * relative
    by_tt = s.log_dets_2 + count * (s.squares_2 / sums.squares - relative**2)
    return sums.value(layout, restricted), 2.0 * t * by_t, 4.0 * t * by_t + 4.0 * t**2 * by_tt


def scan(layout: Layout, data: Data) -> Sums:
    """Sums at the common ratios."""
    return at_common(layout, data, RATIOS)


def minimise(layout: Layout, data: Data, scanned: Sums, restricted: bool) -> Estimates:
    """The lowest minimum of each data set."""
    best = scanned.value(layout, restricted).argmin(axis=1)
    inside = np.flatnonzero(best > 0)
    centre = SCAN[np.maximum(best[inside] - 1, 0)]
    u, part = centre.copy(), Data(data.y[inside], data.rest[inside])
    for _ in range(12):
        _, slope, curvature = profile_slopes(layout, part, np.exp(2.0 * u), restricted)
        step = np.where(
            curvature > 0.0, -slope / np.where(curvature > 0.0, curvature, 1.0), -0.02 * np.sign(slope)
        )
        u = np.clip(u + step, centre - 0.06, centre + 0.06)
    t = np.zeros(len(data))
    t[inside] = np.where(np.exp(u) < AT_ZERO, 0.0, np.exp(2.0 * u))
    return Estimates(layout, data, restricted, t)
