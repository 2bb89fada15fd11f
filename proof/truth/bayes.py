"""brms and rstanarm: posteriors under their own default priors, in Monte Carlo standard errors."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

import bayesmixed as bm
from bayesmixed.summary import convergence
from proof.truth.numbers import Number
from tests.reference import load_reference

#: Draws of ours, and how many standard errors of the difference of two means the tests accept.
DRAWS, TOLERANCE = {"draws": 10_000, "chains": 4, "random_seed": 20, "progressbar": False}, 4.0
FORMULA = "Reaction ~ Days + (Days | Subject)"
BRMS = {
    "b_Intercept": "Intercept",
    "b_Days": "Days",
    "sd_Subject__Intercept": "1|Subject_sigma",
    "sd_Subject__Days": "Days|Subject_sigma",
    "cor_Subject__Intercept__Days": "Subject_corr[Intercept,Days]",
    "sigma": "sigma",
}
RSTANARM = {"(Intercept)": "Intercept", "Days": "Days", "sigma": "sigma"}


def of_brms() -> Iterator[Number]:
    """Means of all parameters and random effects of sleepstudy."""
    reference = load_reference("brms_sleepstudy")
    fit = _fit("brms")
    draws = {theirs: fit.scalars()[ours] for theirs, ours in BRMS.items()}
    for k, term in enumerate(["Intercept", "Days"]):
        for j, level in enumerate(fit.model.design.levels):
            draws[f"r_Subject[{level},{term}]"] = fit.effects[:, j, k].reshape(fit.shape)
    rows = {row["variable"]: (row["mean"], row["mcse_mean"]) for row in reference["draws"]}
    yield from _means(f"brms {reference['brms']}", rows, draws)


def of_rstanarm() -> Iterator[Number]:
    """Means of the coefficients, sigma and the entries of G of sleepstudy."""
    reference = load_reference("rstanarm")
    fit = _fit("rstanarm")
    draws = {theirs: fit.scalars()[ours] for theirs, ours in RSTANARM.items()}
    G = fit.covariance.G
    for name, (i, j) in {
        "(Intercept),(Intercept)": (0, 0),
        "Days,(Intercept)": (1, 0),
        "Days,Days": (1, 1),
    }.items():
        draws[f"Sigma[Subject:{name}]"] = G[:, i, j].reshape(fit.shape)
    rows = {row["name"]: (row["mean"], row["mcse"]) for row in reference["posterior"]["sleepstudy"]}
    yield from _means(f"rstanarm {reference['made_by']['rstanarm']}", rows, draws)


def _fit(priors: str) -> "bm.Fit":
    model = bm.MixedModel(FORMULA, bm.load_dataset("sleepstudy"), priors=priors)
    with warnings.catch_warnings():  # their priors favour high ICCs, which is told
        warnings.simplefilter("ignore", bm.BayesmixedWarning)
        return model.fit(**DRAWS)


def _means(source: str, rows: dict[str, Any], draws: dict[str, np.ndarray]) -> Iterator[Number]:
    for name, values in draws.items():
        mean, error = rows[name]
        scale = float(np.hypot(convergence(values)["mcse_mean"], error))
        model = f"sleepstudy: `{FORMULA}`, its default priors"
        yield Number(source, model, "posterior mean", name, mean, float(values.mean()), scale, TOLERANCE)
