"""The draws that leaving out needs again, and closed-form densities of all units under them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.errors import SamplingError
from bayesmixed.leaving_out.columns import KernelRows
from bayesmixed.leaving_out.densities import densities_of_groups, densities_of_rows
from bayesmixed.parallel import in_threads, parts
from bayesmixed.posterior import CovarianceDraws, MarginalPosterior
from bayesmixed.sampling.external import covariance_draws

if TYPE_CHECKING:
    from bayesmixed.fit import Fit

#: Draws times units that are held at once: two arrays of 200 MB.
LIMIT = 25_000_000
#: Draws times units of one thread.
WORK = 50_000


def draws_of(fit: "Fit") -> CovarianceDraws:
    """Covariance parameters, scales of Student-t priors and explicit coefficients of every draw of a fit."""
    dataset = fit.idata["posterior"].to_dataset()
    if "auxiliary" in fit.idata.children:
        dataset = dataset.merge(fit.idata["auxiliary"].to_dataset())
    # The generator would draw scales that were not kept; those of a fit always are.
    return covariance_draws(fit.model.posterior, dataset, np.random.default_rng(0))[0]


def group_densities(
    posterior: MarginalPosterior, rows: KernelRows, draws: CovarianceDraws, cores: int | None = None
) -> tuple[Array, Array]:
    """``log p(y_i | y_-i, theta)`` and ``log p(replicate of y_i | y, theta)`` of groups, (draws, J) each."""
    common = (rows.R, rows.n.astype(float), rows.group_log_weights)
    return _in_parts(densities_of_groups, common, posterior, draws, len(rows.R), cores)


def row_densities(
    posterior: MarginalPosterior, rows: KernelRows, draws: CovarianceDraws, cores: int | None = None
) -> tuple[Array, Array]:
    """The same of rows, (draws, N) each, in the order of the design."""
    common = (rows.R, rows.rows, rows.start, rows.log_weights)
    found = _in_parts(densities_of_rows, common, posterior, draws, len(rows.rows), cores)
    back = np.argsort(rows.order)
    return found[0][:, back], found[1][:, back]


def kernel_arguments(posterior: MarginalPosterior, draws: CovarianceDraws) -> tuple[Array, ...]:
    """Lambda, sigma, precision and explicit coefficients of every draw, as the kernel takes them."""
    explicit = draws.explicit - posterior.shift[len(posterior.coefficients.columns) :]
    given = (draws.Lambda, draws.sigma, draws.precision, explicit)
    return tuple(np.ascontiguousarray(array, dtype=float) for array in given)


def _in_parts(
    compute: Callable[..., None],
    common: tuple[Any, ...],
    posterior: MarginalPosterior,
    draws: CovarianceDraws,
    units: int,
    cores: int | None,
) -> tuple[Array, Array]:
    Lambda, sigma, precision, explicit = kernel_arguments(posterior, draws)
    if len(sigma) * units > LIMIT:
        most = max(LIMIT // units, 1)
        raise SamplingError(
            f"{len(sigma)} draws of {units} units are too many to hold at once: fit with at most {most} draws"
        )
    mean = np.ascontiguousarray(posterior.kernel.mean, dtype=float)
    result, within = np.empty((len(sigma), units)), np.empty((len(sigma), units))

    def fill(part: slice) -> None:
        own = (Lambda[part], sigma[part], precision[part], mean, explicit[part])
        compute(*common, *own, result[part], within[part])

    in_threads(fill, parts(len(sigma), max(1, WORK // units)), cores)
    return result, within
