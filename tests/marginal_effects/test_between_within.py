"""The split of a covariate: its arithmetic, its tables, and Mundlak's identity."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import bayesmixed as bm
from bayesmixed.errors import TableError


def clustered(seed: int = 5, balanced: bool = False) -> pd.DataFrame:
    """Groups whose means of x go with their intercepts, so that y ~ x + (1 | g) is off."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(12), 6 if balanced else rng.integers(2, 11, 12))
    level, N = rng.normal(0, 2, 12)[g], len(g)
    x, z = level + rng.normal(0, 1, N), rng.normal(0, 1, N) + 0.3 * level
    y = 1 + 0.7 * x - 0.2 * z + 2 * level + rng.normal(0, 1, N)
    return pd.DataFrame({"y": y, "x": x, "z": z, "w": rng.uniform(0.5, 3, N), "g": g})


def dummy_variable_slopes(table: pd.DataFrame, names: list[str], weights: np.ndarray) -> np.ndarray:
    """Least squares with an intercept for each group."""
    dummies = pd.get_dummies(table["g"]).to_numpy(dtype=float)
    X = np.hstack([table[names].to_numpy(), dummies])
    root = np.sqrt(weights)[:, None]
    return np.linalg.lstsq(root * X, root[:, 0] * table["y"].to_numpy(), rcond=None)[0][: len(names)]


@pytest.mark.parametrize("balanced", [True, False])
@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("weights", [None, "w"])
def test_the_slope_within_groups_is_that_of_the_dummy_variable_model(balanced, method, weights):
    table = clustered(balanced=balanced)
    parts = bm.between_within(table, ["x", "z"], "g", weights=weights)
    formula = "y ~ x_within + z_within + x_between + z_between + (1 | g)"
    fit = bm.MixedModel(formula, parts, weights=weights).reml(method=method)
    w = np.ones(len(table)) if weights is None else table["w"].to_numpy()
    np.testing.assert_allclose(fit.beta[1:3], dummy_variable_slopes(table, ["x", "z"], w), rtol=1e-9)
    assert fit.test("x_within = x_between")["p"].iloc[0] < 0.05
    plain = bm.MixedModel("y ~ x + z + (1 | g)", table, weights=weights).reml(method=method)
    assert abs(plain.beta[1] - fit.beta[1]) > 1e-3  # the pooled slope is another


def test_mundlaks_and_the_hybrid_model_are_the_same_in_other_words():
    """With x instead of x_within the slope of x_between is the difference of the two."""
    parts = bm.between_within(clustered(), "x", "g")
    hybrid = bm.MixedModel("y ~ x_within + x_between + (1 | g)", parts).reml()
    mundlak = bm.MixedModel("y ~ x + x_between + (1 | g)", parts).reml()
    assert mundlak.beta[1] == pytest.approx(hybrid.beta[1])
    assert mundlak.beta[2] == pytest.approx(hybrid.beta[2] - hybrid.beta[1])
    tested, direct = hybrid.test("x_between = x_within"), mundlak.fixed_effects().loc["x_between"]
    assert tested["t"].iloc[0] == pytest.approx(direct["t"], rel=1e-6)


def test_rows_that_the_model_will_drop_do_not_count_and_the_identity_holds():
    table = clustered()
    table.loc[[3, 10, 30], "y"] = np.nan
    table.loc[[5, 31], "x"] = np.nan
    parts = bm.between_within(table, "x", "g", complete="y")
    gone = [3, 5, 10, 30, 31]
    assert np.flatnonzero(parts["x_within"].isna()).tolist() == gone
    assert np.flatnonzero(parts["x_between"].isna()).tolist() == gone
    fit = bm.MixedModel("y ~ x_within + x_between + (1 | g)", parts).reml()
    used = table.dropna()
    np.testing.assert_allclose(fit.beta[1], dummy_variable_slopes(used, ["x"], np.ones(len(used)))[0], rtol=1e-9)


def test_the_parts_are_deviations_from_group_means_and_group_means():
    table = clustered()
    means = table.groupby("g")["x"].transform("mean")
    found = bm.between_within(table, "x", "g")
    np.testing.assert_allclose(found["x_between"], means, rtol=1e-12)
    np.testing.assert_allclose(found["x_within"], table["x"] - means, atol=1e-12)
    centred = bm.between_within(table, "x", "g", centre=True, names=("dev", "group"))
    np.testing.assert_allclose(centred["x_group"], means - table["x"].mean(), atol=1e-12)
    assert list(centred)[-2:] == ["x_dev", "x_group"]
    assert list(table) == ["y", "x", "z", "w", "g"]


def test_combinations_of_columns_are_groups_too():
    table = pd.DataFrame({"x": [1.0, 2, 3, 6], "a": ["u", "u", "v", "v"], "b": [1, 2, 1, 1]})
    assert bm.between_within(table, "x", ["a", "b"])["x_within"].tolist() == [0.0, 0.0, -1.5, 1.5]


def test_the_index_of_a_pandas_table_stays():
    table = clustered().sample(frac=1.0, random_state=1)
    found = bm.between_within(table, "x", "g")
    assert found.index.tolist() == table.index.tolist()
    pd.testing.assert_frame_equal(found.sort_index(), bm.between_within(table.sort_index(), "x", "g"))


@pytest.mark.parametrize("make", [pl.DataFrame, pa.table, lambda d: pl.DataFrame(d).lazy()])
def test_tables_of_any_make_come_back_as_they_are(make):
    data = {"x": [1.0, 3.0, None, 8.0], "g": ["a", "a", "b", "b"]}
    found = bm.between_within(make(data), "x", "g")
    assert isinstance(found, pl.DataFrame if make is not pa.table else pa.Table)
    as_dict = found.to_dict(as_series=False) if isinstance(found, pl.DataFrame) else found.to_pydict()
    assert as_dict["x_within"] == [-1.0, 1.0, None, 0.0]
    assert as_dict["x_between"] == [2.0, 2.0, None, 8.0]


def test_parts_that_do_not_vary_are_exactly_constant_and_a_model_refuses_them():
    table = clustered(balanced=True)
    table["level"] = 0.1 + 0.3 * table["g"]  # of the group
    table["day"] = 0.1 * (np.arange(len(table)) % 6)  # the same in every group
    table["v"] = 1.7 * np.ones(len(table))
    for centre in (False, True):
        parts = bm.between_within(table, ["level", "day"], "g", centre=centre, weights="v")
        assert not parts["level_within"].any()
        assert parts["day_between"].nunique() == 1
    for name in ("level_within", "day_between"):
        with pytest.raises(bm.DesignError, match="collinear"):
            bm.MixedModel(f"y ~ x + {name} + (1 | g)", parts)


def test_a_covariate_that_is_not_split_breaks_the_identity():
    parts = bm.between_within(clustered(), "x", "g")
    fit = bm.MixedModel("y ~ x_within + x_between + z + (1 | g)", parts).reml()
    assert abs(fit.beta[1] - dummy_variable_slopes(clustered(), ["x", "z"], np.ones(len(parts)))[0]) > 1e-5


def test_far_away_origins_cost_no_digits():
    table = clustered()
    far = bm.between_within(table.assign(x=table["x"] + 1e8), "x", "g", centre=True)
    near = bm.between_within(table, "x", "g", centre=True)
    np.testing.assert_allclose(far["x_within"], near["x_within"], atol=1e-7)


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({"x_within": 1.0}, {}, "'x_within' already"),
        ({"x": "low"}, {}, "'x' is text"),
        ({"w": -1.0}, {"weights": "w"}, "weights 'w' must be positive"),
        ({}, {"complete": "q"}, "q"),
    ],
)
def test_what_cannot_be_split_is_said_in_one_line(change, options, words):
    with pytest.raises(TableError, match=words):
        bm.between_within(clustered().assign(**change), "x", "g", **options)


@pytest.mark.parametrize(
    ("columns", "options", "text"),
    [
        (5, {}, "columns must be a name of a column, or several, not 5"),
        ([], {}, "at least one column"),
        ("x", {"weights": 5}, "weights must be a name"),
        ("x", {"complete": None}, "complete must be a name"),
        ("x", {"names": ("a",)}, "names must be two different words"),
        ("x", {"names": ("a", "a")}, "names must be two different words"),
        ("x", {"names": "ab"}, "names must be two different words"),
    ],
)
def test_what_is_no_name_is_refused(columns, options, text):
    with pytest.raises(TableError, match=text):
        bm.between_within({"x": [1.0, 2.0], "g": ["a", "b"]}, columns, "g", **options)
