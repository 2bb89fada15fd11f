"""Runs of nutpie: its panics become errors of ours, Ctrl-C stops them, and its draws are read as they are."""

from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.engines.progress import progress_options
from bayesmixed.engines.settings import SamplerSettings
from bayesmixed.errors import SamplingError
from bayesmixed.sampling.sampled import STATISTICS
from bayesmixed.seeds import NUTS

if TYPE_CHECKING:
    import xarray as xr


def run_nutpie(model: Any, settings: SamplerSettings) -> "xr.DataTree":
    """nutpie's NUTS, as the DataTree that it makes."""
    tree: xr.DataTree = _run(model, settings, raw=False)
    return tree


def run_raw(model: Any, settings: SamplerSettings, variable: str) -> "tuple[Array, xr.Dataset]":
    """Draws of one vector, (chains, draws, size), and statistics; no DataTree, which takes longer than they do.

    Parameters
    ----------
    model : object
        That nutpie samples.
    settings : SamplerSettings
    variable : str
        Name of the vector.
    """
    import xarray as xr

    draws, statistics = _run(model, settings, raw=True).get_arrow_trace()
    tuned = [int(_numbers(batch, "tuning").sum()) for batch in statistics]

    def kept(batches: list[Any], name: str) -> Array:
        return np.stack([_numbers(batch, name)[k:] for batch, k in zip(batches, tuned, strict=True)])

    there = [name for name in STATISTICS if name in statistics[0].column_names]
    columns = {name: (("chain", "draw"), kept(statistics, name)) for name in there}
    return kept(draws, variable), xr.Dataset(columns)


def _numbers(batch: Any, name: str) -> Array:
    """One column of an Arrow table as an array, (rows,), or (rows, size) where it holds vectors."""
    import pyarrow

    column = pyarrow.array(batch.column(name))
    is_vector = pyarrow.types.is_large_list(column.type)
    values: Array = (column.flatten() if is_vector else column).to_numpy(zero_copy_only=False)
    return values.reshape(len(column), -1) if is_vector else values


def _run(model: Any, settings: SamplerSettings, raw: bool) -> Any:
    """nutpie's NUTS; its panics, which are no Exception, become errors of ours.

    It runs in the background, because nutpie's own waiting turns Ctrl-C into a shorter run that looks whole.
    """
    import nutpie

    if settings.tune < 1:
        raise SamplingError(f"tune must be a whole number of at least 1, not {settings.tune}")
    sampler = None
    try:
        sampler = nutpie.sample(
            model,
            draws=settings.draws,
            tune=settings.tune,
            chains=settings.chains,
            cores=settings.cores,
            seed=settings.integer_seed(NUTS),
            **progress_options(settings.progressbar, nutpie.sample),
            save_warmup=False,
            target_accept=settings.target_accept,
            blocking=False,
            return_raw_trace=raw,
        )
        return sampler.wait()
    except (KeyboardInterrupt, SystemExit):
        if sampler is not None:
            sampler.cancel()
        raise
    except BaseException as error:
        if type(error).__name__ != "PanicException" and not isinstance(error, RuntimeError | ValueError):
            raise
        reason = " ".join(str(error).partition("Caused by")[0].partition("Stack backtrace")[0].split())
        raise SamplingError(f"NUTS could not run: {reason}") from error
