"""The posterior of the covariance parameters on a grid: exact moments, the evidence, independent draws.

sigma is integrated inside, because Q does not depend on it given ``Lambda = sd chol(Omega) / sigma``. What is left
is one dimension for a random intercept and three for a random slope: ``u = log(sd / sigma)`` and
``a = arcsinh z`` of each correlation, whose densities fall exponentially. In each of them
``v = centre + scale sinh(t)``, and the trapezoidal rule in t converges geometrically (Takahasi and Mori 1974,
doi:10.2977/prims/1195192451). Ranges grow until nothing is left at their edges; spacings shrink until the evidence
stands still.
"""

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.density import Density
from bayesmixed.engines.grid import NEGLIGIBLE, Axes, Quadrature, sigma_lines
from bayesmixed.engines.mode import find_mode
from bayesmixed.errors import SamplingError

#: Largest share of the mass at an edge of the grid, and change of the log evidence by a finer grid: that change is
#: the error of the coarser one, and errors fall geometrically.
EDGE, STABLE = 1e-9, 1e-5
#: Spacings in t that are tried one after another, and the most points of a grid.
SPACINGS, MOST_NODES = (0.55, 0.4, 0.28, 0.2, 0.14, 0.1, 0.07, 0.05), 400_000
OTHERS = "use engine='importance' or engine='compiled'"


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
