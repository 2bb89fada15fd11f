"""R2 and design effects: performance::r2_nakagawa, dense algebra, closed forms, intervals, draws."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesmixed as bm
from bayesmixed.errors import RemlError
from bayesmixed.parameters import CovarianceParameters
from bayesmixed.quantities.variance_explained import (
    VarianceShares,
    design_effect_of_icc,
    design_effects,
    r2_values,
)
from bayesmixed.summary import describe
from tests import dense
from tests.designs import random_table
from tests.reference import load_reference, table_path

GOLDEN = load_reference("terms")["r2"]
SLOPE = "Reaction ~ Days + (Days | Subject)"


def table_of(name):
    return bm.load_dataset(name) if name == "sleepstudy" else pd.read_csv(table_path(name))


@pytest.fixture(scope="module")
def slope():
    return bm.MixedModel(SLOPE, bm.load_dataset("sleepstudy")).reml()


@pytest.fixture(scope="module")
def one_way():
    return bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff")).reml()


# ---------------------------------------------------------------- estimates
@pytest.mark.parametrize("entry", GOLDEN, ids=lambda entry: f"{entry['data']}-{entry['formula']}")
def test_r2_as_performance(entry):
    fit = bm.MixedModel(entry["formula"], table_of(entry["data"])).reml()
    found = fit.r2()["estimate"]
    assert found["marginal"] == pytest.approx(entry["marginal"], rel=1e-5)
    assert found["conditional"] == pytest.approx(entry["conditional"], rel=1e-5)


@pytest.mark.parametrize(
    "formula", ["y ~ t + f + (t | g)", "y ~ x + (t + u || g)", "y ~ t + (0 + t | g)", "y ~ t + (1 | g)"]
)
def test_dense_algebra(formula):
    fit = bm.MixedModel(formula, random_table()).reml()
    design, G = fit.design, fit.G
    between = dense.covariance(design.Z_rows, design.group, G, 0.0)
    V = between + fit.sigma**2 * np.eye(design.n_obs)
    fixed, total = np.var(design.X @ fit.beta, ddof=1), np.trace(V) / len(V)
    marginal, conditional = fit.r2()["estimate"]
    assert marginal == pytest.approx(fixed / (fixed + total), rel=1e-10)
    assert conditional == pytest.approx((fixed + np.trace(between) / len(V)) / (fixed + total), rel=1e-10)
    effect, size = fit.design_effect()["estimate"]
    assert effect == pytest.approx(V.sum() / np.trace(V), rel=1e-10)
    assert size == pytest.approx(len(V) / effect)


def test_a_random_intercept_alone(one_way):
    """Conditional R2 is the ICC; the design effect the formula with it."""
    icc = one_way.icc()["estimate"].item()
    assert one_way.r2()["estimate"].to_dict() == pytest.approx({"marginal": 0.0, "conditional": icc})
    effect = one_way.design_effect()["estimate"]
    assert effect["design effect"] == pytest.approx(1 + 4 * icc, rel=1e-12)
    assert effect["effective sample size"] == pytest.approx(30 / (1 + 4 * icc), rel=1e-12)


def test_unequal_groups():
    sizes = np.array([1, 2, 9, 4])
    covariance = CovarianceParameters(np.array([2.0]), np.eye(1), np.array(3.0))
    group = np.repeat(np.arange(4), sizes)
    expected = 1 + (102 / 16 - 1) * 4 / 13
    assert design_effect_of_icc(sizes, 4 / 13) == pytest.approx(expected)
    np.testing.assert_allclose(design_effects(np.ones((16, 1)), group, covariance), [expected, 16 / expected])


def test_the_variance_of_a_mean_is_that_many_independent_rows(rng):
    """By simulation: the mean of clustered rows varies as the mean of effective-sample-size independent ones."""
    sizes = np.array([2, 3, 8, 12])
    group, t = np.repeat(np.arange(4), sizes), rng.normal(size=25)
    Z = np.column_stack([np.ones(25), t])
    covariance = CovarianceParameters(np.array([1.0, 0.7]), np.array([[1, 0.4], [0.4, 1]]), np.array(1.5))
    b = rng.multivariate_normal(np.zeros(2), covariance.G, size=(40_000, 4))
    y = np.einsum("dnk,nk->dn", b[:, group], Z) + 1.5 * rng.normal(size=(40_000, 25))
    single = np.mean(np.einsum("nk,kl,nl->n", Z, covariance.G, Z)) + 1.5**2
    size = design_effects(Z, group, covariance)[1]
    assert y.mean(axis=1).var() == pytest.approx(single / size, rel=5 * np.sqrt(2 / 40_000))


def test_singular_fits(dyestuff2):
    fit = bm.MixedModel("Yield ~ 1 + (1 | Batch)", dyestuff2).reml()
    assert fit.r2()["estimate"].tolist() == [0.0, 0.0]
    assert fit.design_effect()["estimate"].tolist() == [1.0, 30.0]


def test_units_and_far_away_times(sleepstudy, slope):
    far = sleepstudy.assign(Days=sleepstudy["Days"] + 1e6, Reaction=1e-6 * sleepstudy["Reaction"])
    np.testing.assert_allclose(bm.MixedModel(SLOPE, far).reml().r2(), slope.r2(), rtol=1e-3)


def test_an_offset_counts_on_neither_side():
    table = random_table()
    with_offset = bm.MixedModel("y ~ t + offset(o) + (1 | g)", table).reml().r2()
    without = bm.MixedModel("y ~ t + (1 | g)", table.assign(y=table["y"] - table["o"])).reml().r2()
    np.testing.assert_allclose(with_offset, without, rtol=1e-7)


# ---------------------------------------------------------------- intervals
def test_bootstrap_intervals(slope):
    options = {"replicates": 200, "random_seed": 3}
    draws = slope.bootstrap(**options).draws
    days = slope.design.X[:, 1]
    fixed = draws["Days"].to_numpy() ** 2 * days.var(ddof=1)
    sd0, sd1 = draws["1|Subject_sigma"].to_numpy(), draws["Days|Subject_sigma"].to_numpy()
    cov = np.nan_to_num(draws["Subject_corr[Intercept,Days]"].to_numpy()) * sd0 * sd1
    random = sd0**2 + 2 * days.mean() * cov + (days**2).mean() * sd1**2
    total = fixed + random + draws["sigma"].to_numpy() ** 2
    found = slope.r2("bootstrap", 0.9, **options)
    for kind, part in (("marginal", fixed), ("conditional", fixed + random)):
        expected = np.quantile(part / total, [0.05, 0.95], method="weibull")
        np.testing.assert_allclose(found.loc[kind, ["lower", "upper"]].tolist(), expected, rtol=1e-10)
    assert (found["lower"] < found["estimate"]).all()
    assert (found["estimate"] < found["upper"]).all()
    sizes = slope.design_effect("bootstrap", **options)
    assert list(sizes.columns) == ["estimate", "lower", "upper"]
    assert (sizes["lower"] < sizes["upper"]).all()


def test_bootstrap_of_a_random_intercept_is_that_of_the_icc(one_way):
    options = {"replicates": 100, "random_seed": 1}
    icc = one_way.bootstrap(**options).draws["ICC(Batch)"]
    limits = np.quantile(icc, [0.025, 0.975], method="weibull")
    found = one_way.r2("bootstrap", **options).loc["conditional", ["lower", "upper"]]
    np.testing.assert_allclose(found.tolist(), limits, atol=1e-12)
    effect = one_way.design_effect("bootstrap", **options).loc["design effect", ["lower", "upper"]]
    np.testing.assert_allclose(effect.tolist(), 1 + 4 * limits, atol=1e-12)


def restricted_profile(y, J, n, icc):
    """-2 log restricted likelihood of a balanced one-way table at an ICC, sigma at its best; without constants."""
    rows = y.reshape(J, n)
    between = n * ((rows.mean(axis=1) - y.mean()) ** 2).sum()
    within = ((rows - rows.mean(axis=1, keepdims=True)) ** 2).sum()
    factor = 1 + n * icc / (1 - icc)
    return (J * n - 1) * np.log(within + between / factor) + (J - 1) * np.log(factor)


def test_profile_limits_follow_those_of_the_icc(one_way, dyestuff):
    y = dyestuff.sort_values("Batch")["Yield"].to_numpy(float)
    found = one_way.design_effect("profile-reml", 0.9)
    best = restricted_profile(y, 6, 5, one_way.icc()["estimate"].item())
    for limit in found.loc["design effect", ["lower", "upper"]]:
        if limit > 1.0:
            rise = restricted_profile(y, 6, 5, (limit - 1) / 4) - best
            assert rise == pytest.approx(stats.chi2.ppf(0.9, 1), rel=1e-4)
    (low, high), sizes = found.loc["design effect", ["lower", "upper"]], found.loc["effective sample size"]
    assert sizes["lower"] == pytest.approx(30 / high)
    assert sizes["upper"] == pytest.approx(30 / low)
    assert one_way.design_effect("profile").loc["design effect", "upper"] < found.loc["design effect", "upper"] * 2


def test_what_is_refused(slope, one_way):
    with pytest.raises(bm.RemlError, match="R2 has an interval by method='bootstrap' only, not 'profile-reml'"):
        slope.r2("profile-reml")
    with pytest.raises(bm.RemlError, match="with random slopes the design effect is no function of the ICC"):
        slope.design_effect("profile-reml")
    with pytest.raises(bm.RemlError, match="method must be 'bootstrap', 'profile' or 'profile-reml', not 'wald'"):
        one_way.design_effect("wald")
    for method in ("bootstrap", "profile-reml"):
        with pytest.raises(bm.RemlError, match="ci_prob must lie between 0 and 1, not 95"):
            one_way.design_effect(method, 95)


# ---------------------------------------------------------------- draws
def test_draws_are_taken_one_by_one(rng, slope):
    design = slope.design
    beta, sd = rng.normal(size=(7, 2)), rng.uniform(0.5, 2, size=(7, 2))
    corr = np.tile(np.eye(2), (7, 1, 1))
    corr[:, 0, 1] = corr[:, 1, 0] = rng.uniform(-0.9, 0.9, size=7)
    covariance = CovarianceParameters(sd, corr, rng.uniform(1, 2, size=7))
    found = r2_values(design, beta, covariance)
    effects = design_effects(design.Z_rows, design.group, covariance)
    assert found.shape == effects.shape == (7, 2)
    for k in range(7):
        one = CovarianceParameters(sd[k], corr[k], covariance.sigma[k])
        np.testing.assert_allclose(found[k], r2_values(design, beta[k], one))
        np.testing.assert_allclose(effects[k], design_effects(design.Z_rows, design.group, one))
    shares = VarianceShares.of(design.X, design.Z_rows, beta, covariance)
    np.testing.assert_allclose(shares.fixed, np.var(beta @ design.X.T, axis=1, ddof=1))


def test_posterior_tables(one_way):
    fit = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff")).fit(
        draws=200, tune=300, chains=2, random_seed=1, progressbar=False
    )
    icc = fit.icc_draws()[:, 0]
    np.testing.assert_allclose(fit.r2_draws()[:, 1], icc)
    np.testing.assert_allclose(fit.design_effect_draws()[:, 0], 1 + 4 * icc)
    assert fit.r2(0.8, "hdi").loc["conditional"].to_dict() == pytest.approx(describe(icc, 0.8, "hdi"))
    effects = fit.design_effect()
    assert list(effects.index) == list(one_way.design_effect().index)
    assert effects.index.name == "quantity"
    assert effects.loc["design effect"].to_dict() == pytest.approx(describe(1 + 4 * icc))


@pytest.mark.parametrize("call", ["r2", "design_effect"])
def test_options_without_a_bootstrap_are_refused(call, slope):
    with pytest.raises(RemlError, match="'foo' is no argument, or one that needs method='bootstrap'"):
        getattr(slope, call)(foo=1)
