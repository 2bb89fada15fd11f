"""Importance sampling of the covariance parameters: no chains, no tuning, weights that say how good it is."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arrays import Array, Index
from bayesmixed.density import Density
from bayesmixed.engines.mode import find_mode
from bayesmixed.engines.settings import SamplerSettings
from bayesmixed.engines.weighted import Weighted, weighted_draws
from bayesmixed.engines.weights import resample
from bayesmixed.errors import SamplingError
from bayesmixed.parallel import in_threads, parts
from bayesmixed.seeds import IMPORTANCE

if TYPE_CHECKING:
    import xarray as xr

#: Most weighted draws for each one that is kept, so that few are kept twice: fewer for tables with more triangles.
RAW_PER_DRAW = ((500, 4), (20_000, 2))
#: Evaluations times triangles of one thread's task.
WORK = 1_000_000


@dataclass(frozen=True, eq=False)
class ImportanceDraws:
    """Weighted draws, and which of them were resampled.

    Parameters
    ----------
    weighted : Weighted
        R draws on the unconstrained scale, with their weights and k-hat.
    ancestor : ndarray of int, shape (chains, draws)
        The weighted draw that each resampled one is.
    """

    weighted: Weighted
    ancestor: Index

    @property
    def unconstrained(self) -> Array:
        """The resampled draws, chains one after another."""
        return self.weighted.points[self.ancestor.ravel()]

    def statistics(self) -> "xr.Dataset":
        """What is kept of each resampled draw, with k-hat and ESS as attributes."""
        return statistics(self.ancestor, k_hat=float(self.weighted.k_hat), ess=self.weighted.ess)

    def dataset(self) -> "xr.Dataset":
        """The weighted draws, for whatever is to be computed from weights."""
        import xarray as xr

        variables = {
            "log_weight": (("weighted_draw",), self.weighted.log_weights),
            "unconstrained": (("weighted_draw", "coordinate"), self.weighted.points),
        }
        attrs = {"k_hat": float(self.weighted.k_hat), "ess": self.weighted.ess}
        return xr.Dataset(variables, attrs=attrs)


def statistics(ancestor: Index, **attrs: float) -> "xr.Dataset":
    """Sampler statistics of draws without a chain: the independent draw that each one is."""
    import xarray as xr

    chains, draws = ancestor.shape
    coords = {"chain": np.arange(chains), "draw": np.arange(draws)}
    return xr.Dataset({"ancestor": (("chain", "draw"), ancestor)}, coords=coords, attrs=attrs)


def sample_importance(density: Density, start: Array, settings: SamplerSettings) -> ImportanceDraws:
    """Mode and curvature, adapted proposals, Pareto-smoothed weights, systematic resampling.

    Parameters
    ----------
    density : Density
    start : ndarray, shape (size,)
        The search for the mode begins at it.
    settings : SamplerSettings
        ``chains * draws`` weighted draws are resampled; `tune` and `target_accept` are not used.

    Raises
    ------
    SamplingError
        The density does not exist at the starting point.

    References
    ----------
    Cappe et al. (2008), doi:10.1007/s11222-008-9059-x; Vehtari et al. (2024), arXiv:1507.02646.
    """
    if not np.isfinite(density.value_and_gradient(start)[0]):
        raise SamplingError(
            "the posterior has no density where the search for its mode begins: use engine='compiled'"
        )
    count = settings.chains * settings.draws
    rows = len(density.patterns.Rza)
    times = next((times for most, times in RAW_PER_DRAW if rows <= most), 1)
    mode = find_mode(start, density.prior_arrays, density.patterns)
    rng = settings.generator(IMPORTANCE)
    values = partial(evaluate, density, cores=settings.cores)
    weighted = weighted_draws(values, mode, max(count, 500), rng, most=times)
    chosen = resample(weighted.log_weights, count, rng)
    return ImportanceDraws(weighted, chosen.reshape(settings.chains, settings.draws))


def evaluate(density: Density, points: Array, cores: int | None = None) -> Array:
    """The log density at many points, in threads where that takes long; the same whatever their number."""
    density.prior_arrays  # noqa: B018 - made once, before threads ask for it
    each = parts(len(points), max(1, WORK // len(density.patterns.Rza)))
    return np.concatenate(in_threads(lambda part: density.values(points[part]), each, cores))
