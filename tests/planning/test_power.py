"""Power by simulation against noncentral t, a rows-level simulation, and what the plan says."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import bayesmixed as bm
from bayesmixed.errors import DesignError, SamplingError
from bayesmixed.planning.layout import planned_table
from bayesmixed.planning.study import Analysis, planned, wilson
from bayesmixed.planning.trials import _interval, _weighted_quantile
from bayesmixed.seeds import seed_sequence
from tests import fits

FORMULA = "y ~ arm + (1 | clinic)"


def exact(J, n, effect, icc, alpha=0.05, sigma=1.0):
    """The t test on group means of two equal arms."""
    sd = sigma * np.sqrt(icc / (1 - icc))
    df, size = J - 2, effect / np.sqrt(4 / J * (sd**2 + sigma**2 / n))
    cut = stats.t.ppf(1 - alpha / 2, df)
    return stats.nct.sf(cut, df, size) + stats.nct.cdf(-cut, df, size)


def power(effects, formula=FORMULA, **options):
    options = {"between": ["arm"], "random_seed": 1, "progressbar": False} | options
    return bm.power(formula, effects=effects, **options)


def assert_near(share, expected, count, z=4.0):
    assert abs(share - expected) < z * np.sqrt(expected * (1 - expected) / count)


@pytest.mark.slow
@pytest.mark.parametrize(("J", "n", "icc", "effect"), [(8, 10, 0.5, 2.0), (14, 6, 0.5, 1.0)])
def test_whole_groups_are_tested_by_the_t_test_of_their_means(J, n, icc, effect):
    (row,) = power({"arm[b]": effect}, groups=J, n=n, icc=icc).table.to_dict("records")
    assert row["singular"] < 0.02
    assert_near(row["power"], exact(J, n, effect, icc), 1000)


@pytest.mark.slow
def test_without_an_effect_it_is_the_size():
    found = power({"arm[b]": 0.0}, groups=6, n=20, icc=[0.4, 0.02], replications=4000).table
    assert_near(found["power"][0], 0.05, 4000)
    # Where the sd is often estimated as zero the test is too careful, never too bold.
    assert found["singular"][1] > 0.2
    assert found["power"][1] < 0.05


@pytest.mark.slow
def test_covariates_within_groups_have_the_rows_degrees_of_freedom():
    found = power({"x": 0.5}, "y ~ x + (1 | clinic)", groups=6, n=5, icc=0.5, between=(), within=["x"]).table
    df, cut = 6 * 4 - 1, stats.t.ppf(0.975, 6 * 4 - 1)
    assert_near(found["power"][0], stats.nct.sf(cut, df, 0.5 * np.sqrt(30)), 1000)


def test_one_interval_is_that_of_the_fit_of_its_rows(rng):
    """The moments path against `RemlFit` of a table."""
    table = planned_table("y ~ arm + x + (1 | clinic)", 8, 5, ["arm"], ["x"])
    table["y"] = rng.normal(size=8)[np.repeat(np.arange(8), 5)] + rng.normal(size=40)
    model = bm.MixedModel("y ~ arm + x + (1 | clinic)", table)
    fit = model.reml()
    L = model.coded.fixed.inverse[1]
    lower, upper, singular, failed = _interval(fit.objective, L, 0.05)
    expected = fit.fixed_effects(df="kenward-roger").loc["arm[b]"]
    shift = float(L @ model.coded.shift)
    assert (lower + shift, upper + shift) == pytest.approx((expected["lower"], expected["upper"]))
    assert not singular
    assert not failed


def test_rows_drawn_for_the_posterior_have_the_planned_moments():
    options = {"sd": {"1|g_sigma": 0.8, "x|g_sigma": 0.4, "g_corr[Intercept,x]": -0.5}, "icc": None, "sigma": 0.7}
    options |= {"between": (), "within": {"x": [0.0, 1.0, 2.0]}, "design": None}
    analysis = Analysis("reml", 0.05, None, None, 100, 20_000, None)
    trials = planned("y ~ x + (x | g)", 3, 3, {"x": 1.5}, "x", options, analysis, seed_sequence(1)).trials
    y = trials.responses(range(20_000))[:, :3]
    Z, G = np.column_stack([np.ones(3), [0, 1, 2]]), np.array([[0.64, -0.16], [-0.16, 0.16]])
    np.testing.assert_allclose(y.mean(axis=0), [0.0, 1.5, 3.0], atol=0.04)
    np.testing.assert_allclose(np.cov(y.T), Z @ G @ Z.T + 0.49 * np.eye(3), atol=0.06)
    np.testing.assert_allclose(trials.truth.G[0], G)


def test_ignoring_the_groups_of_these_data_has_the_size_of_type_one_error():
    options = {"sd": None, "icc": 0.2, "sigma": 1.0, "between": ["arm"], "within": (), "design": None}
    analysis = Analysis("reml", 0.05, None, None, 100, 2000, None)
    study = planned(FORMULA, 6, 5, {"arm[b]": 0.0}, "arm[b]", options, analysis, seed_sequence(3))
    y, second = study.trials.responses(range(2000)), (study.table["arm"] == "b").to_numpy()
    rejected = stats.ttest_ind(y[:, ~second], y[:, second], axis=1).pvalue < 0.05
    assert_near(rejected.mean(), bm.type_one_error(groups=2, n=5, icc=0.2, clusters=3), 2000)


def test_the_posterior_with_flat_coefficients_is_near_the_exact_test():
    priors = {"Intercept": bm.Flat(), "arm": bm.Flat(), "1|clinic_sigma": bm.HalfStudentT(3, 10)}
    found = power(
        {"arm[b]": 1.5}, groups=12, n=8, icc=0.5, method="posterior", priors=priors, replications=300, draws=300
    ).table
    assert found["failed"][0] < 15
    assert found["power"][0] == pytest.approx(exact(12, 8, 1.5, 0.5), abs=0.09)
    assert np.isnan(found["singular"][0])


def test_a_margin_is_harder_to_show():
    plain = power({"arm[b]": 2.0}, groups=12, n=8, icc=0.3, replications=200)
    above = power({"arm[b]": 2.0}, groups=12, n=8, icc=0.3, replications=200, margin=0.5)
    assert_near(above.table["power"][0], exact(12, 8, 1.5, 0.3), 200)
    assert above.table["power"][0] < plain.table["power"][0]
    assert "lies above 0.5" in repr(above)


def test_a_table_of_ones_own():
    design = planned_table(FORMULA, 8, 10, ["arm"])
    own = power({"arm[b]": 2.0}, design=design, between=(), icc=0.5, replications=100).table
    planned_one = power({"arm[b]": 2.0}, groups=8, n=10, icc=0.5, replications=100).table
    pd.testing.assert_frame_equal(own, planned_one)
    uneven = power({"arm[b]": 2.0}, design=design[3:], between=(), icc=0.5, replications=50).table
    assert uneven["n"][0] == 77 / 8


@pytest.mark.slow
def test_assurance_is_power_averaged_over_the_prior():
    options = {"groups": 14, "n": 6, "icc": 0.5, "sigma": 1.0, "between": ["arm"], "progressbar": False}
    found = bm.assurance(FORMULA, effects={"arm[b]": bm.Normal(1.0, 0.5)}, random_seed=1, **options).table
    prior = stats.norm(1.0, 0.5)
    expected, _ = integrate.quad(lambda d: prior.pdf(d) * exact(14, 6, d, 0.5), -2, 4)
    assert_near(found["assurance"][0], expected, 1000)
    certain = bm.assurance(FORMULA, effects={"arm[b]": 1.0}, random_seed=1, replications=100, **options).table
    same = power({"arm[b]": 1.0}, groups=14, n=6, icc=0.5, replications=100).table
    assert certain["assurance"][0] == same["power"][0]


def test_assurance_from_a_pilot_study(rng):
    table = planned_table(FORMULA.replace("clinic", "site"), 6, 5, ["arm"])
    table["y"] = 5.0 + (table["arm"] == "b") + rng.normal(size=30)
    pilot = bm.MixedModel("y ~ arm + (1 | site)", table).fit(100, engine="importance", random_seed=1)
    options = {"icc": None, "sd": None, "sigma": None, "between": ["arm"], "within": (), "design": None}
    analysis = Analysis("reml", 0.05, None, None, 100, 500, None)
    truth = planned(FORMULA, 4, 3, pilot, "arm[b]", options, analysis, seed_sequence(2)).trials.truth
    for drawn, theirs in (
        (truth.beta[:, 1], pilot.beta[:, 1]),
        (truth.sigma, pilot.covariance.sigma),
        (np.sqrt(truth.G[:, 0, 0]), pilot.covariance.sd[:, 0]),
    ):
        np.testing.assert_allclose(np.sort(np.unique(drawn))[[0, -1]], [drawn.min(), drawn.max()])
        assert np.abs(drawn[:, None] - theirs[None]).min(axis=1).max() < 1e-12
        assert drawn.mean() == pytest.approx(theirs.mean(), abs=5 * theirs.std() / np.sqrt(500))


def test_the_seed_decides_on_any_number_of_cores():
    options = {"groups": 6, "n": 4, "icc": 0.3, "replications": 60}
    for method in ("reml", "posterior"):
        one, two = (
            power({"arm[b]": 2.0}, method=method, draws=100, cores=cores, **options).table for cores in (1, 2)
        )
        pd.testing.assert_frame_equal(one, two)


def test_the_layout_is_what_was_asked_for():
    table = planned_table(
        "y ~ arm * drug + x + (1 | g)", 4, 6, {"arm": [0, 1]}, {"drug": ["p", "q", "r"], "x": [1]}
    )
    assert len(table) == 24
    assert table.groupby("g")["arm"].nunique().eq(1).all()
    assert table.groupby(["g", "drug"]).size().eq(2).all()
    x = planned_table("y ~ x + (1 | g)", 2, 5, within=["x"])["x"][:5]
    assert (x.mean(), np.mean(x**2)) == pytest.approx((0.0, 1.0), abs=1e-12)


def test_the_progress_is_told_on_standard_error(capsys):
    power({"arm[b]": 2.0}, groups=4, n=3, icc=0.3, replications=60, progressbar=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.endswith("100 %\n")


def test_wilson():
    expected = stats.binomtest(37, 200).proportion_ci(method="wilson")
    assert wilson(37, 200) == pytest.approx((expected.low, expected.high))
    assert wilson(0, 10)[0] == 0.0
    assert np.isnan(wilson(0, 0)).all()


def test_weighted_quantiles_are_those_of_the_repeated_draws(rng):
    values, counts = rng.normal(size=4000), rng.integers(1, 4, 4000)
    (found,) = _weighted_quantile(values[None], (counts / counts.sum())[None], 0.9)
    assert found == pytest.approx(np.quantile(np.repeat(values, counts), 0.9), abs=0.02)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"groups": None}, "how many groups"),
        ({"between": ()}, "the formula has 'arm'"),
        ({"between": ["arm", "age"]}, "'age' of between"),
        ({"icc": None}, "must be given: sd or icc"),
        ({"sd": 1.0}, "not both"),
        ({"icc": 1.0}, "icc must lie"),
        ({"sigma": 0.0}, "sigma must be positive"),
        ({"method": "ml"}, "method must be"),
        ({"effects": {"arm[c]": 1.0}}, r"no coefficient 'arm\[c\]'; there are Intercept, arm\[b\]"),
        ({"effects": {"arm[b]": bm.Normal(0, 1)}}, "use assurance"),
        ({"effects": {"arm[b]": 1.0, "Intercept": 2.0}}, "which coefficient"),
        ({"n": 1}, "as many groups as rows"),
        ({"groups": 2.5}, "whole numbers"),
        ({"replications": 0}, "replications must be"),
        ({"formula": "log(y) ~ arm + (1 | clinic)"}, "transformation"),
        ({"design": {"arm": ["a"], "clinic": ["1"]}}, "leave groups"),
        (
            {"effects": 0.5},
            r"effects must be a dict of numbers by coefficient, such as \{'arm\[b\]': 0.5\}, not 0.5",
        ),
        ({"design": {"arm": ["a"]}, "groups": None, "n": None, "between": None}, "leave groups, n, between"),
        ({"effects": {1: 2.0}}, "effects must be a dict"),
        ({"effects": {"arm[b]": 1e300}}, "must be a finite number"),
        ({"effects": {"arm[b]": True}}, "must be a number or a distribution, not True"),
        ({"groups": 1}, "2 treatments, more than groups=1: take more than 2 groups"),
        ({"groups": 2}, "explain every difference between the 2 groups of 'clinic'"),
        ({"groups": []}, "groups is empty"),
        ({"icc": [stats.beta(2, 8)] * 2}, "icc is a distribution: use assurance"),
        ({"icc": None, "sd": [{"1|clinic_sigma": 0.1}] * 2}, "several values of sd must be numbers"),
        ({"between": None}, "between must be names of columns"),
        ({"between": {"arm": 5}}, "'arm' must have a list of levels, not 5"),
        ({"within": 5}, "within must be names of columns"),
        ({"term": 5}, "term must be the label of a coefficient"),
        ({"alpha": "a"}, "alpha must lie between 0 and 1, not 'a'"),
        ({"margin": "a"}, "margin must be a number, in units of y"),
        ({"margin": np.nan}, "margin must be a number, in units of y"),
        ({"priors": "brms"}, "REML has no priors"),
    ],
)
def test_what_cannot_be_planned_is_said(changed, message):
    options = {"formula": FORMULA, "effects": {"arm[b]": 1.0}, "groups": 6, "n": 4, "icc": 0.3, "replications": 5}
    with pytest.raises(DesignError, match=message):
        power(**(options | changed))


def test_several_random_effects_need_names():
    with pytest.raises(DesignError, match="sd must be a dict"):
        power({"x": 1.0}, "y ~ x + (x | g)", groups=4, n=5, between=(), within=["x"], sd=0.3)
    with pytest.raises(DesignError, match="no sd or correlation 'z'"):
        power({"x": 1.0}, "y ~ x + (x | g)", groups=4, n=5, between=(), within=["x"], sd={"z": 0.3})


def test_what_cannot_be_assured_is_said():
    def assured(effects, **options):
        plan = {"groups": 6, "n": 4, "icc": 0.3, "sigma": 1.0, "between": ["arm"], "progressbar": False}
        bm.assurance(FORMULA, effects=effects, replications=5, **(plan | options))

    for effects, message in (
        (0.5, "effects must be a dict"),
        ({"arm[b]": bm.Flat()}, "nothing can be drawn from a flat prior"),
        ({"arm[b]": stats.norm([0, 1])}, "no number can be drawn from"),
        ({"arm[b]": stats.multivariate_normal([0, 0])}, "must be a distribution of one number"),
    ):
        with pytest.raises(DesignError, match=message):
            assured(effects)
    with pytest.raises(DesignError, match="sigma, the residual sd, must be given"):
        assured({"arm[b]": 1.0}, sigma=None)
    with pytest.raises(SamplingError, match="cores must be a whole number"):
        assured({"arm[b]": 1.0}, cores=-1)


def test_the_fit_of_a_pilot_study_is_for_assurance():
    with pytest.raises(DesignError, match="for the fit of a pilot study use assurance"):
        power(fits.fit("intercept"))


def test_a_series_is_a_sequence():
    one, two = (
        power({"arm[b]": 1.0}, groups=4, n=3, icc=icc, replications=5).table
        for icc in ([0.1, 0.3], pd.Series([0.1, 0.3]))
    )
    pd.testing.assert_frame_equal(one, two)


@pytest.mark.slow
def test_arms_of_different_numbers_of_groups():
    """Five groups against four: the t test of the means."""
    row = power({"arm[b]": 2.0}, groups=9, n=5, icc=0.6).table.iloc[0]
    cut, size = stats.t.ppf(0.975, 7), 2.0 / np.sqrt((1.5 + 0.2) * (1 / 5 + 1 / 4))
    assert_near(row["power"], stats.nct.sf(cut, 7, size) + stats.nct.cdf(-cut, 7, size), 1000)
