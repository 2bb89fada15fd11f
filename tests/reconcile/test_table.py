"""Posterior and REML side by side: every cell is a number that the parts give too."""

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.reconcile.table import _error_of_median, overlap
from tests.fits import QUICK, fit, fit_without_groups, model

COLUMNS = [
    *("kind", "reml", "reml_se", "reml_lower", "reml_upper", "sd", "median", "eti95_lb", "eti95_ub"),
    *("shift", "from_skew", "from_prior", "overlap", "verdict", "reasons", "prior"),
]


@pytest.fixture(scope="module")
def slope():
    return fit("slope").compare_reml(effects=False)


def test_columns_and_rows(slope):
    assert list(slope.columns) == COLUMNS
    assert list(slope.index) == [
        *fit("slope").scalars(),
        *("ICC(Subject | Days = 0)", "ICC(Subject | Days = 4.5)", "ICC(Subject | Days = 9)"),
        "ICC(Subject | mean over rows)",
    ]
    assert list(fit("intercept").compare_reml(effects=False).index)[-1] == "ICC(Batch)"


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


def test_random_effects_stand_beside_their_conditional_modes():
    table = fit("slope").compare_reml()
    effects = table[table["kind"] == "random effect"]
    reml = model("slope").reml()
    np.testing.assert_allclose(effects["reml"].iloc[:18], reml.effects[0][:, 0])
    np.testing.assert_allclose(effects["median"].iloc[18:], np.median(fit("slope").effects, axis=0)[:, 1])
    assert list(effects.index[[0, 18]]) == ["1|Subject[308]", "Days|Subject[308]"]
    assert "random effect" not in set(fit_without_groups("slope").compare_reml()["kind"])


def test_labels_of_random_effects_are_those_of_arviz():
    table = fit("factor slope").compare_reml()
    wanted = [name for name in fit("factor slope").to_dataframe("Half|Subject") if "[" in name]
    assert set(wanted) <= set(table.index)


@pytest.mark.parametrize("method", ["profile", "profile-reml"])
def test_intervals_by_another_method(method):
    table = fit("slope").compare_reml(method=method, effects=False)
    limits = model("slope").reml().confint(method=method)
    np.testing.assert_array_equal(table.loc[limits.index, "reml_lower"], limits["lower"])
    np.testing.assert_array_equal(table.loc[limits.index, "reml_upper"], limits["upper"])


def test_the_parts_add_up_to_the_difference(slope):
    parts = slope["from_skew"] + slope["from_prior"]
    np.testing.assert_allclose(parts, slope["median"] - slope["reml"], atol=1e-12)


def test_overlap_is_what_two_intervals_share():
    assert overlap((0, 1), (2, 3)) == 0.0
    assert overlap((0, 4), (1, 2)) == 0.25
    assert overlap((1, 2), (1, 2)) == 1.0
    assert np.isnan(overlap((np.nan, 2), (1, 2)))


def test_one_paragraph_names_every_quantity_that_differs(slope):
    text = fit("slope").explain_reml()
    assert "\n" not in text
    assert "180 rows in 18 groups of Subject" in text
    for label, codes in slope["reasons"].items():
        if "skewed" in codes or "prior" in codes:
            assert f"For {label} the posterior median is" in text


def test_the_paragraph_says_that_effects_rest_on_an_estimate_at_the_boundary(dyestuff2):
    model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", dyestuff2)
    found = model.fit(draws=300, engine="importance", random_seed=1, progressbar=False)
    text = found.explain_reml()
    assert "Of the 6 random effects 6 rest on the estimate at the boundary" in text
    assert "0 agree" not in text


def test_the_error_of_a_median_of_copies_counts_their_ancestors(rng):
    values = rng.normal(size=1000)
    copies, ancestor = np.repeat(values, 4), np.repeat(np.arange(1000), 4)
    found = _error_of_median(copies, (4, 1000), ancestor.reshape(4, 1000))
    # the median of n normal draws has variance pi / (2 n)
    assert found == pytest.approx(np.sqrt(np.pi / 2000.0), rel=0.25)
    assert _error_of_median(copies, (4, 1000), np.arange(4000).reshape(4, 1000)) < 0.7 * found
    assert _error_of_median(np.ones(4000), (4, 1000), ancestor.reshape(4, 1000)) == 0.0
    assert _error_of_median(np.ones(2), (1, 2)) == np.inf
