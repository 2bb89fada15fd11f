"""`Fit.loo` and `Fit.logo`: densities in closed form, smoothed over draws, refitted where that is not enough."""

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesmixed.arguments import check_choice
from bayesmixed.arrays import Array
from bayesmixed.errors import BayesmixedWarning, SamplingError
from bayesmixed.leaving_out.columns import KernelRows
from bayesmixed.leaving_out.draws import draws_of, group_densities, row_densities
from bayesmixed.leaving_out.existence import check_groups, check_rows
from bayesmixed.leaving_out.refits import refitted_log_density
from bayesmixed.leaving_out.smoothing import good_k, relative_efficiency, smoothed
from bayesmixed.moments import Moments
from bayesmixed.parallel import in_threads
from bayesmixed.parameters import stored_name
from bayesmixed.seeds import child_seed, seed_sequence

if TYPE_CHECKING:
    from bayesmixed.fit import Fit
    from bayesmixed.leaving_out.results import RowsLeftOut

#: With fewer groups each one is much of what is known of how groups differ: all are refitted.
FEW_GROUPS = 8


class _Units(NamedTuple):
    """What differs between rows and groups."""

    dim: str
    labels: Any
    densities: Array
    within: Array
    moments_without: Callable[[int], Moments]
    few: bool


def leave_out(
    fit: "Fit", unit: str, refit: "bool | str" = "auto", random_seed: Any = 0, cores: int | None = None
) -> "RowsLeftOut":
    """Expected log predictive density of every row, or of every group, from all others.

    Parameters
    ----------
    fit : Fit
    unit : {"row", "group"}
    refit : {"auto", True, False}
        Whether posteriors without a unit are computed: where k-hat is too large (and of every group where there
        are fewer than 8), of all, or of none.
    random_seed : int, SeedSequence or Generator
        Of the refits.
    cores : int, optional
        Threads; all cores if None. The numbers do not depend on it.

    Raises
    ------
    SamplingError
        The rows are gone, or nothing can be predicted without some unit.
    """
    check_choice("refit", refit, ("auto", True, False), SamplingError)
    rows = KernelRows.of(fit.model)
    units = (_rows if unit == "row" else _groups)(fit, rows, cores)
    efficiency = relative_efficiency(fit)
    found = smoothed(units.densities, efficiency)
    limit = good_k(len(units.densities))
    bad = ~(found.k_hat <= limit)
    chosen = np.full(len(bad), refit) if isinstance(refit, bool) else bad | units.few
    elpd, k_hat = found.elpd.copy(), found.k_hat.copy()
    seed, size = seed_sequence(random_seed), efficiency * len(units.densities)
    elpd[chosen] = _refitted(fit, units, np.flatnonzero(chosen), size, seed, cores)
    k_hat[chosen] = 0.0
    _warn(k_hat, limit, unit)
    return _result(fit, unit, units, elpd, k_hat, found.log_weights, chosen, limit)


def _rows(fit: "Fit", rows: KernelRows, cores: int | None) -> _Units:
    model = fit.model
    check_rows(model, rows)
    place, moments = np.argsort(rows.order), model.posterior.moments
    densities, within = row_densities(model.posterior, rows, draws_of(fit), cores)
    labels = np.arange(model.design.n_obs)
    return _Units(
        "__obs__", labels, densities, within, lambda i: rows.moments_without_row(moments, int(place[i])), False
    )


def _groups(fit: "Fit", rows: KernelRows, cores: int | None) -> _Units:
    model = fit.model
    check_groups(model, rows)
    moments, dim = model.posterior.moments, stored_name(model.names.factor_dim)
    densities, within = group_densities(model.posterior, rows, draws_of(fit), cores)
    few = model.design.n_groups < FEW_GROUPS
    labels = list(model.design.levels)
    return _Units(dim, labels, densities, within, lambda j: rows.moments_without_group(moments, j), few)


def _refitted(
    fit: "Fit",
    units: _Units,
    which: NDArray[np.intp],
    size: float,
    seed: np.random.SeedSequence,
    cores: int | None,
) -> Array:
    fit.model.posterior.moments.patterns  # noqa: B018 - made once, before threads ask for it

    def one(i: int) -> float:
        own = units.densities[:, i]
        return refitted_log_density(fit.model, units.moments_without(i), own, size, child_seed(seed, i))

    return np.array(in_threads(one, [int(i) for i in which], cores), dtype=float)


def _warn(k_hat: Array, limit: float, unit: str) -> None:
    if (k_hat > limit).any():
        warnings.warn(
            f"{(k_hat > limit).sum()} of {len(k_hat)} {unit}s have k-hat > {limit:.2f}: draws of the whole "
            "posterior cannot stand for the one without them: use refit='auto'",
            BayesmixedWarning,
            stacklevel=4,
        )


def _result(
    fit: "Fit",
    unit: str,
    units: _Units,
    elpd: Array,
    k_hat: Array,
    log_weights: Array,
    chosen: NDArray[np.bool_],
    limit: float,
) -> "RowsLeftOut":
    import xarray as xr

    from bayesmixed.leaving_out.results import GroupsLeftOut, RowsLeftOut

    (chains, draws), n = fit.shape, len(elpd)
    coords = {units.dim: units.labels}
    samples = {"chain": np.arange(chains), "draw": np.arange(draws)}

    def each(values: np.ndarray) -> "xr.DataArray":
        return xr.DataArray(values, dims=[units.dim], coords=coords)

    in_sample = np.logaddexp.reduce(units.within, axis=0) - np.log(chains * draws)
    weights = xr.DataArray(
        log_weights.reshape(chains, draws, n), dims=["chain", "draw", units.dim], coords=samples | coords
    )
    return (RowsLeftOut if unit == "row" else GroupsLeftOut)(
        elpd=float(elpd.sum()),
        se=float(np.sqrt(n * np.var(elpd))),
        p=float((in_sample - elpd).sum()),
        n_samples=chains * draws,
        n_data_points=n,
        scale="log",
        warning=bool((k_hat > limit).any()),
        good_k=limit,
        elpd_i=each(elpd),
        pareto_k=each(k_hat),
        log_weights=weights,
        p_loo_i=each(in_sample - elpd),
        refitted=each(chosen),
    )
