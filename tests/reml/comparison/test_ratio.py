"""Likelihood-ratio tests: lme4's and lmerTest's numbers, invariance to coding, boundaries, what is refused."""

import numpy as np
import pytest
from scipy import stats

import bayesmixed as bm
from bayesmixed.errors import RemlError
from bayesmixed.reml import fit_reml
from bayesmixed.reml.comparison.ratio import log_det_X, null_ratios
from tests import dense
from tests.designs import random_table, stages

TABLE = random_table((6, 5, 7, 4, 6, 5, 3, 6, 6, 5), seed=2)
SMALL = {"formula": "y ~ t + (1 | g)"}
DAYS = "Reaction ~ Days + "


def fit(formula, table=TABLE, method="REML", weights=None):
    model = stages(formula, table, weights=weights)
    return fit_reml(model.design, model.coded, method)


def test_against_lme4(sleepstudy, lme4):
    for method in ("REML", "ML"):
        small = fit(DAYS + "(1 | Subject)", sleepstudy, method)
        large = fit(DAYS + "(Days | Subject)", sleepstudy, method)
        test = bm.likelihood_ratio_test(small, large)
        criteria = [lme4[name][method]["criterion"] for name in ("sleepstudy_intercept", "sleepstudy_slope")]
        assert test.statistic == pytest.approx(criteria[0] - criteria[1], abs=2e-5)
        assert (test.df, test.zero_variances, test.p_method) == (2, 1, "0.5 chi2(1) + 0.5 chi2(2)")


def test_against_ranova(sleepstudy):
    """lmerTest 3.1: ranova(lmer(Reaction ~ Days + (Days | Subject)))."""
    small, large = fit(DAYS + "(1 | Subject)", sleepstudy), fit(DAYS + "(Days | Subject)", sleepstudy)
    test = small.compare(large)
    assert test.statistic == pytest.approx(42.83681343, abs=1e-6)
    assert test.p_chi2 == pytest.approx(4.990041431e-10, rel=1e-6)
    table = test.to_frame()
    assert list(table.index) == [DAYS + "(1 | Subject)", DAYS + "(Days | Subject)"]
    np.testing.assert_allclose(table["aic"], [1794.465085, 1755.628272], atol=1e-5)
    np.testing.assert_allclose(table["bic"].iloc[1], 1774.786, atol=1e-3)
    np.testing.assert_allclose(table["log_likelihood"], [-893.2325427, -871.8141360], atol=1e-6)
    assert list(table["parameters"]) == [4, 6]


def test_order_does_not_matter(sleepstudy):
    small, large = fit(DAYS + "(1 | Subject)", sleepstudy), fit(DAYS + "(Days || Subject)", sleepstudy)
    assert bm.likelihood_ratio_test(small, large) == bm.likelihood_ratio_test(large, small)


# ---------------------------------------------------------------- boundaries
@pytest.mark.parametrize(
    ("small", "large", "df", "zero"),
    [
        ("y ~ t + (1 | g)", "y ~ t + (t || g)", 1, 1),
        ("y ~ t + (1 | g)", "y ~ t + (t | g)", 2, 1),
        ("y ~ t + (t || g)", "y ~ t + (t | g)", 1, 0),
        ("y ~ t + (1 | g)", "y ~ t + (t + x | g)", 5, 2),
        ("y ~ t + (t | g)", "y ~ t + (t + x | g)", 3, 1),
        ("y ~ t + (1 | g)", "y ~ t + (t + x || g)", 2, 2),
        ("y ~ f + (1 | g)", "y ~ f + (0 + f | g)", 5, 2),
        ("y ~ f + (0 + f || g)", "y ~ f + (f | g)", 3, 0),
    ],
)
def test_degrees_of_freedom_and_variances_at_zero(small, large, df, zero):
    test = fit(small).compare(fit(large))
    assert (test.df, test.zero_variances) == (df, zero)
    chi2 = stats.chi2.sf(test.statistic, df)
    assert test.p_chi2 == pytest.approx(chi2)
    if zero:
        below = stats.chi2.sf(test.statistic, df - 1) if df > 1 else float(test.statistic <= 0)
        assert test.p == test.p_mixture == pytest.approx(0.5 * (below + chi2))
        assert any("to zero" in note for note in test.notes)
    else:
        assert test.p == test.p_chi2
        assert test.p_mixture is None
        assert not any("to zero" in note for note in test.notes)


def test_fixed_effects_by_ml():
    test = fit("y ~ t + (1 | g)", method="ML").compare(fit("y ~ t + f + (1 | g)", method="ML"))
    assert (test.df, test.zero_variances, test.p_method) == (2, 0, "chi2(2)")
    both = fit("y ~ t + (1 | g)", method="ML").compare(fit("y ~ t + f + (t | g)", method="ML"))
    assert (both.df, both.p_method) == (4, "0.5 chi2(3) + 0.5 chi2(4)")


def test_more_than_one_variance_is_said_to_be_a_bound():
    test = fit("y ~ t + (1 | g)").compare(fit("y ~ t + (t + x | g)"))
    assert "upper bound" in repr(test)
    assert "2 variances" in repr(test)


def test_a_singular_smaller_model_is_told():
    table = random_table((4,) * 8, seed=3)
    small = fit("x ~ t + (1 | g)", table)
    assert small.singular
    assert any("singular itself" in note for note in small.compare(fit("x ~ t + (t | g)", table)).notes)


# ---------------------------------------------------------------- spaces, not labels
def test_recoded_factors_and_units_are_the_same_model():
    table = TABLE.assign(
        h=TABLE["f"].map({"A": "C", "B": "B", "C": "A"}), minutes=60.0 * TABLE["t"], late=TABLE["t"] + 1e5
    )
    plain = fit("y ~ t + f + (1 | g)", table).compare(fit("y ~ t + f + (t | g)", table))
    for fixed, random in (("t + h", "t"), ("minutes + f", "minutes"), ("late + h", "late"), ("t + h", "minutes")):
        small = fit("y ~ t + f + (1 | g)", table)
        other = small.compare(fit(f"y ~ {fixed} + ({random} | g)", table))
        assert other.statistic == pytest.approx(plain.statistic, abs=1e-6)
        assert (other.df, other.zero_variances) == (plain.df, plain.zero_variances)


def test_log_det_of_X():
    for weights in (None, "w"):
        one = fit("y ~ u + f + (1 | g)", weights=weights)
        X = one.design.X * np.sqrt(one.design.weights)[:, None]
        assert log_det_X(one) == pytest.approx(np.linalg.slogdet(X.T @ X)[1], abs=1e-9)


@pytest.mark.parametrize("formula", ["y ~ t + h + (t | g)", "y ~ 0 + h + t + (t | g)", "y ~ t + f + (m | g)"])
def test_one_model_twice(formula):
    table = TABLE.assign(h=TABLE["f"].map({"A": "C", "B": "B", "C": "A"}), m=60.0 * TABLE["t"] + 5.0)
    with pytest.raises(RemlError, match="one and the same model"):
        fit("y ~ t + f + (t | g)", table).compare(fit(formula, table))


# ---------------------------------------------------------------- refusals
@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (SMALL, {"formula": "y ~ t + f + (1 | g)"}, "fit both with method='ML'"),
        (SMALL, {"formula": "y ~ t + (t | g)", "method": "ML"}, "one by ML"),
        (
            {"formula": "y ~ t + (1 | g)"},
            {"formula": "y ~ t + (t | g)", "table": TABLE[3:]},
            "rows: fit both to the same rows",
        ),
        (SMALL, {"formula": "x ~ t + (t | g)"}, "different responses or rows"),
        (
            {"formula": "y ~ t + (1 | g)"},
            {"formula": "y ~ t + (t | g)", "table": TABLE[::-1]},
            "responses or rows",
        ),
        (SMALL, {"formula": "y ~ t + (t | g)", "weights": "w"}, "different weights"),
        (SMALL, {"formula": "y ~ t + offset(o) + (t | g)"}, "different offsets"),
        ({"formula": "y ~ t + (1 | f)"}, {"formula": "y ~ t + (t | g)"}, "the groups are f in one fit, g"),
        (
            {"formula": "y ~ t + (x || g)"},
            {"formula": "y ~ t + (t | g)"},
            "random effects x of .* no special case",
        ),
        ({"formula": "y ~ t + (x | g)"}, {"formula": "y ~ t + (t + x || g)"}, "random effects Intercept, x of"),
        ({"formula": "y ~ t + (0 + t | g)"}, {"formula": "y ~ t + (1 | g)"}, "not nested: the random effects t"),
    ],
)
def test_refusals(first, second, message):
    with pytest.raises(RemlError, match=message) as caught:
        bm.likelihood_ratio_test(fit(**first), fit(**second))
    assert "\n" not in str(caught.value)


def test_fixed_effects_that_do_not_nest():
    with pytest.raises(RemlError, match=r"the fixed effects of 'y ~ x .* are no special case of those of 'y ~ t"):
        fit("y ~ x + (1 | g)", method="ML").compare(fit("y ~ t + f + (1 | g)", method="ML"))


def test_what_is_no_fit():
    with pytest.raises(RemlError, match=r"two fits by model.reml\(\), not str"):
        bm.likelihood_ratio_test(fit("y ~ t + (1 | g)"), "y ~ t")


# ---------------------------------------------------------------- bootstrap
def test_bootstrap_of_the_ratio():
    small, large = fit("y ~ t + (1 | g)"), fit("y ~ t + (t | g)")
    test = small.compare(large, bootstrap=60, random_seed=1)
    again = small.compare(large, bootstrap=60, random_seed=1, cores=2)
    assert test == again
    assert test.p == test.bootstrap.p >= 1 / 61
    assert test.p_method == f"bootstrap, {test.bootstrap.replicates} replicates"
    assert test.to_frame()["p_bootstrap"].iloc[1] == test.p
    assert test.p_mixture == small.compare(large).p_mixture
    assert test.bootstrap.error == pytest.approx(np.sqrt(test.p * (1 - test.p) / test.bootstrap.replicates))


@pytest.mark.parametrize("count", [-1, 2.5, True])
def test_bootstrap_takes_a_count(count):
    with pytest.raises(RemlError, match="bootstrap must be a whole number"):
        fit("y ~ t + (1 | g)").compare(fit("y ~ t + (t | g)"), bootstrap=count)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("small", "large", "method"),
    [
        ("y ~ t + (1 | g)", "y ~ t + (t | g)", "REML"),
        ("y ~ t + (0 + t | g)", "y ~ t + f + (t || g)", "ML"),
    ],
)
def test_ratios_under_the_smaller_model_are_those_of_simulated_tables(small, large, method, monkeypatch):
    """Ratios of moments drawn under the smaller model, against refits of tables drawn row by row."""
    one, two = fit(small, method=method, weights="w"), fit(large, method=method, weights="w")
    drawn = {}

    def kept(*arguments):
        drawn["ratios"] = null_ratios(*arguments)
        return drawn["ratios"]

    monkeypatch.setattr("bayesmixed.reml.comparison.ratio.null_ratios", kept)
    one.compare(two, bootstrap=300, random_seed=1)
    design, rng = one.design, np.random.default_rng(2)
    V = dense.covariance(design.Z_rows, design.group, one.G, one.sigma, design.weights)
    root = np.linalg.cholesky(V)
    simulated = []
    for _ in range(300):
        y = design.X @ one.beta + root @ rng.standard_normal(len(V))
        table = TABLE.assign(y=y)
        simulated.append(fit(small, table, method, "w").compare(fit(large, table, method, "w")).statistic)
    found = drawn["ratios"][np.isfinite(drawn["ratios"])]
    assert stats.ks_2samp(np.maximum(found, 0.0).round(6), np.round(simulated, 6)).pvalue > 1e-3
