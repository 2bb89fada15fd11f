"""t and F tests of contrasts: lmerTest's and pbkrtest's numbers, t against F, invariance, singular fits, edges."""

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.reml.hypotheses.contrasts import Contrasts
from bayesmixed.reml.hypotheses.tests import f_test, joint_test, t_tests
from bayesmixed.reml.satterthwaite import combined_df
from tests import dense
from tests.designs import random_table
from tests.reference import load_reference, table_path

FACTORS = pd.read_csv(table_path("factors"))
GOLDEN = load_reference("terms")["contrasts"]
METHODS = {"satterthwaite": "satterthwaite", "kr": "kenward-roger"}
TOLERANCE = {"satterthwaite": 1e-3, "kr": 1e-4}


@pytest.fixture(scope="module")
def fit():
    return bm.MixedModel(GOLDEN["formula"], FACTORS).reml()


def golden_contrasts(L, values):
    return Contrasts(tuple(map(str, range(len(L)))), np.array(L, float), np.array(values, float))


# ---------------------------------------------------------------- lmerTest::contest
@pytest.mark.parametrize("key", METHODS)
def test_single_contrasts(fit, key):
    found = t_tests(fit, golden_contrasts(GOLDEN["L"], GOLDEN["rhs"]), METHODS[key])
    assert list(found.columns) == ["estimate", "se", "df", "t", "p", "lower", "upper"]
    for (_, ours), theirs in zip(found.iterrows(), GOLDEN["single"][key], strict=True):
        assert ours["df"] == pytest.approx(theirs["df"], rel=TOLERANCE[key])
        for column in ("estimate", "se", "t", "lower", "upper"):
            assert ours[column] == pytest.approx(theirs[column], rel=1e-4), column
        assert ours["p"] == pytest.approx(theirs["p"], rel=1e-3)


@pytest.mark.parametrize("key", METHODS)
@pytest.mark.parametrize("which", ["joint", "zero"])
def test_joint_contrasts(fit, key, which):
    (theirs,) = GOLDEN[which][key]
    values = np.array(GOLDEN["rhs"]) * (which == "joint")
    found = joint_test(fit, golden_contrasts(GOLDEN["L"], values), METHODS[key])
    assert list(found.columns) == ["num_df", "den_df", "F", "p"]
    ours = found.iloc[0]
    assert ours["num_df"] == theirs["num_df"]
    assert ours["den_df"] == pytest.approx(theirs["den_df"], rel=TOLERANCE[key])
    assert ours["F"] == pytest.approx(theirs["F"], rel=1e-4)
    assert ours["p"] == pytest.approx(theirs["p"], rel=1e-3)


def test_redundant_rows_as_lmertest(fit):
    golden = GOLDEN["redundant"]
    (theirs,) = golden["satterthwaite"]
    ours = joint_test(fit, golden_contrasts(golden["L"], golden["rhs"])).iloc[0]
    assert ours["num_df"] == theirs["num_df"] == 3
    assert ours["den_df"] == pytest.approx(theirs["den_df"], rel=1e-4)
    assert ours["F"] == pytest.approx(theirs["F"], rel=1e-5)


# ---------------------------------------------------------------- one against the other
@pytest.mark.parametrize("df", METHODS.values())
def test_unit_contrasts_are_the_table_of_coefficients(fit, df):
    found = fit.test(np.eye(fit.design.p), df=df, ci_prob=0.8)
    np.testing.assert_allclose(found, fit.fixed_effects(0.8, df), rtol=1e-9)
    assert list(found.index) == list(fit.design.fixed_labels)
    assert found.index.name == "contrast"


@pytest.mark.parametrize("df", METHODS.values())
def test_one_row_jointly_is_t_squared(fit, df):
    single = fit.test("f[B] - f[C] = 0.5", df=df).iloc[0]
    joint = fit.test("f[B] - f[C] = 0.5", df=df, joint=True).iloc[0]
    assert joint["num_df"] == 1
    assert joint["F"] == pytest.approx(single["t"] ** 2, rel=1e-9)
    assert joint["den_df"] == pytest.approx(single["df"], rel=1e-9)
    assert joint["p"] == pytest.approx(single["p"], rel=1e-8)


@pytest.mark.parametrize("df", METHODS.values())
def test_redundant_rows_change_neither_F_nor_its_kenward_roger_df(fit, df):
    short = fit.test("f[B] = 1, h[Q] - f[C]", df=df, joint=True).iloc[0]
    long = fit.test("f[B] = 1, h[Q] - f[C], h[Q] - f[C] + 2 * f[B] = 2", df=df, joint=True).iloc[0]
    assert long["num_df"] == 2
    assert long["F"] == pytest.approx(short["F"], rel=1e-9)
    if df == "kenward-roger":
        assert long["den_df"] == pytest.approx(short["den_df"], rel=1e-8)


@pytest.mark.parametrize("df", METHODS.values())
def test_F_does_not_depend_on_the_basis(fit, df, rng):
    L = np.array(GOLDEN["L"], float)
    first, second = f_test(fit, L, df=df), f_test(fit, rng.normal(size=(3, 3)) @ L, df=df)
    np.testing.assert_allclose(second.F, first.F, rtol=1e-9)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    assert f_test(fit, turn @ L, df=df).den_df == pytest.approx(first.den_df, rel=1e-9)


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_F_against_dense_algebra(method):
    table = random_table((5, 4, 6, 3, 5, 7, 4, 5), 3)
    fit = bm.MixedModel("y ~ t + f + (t | g)", table, weights="w").reml(method)
    design = fit.design
    V = dense.covariance(design.Z_rows, design.group, fit.G, fit.sigma, table["w"].to_numpy())
    beta, vcov = dense.gls(design.y, design.X, V)
    L, values = np.array([[0, 1, 0, 0], [0, 0, 1, -1.0]]), np.array([2.0, 1.0])
    difference = L @ beta - values
    expected = difference @ np.linalg.solve(L @ vcov @ L.T, difference) / 2
    np.testing.assert_allclose(f_test(fit, L, values).F, expected, rtol=1e-7)


# ---------------------------------------------------------------- units, singular fits, edges
@pytest.mark.parametrize("df", METHODS.values())
def test_where_time_is_counted_from(sleepstudy, df):
    formula = "Reaction ~ Days + (Days | Subject)"
    here = bm.MixedModel(formula, sleepstudy).reml()
    far = bm.MixedModel(formula, sleepstudy.assign(Days=sleepstudy["Days"] + 1e6)).reml()
    expected = here.test("Intercept + 3 * Days = 280, Days", df=df)
    found = far.test("Intercept + 1000003 * Days = 280, Days", df=df)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    both = [
        fit.test(f"Intercept + {at} * Days = 280, Days", df, joint=True) for fit, at in ((here, 3), (far, 1000003))
    ]
    np.testing.assert_allclose(*both, rtol=1e-6)


@pytest.mark.parametrize("df", METHODS.values())
def test_singular_fits(dyestuff2, df):
    """The sd is zero: every contrast has the degrees of freedom of the residuals, or of few groups."""
    fit = bm.MixedModel("Yield ~ 1 + (1 | Batch)", dyestuff2).reml()
    assert fit.singular
    row = fit.test("Intercept = 5", df=df).iloc[0]
    assert row["t"] == pytest.approx((fit.beta[0] - 5) / row["se"])
    assert row["df"] == pytest.approx(29 if df == "satterthwaite" else 5, rel=1e-6)


def test_a_contrast_whose_variance_does_not_depend_on_theta(sleepstudy):
    """A balanced slope over a random intercept: only sigma matters, so df are those of the residual."""
    fit = bm.MixedModel("Reaction ~ Days + (1 | Subject)", sleepstudy).reml()
    for df in METHODS.values():
        assert fit.test("Days", df=df)["df"].item() == pytest.approx(161, rel=1e-6)
        assert fit.test("Days", df=df, joint=True)["den_df"].item() == pytest.approx(161, rel=1e-6)


def test_combined_degrees_of_freedom():
    assert combined_df(np.array([7.0])) == 7.0
    assert combined_df(np.array([7.0, 7.0 + 1e-10])) == pytest.approx(7.0)
    assert combined_df(np.array([1.5, 40.0])) == 2.0
    assert combined_df(np.array([2.0, 40.0])) == 2.0
    # E = 4/2 + 6/4 = 3.5; 2 E / (E - 2)
    assert combined_df(np.array([4.0, 6.0])) == pytest.approx(7.0 / 1.5)


def test_what_is_refused(fit):
    with pytest.raises(bm.RemlError, match="df must be 'satterthwaite' or 'kenward-roger', not 'residual'"):
        fit.test("f[B]", df="residual")
    with pytest.raises(bm.RemlError, match="df must be"):
        fit.test("f[B]", df="residual", joint=True)
    with pytest.raises(bm.RemlError, match="ci_prob must lie between 0 and 1, not 95"):
        fit.test("f[B]", ci_prob=95)
    with pytest.raises(bm.RemlError, match="contradict"):
        fit.test("f[B], f[B] = 1", joint=True)
    with pytest.raises(bm.RemlError, match="Kenward-Roger adjusts REML fits"):
        bm.MixedModel(GOLDEN["formula"], FACTORS).reml("ML").test("f[B]", df="kenward-roger")
