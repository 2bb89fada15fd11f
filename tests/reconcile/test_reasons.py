"""Reason codes: from numbers alone, then from tables where each holds by construction."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.reconcile.reasons import MEANINGS, Evidence, reasons, verdict

CALM = Evidence(
    reml=10.0,
    median=10.1,
    sd=1.0,
    flat_median=10.1,
    error=0.01,
    flat_error=0.01,
    at_boundary=False,
    too_narrow=False,
)


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, ("agrees",)),
        ({"too_narrow": True}, ("agrees", "few groups")),
        ({"at_boundary": True}, ("boundary",)),
        ({"flat_median": 10.6, "median": 10.6}, ("skewed",)),
        ({"median": 10.6}, ("prior",)),
        # They cancel: the median is REML's, and still they do not agree.
        ({"flat_median": 10.6, "median": 10.0}, ("skewed", "prior")),
        ({"flat_median": 9.4, "median": 9.4, "too_narrow": True}, ("skewed", "few groups")),
        ({"error": 0.2}, ("Monte Carlo",)),
        ({"error": 0.2, "median": 11.0}, ("prior",)),
        ({"error": np.inf}, ("Monte Carlo",)),
        ({"flat_median": np.nan, "too_narrow": True}, ("agrees", "few groups")),
        ({"flat_median": np.nan, "too_narrow": True, "median": 12.0}, ("few groups",)),
        ({"flat_median": np.nan, "too_narrow": True, "error": 0.5}, ("Monte Carlo", "few groups")),
        # Zero by the model: an ICC at t = 0 where a slope alone varies.
        (dict.fromkeys(("sd", "error", "flat_error", "reml", "median", "flat_median"), 0.0), ("agrees",)),
        ({"reml": np.nan, "flat_median": np.nan, "too_narrow": True}, ("no REML", "few groups")),
    ],
)
def test_codes_of_numbers(changes, codes):
    assert reasons(replace(CALM, **changes)) == codes


@pytest.mark.parametrize(
    ("codes", "word"),
    [
        (("agrees", "few groups"), "agrees"),
        (("skewed", "Monte Carlo"), "differs"),
        (("boundary",), "differs"),
        (("few groups",), "differs"),
        (("Monte Carlo", "few groups"), "unclear"),
        (("no REML", "few groups"), "unclear"),
    ],
)
def test_verdicts_of_codes(codes, word):
    assert verdict(codes) == word


def test_every_code_has_a_meaning():
    assert set(MEANINGS) == {"agrees", "boundary", "skewed", "prior", "few groups", "Monte Carlo", "no REML"}


def clustered(groups, n, sd, seed, slope=0.0):
    """A random intercept, a predictor within groups, sigma = 1."""
    rng = np.random.default_rng(seed)
    g, t = np.repeat(np.arange(groups), n), np.tile(np.arange(n) - (n - 1) / 2, groups)
    b = rng.normal(size=(groups, 2)) * [sd, slope]
    return {"y": 5 + 0.3 * t + b[g, 0] + b[g, 1] * t + rng.normal(size=groups * n), "t": t, "g": g}


def alike(groups, n, seed):
    """All groups with the same mean."""
    table = clustered(groups, n, 0.0, seed)
    means = table["y"].reshape(groups, n).mean(axis=1)
    return {**table, "y": table["y"] - np.repeat(means - 5.0, n)}


@cache
def compared(case, draws=1000):
    formula, table, priors = CASES[case]
    fit = bm.MixedModel(formula, table, priors=priors).fit(draws=draws, random_seed=3, progressbar=False)
    return fit, fit.compare_reml()


INTERCEPT = "y ~ t + (1 | g)"
CASES = {
    "many groups": (INTERCEPT, clustered(120, 12, 1.0, 1), None),
    "no difference between groups": (INTERCEPT, alike(30, 4, 3), None),
    "narrow prior": (INTERCEPT, clustered(120, 12, 1.0, 1), {"1|g_sigma": bm.HalfNormal(0.25)}),
    "narrow prior of t": (INTERCEPT, clustered(120, 12, 1.0, 1), {"t": bm.Normal(0, 0.004)}),
    "wide prior": (INTERCEPT, clustered(7, 40, 1.0, 2), {"1|g_sigma": bm.HalfNormal(500)}),
    "three groups": (INTERCEPT, clustered(3, 20, 1.0, 4), None),
    "three lines": ("y ~ t + (t | g)", clustered(3, 20, 1.0, 5, 0.5), None),
}


def of_kind(table, *kinds):
    return table[table["kind"].isin(kinds)]["reasons"]


@pytest.mark.slow
def test_many_groups_agree():
    _, table = compared("many groups")
    assert (table["reasons"] == "agrees").all()
    assert table["overlap"].min() > 0.8
    assert (table[["from_skew", "from_prior"]].abs().lt(0.25 * table["sd"], axis=0)).all(axis=None)


@pytest.mark.slow
def test_no_difference_between_groups_is_the_boundary():
    fit, table = compared("no difference between groups")
    assert fit.model.reml().singular
    codes = table["reasons"].str.split(", ")
    for label in ("1|g_sigma", "ICC(g)", "1|g[0]"):
        assert "boundary" in codes[label]
    for label in ("Intercept", "t", "sigma"):
        assert "boundary" not in codes[label]
    assert "1|g_sigma" in fit.explain_reml()


@pytest.mark.slow
@pytest.mark.parametrize(("case", "label"), [("narrow prior", "1|g_sigma"), ("narrow prior of t", "t")])
def test_a_narrow_prior_is_the_reason(case, label):
    fit, table = compared(case)
    assert table.loc[label, "reasons"] == "prior"
    assert table.loc[label, "from_prior"] < -table.loc[label, "sd"]
    assert f"because of the prior ({table.loc[label, 'prior']})" in fit.explain_reml()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:the priors put:bayesmixed.errors.BayesmixedWarning")
def test_few_groups_and_a_wide_prior_are_skewed():
    _, table = compared("wide prior")
    assert table.loc["1|g_sigma", "reasons"] == "skewed, few groups"
    assert table.loc["1|g_sigma", "from_skew"] > 0
    assert table.loc["Intercept", "reasons"] == "agrees, few groups"
    assert table.loc["t", "reasons"] == "agrees"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bayesmixed.BayesmixedWarning")
def test_three_groups_rest_on_the_prior():
    _, table = compared("three groups")
    assert {"prior", "few groups"} <= set(table.loc["1|g_sigma", "reasons"].split(", "))
    assert table.loc["1|g_sigma", "from_prior"] < 0 < table.loc["1|g_sigma", "from_skew"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bayesmixed.BayesmixedWarning")
def test_where_flat_priors_have_no_posterior_there_is_no_split():
    fit, table = compared("three lines")
    assert table[["from_skew", "from_prior"]].isna().all(axis=None)
    assert table["reasons"].str.contains("few groups").all()
    assert "no proper posterior" in fit.explain_reml()


@pytest.mark.slow
def test_a_handful_of_draws_cannot_tell():
    _, table = compared("many groups", 3)
    main = table[table["kind"] != "random effect"]
    assert main["reasons"].str.contains("Monte Carlo").all()
    assert "agrees" not in set(main["verdict"])
    assert (main.loc[main["reasons"] == "Monte Carlo", "verdict"] == "unclear").all()


@pytest.mark.slow
def test_sleepstudy_agrees_with_few_groups(sleepstudy):
    fit = bm.MixedModel("Reaction ~ Days + (Days | Subject)", sleepstudy).fit(random_seed=1, progressbar=False)
    table = fit.compare_reml()
    assert (of_kind(table, "fixed") == "agrees, few groups").all()
    assert (of_kind(table, "random effect") == "agrees, few groups").all()
    assert table.loc[["Days|Subject_sigma", "sigma"], "reasons"].str.startswith("agrees").all()
    assert len(of_kind(table, "random effect")) == 36


@pytest.mark.slow
def test_both_parts_are_shown_where_they_cancel(dyestuff):
    fit = bm.MixedModel("Yield ~ 1 + (1 | Batch)", dyestuff).fit(draws=4000, random_seed=1, progressbar=False)
    row = fit.compare_reml().loc["1|Batch_sigma"]
    # By two-dimensional quadrature: median 50.2 under flat priors, 43.6 under the default ones, REML 42.0.
    assert row["from_skew"] == pytest.approx(50.24 - 42.0, abs=1.0)
    assert row["from_prior"] == pytest.approx(43.6 - 50.24, abs=1.0)
    assert row["reasons"] == "skewed, prior, few groups"


@pytest.mark.slow
def test_dyestuff2_is_at_the_boundary(dyestuff2):
    fit = bm.MixedModel("Yield ~ 1 + (1 | Batch)", dyestuff2).fit(random_seed=1, progressbar=False)
    table = fit.compare_reml()
    assert "boundary" in table.loc["1|Batch_sigma", "reasons"].split(", ")
    assert table.loc["1|Batch_sigma", "verdict"] == "differs"
    assert table.loc["Intercept", "verdict"] == "agrees"
