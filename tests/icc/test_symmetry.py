"""Compound symmetry by REML and ML: nlme, dense algebra with negative D, the random intercept where D > 0."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

import bayesmixed as bm
from bayesmixed.errors import RemlError
from bayesmixed.icc.symmetry import SymmetricCriterion, SymmetricSums, fit_symmetry
from tests import dense
from tests.designs import random_table
from tests.reference import load_reference

FORMULA = "y ~ t + f + (1 | g)"


def negative_table(seed=0):
    """Rows of groups of 2 to 5 whose deviations nearly add up to zero."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(9), [2, 3, 4, 5, 5, 4, 3, 5, 2])
    e = rng.normal(size=len(group))
    e -= 0.9 * (np.bincount(group, weights=e) / np.bincount(group))[group]
    t = rng.normal(size=len(group))
    return pd.DataFrame({"y": 3.0 + 0.5 * t + e, "t": t, "g": group.astype(str)})


def criterion_of(fit, restricted=True):
    return SymmetricCriterion(
        SymmetricSums.of(fit.coded.moments.patterns, fit.coded.T), restricted, fit.coded.fixed.log_det
    )


def test_as_nlme(sleepstudy):
    golden = load_reference("nlme")["fits"]["cs_gls"]
    found = bm.MixedModel("Reaction ~ Days + (1 | Subject)", sleepstudy).reml().compound_symmetry()
    assert found.criterion == pytest.approx(golden["criterion"], abs=1e-8)
    assert found.criterion <= golden["criterion"]
    assert found.icc == pytest.approx(golden["cor"]["Rho"], rel=1e-5)
    assert found.sigma == pytest.approx(golden["sigma"], rel=1e-5)
    table = found.fixed_effects()
    np.testing.assert_allclose(table["estimate"], list(golden["beta"].values()), rtol=1e-9)
    np.testing.assert_allclose(table["se"], list(golden["se"].values()), rtol=1e-5)


@pytest.mark.parametrize("D", [-0.15, -0.05, 0.0, 0.8])
def test_dense_criterion(D):
    fit = bm.MixedModel(FORMULA, random_table()).reml()
    design, criterion = fit.design, criterion_of(fit)
    sums = criterion.sums
    assert sums.largest == design.group_sizes.max()
    if sums.largest * D <= -1:
        D = -0.9 / sums.largest
    x = sums.x_of(D)
    assert sums.D(x) == pytest.approx(D, abs=1e-14)
    assert sums.icc(x) == pytest.approx(D / (1 + D), abs=1e-14)
    value, sigma, _ = criterion.profile(x)
    V = sigma**2 * dense.covariance(np.ones((design.n_obs, 1)), design.group, np.array([[D]]), 1.0)
    assert value == pytest.approx(-2 * dense.log_likelihood(design.y, design.X, V), abs=1e-9)
    beta, _ = dense.gls(design.y, design.X, V)
    rest = design.y - design.X @ beta
    np.testing.assert_allclose(rest @ np.linalg.solve(V, rest), design.n_obs - design.p)
    full = criterion_of(fit, restricted=False)
    value, sigma, _ = full.profile(x)
    V *= sigma**2 / V[0, 0] * (1 + D)
    expected = stats.multivariate_normal(design.X @ beta, V).logpdf(design.y)
    assert value == pytest.approx(-2 * expected, abs=1e-9)


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_derivative(method):
    criterion = criterion_of(bm.MixedModel("y ~ t + (1 | g)", negative_table()).reml(), method == "REML")
    for x in (-4.0, -0.7, 0.0, 2.0):
        assert criterion.derivative(x) == pytest.approx(
            (criterion.value(x + 1e-5) - criterion.value(x - 1e-5)) / 2e-5, rel=1e-6, abs=1e-7
        )


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_a_negative_estimate_by_dense_search(method):
    model = bm.MixedModel("y ~ t + (1 | g)", negative_table())
    found = model.reml(method).compound_symmetry()
    design = model.design

    def criterion(parameters):
        D, sigma = parameters[0], np.exp(parameters[1])
        V = sigma**2 * dense.covariance(np.ones((design.n_obs, 1)), design.group, np.array([[D]]), 1.0)
        if np.linalg.eigvalsh(V).min() <= 1e-9:
            return 1e6
        if method == "REML":
            return -2 * dense.log_likelihood(design.y, design.X, V)
        return -2 * stats.multivariate_normal(design.X @ dense.gls(design.y, design.X, V)[0], V).logpdf(design.y)

    best = optimize.minimize(criterion, [-0.1, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11})
    assert found.icc < 0
    assert found.criterion == pytest.approx(best.fun, abs=1e-7)
    assert found.icc == pytest.approx(best.x[0] / (1 + best.x[0]), abs=1e-6)
    D, sigma = best.x[0], np.exp(best.x[1])
    assert found.sigma == pytest.approx(sigma * np.sqrt(1 + D), rel=1e-5)
    V = sigma**2 * dense.covariance(np.ones((design.n_obs, 1)), design.group, np.array([[D]]), 1.0)
    beta, vcov = dense.gls(design.y, design.X, V)
    np.testing.assert_allclose(found.beta, beta, rtol=1e-5)
    np.testing.assert_allclose(found.vcov, vcov, rtol=1e-4)
    assert found.criterion < model.reml(method).criterion


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_where_the_sd_is_positive_it_is_the_random_intercept(method, sleepstudy):
    fit = bm.MixedModel("Reaction ~ Days + (1 | Subject)", sleepstudy[:170]).reml(method)
    found = fit.compound_symmetry()
    assert found.criterion == pytest.approx(fit.criterion, abs=1e-8)
    assert found.icc == pytest.approx(fit.icc()["estimate"].item(), rel=1e-6)
    np.testing.assert_allclose(found.beta, fit.beta, rtol=1e-8)
    np.testing.assert_allclose(np.sqrt(np.diag(found.vcov)), fit.se, rtol=1e-6)
    if method == "REML":
        limits = fit.icc(method="profile-reml").loc["Subject", ["lower", "upper"]]
        np.testing.assert_allclose(found.interval(), limits, rtol=1e-5)


def test_balanced_groups_give_the_anova_estimate(dyestuff2):
    fit = bm.MixedModel("Yield ~ 1 + (1 | Batch)", dyestuff2).reml()
    assert fit.icc(method="cs")["estimate"].item() == pytest.approx(fit.icc(method="anova")["estimate"].item())


def test_the_interval_is_where_the_criterion_has_risen():
    found = fit_symmetry(bm.MixedModel("y ~ t + (1 | g)", negative_table()).reml())
    low, high = found.interval(0.9)
    for limit in (low, high):
        x = found.profile.sums.x_of(limit / (1 - limit))
        assert found.profile.value(x) - found.criterion == pytest.approx(stats.chi2.ppf(0.9, 1), rel=1e-6)
    assert low > found.profile.sums.lowest == -0.25


def test_one_large_group_alone_lets_it_fall_to_the_end():
    """The mean of the only group of the largest size is free: what it says vanishes as t falls to 0."""
    rng = np.random.default_rng(3)
    group = np.repeat(np.arange(5), [2, 2, 2, 2, 9])
    e = rng.normal(size=17)
    e[:8] -= 0.99 * np.repeat(e[:8].reshape(4, 2).mean(axis=1), 2)
    found = bm.MixedModel("y ~ 1 + (1 | g)", {"y": e, "g": group.astype(str)}).reml().compound_symmetry()
    assert found.interval()[0] == pytest.approx(-1 / 8)
    assert found.icc < 0.0


def test_units_and_far_away_times():
    table = negative_table()
    found = bm.MixedModel("y ~ t + (1 | g)", table).reml().compound_symmetry()
    far = table.assign(y=1e-4 * table["y"] + 1e3, t=table["t"] + 1e5)
    again = bm.MixedModel("y ~ t + (1 | g)", far).reml().compound_symmetry()
    assert again.icc == pytest.approx(found.icc, rel=1e-4)
    assert again.sigma == pytest.approx(1e-4 * found.sigma, rel=1e-4)


def test_refusals(sleepstudy):
    with pytest.raises(RemlError, match="method='cs' is for a random intercept alone, \\(1 \\| Subject\\)"):
        bm.MixedModel("Reaction ~ Days + (Days | Subject)", sleepstudy).reml().compound_symmetry()
    with pytest.raises(RemlError, match="method='cs' is for a random intercept alone"):
        bm.MixedModel("Reaction ~ Days + (0 + Days | Subject)", sleepstudy).reml().icc(method="cs")
    with pytest.raises(RemlError, match="omit weights='w'"):
        bm.MixedModel("Reaction ~ 1 + (1 | Subject)", sleepstudy.assign(w=2.0), weights="w").reml().icc(
            method="cs"
        )


@pytest.mark.parametrize("sizes", [[1, 2, 300], [1, 1, 1, 1, 2]])
def test_a_flat_end_is_the_end(sizes):
    """Where the criterion is flat towards an end, rounding makes its smallest value; some of these once failed."""
    ends = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        group = np.repeat(np.arange(len(sizes)), sizes)
        y = rng.normal(size=len(group)) + 0.3 * rng.normal(size=len(sizes))[group]
        fit = bm.MixedModel("y ~ 1 + (1 | g)", {"y": y, "g": group.astype(str)}).reml()
        found = fit.compound_symmetry()
        values = [found.profile.value(x) for x in np.linspace(-20, 30, 501)]
        assert found.criterion <= min(values) + 1e-6
        low, high = found.interval()
        assert found.profile.sums.lowest <= low <= found.icc <= high < 1.0
        ends += found.at_the_end
    assert ends


def test_it_is_shown_in_words(dyestuff2):
    text = repr(bm.MixedModel("Yield ~ 1 + (1 | Batch)", dyestuff2).reml().compound_symmetry())
    assert text.startswith("compound symmetry: ICC -0.09703, sigma")
    assert "Intercept" in text
    assert len(text) < 200


def test_nothing_between_groups_is_refused():
    table = {"y": [1.0, 3.0, 5.0, 0.0, 4.0, 2.5], "arm": list("xxxyyy"), "g": list("aaabbb")}
    fit = bm.MixedModel("y ~ arm + (1 | g)", table).reml()
    with pytest.raises(RemlError, match="explain every difference between the 2 groups of 'g'"):
        fit.compound_symmetry()
