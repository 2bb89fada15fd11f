"""Posterior against REML of the same model, and fits against one another."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.coding import Array
from bayesmixed.errors import RemlError, SamplingError
from bayesmixed.icc import icc_points, icc_values
from bayesmixed.summary import describe

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.fit import Fit
    from bayesmixed.reml import RemlFit


def compare_reml(fit: "Fit", ci_prob: float = 0.95, ci_kind: str = "eti") -> "pd.DataFrame":
    """REML and posterior side by side: coefficients, sd, correlations, sigma and ICC, one row a quantity.

    Parameters
    ----------
    fit : Fit
    ci_prob, ci_kind :
        Of the posterior's interval.

    Returns
    -------
    pandas.DataFrame
        ``reml`` and ``reml_se`` (nan at the boundary, where a standard error means nothing), ``median``, ``sd``
        and interval of the posterior, ``shift`` = (median - reml) / sd, and the ``prior``. Where REML does
        not exist its columns are nan.
    """
    import pandas as pd

    estimates, errors = _reml_columns(fit)
    priors = _prior_texts(fit)
    rows = {}
    draws = {label: values.ravel() for label, values in fit.scalars().items()} | _icc_draws(fit)
    for label, values in draws.items():
        posterior = describe(values, ci_prob, ci_kind)
        estimate = estimates.get(label, np.nan)
        posterior.pop("mean")
        rows[label] = {
            "reml": estimate,
            "reml_se": errors.get(label, np.nan),
            **posterior,
            "shift": (posterior["median"] - estimate) / posterior["sd"] if posterior["sd"] else np.nan,
            "prior": priors.get(label, ""),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("quantity")


def icc_label(factor: str, at: Mapping | None, only: bool) -> str:
    """``ICC(Subject)``, ``ICC(Subject | Days = 4.5)`` or ``ICC(Subject | mean over rows)``."""
    if at:
        where = ", ".join(
            f"{name} = {value:g}" if np.isreal(value) else f"{name} = {value}" for name, value in at.items()
        )
        return f"ICC({factor} | {where})"
    return f"ICC({factor})" if only else f"ICC({factor} | mean over rows)"


def _icc_draws(fit: "Fit") -> dict[str, Array]:
    points = icc_points(fit.model.design)
    factor, only = fit.model.names.factor, len(points) == 1
    return {icc_label(factor, p.at, only): icc_values(fit.covariance, p.rows) for p in points}


def _reml_columns(fit: "Fit") -> tuple[dict[str, float], dict[str, float]]:
    """Estimates and standard errors by the labels of the posterior; empty where REML does not exist."""
    from bayesmixed.reml.uncertainty import labelled

    try:
        reml: RemlFit = fit.model.reml()
    except RemlError:
        return {}, {}
    labels = fit.model.design.fixed_labels
    estimates = dict(zip(labels, reml.beta, strict=True)) | labelled(reml, reml.covariance)
    errors = dict(zip(labels, reml.se, strict=True)) | reml.variance_se
    points = icc_points(fit.model.design)
    for point in points:
        label = icc_label(fit.model.names.factor, point.at, len(points) == 1)
        estimates[label] = float(icc_values(reml.covariance, point.rows))
    return estimates, errors


def _prior_texts(fit: "Fit") -> dict[str, str]:
    texts, corr = fit.model.priors.texts(), fit.model.names.corr
    return texts | {label: texts[corr] for label in fit.scalars() if label.startswith(f"{corr}[")}


def compare_models(fits: "Mapping[str, Fit]") -> "pd.DataFrame":
    """Parameters of several fits side by side: posterior median and sd, one row a quantity.

    Ranking models by what they predict comes with leave-one-group-out in a later version.

    Parameters
    ----------
    fits : mapping of str to Fit
        Of the same response and the same number of rows.

    Raises
    ------
    SamplingError
        There is no fit, one is not a `Fit`, or they are not of the same data.
    """
    import pandas as pd

    _check_fits(fits)
    columns = {}
    for name, fit in fits.items():
        for label, values in fit.scalars().items():
            columns.setdefault((name, "median"), {})[label] = float(np.median(values))
            columns.setdefault((name, "sd"), {})[label] = float(np.std(values, ddof=1))
    return pd.DataFrame(columns)


def _check_fits(fits: "Mapping[str, Fit]") -> None:
    """Refuse what is no mapping of fits, and fits of different data."""
    from bayesmixed.fit import Fit

    if not isinstance(fits, Mapping):
        raise SamplingError(
            "compare_models takes a dict of fits by name, such as {'a': fit, 'b': other}, "
            f"not {type(fits).__name__}"
        )
    if not fits:
        raise SamplingError("compare_models needs at least one fit")
    for name, fit in fits.items():
        if not isinstance(fit, Fit):
            raise SamplingError(
                f"compare_models takes fits that model.fit() gave; {name!r} is of type {type(fit).__name__}"
            )
    first, *others = fits
    for name in others:
        _check_same_data(first, fits[first], name, fits[name])


def _check_same_data(first: str, fit: "Fit", name: str, other: "Fit") -> None:
    one, two = fit.model.design, other.model.design
    if one.response_name != two.response_name:
        raise SamplingError(
            f"{first!r} is a fit of {one.response_name} and {name!r} one of {two.response_name}: "
            "compare fits of one response"
        )
    if one.n_obs != two.n_obs:
        raise SamplingError(
            f"{first!r} is a fit of {one.n_obs} rows and {name!r} one of {two.n_obs}: fit both to the same rows, "
            "such as those without missing values"
        )
