"""A posterior of the covariance parameters on a grid: what `integrate` gives, and draws from it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayesmixed.arrays import Array, Index
from bayesmixed.density import Density
from bayesmixed.engines.inner import integrate_sigma

#: Values of log sigma at each node, at most.
MOST_SIGMA = 400
#: Nodes with a smaller share of the mass are left out of what is kept.
NEGLIGIBLE = 1e-13


@dataclass(frozen=True, eq=False)
class Axes:
    """The grid's coordinates: ``v = centre + scale sinh(t)``, v being u and arcsinh z.

    Parameters
    ----------
    centre, scale : ndarray, shape (k,)
    q : int
        How many of them are u.
    """

    centre: Array
    scale: Array
    q: int

    def nodes(self, t: Array) -> Array:
        """u and z at points t, (points, k)."""
        v = self.centre + self.scale * np.sinh(t)
        v[:, self.q :] = np.sinh(v[:, self.q :])
        return v

    def log_jacobian(self, t: Array) -> Array:
        """Log of the volume of (u, z) per volume of t, at each point."""
        a = (self.centre + self.scale * np.sinh(t))[:, self.q :]
        volume: Array = (np.log(self.scale) + np.log(np.cosh(t))).sum(axis=1) + np.log(np.cosh(a)).sum(axis=1)
        return volume


@dataclass(frozen=True, eq=False)
class SigmaLines:
    """At each of some points: values of log sigma, evenly spaced, with the log density there.

    Parameters
    ----------
    first, step : ndarray, shape (points,)
    count : ndarray of int, shape (points,)
    values : ndarray, shape (points, most)
        Log densities by (u, z, log sigma).
    log_mass : ndarray, shape (points,)
        Log of the integral over log sigma.
    """

    first: Array
    step: Array
    count: Index
    values: Array
    log_mass: Array

    def weights(self) -> Array:
        """Weight of each value within its line: sums to one along the rows, 0 beyond `count`."""
        place = np.arange(self.values.shape[1])
        with np.errstate(over="ignore"):
            found = np.exp(self.values - self.log_mass[:, None]) * self.step[:, None]
        return np.where(place < self.count[:, None], found, 0.0)


@dataclass(frozen=True, eq=False)
class Quadrature:
    """A posterior on a grid.

    Parameters
    ----------
    density : Density
    axes : Axes
    t : ndarray, shape (nodes, k)
        The nodes, evenly spaced, those of negligible mass left out.
    spacing : float
    weights : ndarray, shape (nodes,)
        Of the nodes; they sum to one.
    lines : SigmaLines
        log sigma at each node.
    log_evidence : float
        Log of the integral of likelihood times priors; up to a constant where a coefficient has a flat prior.
    """

    density: Density
    axes: Axes
    t: Array
    spacing: float
    weights: Array
    lines: SigmaLines
    log_evidence: float

    def points(self) -> tuple[Array, Array]:
        """Every node with every log sigma, as unconstrained vectors (n, size), and their weights (n,)."""
        weights = self.weights[:, None] * self.lines.weights()
        node, place = np.nonzero(weights > NEGLIGIBLE * weights.max())
        s = self.lines.first[node] + place * self.lines.step[node]
        found = weights[node, place]
        return _vectors(self.axes.nodes(self.t)[node], s, self.axes.q), found / found.sum()

    def draw(self, count: int, rng: np.random.Generator) -> Array:
        """Independent draws, unconstrained, shape (count, size).

        A node is drawn by its weight and moved by a triangular kernel, which is a draw from the multilinear
        interpolant of the grid; log sigma likewise, on a line of its own at the point that was reached. Rejection
        turns these into draws of the density itself.
        """
        kept = np.empty((0, self.density.size))
        bound, points, log_ratios = -np.inf, [], []
        while len(kept) < count:
            x, log_ratio = self._propose(int(1.3 * (count - len(kept))) + 200, rng)
            points.append(x)
            log_ratios.append(log_ratio + np.log(1.0 / rng.uniform(size=len(x))))
            bound = max(bound, float(log_ratio.max()))
            kept = np.concatenate(points)[np.concatenate(log_ratios) >= bound]
        return kept[:count]

    def _propose(self, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Draws of the interpolant, and log of the density over it."""
        node = rng.choice(len(self.t), size=count, p=self.weights)
        k = self.t.shape[1]
        t = self.t[node] + self.spacing * (rng.uniform(size=(count, k)) - rng.uniform(size=(count, k)))
        nodes = self.axes.nodes(t)
        lines = sigma_lines(self.density, nodes, float(self.lines.first[node[0]]))
        weights = lines.weights()
        edges = np.cumsum(weights, axis=1)
        place = (edges < (rng.uniform(size=count) * edges[:, -1])[:, None]).sum(axis=1)
        moved = place + rng.uniform(size=count) - rng.uniform(size=count)
        x = _vectors(nodes, lines.first + moved * lines.step, self.axes.q)
        proposal = np.log(self._interpolant(t)) + np.log(_along(weights, moved) / lines.step)
        return x, self.density.values(x) - self.log_evidence + self.axes.log_jacobian(t) - proposal

    def _interpolant(self, t: Array) -> Array:
        """Density by t of the multilinear interpolant."""
        origin, box = self._box
        low = np.floor(t / self.spacing).astype(np.int64)
        part = t / self.spacing - low
        total = np.zeros(len(t))
        for corner in np.ndindex(*(2,) * t.shape[1]):
            share = np.prod(np.where(corner, part, 1.0 - part), axis=1)
            total += share * box[tuple((low + corner - origin).T)]
        density: Array = total / self.spacing ** t.shape[1]
        return density

    @cached_property
    def _box(self) -> tuple[Index, Array]:
        """Weights of all places of the grid around the nodes, and the place of the first."""
        places = np.rint(self.t / self.spacing).astype(np.int64)
        origin = places.min(axis=0) - 1
        box = np.zeros(places.max(axis=0) - origin + 2)
        box[tuple((places - origin).T)] = self.weights
        return origin, box


def _along(weights: Array, moved: Array) -> Array:
    """Linear interpolation within each row of weights, at fractional places."""
    low = np.floor(moved).astype(np.int64)
    part, rows, last = moved - low, np.arange(len(weights)), weights.shape[1] - 1
    left = np.where(low >= 0, weights[rows, np.clip(low, 0, last)], 0.0)
    right = np.where(low + 1 <= last, weights[rows, np.clip(low + 1, 0, last)], 0.0)
    return (1.0 - part) * left + part * right


def _vectors(nodes: Array, s: Array, q: int) -> Array:
    """Unconstrained vectors ``(log sd, z, log sigma)``."""
    return np.column_stack([nodes[:, :q] + s[:, None], nodes[:, q:], s])


def sigma_lines(density: Density, nodes: Array, start: float) -> SigmaLines:
    """log sigma integrated out at each of some ``(u, z)``.

    Parameters
    ----------
    density : Density
    nodes : ndarray, shape (points, k)
    start : float
        Where the search for the conditional mode of log sigma begins.
    """
    n = len(nodes)
    first, step, log_mass = np.zeros(n), np.ones(n), np.empty(n)
    count, values = np.zeros(n, dtype=np.int64), np.full((n, MOST_SIGMA), -np.inf)
    arrays = (density.blocks, density.prior_arrays, density.patterns)
    integrate_sigma(np.ascontiguousarray(nodes), start, *arrays, first, step, count, values, log_mass)
    return SigmaLines(first, step, count, values[:, : max(1, int(count.max()))], log_mass)
