"""Rows of L against rows of X built by hand, and slopes against derivatives that are known."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.errors import PredictionError
from bayesmixed.marginal_effects.combinations import means, slopes
from bayesmixed.marginal_effects.grid import Grid
from tests.reference import table_path


@cache
def factors() -> pd.DataFrame:
    rows = pd.read_csv(table_path("factors"))
    return rows.assign(z=np.exp(rows["x"] / 2.0), k=np.arange(len(rows)) % 3, flag=rows["x"] > 1.5)


def design(right: str):
    return bm.MixedModel(f"y ~ {right} + (1 | g)", factors()).design


# ---------------------------------------------------------------- means
def test_an_additive_mean_is_the_intercept_the_level_the_average_of_the_others_and_the_mean_of_x():
    found, x = means(design("f + h + x"), "f", None, "equal"), factors()["x"].mean()
    rows = [[1, b, c, 1 / 3, 1 / 3, x] for b, c in [(0, 0), (1, 0), (0, 1)]]
    np.testing.assert_allclose(found.L, rows, rtol=1e-13)
    assert found.index.tolist() == ["A", "B", "C"]
    assert found.index.name == "f"


def test_proportional_weights_are_joint_frequencies_of_the_other_factors():
    built = design("f * h + f * C(k)")
    found = means(built, "f", None, "proportional").L[1]
    counts = factors().groupby(["h", "k"]).size()
    expected = np.zeros(built.p)
    for (h, k), count in counts.items():
        row = built.encode(pd.DataFrame({"f": ["B"], "h": [h], "k": [k]})).X[0]
        expected += count / counts.sum() * row
    np.testing.assert_allclose(found, expected, atol=1e-13)


def test_weights_by_rows_average_all_rows_with_the_level_put_in():
    built = design("f * x + sqrt(z)")
    found = means(built, "f", None, "rows").L
    for level, row in zip("ABC", found, strict=True):
        np.testing.assert_allclose(row, built.encode(factors().assign(f=level)).X.mean(axis=0), atol=1e-13)


def test_rows_are_taken_with_every_value_that_at_holds():
    built = design("f * x + h")
    found = means(built, "f", {"x": [0, 3]}, "rows").L[0]
    halves = [built.encode(factors().assign(f="A", x=x)).X.mean(axis=0) for x in (0.0, 3.0)]
    np.testing.assert_allclose(found, np.mean(halves, axis=0), atol=1e-13)


def test_transformed_covariates_are_taken_at_the_mean_of_the_column_itself():
    found = means(design("log(z) + f"), "f", None, "equal")
    np.testing.assert_allclose(found.L[:, 1], np.log(factors()["z"].mean()), rtol=1e-13)


def test_an_offset_counts():
    found = means(design("f + offset(2 * t)"), "f", {"t": 3}, "equal")
    np.testing.assert_allclose(found.constant, 6.0)
    fit = bm.MixedModel("y ~ f + offset(2 * t) + (1 | g)", factors()).reml()
    table, beta = fit.marginal_means("f", at={"t": 3}), fit.beta
    assert table.loc["A", "estimate"] == pytest.approx(beta[0] + 6.0)
    assert table.loc["A", "t"] == pytest.approx((beta[0] + 6.0) / table.loc["A", "se"])
    assert (table["lower"] + table["upper"]).to_numpy() == pytest.approx(2 * table["estimate"].to_numpy())


def test_truth_values_have_two_levels():
    assert means(design("flag + x"), "flag", None, "equal").index.tolist() == [False, True]
    averaged = means(design("flag * x + f"), "f", {"x": 1.0}, "equal").L
    assert 0.5 in averaged[0]


def test_cells_cross_with_the_last_variable_fastest_and_without_variables_there_is_one():
    built = design("f + x")
    assert means(built, ["f", "x"], {"x": [0, 9]}, "equal").index.tolist()[:3] == [("A", 0), ("A", 9), ("B", 0)]
    assert means(built, (), None, "equal").index.tolist() == ["overall"]
    assert Grid.of(built, ["f", "x"], {"x": 2.5}).labels[0] == ("A", "2.5")


@pytest.mark.parametrize(
    ("variables", "at", "weights", "words"),
    [
        ("g", None, "equal", "no column that the mean depends on; there is f, x"),
        ("f", {"w": 1}, "equal", "'w' is no column"),
        ("f", {"x": []}, "equal", "at least one value"),
        ("f", {"f": ["A", "A"]}, "equal", "none twice"),
        ("f", {"f": ["A", "Z"]}, "equal", "level 'Z'"),
        ("f", {"x": "high"}, "equal", "must be finite numbers, not 'high'"),
        ("f", {"x": np.nan}, "equal", "must be finite numbers, not nan"),
        (["f", "f"], None, "equal", "named twice"),
        ("f", None, "even", "weights must be"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line(variables, at, weights, words):
    with pytest.raises(PredictionError, match=words):
        means(design("f + x"), variables, at, weights)


def test_levels_that_no_row_has_together_have_no_proportions():
    rows = factors().assign(h2=lambda d: np.where(d["h"] == "P", "u", "v"))
    built = bm.MixedModel("y ~ f + h + h2:x + (1 | g)", rows).design
    with pytest.raises(PredictionError, match="no row has these values"):
        means(built, "f", {"h": "P", "h2": "v"}, "proportional")


# ---------------------------------------------------------------- slopes
DERIVATIVES = {
    "x + I(x**2) + I(x**3) + I(x**4)": lambda x: [0 * x, 1 + 0 * x, 2 * x, 3 * x**2, 4 * x**3],
    "log(x + 5)": lambda x: [0 * x, 1 / (x + 5)],
    "exp(x / 2)": lambda x: [0 * x, np.exp(x / 2) / 2],
    "scale(x)": lambda x: [0 * x, 1 / factors()["x"].std(ddof=0) + 0 * x],
    "center(x) + f": lambda x: [0 * x, 1 + 0 * x, 0 * x, 0 * x],
    "sqrt(x + 5) * t": lambda x: [
        0 * x,
        0.5 / np.sqrt(x + 5),
        0 * x,
        factors()["t"].mean() * 0.5 / np.sqrt(x + 5),
    ],
}


@pytest.mark.parametrize("right", list(DERIVATIVES))
def test_slopes_are_known_derivatives(right):
    x = np.array([-0.3, 0.0, 1e-4, 1.0, 3.3])
    found = slopes(design(right), "x", (), {"x": x.tolist()}, "equal")
    expected = np.broadcast_arrays(*DERIVATIVES[right](x))
    np.testing.assert_allclose(found.L, np.stack(expected, axis=1), rtol=2e-8, atol=1e-8)
    assert found.index.tolist() == x.tolist()


def test_the_columns_of_poly_and_of_splines_agree_with_polynomials_fitted_to_them():
    """A polynomial (of a stretch between knots) is known from its values: its derivative by numpy's polyder."""
    x = np.linspace(factors()["x"].quantile(0.3), factors()["x"].quantile(0.4), 9)
    for right in ("poly(x, 3)", "bs(x, df=4)"):
        built = design(right)
        columns = built.encode(pd.DataFrame({"x": x})).X
        found = slopes(built, "x", (), {"x": x.tolist()}, "equal").L
        for values, slope in zip(columns.T, found.T, strict=True):
            cubic = np.polynomial.Polynomial.fit(x, values, 3)
            np.testing.assert_allclose(slope, cubic.deriv()(x), atol=1e-7)


def test_a_spline_has_slopes_up_to_its_outer_knots_and_none_beyond():
    built, x = design("bs(x, df=5)"), factors()["x"]
    found = slopes(built, "x", (), {"x": [x.min(), x.max()]}, "equal").L
    inner = slopes(built, "x", (), {"x": [x.min() + 1e-7, x.max() - 1e-7]}, "equal").L
    np.testing.assert_allclose(found, inner, rtol=1e-4, atol=1e-4)
    with pytest.raises(PredictionError, match="spline cannot be extrapolated"):
        slopes(built, "x", (), {"x": x.max() + 1.0}, "equal")


def test_slopes_near_zero_of_a_logarithm_take_small_steps():
    rows = factors().assign(z=np.geomspace(1e-3, 100.0, len(factors())))
    built = bm.MixedModel("y ~ log(z) + (1 | g)", rows).design
    places = [1e-3, 1e-2, 1.0, 99.0]
    found = slopes(built, "z", (), {"z": places}, "equal").L[:, 1]
    np.testing.assert_allclose(found, 1 / np.array(places), rtol=1e-6)


def test_slopes_by_rows_are_averages_of_the_slopes_of_all_rows():
    built, rows = design("f * I(x**2) + h"), factors()
    found = slopes(built, "x", (), None, "rows").L[0]
    at = dict(zip(built.fixed_labels, found, strict=True))
    assert at["I(x ** 2)"] == pytest.approx(2 * rows["x"].mean(), rel=1e-8)
    assert at["f:I(x ** 2)[B]"] == pytest.approx(2 * (rows["x"] * (rows["f"] == "B")).mean(), rel=1e-8)
    assert at["Intercept"] == at["f[B]"] == at["h[Q]"] == 0.0


def test_slopes_with_interactions_are_those_of_each_cell():
    found = slopes(design("f * x * h"), "x", ["f", "h"], None, "equal")
    built = design("f * x * h")
    unit = built.encode(pd.DataFrame({"f": ["C"], "h": ["Q"], "x": [1.0]})).X
    zero = built.encode(pd.DataFrame({"f": ["C"], "h": ["Q"], "x": [0.0]})).X
    np.testing.assert_allclose(found.L[found.index.get_loc(("C", "Q"))], (unit - zero)[0], atol=1e-9)


def test_functions_of_the_users_own_have_slopes():
    built = bm.MixedModel("y ~ wave(x) + (1 | g)", factors(), functions={"wave": np.sin}).design
    found = slopes(built, "x", (), {"x": [0.0, 1.0, 2.5]}, "equal").L[:, 1]
    np.testing.assert_allclose(found, np.cos([0.0, 1.0, 2.5]), rtol=1e-8)


def test_a_factor_has_no_slope_and_an_offset_no_estimate():
    with pytest.raises(PredictionError, match="is a factor and has no slope"):
        slopes(design("f"), "f", (), None, "equal")
    with pytest.raises(PredictionError, match="depends on no coefficient"):
        slopes(design("f + offset(t)"), "t", (), None, "equal")
    with pytest.raises(PredictionError, match="'g' is no column"):
        slopes(design("f + x"), "g", (), None, "equal")


def test_far_away_origins_leave_slopes_alone():
    rows = factors().assign(year=2000.0 + factors()["x"])
    built = bm.MixedModel("y ~ poly(year, 2) + (1 | g)", rows).design
    near = bm.MixedModel("y ~ poly(x, 2) + (1 | g)", rows).design
    found = slopes(built, "year", (), {"year": [2000.0, 2002.0]}, "equal").L
    np.testing.assert_allclose(found, slopes(near, "x", (), {"x": [0.0, 2.0]}, "equal").L, rtol=1e-6)
