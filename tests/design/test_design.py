"""y, X, Z and what goes with them."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from bayesmixed.errors import DesignError
from tests.design.example import build, make_table


def test_random_intercept_with_3_2_2_rows():
    table = {"y": [1.0, 2, 3, 1, 2, 5, 4], "id": [1, 1, 1, 2, 2, 3, 3]}
    design = build("y ~ (1 | id)", table)
    expected = np.repeat(np.eye(3), [3, 2, 2], axis=0)
    np.testing.assert_array_equal(design.Z, expected)
    np.testing.assert_array_equal(design.Z_sparse.toarray(), expected)
    assert design.levels == ("1", "2", "3")
    assert (design.n_obs, design.n_groups, design.p, design.q) == (7, 3, 1, 1)
    assert design.group_sizes.tolist() == [3, 2, 2]


def test_random_slope_with_3_2_rows():
    table = {"y": [1.0, 2, 3, 1, 3], "t": [0, 1, 2, 0, 3], "id": list("aaabb")}
    design = build("y ~ t + (t | id)", table)
    expected = [[1, 0, 0, 0], [1, 1, 0, 0], [1, 2, 0, 0], [0, 0, 1, 0], [0, 0, 1, 3]]
    np.testing.assert_array_equal(design.Z, expected)
    np.testing.assert_array_equal(design.Z_sparse.toarray(), expected)


def test_a_large_dense_Z_points_to_the_sparse_one():
    n = 20_000
    table = pd.DataFrame({"y": np.arange(n) % 7.0, "g": np.arange(n) // 2})
    design = build("y ~ (1 | g)", table)
    with pytest.raises(DesignError, match=r"takes 1\.6 GB; use Z_sparse"):
        _ = design.Z
    assert design.Z_sparse.shape == (n, n // 2)


def test_parts_of_a_design():
    table = make_table()
    table.loc[3, "y"] = np.nan
    design = build("y ~ t*f + offset(u) + (t | g)", table, weights="w")
    kept = table.drop(index=3)
    assert design.rows.tolist() == kept.index.tolist()
    assert design.n_dropped == 1
    assert design.warnings == ("1 of 48 rows was dropped for missing values in y",)
    assert design.response_name == "y"
    assert design.factor_name == "g"
    assert design.fixed_labels == ("Intercept", "t", "f[b]", "f[c]", "t:f[b]", "t:f[c]")
    assert design.random_labels == ("Intercept", "t")
    assert list(design.frame) == ["y", "t", "f", "u", "g", "w"]
    np.testing.assert_array_equal(design.y, kept["y"])
    np.testing.assert_array_equal(design.X[:, 1], kept["t"])
    np.testing.assert_array_equal(design.offset, kept["u"])
    np.testing.assert_array_equal(design.weights, kept["w"])
    np.testing.assert_array_equal(np.array(design.levels)[design.group], kept["g"].astype(str))
    assert design.group.dtype == np.intp


def test_a_design_is_frozen():
    design = build("y ~ t + (1 | g)", make_table())
    for array in (design.y, design.X, design.Z_rows, design.group, design.weights):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(AttributeError):
        design.n_dropped = 2


@pytest.mark.parametrize("maker", [pl.DataFrame, pa.table, lambda c: pl.DataFrame(c).lazy(), dict])
def test_tables_of_every_make_give_the_same(maker):
    table = make_table()
    theirs = build("y ~ t + f + (t | g)", table)
    ours = build("y ~ t + f + (t | g)", maker(table.to_dict("list")))
    for name in ("y", "X", "Z_rows", "group"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    assert ours.levels == theirs.levels


def test_the_user_s_table_is_left_alone():
    table = make_table()
    before = table.copy(deep=True)
    build("y ~ scale(t)*f + (t | g)", table, weights="w")
    pd.testing.assert_frame_equal(table, before)


def test_the_mean_of_every_row_for_one_draw_and_for_many(rng):
    design = build("y ~ t*f + offset(u) + (t | g)", make_table())
    beta = rng.normal(size=(2, 5, design.p))
    b = rng.normal(size=(2, 5, design.n_groups, design.q))
    found = design.mean(beta, b)
    assert found.shape == (2, 5, design.n_obs)
    for k in np.ndindex(2, 5):
        expected = design.X @ beta[k] + design.Z @ b[k].ravel() + design.offset
        np.testing.assert_allclose(found[k], expected, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(design.mean(beta[k], b[k]), expected, rtol=1e-12, atol=1e-12)


def test_the_mean_without_fixed_columns_is_that_of_the_groups():
    design = build("y ~ 0 + offset(u) + (1 | g)", make_table())
    b = np.arange(8.0)[:, None]
    np.testing.assert_allclose(design.mean(np.empty(0), b), b[design.group, 0] + design.offset)
