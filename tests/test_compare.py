"""Posterior and REML side by side: every cell is a number that the parts give too."""

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from tests.fits import QUICK, fit, model

COLUMNS = ["reml", "reml_se", "sd", "median", "eti95_lb", "eti95_ub", "shift", "prior"]


@pytest.fixture(scope="module")
def slope():
    return fit("slope").compare_reml()


def test_columns_and_rows(slope):
    assert list(slope.columns) == COLUMNS
    assert list(slope.index) == [
        *fit("slope").scalars(),
        *("ICC(Subject | Days = 0)", "ICC(Subject | Days = 4.5)", "ICC(Subject | Days = 9)"),
        "ICC(Subject | mean over rows)",
    ]
    assert list(fit("intercept").compare_reml().index)[-1] == "ICC(Batch)"


def test_the_posterior_columns_are_those_of_the_summary(slope):
    summary = fit("slope").summary()
    for column in ("sd", "median", "eti95_lb", "eti95_ub"):
        np.testing.assert_array_equal(slope.loc[summary.index, column], summary[column])
    icc = fit("slope").icc()
    np.testing.assert_array_equal(slope["median"].iloc[-4:], icc["median"])
    np.testing.assert_array_equal(slope["eti95_ub"].iloc[-4:], icc["eti95_ub"])


def test_the_reml_columns_are_those_of_the_reml_fit(slope):
    reml = model("slope").reml()
    fixed = reml.fixed_effects()
    np.testing.assert_array_equal(slope.loc[["Intercept", "Days"], "reml"], fixed["estimate"])
    np.testing.assert_array_equal(slope.loc[["Intercept", "Days"], "reml_se"], fixed["se"])
    for label, error in reml.variance_se.items():
        assert slope.loc[label, "reml_se"] == error
    assert slope.loc["sigma", "reml"] == pytest.approx(reml.sigma)
    assert slope.loc["Days|Subject_sigma", "reml"] == pytest.approx(reml.covariance.sd[1])
    assert slope.loc["Subject_corr[Intercept,Days]", "reml"] == pytest.approx(reml.covariance.corr[0, 1])
    np.testing.assert_allclose(slope["reml"].iloc[-4:], reml.icc()["estimate"])


def test_reml_values_are_those_of_lme4(slope):
    expected = {"Intercept": 251.4051, "Days": 10.4673, "1|Subject_sigma": 24.7407, "Days|Subject_sigma": 5.9221}
    for label, value in expected.items():
        assert slope.loc[label, "reml"] == pytest.approx(value, rel=1e-4)


def test_the_shift_is_in_posterior_sds(slope):
    np.testing.assert_allclose(slope["shift"], (slope["median"] - slope["reml"]) / slope["sd"])


def test_every_parameter_has_its_prior(slope):
    priors = model("slope").priors.resolved
    at_zero = ["Days", "Days|Subject_sigma", "sigma"]
    assert [slope.loc[name, "prior"] for name in at_zero] == [str(priors[name]) for name in at_zero]
    for name in ("Intercept", "1|Subject_sigma"):
        assert slope.loc[name, "prior"] == f"{priors[name]} at Days = 4.5"
    assert slope.loc["Subject_corr[Intercept,Days]", "prior"] == "LKJ(eta=2) at Days = 4.5"
    assert (slope["prior"].iloc[-4:] == "").all()


def test_a_vector_parameter_has_a_prior_for_each_entry(ergostool):
    priors = {"Type": bm.Normal((0.0, 1.0, 2.0), 3.0)}
    found = bm.MixedModel("effort ~ Type + (1 | Subject)", ergostool, priors=priors).fit(random_seed=1, **QUICK)
    texts = found.compare_reml()["prior"]
    assert texts["Type[T3]"] == "Normal(mu=1, sigma=3)"
    assert texts["Type[T4]"] == "Normal(mu=2, sigma=3)"


def test_other_intervals():
    table = fit("slope").compare_reml(ci_prob=0.8, ci_kind="hdi")
    assert {"hdi80_lb", "hdi80_ub"} <= set(table.columns)


def test_at_the_boundary_standard_errors_are_undefined(dyestuff2):
    found = bm.MixedModel("Yield ~ 1 + (1 | Batch)", dyestuff2)
    table = found.fit(random_seed=1, **QUICK).compare_reml()
    assert table.loc["1|Batch_sigma", "reml"] == pytest.approx(0.0, abs=1e-4 * table.loc["sigma", "reml"])
    assert np.isnan(table.loc["1|Batch_sigma", "reml_se"])
    assert table.loc["1|Batch_sigma", "median"] > 0.05
    assert table.loc["sigma", "reml_se"] > 0
    assert table.loc["ICC(Batch)", "reml"] == pytest.approx(0.0, abs=1e-8)


def test_where_reml_does_not_exist_its_columns_are_undefined():
    table = {"y": [1.0, 2, 4, 3, 7, 5, 6, 9, 1, 3], "t": [0.0, 1] * 5, "g": list("aabbccddee")}
    found = bm.MixedModel("y ~ t + (t | g)", table)
    with pytest.warns(bm.BayesmixedWarning):
        compared = found.fit(random_seed=1, **QUICK).compare_reml()
    assert compared[["reml", "reml_se", "shift"]].isna().all(axis=None)
    assert compared["median"].notna().all()


# ---------------------------------------------------------------- models side by side
def test_models_side_by_side():
    table = bm.compare_models({"slope": fit("slope"), "uncorrelated": fit("uncorrelated")})
    assert isinstance(table.columns, pd.MultiIndex)
    assert list(table.columns) == [(name, kind) for name in ("slope", "uncorrelated") for kind in ("median", "sd")]
    summary = fit("slope").summary()
    np.testing.assert_array_equal(table.loc[summary.index, ("slope", "median")], summary["median"])
    np.testing.assert_allclose(table.loc[summary.index, ("slope", "sd")], summary["sd"])
    assert np.isnan(table.loc["Subject_corr[Intercept,Days]", ("uncorrelated", "median")])


def test_no_models_cannot_be_compared():
    with pytest.raises(bm.SamplingError, match="at least one fit"):
        bm.compare_models({})


@pytest.mark.parametrize(
    ("fits", "text"),
    [
        (lambda: [fit("slope"), fit("slope")], "takes a dict of fits by name, .* not list"),
        (lambda: {"b": model("slope").reml()}, r"fits that model\.fit\(\) gave; 'b' is of type RemlFit"),
        (lambda: {"a": fit("slope"), "b": fit("factor")}, "'a' is a fit of Reaction and 'b' one of effort"),
    ],
)
def test_what_cannot_be_compared_is_refused(fits, text):
    with pytest.raises(bm.SamplingError, match=text):
        bm.compare_models(fits())


def test_fits_of_different_rows_are_refused():
    part = bm.load_dataset("sleepstudy").iloc[:90]
    other = bm.MixedModel("Reaction ~ Days + (Days | Subject)", part).fit(random_seed=1, **QUICK)
    with pytest.raises(bm.SamplingError, match="'a' is a fit of 180 rows and 'b' one of 90: fit both to the same"):
        bm.compare_models({"a": fit("slope"), "b": other})
