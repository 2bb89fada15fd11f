"""What a sampler gives, ours or any other: draws of the covariance parameters, and how they were made."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bayesmixed.posterior import CovarianceDraws

if TYPE_CHECKING:
    import xarray as xr

#: nutpie's statistics that are kept, and ArviZ's names for them.
STATISTICS = {
    "diverging": "diverging",
    "energy": "energy",
    "energy_error": "energy_error",
    "depth": "tree_depth",
    "n_steps": "n_steps",
    "step_size": "step_size",
    "mean_tree_accept": "acceptance_rate",
    "maxdepth_reached": "reached_max_treedepth",
    "logp": "lp",
}


@dataclass(frozen=True, eq=False)
class Sampled:
    """Draws of the covariance parameters, chains one after another, and what is known of their sampler.

    Parameters
    ----------
    draws : CovarianceDraws
    shape : tuple of int
        Chains and draws of each.
    statistics : xarray.Dataset or None
    engine : str
        "external" for draws that were made elsewhere.
    library : str or None
        Name of the library that sampled; None, here and below, where that is unknown.
    tune : int or None
        Draws of each chain that were discarded.
    target_accept : float or None
    seconds : float or None
        Of the sampler alone, without compilation.
    log_evidence : float or None
        Log of the integral of likelihood times priors, where the engine gives it; up to a constant under flat
        priors.
    weighted : xarray.Dataset or None
        Weighted draws that were resampled, on the unconstrained scale.
    note : str or None
        What a reader should know of how it went.
    """

    draws: CovarianceDraws
    shape: tuple[int, int]
    statistics: "xr.Dataset | None"
    engine: str
    library: str | None = None
    tune: int | None = None
    target_accept: float | None = None
    seconds: float | None = None
    log_evidence: float | None = None
    weighted: "xr.Dataset | None" = None
    note: str | None = None


def kept_statistics(dataset: "xr.Dataset") -> "xr.Dataset":
    """The statistics of `STATISTICS` that there are, by ArviZ's names."""
    kept = {name: new for name, new in STATISTICS.items() if name in dataset and new not in dataset}
    own = [name for name in STATISTICS.values() if name in dataset]
    return dataset[[*own, *(name for name in kept if name not in own)]].rename(
        {old: new for old, new in kept.items() if old != new}
    )
