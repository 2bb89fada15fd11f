"""Confidence intervals of a REML or ML fit in tables: Wald, profile likelihood, bootstrap."""

import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arguments import check_choice, check_probability
from bayesmixed.arrays import Array
from bayesmixed.errors import BayesmixedWarning, RemlError
from bayesmixed.icc import IccPoint, icc_points, icc_values
from bayesmixed.quantiles import chi2_cut, normal_quantile, t_quantile
from bayesmixed.quantities.by_label import icc_label
from bayesmixed.quantities.components import Component, components
from bayesmixed.reml.intervals.profile import ProfileLikelihood
from bayesmixed.reml.intervals.quantities import Path
from bayesmixed.reml.intervals.standard_errors import icc_standard_errors, labelled
from bayesmixed.reml.resampling.bootstrap import bootstrap

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.reml.estimates import Estimates

METHODS = ("wald", "profile", "profile-reml", "bootstrap")
#: Probability of the limits between which a curve is drawn.
CURVE = 0.99
type Limits = tuple[float, float]


def check_method(method: str, ci_prob: float, among: tuple[str, ...] = METHODS) -> None:
    """Refuse a method that there is not, and a probability that is none."""
    check_choice("method", method, among, RemlError)
    check_probability("ci_prob", ci_prob, RemlError)


def interval_table(
    fit: "Estimates", method: str, ci_prob: float, df: str, options: Mapping[str, Any]
) -> "pd.DataFrame":
    """Every quantity with its interval; see `RemlFit.confint`."""
    import pandas as pd

    check_method(method, ci_prob)
    if method == "bootstrap":
        return bootstrap(fit, **options).confint(ci_prob)
    _no_options(method, options)
    points = icc_points(fit.design)
    labels = _icc_labels(fit, points)
    estimates = dict(zip(fit.design.fixed_labels, fit.beta, strict=True)) | labelled(fit, fit.covariance)
    estimates |= {label: _icc(fit, point) for label, point in zip(labels, points, strict=True)}
    limits = _coefficient_limits(fit, method, ci_prob, df) | covariance_limits(fit, method, ci_prob)
    limits |= dict(zip(labels, icc_intervals(fit, points, ci_prob, method).tolist(), strict=True))
    columns = np.array([[estimates[label], *limits[label]] for label in estimates])
    index = pd.Index(list(estimates), name="quantity")
    return pd.DataFrame(columns, index=index, columns=["estimate", "lower", "upper"])


def _coefficient_limits(fit: "Estimates", method: str, ci_prob: float, df: str) -> dict[str, Limits]:
    """By t with the degrees of freedom of `df`, or by the profile of the ML deviance."""
    se, degrees = fit.standard_errors(df)
    if method == "profile":
        profile = ProfileLikelihood(fit, restricted=False)
        return _profiled(profile, profile.quantities.coefficients, ci_prob)
    half = t_quantile(0.5 + ci_prob / 2.0, degrees) * se
    limits = zip((fit.beta - half).tolist(), (fit.beta + half).tolist(), strict=True)
    return dict(zip(fit.design.fixed_labels, limits, strict=True))


def covariance_limits(
    fit: "Estimates", method: str, ci_prob: float, options: Mapping[str, Any] | None = None
) -> dict[str, Limits]:
    """Limits of every sd, correlation within a block and sigma by their labels."""
    check_method(method, ci_prob)
    estimates = labelled(fit, fit.covariance)
    if method == "bootstrap":
        table = bootstrap(fit, **(options or {})).confint(ci_prob)
        return {label: (table["lower"][label], table["upper"][label]) for label in estimates}
    _no_options(method, options)
    if method != "wald":
        profile = ProfileLikelihood(fit, method == "profile-reml")
        return _profiled(profile, profile.quantities.covariances, ci_prob)
    result = {}
    for label, estimate in estimates.items():
        scale = FISHER if label.startswith(f"{fit.names.corr}[") else LOGARITHM
        result[label] = _wald(estimate, fit.variance_se[label], ci_prob, *scale)
    return result


def icc_intervals(
    fit: "Estimates",
    points: Iterable[IccPoint],
    ci_prob: float = 0.95,
    method: str = "profile-reml",
    options: Mapping[str, Any] | None = None,
) -> Array:
    """Confidence limits of the ICC, shape (points, 2).

    A profile's exist at the boundary too, where Wald's are nan: prefer them.

    Parameters
    ----------
    fit : Estimates
    points : iterable of IccPoint
        See `bayesmixed.icc.icc_points`.
    ci_prob : float
    method : {"profile-reml", "profile", "wald", "bootstrap"}
        Wald's are taken on the logit scale. The bootstrap knows the points of `icc_points` without `at` only.
    options : dict, optional
        Of `bayesmixed.reml.resampling.bootstrap.bootstrap`.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> from bayesmixed.icc import icc_points
    >>> fit = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff2")).reml()
    >>> icc_intervals(fit, icc_points(fit.design)).round(4).tolist()
    [[0.0, 0.3194]]
    """
    check_method(method, ci_prob)
    points = list(points)
    labels = _icc_labels(fit, points)
    if method == "bootstrap":
        table = bootstrap(fit, **(options or {})).confint(ci_prob)
        if unknown := [label for label in labels if label not in table.index]:
            raise RemlError(f"the bootstrap has no {unknown[0]}: use method='profile-reml' with at=")
        found: Array = table.loc[labels, ["lower", "upper"]].to_numpy()
        return found
    _no_options(method, options)
    if method == "wald":
        pairs = zip(points, icc_standard_errors(fit, points), strict=True)
        limits = [_wald(_icc(fit, point), se, ci_prob, *LOGIT) for point, se in pairs]
    else:
        profile = ProfileLikelihood(fit, method == "profile-reml")
        limits = [
            _limits(profile, label, partial(profile.quantities.icc, point), ci_prob)
            for label, point in zip(labels, points, strict=True)
        ]
    return np.array(limits, dtype=float).reshape(-1, 2)


#: A scale on which estimates are closer to normal: the function, its inverse and its derivative.
type Scale = tuple[Callable[[float], float], Callable[[float], float], Callable[[float], float]]
LOGARITHM: Scale = (np.log, np.exp, lambda v: 1.0 / v)
FISHER: Scale = (np.arctanh, np.tanh, lambda v: 1.0 / (1.0 - v**2))
LOGIT: Scale = (
    lambda v: np.log(v / (1.0 - v)),
    lambda x: 1.0 / (1.0 + np.exp(-x)),
    lambda v: 1.0 / (v * (1.0 - v)),
)


def _wald(
    estimate: float,
    se: float,
    ci_prob: float,
    to: Callable[[float], float],
    back: Callable[[float], float],
    slope: Callable[[float], float],
) -> Limits:
    """Estimate -+ z se on another scale; nan where there is no standard error."""
    if not np.isfinite(se):
        return np.nan, np.nan
    if se == 0.0:  # nothing to estimate: the ICC where a slope alone varies, at t = 0
        return estimate, estimate
    half = normal_quantile(0.5 + ci_prob / 2.0) * se * slope(estimate)
    with np.errstate(over="ignore"):
        return float(back(to(estimate) - half)), float(back(to(estimate) + half))


def _profiled(
    profile: ProfileLikelihood, makers: Mapping[str, Callable[[], Path]], ci_prob: float
) -> dict[str, Limits]:
    return {label: _limits(profile, label, maker, ci_prob) for label, maker in makers.items()}


def _limits(profile: ProfileLikelihood, label: str, maker: Callable[[], Path], ci_prob: float) -> Limits:
    """Limits of one quantity; nan and a warning that says why where they were not found."""
    try:
        return profile.limits(maker(), chi2_cut(ci_prob))
    except RemlError as error:
        warnings.warn(f"no profile limits of {label}: {error}", BayesmixedWarning, stacklevel=5)
        return np.nan, np.nan


def _no_options(method: str, options: Mapping[str, Any] | None) -> None:
    if options:
        raise RemlError(f"{', '.join(options)} belongs to method='bootstrap', not to {method!r}")


def _icc(fit: "Estimates", point: IccPoint) -> float:
    return float(icc_values(fit.covariance, point.rows))


def _icc_labels(fit: "Estimates", points: list[IccPoint]) -> list[str]:
    return [icc_label(fit.names.factor, point.at, len(points) == 1) for point in points]


def component_columns(
    fit: "Estimates", method: str, ci_prob: float, options: Mapping[str, Any]
) -> dict[str, list[float]]:
    """Columns se, lower and upper for `RemlFit.variance_components`; nan for covariances and shares."""
    limits = covariance_limits(fit, method, ci_prob, options)
    terms = fit.design.random_labels
    names = {terms[k]: x for p in fit.names.sd for k, x in zip(p.columns, p.labels, strict=True)}
    rows = [_component_row(fit, row, names, limits) for row in components(fit.design, fit.covariance)]
    return dict(zip(("se", "lower", "upper"), map(list, zip(*rows, strict=True)), strict=True))


def _component_row(
    fit: "Estimates", row: Component, names: Mapping[str, str], limits: Mapping[str, Limits]
) -> tuple[float, float, float]:
    label = "sigma" if row.group == "Residual" else names.get(row.term, "")
    if row.quantity == "correlation":
        label = f"{fit.names.corr}[{row.term}]"
    if row.quantity in ("sd", "correlation"):
        return fit.variance_se[label], *limits[label]
    if row.quantity == "variance":
        sd = float(np.sqrt(row.values))
        return 2.0 * sd * fit.variance_se[label], limits[label][0] ** 2, limits[label][1] ** 2
    return np.nan, np.nan, np.nan


def profile_table(fit: "Estimates", name: str, points: Any, method: str) -> "pd.DataFrame":
    """The curve of a profile; see `RemlFit.profile`."""
    check_method(method, CURVE, ("profile", "profile-reml"))
    profile = ProfileLikelihood(fit, method == "profile-reml")
    path = profile.quantities.path(name)
    values = _grid(profile, path, points) if np.ndim(points) == 0 else np.asarray(points, dtype=float)
    if impossible := [value for value in values if not _is_possible(path, value)]:
        raise RemlError(f"{name} cannot be held at {impossible[0]:g}")
    return profile.curve(path, values)


def _is_possible(path: Path, value: float) -> bool:
    with np.errstate(all="ignore"):
        tau = path.tau(np.float64(value))
    return bool(np.isfinite(tau) and path.lowest <= tau <= path.highest)


def _grid(profile: ProfileLikelihood, path: Path, points: int) -> Array:
    """Values between the 99 % limits, and the one where the criterion is smallest."""
    if not isinstance(points, int | np.integer) or isinstance(points, bool) or points < 2:
        raise RemlError(f"points must be a list of values or a number of them from 2, not {points!r}")
    lower, upper = profile.limits(path, chi2_cut(CURVE))
    tau = path.estimate
    if not _is_possible(path, upper):
        upper = path.quantity(10.0 * (1.0 + abs(tau)))
    values, best = np.linspace(lower, upper, points), path.quantity(tau)
    return np.sort(np.append(values[~np.isclose(values, best, rtol=1e-9, atol=0.0)], best))
