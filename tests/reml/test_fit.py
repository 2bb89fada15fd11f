"""REML and ML fits: lme4's numbers, closed forms, invariances, singular fits, what is refused."""

import numpy as np
import pytest

from bayesmixed.errors import RemlError
from bayesmixed.reml import fit_reml
from tests import dense
from tests.designs import random_table, stages

TABLES = {
    "sleepstudy": "sleepstudy",
    "sleepstudy_unbalanced": "sleepstudy_unbalanced",
    "Dyestuff": "dyestuff",
    "Dyestuff2": "dyestuff2",
    "ergoStool": "ergostool",
}
SINGLE_FACTOR = [
    "sleepstudy_slope",
    "sleepstudy_uncorrelated",
    "sleepstudy_intercept",
    "sleepstudy_unbalanced_slope",
    "dyestuff",
    "dyestuff2",
    "ergostool",
]
SLOPE = "Reaction ~ Days + (Days | Subject)"


def fit(formula, table, method="REML", weights=None):
    model = stages(formula, table, weights=weights)
    return fit_reml(model.design, model.coded, method)


# ---------------------------------------------------------------- lme4
@pytest.fixture(params=[(name, method) for name in SINGLE_FACTOR for method in ("REML", "ML")], ids="-".join)
def pair(request, lme4):
    """Our fit and lme4's of the same formula."""
    name, method = request.param
    entry = lme4[name]
    table = request.getfixturevalue(TABLES[entry["data"]])
    return fit(entry["formula"], table, method), entry[method]


def lme4_covariance(golden):
    """sd and correlations in lme4's order."""
    rows = [row for row in golden["varcorr"] if row["grp"] != "Residual"]
    terms = [row["var1"] for row in rows if row["var2"] is None]
    corr = np.eye(len(terms))
    for row in rows:
        if row["var2"] is not None:
            i, j = terms.index(row["var1"]), terms.index(row["var2"])
            corr[i, j] = corr[j, i] = row["sdcor"]
    return np.array([row["sdcor"] for row in rows if row["var2"] is None]), corr


def test_criterion(pair):
    ours, golden = pair
    assert ours.converged
    assert ours.criterion == pytest.approx(golden["criterion"], abs=1e-5)
    # lme4's optimiser stops a little above the minimum, never below.
    assert ours.criterion < golden["criterion"] + 1e-7


def test_coefficients_and_standard_errors(pair):
    ours, golden = pair
    np.testing.assert_allclose(ours.beta, list(golden["beta"].values()), rtol=1e-5)
    np.testing.assert_allclose(ours.se, list(golden["se"].values()), rtol=1e-5)
    np.testing.assert_allclose(ours.se**2, np.diag(ours.vcov), rtol=1e-14)


def test_variances_and_correlations(pair):
    ours, golden = pair
    sd, corr = lme4_covariance(golden)
    np.testing.assert_allclose(ours.covariance.sd, sd, rtol=1e-4, atol=1e-4 * ours.sigma)
    np.testing.assert_allclose(ours.covariance.corr, corr, atol=1e-4)
    assert ours.sigma == pytest.approx(golden["sigma"], rel=1e-5)
    assert ours.singular == golden["singular"]


def test_effects_and_their_variances(pair):
    ours, golden = pair
    ((factor, rows),) = golden["ranef"].items()
    levels = list(ours.design.levels)
    mean, variance = ours.effects
    assert {row["level"] for row in rows} == set(levels)
    for row in rows:
        numbers = [value for key, value in row.items() if key not in ("level", "_row")]
        np.testing.assert_allclose(mean[levels.index(row["level"])], numbers, rtol=1e-4, atol=1e-3)
    # The file holds the variance of the first group only, by terms where they are uncorrelated.
    first = golden["condvar"][factor]
    own = variance[levels.index(rows[0]["level"])]
    if isinstance(first, dict):
        np.testing.assert_allclose(np.diag(own), list(first.values()), rtol=2e-4)
    else:
        np.testing.assert_allclose(own, np.atleast_2d(first), rtol=2e-4, atol=1e-6)


def test_degrees_of_freedom_t_and_p(pair):
    ours, golden = pair
    table = ours.fixed_effects()
    for (_, row), theirs in zip(table.iterrows(), golden["coef"], strict=True):
        assert row["estimate"] == pytest.approx(theirs["Estimate"], rel=1e-5)
        assert row["df"] == pytest.approx(theirs["df"], rel=1e-3)
        assert row["t"] == pytest.approx(theirs["t value"], rel=1e-4)
        assert row["p"] == pytest.approx(theirs["Pr(>|t|)"], rel=2e-2)


def test_fixed_effects_table(sleepstudy):
    from scipy import stats

    ours = fit(SLOPE, sleepstudy)
    table = ours.fixed_effects(ci_prob=0.9)
    assert list(table.index) == ["Intercept", "Days"]
    assert table.index.name == "term"
    half = stats.t.ppf(0.95, ours.df) * ours.se
    np.testing.assert_allclose(table["upper"] - table["estimate"], half)
    np.testing.assert_allclose(table["estimate"] - table["lower"], half)
    assert fit(SLOPE, sleepstudy).method == "REML"


# ---------------------------------------------------------------- invariance
def numbers(found):
    return {
        "criterion": found.criterion,
        "beta": found.beta,
        "se": found.se,
        "sd": found.covariance.sd,
        "corr": found.covariance.corr,
        "sigma": found.sigma,
        "df": found.df,
    }


def assert_equal(found, expected, rtol=1e-8):
    for name in expected:
        value = numbers(found)[name]
        np.testing.assert_allclose(value, expected[name], rtol=rtol, err_msg=name)


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_the_order_of_rows_does_not_matter(sleepstudy_unbalanced, method):
    expected = numbers(fit(SLOPE, sleepstudy_unbalanced, method))
    shuffled = sleepstudy_unbalanced.sample(frac=1, random_state=4)
    # df rests on differences of a gradient, which see rounding first.
    found = fit(SLOPE, shuffled, method)
    assert_equal(found, expected, rtol=1e-7)


@pytest.mark.parametrize(("a", "b"), [(1e6, 1.0), (1.0, 1e6), (1e-6, 365.25)])
def test_units_of_y_and_of_time(sleepstudy_unbalanced, a, b):
    table = sleepstudy_unbalanced
    before = numbers(fit(SLOPE, table))
    after = fit(SLOPE, table.assign(Reaction=a * table["Reaction"], Days=b * table["Days"]))
    by_term = np.array([a, a / b])
    N, p = len(table), 2
    expected = before | {
        "criterion": before["criterion"] + 2 * (N - p) * np.log(a) + 2 * np.log(b),
        "beta": before["beta"] * by_term,
        "se": before["se"] * by_term,
        "sd": before["sd"] * by_term,
        "sigma": before["sigma"] * a,
    }
    del expected["df"]  # test_satterthwaite.py
    assert_equal(after, expected, rtol=1e-7)


def test_where_time_is_counted_from(sleepstudy):
    before = fit(SLOPE, sleepstudy)
    after = fit(SLOPE, sleepstudy.assign(Days=sleepstudy["Days"] + 1e6))
    assert after.criterion == pytest.approx(before.criterion, rel=1e-8)
    assert after.sigma == pytest.approx(before.sigma, rel=1e-8)
    shift = np.array([[1.0, -1e6], [0.0, 1.0]])
    np.testing.assert_allclose(after.beta, shift @ before.beta, rtol=1e-8)
    np.testing.assert_allclose(after.G, shift @ before.G @ shift.T, rtol=1e-7)
    assert after.covariance.sd[1] == pytest.approx(before.covariance.sd[1], rel=1e-8)
    assert after.se[1] == pytest.approx(before.se[1], rel=1e-8)
    assert after.df[1] == pytest.approx(before.df[1], rel=1e-6)


def test_where_y_is_counted_from(sleepstudy):
    before = numbers(fit(SLOPE, sleepstudy))
    after = fit(SLOPE, sleepstudy.assign(Reaction=sleepstudy["Reaction"] + 2.0**20))
    assert_equal(after, before | {"beta": before["beta"] + [2.0**20, 0]}, rtol=1e-7)


# ---------------------------------------------------------------- closed forms
def one_way(seed, J, n, sd):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(J, 1)) * sd + rng.normal(size=(J, n))
    means = y.mean(axis=1)
    between = n * ((means - y.mean()) ** 2).sum() / (J - 1)
    within = ((y - means[:, None]) ** 2).sum() / (J * (n - 1))
    return {"y": y.ravel(), "g": np.repeat(np.arange(J), n)}, between, within


@pytest.mark.parametrize("sd", [0.0, 0.2, 2.0])
@pytest.mark.parametrize(("J", "n"), [(4, 5), (10, 3), (30, 2)])
def test_balanced_one_way_layout(J, n, sd):
    kinds = set()
    for seed in range(12):
        table, between, within = one_way(seed, J, n, sd)
        found = fit("y ~ 1 + (1 | g)", table)
        kinds.add(bool(between <= within))
        if between <= within:
            assert found.covariance.sd[0] == 0.0
            assert found.singular
            total = between * (J - 1) + within * J * (n - 1)
            assert found.sigma**2 == pytest.approx(total / (J * n - 1), rel=1e-9)
        else:
            assert found.G[0, 0] == pytest.approx((between - within) / n, rel=1e-6)
            assert found.sigma**2 == pytest.approx(within, rel=1e-7)
            assert not found.singular
            # vcov of the mean is MSB / N.
            assert found.vcov[0, 0] == pytest.approx(between / (J * n), rel=1e-7)
        assert found.converged
    # Without differences between groups both kinds turn up.
    assert sd > 0 or kinds == {True, False}


def test_balanced_one_way_layout_by_ml():
    table, between, within = one_way(3, 10, 4, 1.0)
    found = fit("y ~ 1 + (1 | g)", table, "ML")
    # ML divides the sum of squares between groups by J.
    assert found.G[0, 0] == pytest.approx((0.9 * between - within) / 4, rel=1e-6)
    assert found.sigma**2 == pytest.approx(within, rel=1e-7)


def test_dyestuff_by_hand(dyestuff):
    """The balanced table of Davies: MSB and MSW by pandas."""
    groups = dyestuff.groupby("Batch")["Yield"]
    between, within = 5 * groups.mean().var(), groups.var().mean()
    found = fit("Yield ~ 1 + (1 | Batch)", dyestuff)
    assert found.covariance.sd[0] == pytest.approx(np.sqrt((between - within) / 5), rel=1e-8)
    assert found.sigma == pytest.approx(np.sqrt(within), rel=1e-8)


def test_dyestuff2_is_singular_at_exactly_zero(dyestuff2):
    for method in ("REML", "ML"):
        found = fit("Yield ~ 1 + (1 | Batch)", dyestuff2, method)
        assert found.covariance.sd[0] == 0.0
        assert found.singular
        assert found.converged
        (warning,) = [text for text in found.warnings if "singular" in text]
        assert "the sd of Intercept is zero" in warning
        mean, variance = found.effects
        assert not mean.any()
        assert not variance.any()


# ---------------------------------------------------------------- weights, offset, dense GLS
@pytest.mark.parametrize("method", ["REML", "ML"])
def test_weights_against_dense_generalised_least_squares(method):
    table = random_table((5, 4, 6, 3, 5, 7, 4, 5), 3)
    found = fit("y ~ t + (t | g)", table, method, weights="w")
    design = found.design
    V = dense.covariance(design.Z_rows, design.group, found.G, found.sigma, table["w"].to_numpy())
    beta, vcov = dense.gls(design.y, design.X, V)
    np.testing.assert_allclose(found.beta, beta, rtol=1e-8)
    np.testing.assert_allclose(found.vcov, vcov, rtol=1e-7)
    if method == "REML":
        expected = -2 * dense.log_likelihood(design.y, design.X, V)
    else:
        residual = design.y - design.X @ beta
        quadratic = residual @ np.linalg.solve(V, residual)
        expected = len(V) * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] + quadratic
    assert found.criterion == pytest.approx(expected, abs=1e-8)
    mean, _ = dense.effects(design.y, design.X, beta, design.Z_rows, design.group, found.G, V)
    np.testing.assert_allclose(found.effects[0], mean, rtol=1e-7, atol=1e-8)


def test_weights_are_divisors_of_the_variance_not_counts(sleepstudy):
    before = fit(SLOPE, sleepstudy)
    after = fit(SLOPE, sleepstudy.assign(w=4.0), weights="w")
    assert after.sigma == pytest.approx(2 * before.sigma, rel=1e-7)
    np.testing.assert_allclose(after.se, before.se, rtol=1e-7)
    np.testing.assert_allclose(after.G, before.G, rtol=1e-6)
    assert after.criterion == pytest.approx(before.criterion, abs=1e-8)


def test_an_offset_is_taken_from_y():
    table = random_table((5, 4, 6, 3, 5, 7, 4, 5), 3)
    offset = fit("y ~ t + offset(o) + (t | g)", table)
    subtracted = fit("y ~ t + (t | g)", table.assign(y=table["y"] - table["o"]))
    assert_equal(offset, numbers(subtracted), rtol=1e-7)


# ---------------------------------------------------------------- singular fits
def test_a_correlation_of_one_is_said():
    rng = np.random.default_rng(1)
    J, n = 12, 5
    g, t = np.repeat(np.arange(J), n), np.tile(np.arange(n) - 2.0, J)
    b = rng.normal(size=J)
    y = 4 * b[g] * (1 + t) + 3 * rng.normal(size=J * n)
    found = fit("y ~ t + (t | g)", {"y": y, "t": t, "g": g})
    assert found.singular
    assert found.converged
    assert found.covariance.corr[0, 1] > 0.9999
    assert found.covariance.sd.min() > 1
    assert any("a correlation is at -1 or 1" in text for text in found.warnings)


def test_a_zero_slope_is_said_by_name():
    table = random_table((5, 4, 6, 3, 5, 7, 4, 5), 3)
    table = table.assign(y=table["t"] + np.tile([1.0, -1.0], 20)[: len(table)])
    found = fit("y ~ t + (0 + u || g)", table)
    assert found.covariance.sd.tolist() == [0.0]
    assert found.singular
    assert any("the sd of u is zero" in text for text in found.warnings)


def test_a_regular_fit_has_no_such_warning(sleepstudy):
    assert not [text for text in fit(SLOPE, sleepstudy).warnings if "singular" in text or "optimiser" in text]


# ---------------------------------------------------------------- what is refused
@pytest.mark.parametrize(("sizes", "formula"), [((2, 2, 2), "y ~ 1 + (t | g)"), ((2, 1, 2), "y ~ 1 + (t | g)")])
def test_as_many_effects_as_rows_are_refused(sizes, formula):
    rng = np.random.default_rng(9)
    g = np.repeat(np.arange(len(sizes)), sizes)
    table = {"y": rng.normal(size=len(g)), "t": np.arange(len(g)) % 2 + rng.normal(size=len(g)), "g": g}
    with pytest.raises(RemlError, match="3 groups with 2 random effects each are as many as"):
        fit(formula, table)


def test_one_row_less_than_that_is_not(sleepstudy):
    table = sleepstudy.groupby("Subject").head(3)
    assert np.isfinite(fit(SLOPE, table).criterion)


def test_other_methods_are_refused(sleepstudy):
    with pytest.raises(RemlError, match="method must be 'REML' or 'ML', not 'reml'"):
        fit(SLOPE, sleepstudy, "reml")


@pytest.mark.parametrize(
    "formula",
    [
        "Reaction ~ Days * half + (Days | Subject)",
        "Reaction ~ Days + I(Days**2) + (1 | Subject)",
        "Reaction ~ Days + I(Days**2) + (Days + I(Days**2) | Subject)",
    ],
)
def test_time_far_from_zero_with_interactions_and_powers(formula, sleepstudy):
    """The columns of `Days * half` are all but dependent there; criterion and fitted values stay what they are."""
    table = sleepstudy.assign(half=np.where(sleepstudy["Days"] < 5, "a", "b"))
    before, after = fit(formula, table), fit(formula, table.assign(Days=table["Days"] + 1e6))
    assert after.criterion == pytest.approx(before.criterion, abs=1e-8)
    np.testing.assert_allclose(after.fitted(), before.fitted(), atol=1e-8)
    np.testing.assert_allclose(
        after.anova().iloc[-1].astype(float), before.anova().iloc[-1].astype(float), rtol=1e-6
    )


@pytest.mark.parametrize("unit", [1e-14, 1e-6, 1e8, 1e20])
def test_the_unit_of_the_weights_changes_sigma_alone(unit):
    table = random_table((5, 4, 6, 3, 5, 7, 4, 5), 3)
    before = stages("y ~ t + (t | g)", table, weights="w")
    after = stages("y ~ t + (t | g)", table.assign(w=unit * table["w"]), weights="w")
    one, other = (fit_reml(model.design, model.coded) for model in (before, after))
    assert other.criterion == pytest.approx(one.criterion, abs=1e-7)
    np.testing.assert_allclose(other.covariance.sd, one.covariance.sd, rtol=1e-6, atol=1e-9)
    assert other.sigma == pytest.approx(np.sqrt(unit) * one.sigma, rel=1e-7)
    assert other.singular == one.singular
    np.testing.assert_allclose(other.df, one.df, rtol=1e-5)
    degrees = [found.fixed_effects(df="kenward-roger")["df"] for found in (other, one)]
    np.testing.assert_allclose(*degrees, rtol=1e-5)


@pytest.mark.parametrize("ratio", [10.0, 1e3, 1e5])
def test_groups_that_differ_far_more_than_rows(ratio):
    """A balanced layout: the intercept has J - 1 df however large the ratio of sd and sigma is."""
    rng = np.random.default_rng(11)
    g, t = np.repeat(np.arange(12), 5), np.tile(np.arange(5.0) - 2.0, 12)
    y = ratio * rng.normal(size=12)[g] + t + rng.normal(size=60)
    found = fit("y ~ t + (1 | g)", {"y": y, "t": t, "g": g})
    np.testing.assert_allclose(found.df, [11, 47], rtol=1e-4)
    np.testing.assert_allclose(found.fixed_effects(df="kenward-roger")["df"], [11, 47], rtol=1e-4)
