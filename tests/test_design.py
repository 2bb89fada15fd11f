"""Designs: groups, Z, blocks, new rows, and what is refused."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from bayesmixed.design import build_design, collinear
from bayesmixed.errors import BayesmixedError, DesignError, PredictionError, TableError
from bayesmixed.formula import parse_formula


def build(formula, table, **options):
    return build_design(parse_formula(formula, options.get("functions", ())), table, **options)


def make_table(n=48, groups=8, seed=2):
    rng = np.random.default_rng(seed)
    g = rng.permutation(np.arange(n) % groups)
    return pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "t": rng.integers(0, 10, n),
            "u": rng.normal(size=n),
            "f": rng.choice(["a", "b", "c"], n),
            "between": g % 3,
            "arm": np.where(g % 2 == 0, "p", "q"),
            "w": rng.uniform(0.5, 2, n),
            "g": g,
        }
    )


# ---------------------------------------------------------------- teaching layouts
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


# ---------------------------------------------------------------- the design
def test_parts_of_a_design():
    table = make_table()
    table.loc[3, "y"] = np.nan
    design = build("y ~ t*f + offset(u) + (t | g)", table, weights="w")
    kept = table.drop(index=3)
    assert design.rows.tolist() == kept.index.tolist()
    assert design.n_dropped == 1
    assert design.warnings == ("1 rows with a missing value were dropped",)
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


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        ([10, 9, 10, 9, 8], ("8", "9", "10")),
        ([10.0, 9.0, 10.0, 9.0, 8.0], ("8", "9", "10")),
        (["b", "a", "b", "a", "B"], ("B", "a", "b")),
        ([True, False, True, False, True], ("False", "True")),
        (pd.Categorical(list("babac"), categories=list("zcba"), ordered=True), ("c", "b", "a")),
        (pd.Categorical(list("babac"), categories=list("zcba")), ("a", "b", "c")),
        ([1, "x", 1, "x", 2], ("1", "2", "x")),
        (pd.to_datetime(["2020-01-02", "2020-01-01"] * 2 + ["2020-01-02"]), None),
    ],
)
def test_kinds_of_groups(values, levels):
    design = build("y ~ (1 | g)", pd.DataFrame({"y": [1.0, 2, 3, 5, 4], "g": values}))
    assert levels is None or design.levels == levels
    names = np.array(design.levels)[design.group]
    for i in range(5):
        for j in range(5):
            assert (names[i] == names[j]) == (values[i] == values[j])


def test_interaction_groups_are_those_that_occur():
    table = {"y": [1.0, 2, 4, 3, 5], "a": [2, 1, 2, 1, 10], "b": ["T1", "T2", "T1", "T1", "T1"]}
    design = build("y ~ (1 | a:b)", table)
    assert design.levels == ("1:T1", "1:T2", "2:T1", "10:T1")
    assert design.group.tolist() == [2, 1, 2, 0, 3]


def test_blocks_of_brackets():
    table = make_table()
    (one,) = build("y ~ t + (t | g)", table).blocks
    assert (one.columns, one.labels, one.has_intercept) == ((0, 1), ("Intercept", "t"), True)
    for formula in ("y ~ t + (t || g)", "y ~ t + (1 | g) + (0 + t | g)"):
        design = build(formula, table)
        assert [block.columns for block in design.blocks] == [(0,), (1,)]
        assert [term.name for term in design.random_terms] == ["Intercept", "t"]
        assert design.warnings == ()


def test_double_bar_with_a_factor():
    design = build("y ~ f + (f || g)", make_table())
    assert [block.labels for block in design.blocks] == [("Intercept",), ("f[b]",), ("f[c]",)]
    assert [block.terms[0].name for block in design.blocks] == ["Intercept", "f", "f"]
    assert [(t.name, t.coords) for t in design.random_terms] == [
        ("Intercept", None),
        ("f", ("b", "c")),
    ]
    (warning,) = design.warnings
    assert "lme4 1.x keeps those" in warning


# ---------------------------------------------------------------- new rows
def test_new_rows():
    table = make_table()
    design = build("y ~ scale(t) + f + offset(u) + (t | g)", table)
    new = design.encode(table[["t", "f", "u", "g"]].iloc[[5, 2]])
    np.testing.assert_array_equal(new.X, design.X[[5, 2]])
    np.testing.assert_array_equal(new.Z_rows, design.Z_rows[[5, 2]])
    np.testing.assert_array_equal(new.offset, design.offset[[5, 2]])
    assert new.groups.tolist() == table["g"].iloc[[5, 2]].astype(str).tolist()
    assert design.encode({"t": [1], "f": ["a"], "u": [0.0]}).groups is None
    assert design.encode(pl.DataFrame({"t": [1], "f": ["a"], "u": [0.0], "g": [99]})).groups == "99"


def test_new_rows_without_any_predictor():
    design = build("y ~ (1 | g)", make_table())
    new = design.encode(pd.DataFrame({"g": [1, 2, 3]}))
    np.testing.assert_array_equal(new.X, np.ones((3, 1)))
    assert len(design.encode(pd.DataFrame(index=range(2))).X) == 2
    assert design.encode({"other": [1, 2]}).groups is None


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"t": [1]}, "the new rows: no column 'f'"),
        ({"t": [1], "f": ["z"]}, "column 'f' has the level 'z'"),
        ({"t": [None, 1.0], "f": ["a", "a"]}, "1 of the new rows have a missing value"),
        ({"t": [np.inf], "f": ["a"]}, "the new rows: column 't' has 1 infinite"),
        ({"t": ["x"], "f": ["a"]}, "column 't' of the new rows is text"),
        ({"t": [1], "f": ["a"], "g": [0.5]}, "has fractions"),
        ([1], "list is not a table"),
    ],
)
def test_new_rows_that_are_refused(table, message):
    design = build("y ~ t + f + (t | g)", make_table())
    with pytest.raises(PredictionError, match=message):
        design.encode(table)


# ---------------------------------------------------------------- bad input
EDGES = make_table().assign(
    constant=3.0,
    row=np.arange(48),
    one="x",
    fraction=np.arange(48) % 7 + 0.5,
    t_twice=lambda d: 2 * d["t"] + 1,
    t_and_u=lambda d: d["t"] - d["u"],
    zero_weight=0.0,
    text=[f"level {k}" for k in range(48)],
    nothing=None,
)


@pytest.mark.parametrize(
    ("formula", "weights", "message"),
    [
        ("f ~ t + (1 | g)", None, "the response 'f' is text or a category"),
        ("constant ~ t + (1 | g)", None, r"the response 'constant' is constant \(3 in every row"),
        ("y ~ t + (1 | one)", None, "'one' has one group only"),
        ("y ~ t + (1 | row)", None, r"'row' has as many groups as rows \(48\)"),
        ("y ~ t + (1 | fraction)", None, "the grouping column 'fraction' has fractions"),
        ("y ~ t + t_twice + (1 | g)", None, "'t_twice' is determined by 'Intercept', 't'; remove"),
        ("y ~ t + u + t_and_u + (1 | g)", None, "'t_and_u' is determined by 'Intercept', 't', 'u'"),
        ("y ~ constant + (1 | g)", None, "'constant' is determined by 'Intercept'"),
        ("y ~ 0 + f + constant + (1 | g)", None, r"'constant' is determined by 'f\[a\]', 'f\[b\]'"),
        ("y ~ I(0*t) + (1 | g)", None, r"'I\(0 \* t\)' is 0 in every row"),
        ("y ~ text + (1 | g)", None, "column 'text' has 48 different levels in 48 rows"),
        ("text ~ t + (1 | g)", None, "column 'text' has 48 different levels in 48 rows"),
        ("y ~ C(row):f + (1 | g)", None, "column 'row' has 48 different levels"),
        ("y ~ C(t):f:arm + (1 | g)", None, r"fixed effects need more than 48 rows.*'C\(t\):f'"),
        ("y ~ t + (between | g)", None, "'between' varies within no group of 'g'"),
        ("y ~ arm + (arm | g)", None, r"'arm\[q\]' varies within no group of 'g'"),
        ("y ~ (1 | g) + (0 + constant | g)", None, "'constant' has the same size in every row"),
        ("y ~ t + (t + t_twice | g)", None, r"random effects of \(t \+ t_twice \| g\) are collin"),
        ("y ~ t + (0 + t + I(2*t) | g)", None, r"'I\(2 \* t\)' is determined by 't'"),
        ("y ~ t + (I(0*t) | g)", None, "is 0 in every row"),
        ("y ~ t + (1 | g)", "f", "the weights 'f' are not numbers"),
        ("y ~ t + (1 | g)", "zero_weight", "48 of the weights 'zero_weight' are not positive"),
    ],
)
def test_designs_that_are_refused(formula, weights, message):
    with pytest.raises(DesignError, match=message) as caught:
        build(formula, EDGES, weights=weights)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("formula", "weights", "message"),
    [
        ("y ~ fractions + (1 | g)", None, "no column 'fractions'; did you mean 'fraction'"),
        ("y ~ t + (1 | g)", "ww", "no column 'ww'"),
        ("y ~ t + nothing + (1 | g)", None, "every row has a missing value"),
    ],
)
def test_tables_that_are_refused(formula, weights, message):
    with pytest.raises(TableError, match=message):
        build(formula, EDGES, weights=weights)


def test_more_parameters_than_rows():
    table = {"y": [1.0, 2, 4], "a": [1.0, 2, 5], "b": [3.0, 1, 1], "g": [1, 1, 2]}
    with pytest.raises(DesignError, match="3 fixed effects need more than 3 rows"):
        build("y ~ a + b + (1 | g)", table)


def test_groups_of_one_row_are_fine():
    table = {"y": [1.0, 2, 4, 3], "g": [1, 1, 2, 3]}
    assert build("y ~ (1 | g)", table).group_sizes.tolist() == [2, 1, 1]


def test_more_random_effects_than_rows_is_a_warning():
    table = {"y": [1.0, 2, 4, 3], "t": [0, 1, 0, 1], "g": [1, 1, 2, 2]}
    (warning,) = build("y ~ t + (t | g)", table).warnings
    assert warning.startswith("4 random effects for 4 rows: REML does not exist")


def test_a_slope_between_groups_apart_from_the_intercept_is_a_warning():
    (warning,) = build("y ~ between + (between || g)", make_table()).warnings
    assert "'between' varies within no group of 'g'" in warning
    assert build("y ~ between + (0 + arm | g)", make_table()).warnings == ()


@pytest.mark.parametrize("shift", [0, 2_000, 1e6, -1e8])
def test_a_far_away_zero_is_not_collinear(shift):
    table = make_table().assign(t=lambda d: d["t"] + shift)
    build("y ~ t*f + (t | g)", table)
    build("y ~ 0 + f + t + (1 | g)", table)
    with pytest.raises(DesignError, match="collinear"):
        build("y ~ t + I(3*t + 5) + (1 | g)", table)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_collinear_does_not_depend_on_units_or_rows(scale):
    rng = np.random.default_rng(3)
    X = np.column_stack([np.ones(10_000), rng.normal(size=(10_000, 3))])
    X[:, 3] *= scale
    labels = ["Intercept", "a", "b", "c"]
    assert collinear(X, labels) is None
    X[:, 2] = X[:, 1] - X[:, 3] / scale
    assert collinear(X, labels) == ("c", ("Intercept", "a", "b"))
    assert collinear(X[:, :0], []) is None


def test_every_refusal_is_one_of_ours():
    with pytest.raises(BayesmixedError):
        build("y ~ t + (1 | g)", None)
