"""Fits as plain records: what ``--json`` prints. Undefined numbers are None, never NaN."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.errors import RemlError, warnings_as_texts
from bayesmixed.icc import icc_points, icc_values
from bayesmixed.report.reml_contents import seeded
from bayesmixed.summary import describe

if TYPE_CHECKING:
    from bayesmixed.fit import Fit
    from bayesmixed.priors import ResolvedPriors
    from bayesmixed.reml import RemlFit

#: Rows of the collapsed moments up to which intervals are found by profiling without being asked for.
MOST_PROFILED = 5_000


def reml_record(
    fit: "RemlFit",
    df: str = "satterthwaite",
    ci: str | None = None,
    anova: bool = False,
    contrasts: Sequence[str] = (),
) -> dict[str, Any]:
    """A REML or ML fit as a JSON object; see `bayesmixed.report.text.reml_text` for the arguments."""
    design = fit.design
    fixed = fit.fixed_effects(df=df)
    covariance = fit.covariance
    with warnings_as_texts() as texts:
        icc = _reml_icc(fit, interval_method(fit, ci))
    record = {
        "formula": design.specification.formula,
        "method": fit.method,
        "n_obs": design.n_obs,
        "groups": {design.factor_name: design.n_groups},
        "criterion": fit.criterion,
        "converged": fit.converged,
        "singular": fit.singular,
        "sigma": fit.sigma,
        "fixed": [
            {"term": term, **{key: row[key] for key in ("estimate", "se", "df", "t", "p")},
             "ci": [row["lower"], row["upper"]]}
            for term, row in fixed.to_dict(orient="index").items()
        ],
        "random": {
            design.factor_name: {
                "terms": list(design.random_labels), "sd": covariance.sd.tolist(), "corr": covariance.corr.tolist()
            }
        },
        "icc": icc,
        "warnings": [*fit.warnings, *texts],
    }  # fmt: skip
    if anova:
        record["anova"] = fit.anova(df).reset_index().to_dict(orient="records")
    if contrasts:
        record["tests"] = fit.test(list(contrasts), df).reset_index().to_dict(orient="records")
    found: dict[str, Any] = plain(record)
    return found


def _reml_icc(fit: "RemlFit", method: str | None) -> list[dict[str, Any]]:
    points = icc_points(fit.design)
    limits: list[Any] = [None] * len(points)
    if method is not None:
        table = fit.icc(method=method, **seeded(method))
        pairs = table[["lower", "upper"]].to_numpy()
        limits = [own.tolist() if np.isfinite(own).any() else None for own in pairs]
    return [
        {"group": fit.design.factor_name, "at": point.at,
         "estimate": float(icc_values(fit.covariance, point.rows)), "ci": own}
        for point, own in zip(points, limits, strict=True)
    ]  # fmt: skip


def interval_method(fit: "RemlFit", wanted: str | None) -> str | None:
    """How intervals of variance components are found; unasked by profiling, where that does not take long."""
    if wanted is not None:
        return None if wanted == "none" else wanted
    if len(fit.objective.patterns.Rza) > MOST_PROFILED:
        return None
    return "profile-reml" if fit.method == "REML" else "profile"


def _priors(resolved: "ResolvedPriors") -> dict[str, str]:
    """Each prior by its parameter; a joint prior by what its total is."""
    joint = {prior.title: str(prior) for prior in resolved.joint}
    return {name: str(prior) for name, prior in resolved.items()} | joint


def fit_record(fit: "Fit") -> dict[str, Any]:
    """A sampled fit, with the same model's REML fit, as a JSON object; ``reml`` is None where there is none."""
    design, verdict = fit.model.design, fit.verdict
    chains, draws = fit.shape
    attrs = fit.idata.attrs
    warnings = list(fit.warnings)
    try:
        reml = reml_record(fit.model.reml())
    except RemlError as error:
        reml = None
        warnings.append(f"no REML fit: {error}")
    record = {
        "formula": design.specification.formula,
        "n_obs": design.n_obs,
        "groups": {design.factor_name: design.n_groups},
        "priors": _priors(fit.model.priors.resolved),
        "sampler": {
            "engine": attrs["engine"],
            "draws": draws,
            "tune": attrs.get("tuning_steps"),
            "chains": chains,
            **_keep(verdict.numbers, "divergences", "max_rhat", "min_ess_bulk"),
            "seconds": attrs.get("sampling_time"),
        },
        "posterior": [
            {
                "name": name,
                **_posterior(values.ravel()),
                **_keep(fit.convergence(values), "r_hat", "ess_bulk", "mcse_mean"),
            }
            for name, values in fit.scalars().items()
        ],
        "icc": [
            {"group": design.factor_name, "at": point.at, **_posterior(icc_values(fit.covariance, point.rows))}
            for point in icc_points(design)
        ],
        "reml": reml,
        "warnings": warnings,
    }
    found: dict[str, Any] = plain(record)
    return found


def _posterior(values: Array) -> dict[str, Any]:
    found = describe(values)
    return _keep(found, "mean", "sd", "median") | {"ci": [found["eti95_lb"], found["eti95_ub"]]}


def _keep(found: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: found[name] for name in names}


def plain(value: Any) -> Any:
    """Plain Python for JSON, with None for every number that is not finite."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(inner) for inner in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value
