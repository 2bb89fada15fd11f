"""The posterior of the covariance parameters on a grid: exact moments, the evidence, independent draws.

sigma is integrated inside, because Q does not depend on it given ``Lambda = sd chol(Omega) / sigma``. What is left
is one dimension for a random intercept and three for a random slope: ``u = log(sd / sigma)`` and
``a = arcsinh z`` of each correlation, whose densities fall exponentially. In each of them
``v = centre + scale sinh(t)``, and the trapezoidal rule in t converges geometrically (Takahasi and Mori 1974,
doi:10.2977/prims/1195192451). Ranges grow until nothing is left at their edges; spacings shrink until the evidence
stands still.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayesmixed.arrays import Array, Index
from bayesmixed.density import Density
from bayesmixed.engines.inner import integrate_sigma
from bayesmixed.engines.mode import find_mode
from bayesmixed.errors import SamplingError

#: Largest share of the mass at an edge of the grid, and change of the log evidence by a finer grid: that change is
#: the error of the coarser one, and errors fall geometrically.
EDGE, STABLE = 1e-9, 1e-5
#: Spacings in t that are tried one after another, and the most points of a grid.
SPACINGS, MOST_NODES = (0.55, 0.4, 0.28, 0.2, 0.14, 0.1, 0.07, 0.05), 400_000
#: Values of log sigma at each node, at most.
MOST_SIGMA = 400
#: Nodes with a smaller share of the mass are left out of what is kept.
NEGLIGIBLE = 1e-13
OTHERS = "use engine='importance' or engine='compiled'"


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


def check_quadrature(density: Density) -> None:
    """Refuse what has too many dimensions for a grid."""
    q = density.posterior.moments.q
    if q > 2:
        raise SamplingError(
            f"engine='quadrature' takes at most 2 random effects for each group, not {q}: {OTHERS}"
        )
    if density.size != q + density.n_corr + 1:
        raise SamplingError(
            "engine='quadrature' integrates over sd, correlations and sigma; the prior of a coefficient that is "
            f"neither normal nor flat adds a dimension: {OTHERS}"
        )


def integrate(density: Density, start: Array) -> Quadrature:
    """The posterior on a grid that is fine and wide enough.

    Parameters
    ----------
    density : Density
        Of at most 2 random effects for each group, with normal or flat priors of all coefficients.
    start : ndarray, shape (size,)
        The search for the mode begins at it.

    Raises
    ------
    SamplingError
        The model has too many dimensions, or the grid does not settle.
    """
    check_quadrature(density)
    axes, s = _axes(density, start)
    edges = np.tile([-4.0, 4.0], (len(axes.centre), 1))
    before = np.inf
    for spacing in SPACINGS:
        t, log_mass, edges = _wide_enough(density, axes, edges, spacing, s)
        top = log_mass.max()
        log_evidence = float(top + np.log(np.exp(log_mass - top).sum()) + len(axes.centre) * np.log(spacing))
        if abs(log_evidence - before) < STABLE:
            return _kept(density, axes, t, spacing, log_mass, log_evidence, s)
        before = log_evidence
    raise SamplingError(f"the grid of engine='quadrature' does not settle: {OTHERS}")


def _axes(density: Density, start: Array) -> tuple[Axes, float]:
    """Centre and scale of each coordinate from mode and curvature; and log sigma at the mode."""
    mode = find_mode(start, density.prior_arrays, density.patterns)
    q, k = density.posterior.moments.q, density.size - 1
    to_nodes = np.eye(k, density.size)
    to_nodes[:q, k] = -1.0
    centre = to_nodes @ mode.x
    scale = np.sqrt(np.diag(to_nodes @ mode.covariance @ to_nodes.T))
    scale[q:] /= np.sqrt(1.0 + centre[q:] ** 2)
    centre[q:] = np.arcsinh(centre[q:])
    return Axes(centre, np.clip(1.5 * scale, 1e-6, 3.0), q), float(mode.x[k])


def _wide_enough(
    density: Density, axes: Axes, edges: Array, spacing: float, s: float
) -> tuple[Array, Array, Array]:
    """A grid with nothing left at its edges: points t, their log mass by volume of t, and the edges."""
    for _ in range(40):
        t, shape = _points(edges, spacing)
        if len(t) > MOST_NODES:
            raise SamplingError(f"the grid of engine='quadrature' would have {len(t)} points: {OTHERS}")
        log_mass = _log_mass(density, axes, t, s)
        mass = np.exp(log_mass - log_mass.max()).reshape(shape)
        mass /= mass.sum()
        grown = False
        for k in range(len(shape)):
            slices = mass.sum(axis=tuple(j for j in range(len(shape)) if j != k))
            for side, edge in ((0, slices[0]), (1, slices[-1])):
                if edge > EDGE * spacing:
                    edges = edges.copy()
                    edges[k, side] *= 1.25
                    grown = True
        if not grown:
            return t, log_mass, edges
    raise SamplingError(f"the posterior has no end that engine='quadrature' could find: {OTHERS}")


def _points(edges: Array, spacing: float) -> tuple[Array, tuple[int, ...]]:
    """All points of the grid, multiples of the spacing that cover the edges."""
    axes = [spacing * np.arange(np.floor(a / spacing), np.ceil(b / spacing) + 1) for a, b in edges]
    mesh = np.meshgrid(*axes, indexing="ij")
    return np.column_stack([one.ravel() for one in mesh]), mesh[0].shape


#: Points whose lines are held at once.
_CHUNK = 20_000


def _log_mass(density: Density, axes: Axes, t: Array, s: float) -> Array:
    parts = [sigma_lines(density, axes.nodes(t[i : i + _CHUNK]), s).log_mass for i in range(0, len(t), _CHUNK)]
    return np.concatenate(parts) + axes.log_jacobian(t)


def _kept(
    density: Density, axes: Axes, t: Array, spacing: float, log_mass: Array, log_evidence: float, s: float
) -> Quadrature:
    weights = np.exp(log_mass - log_mass.max())
    kept = weights > NEGLIGIBLE
    lines = sigma_lines(density, axes.nodes(t[kept]), s)
    return Quadrature(density, axes, t[kept], spacing, weights[kept] / weights[kept].sum(), lines, log_evidence)
