"""Power-scaling: what a little more or less of the prior, or of the likelihood, does to the posterior."""

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.errors import SamplingError
from bayesmixed.likelihood import MarginalLikelihood
from bayesmixed.parameters import stored_name, typed_name
from bayesmixed.quantities.by_label import icc_by_label
from bayesmixed.sensitivity.log_prior import log_prior

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from bayesmixed.fit import Fit

ALPHAS = (0.99, 1.01)
THRESHOLD = 0.05
_DIMS = ("chain", "draw")


def log_likelihood(fit: "Fit") -> Array:
    """``log p(y | beta, sd, Omega, sigma)`` with only b integrated out, shape (draws,).

    beta stays: integrating it over its prior would scale that prior along with the likelihood.
    """
    posterior, covariance = fit.model.posterior, fit.covariance
    kernel = MarginalLikelihood(posterior.moments.patterns, np.zeros(0), posterior.moments.p)
    Lambda, gamma, none = posterior.Lambda(covariance), posterior.gamma(fit.beta), np.zeros(0)
    draws = range(len(covariance.sigma))
    return np.array([kernel.value(Lambda[d], float(covariance.sigma[d]), none, gamma[d]) for d in draws])


def power_scaling_data(fit: "Fit") -> "xr.DataTree":
    """What ArviZ's power-scaling functions need: a DataTree for ``arviz.psense`` and its plots.

    Groups ``posterior`` (every free number by its label, and the ICC where it is no constant), ``log_prior`` (one
    variable for each top-level prior) and ``log_likelihood`` (one number a draw, only b integrated out).

    Examples
    --------
    >>> import bayesmixed as bm
    >>> model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"))
    >>> fit = model.fit(draws=250, random_seed=1, progressbar=False, engine="importance")
    >>> sorted(bm.power_scaling_data(fit)["log_prior"].data_vars)
    ['1|Batch_sigma', 'Intercept', 'sigma']
    """
    import xarray as xr

    from bayesmixed.fit import Fit

    if not isinstance(fit, Fit):
        raise SamplingError(f"power-scaling takes a fit that model.fit() gave, not {type(fit).__name__}")
    numbers = fit.scalars()
    icc = icc_by_label(fit.model.design, fit.covariance)
    numbers |= {label: values.reshape(fit.shape) for label, values in icc.items()}
    numbers = {label: values for label, values in numbers.items() if np.ptp(values) > 0.0}
    return xr.DataTree.from_dict(
        {
            "posterior": _dataset(fit, numbers),
            "log_prior": _dataset(fit, log_prior(fit)),
            "log_likelihood": _dataset(fit, {fit.model.design.response_name: log_likelihood(fit)}),
        }
    )


def _dataset(fit: "Fit", values: dict[str, Array]) -> "xr.Dataset":
    import xarray as xr

    coords = {dim: np.arange(size) for dim, size in zip(_DIMS, fit.shape, strict=True)}
    variables = {stored_name(name): (_DIMS, own.reshape(fit.shape)) for name, own in values.items()}
    return xr.Dataset(variables, coords=coords)


def power_scaling(
    fit: "Fit", threshold: float = THRESHOLD, alphas: tuple[float, float] = ALPHAS
) -> "pd.DataFrame":
    """How much each posterior moves when its prior, or the likelihood, is raised to a power near 1.

    Kallioinen, Paananen, Bürkner and Vehtari (2024), doi:10.1007/s11222-023-10366-5, computed by ArviZ. The
    measure is the cumulative Jensen-Shannon distance per doubling of the power.

    Parameters
    ----------
    fit : Fit
    threshold : float
        From which a quantity counts as sensitive.
    alphas : tuple of float
        Powers below and above 1.

    Returns
    -------
    DataFrame
        By label: ``prior`` and ``likelihood`` (sensitivities), ``k_hat_prior`` and ``k_hat_likelihood`` (of the
        importance weights, the same for all quantities; above 0.7 the sensitivities cannot be trusted) and
        ``reading``.

    Raises
    ------
    SamplingError
        All priors are flat, so that there is no prior to scale; or the powers do not enclose 1.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"))
    >>> fit = model.fit(random_seed=1, progressbar=False, engine="importance")
    >>> table = fit.sensitivity()
    >>> bool(table.loc["1|Batch_sigma", "prior"] > table.loc["Intercept", "prior"])
    True
    """
    import arviz_stats
    import pandas as pd

    _check(threshold, alphas)
    data = power_scaling_data(fit)
    if not data["log_prior"].data_vars:
        raise SamplingError("all priors are flat: there is no prior to scale")
    table = pd.DataFrame(index=pd.Index(map(typed_name, map(str, data["posterior"].data_vars))))
    for group in ("prior", "likelihood"):
        found = arviz_stats.psense(data, group=group, alphas=alphas, sample_dims=list(_DIMS))
        table[group] = [float(found[name]) for name in data["posterior"].data_vars]
    for group in ("prior", "likelihood"):
        total = data[f"log_{group}"].to_dataset().to_array().sum("variable").to_numpy().ravel()
        table[f"k_hat_{group}"] = max(_k_hat((alpha - 1.0) * total) for alpha in alphas)
    k_hat = float(table[["k_hat_prior", "k_hat_likelihood"]].max(axis=None))
    pairs = zip(table["prior"].tolist(), table["likelihood"].tolist(), strict=True)
    table["reading"] = [_reading(prior, likelihood, k_hat, threshold) for prior, likelihood in pairs]
    return table


def _check(threshold: Any, alphas: Any) -> None:
    if not isinstance(threshold, Real) or isinstance(threshold, bool) or not 0.0 <= float(threshold) < np.inf:
        raise SamplingError(f"threshold must be a number of at least 0, such as 0.05, not {threshold!r}")
    pair = np.shape(alphas) == (2,) and all(isinstance(alpha, Real) for alpha in alphas)
    if not pair or not 0.0 < alphas[0] < 1.0 < alphas[1] < np.inf:
        raise SamplingError(f"the powers must lie on both sides of 1, such as (0.99, 1.01), not {alphas!r}")


def _k_hat(log_weights: Array) -> float:
    """Pareto k-hat of importance weights, by ArviZ, which takes the logarithms of their reciprocals."""
    from arviz_stats.base import array_stats

    return float(array_stats.psislw(-log_weights)[1])


def _reading(prior: float, likelihood: float, k_hat: float, threshold: float) -> str:
    if k_hat > 0.7:
        return "the draws are too few to tell"
    if prior < threshold:
        return ""
    if likelihood < threshold:
        return "rests on its prior; the data say little"
    return "prior and data pull: check that the prior says what is known"
