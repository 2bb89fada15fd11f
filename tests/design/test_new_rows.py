"""New rows, encoded as those of the design."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from bayesmixed.errors import PredictionError
from tests.design.example import build, make_table


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
        ({"t": [None, 1.0], "f": ["a", "a"]}, "1 of the new rows lack values: missing value in t"),
        ({"t": [np.inf], "f": ["a"]}, "the new rows: column 't' has 1 infinite"),
        ({"t": ["x"], "f": ["a"]}, "column 't' of the new rows is text"),
        ({"t": [1], "f": ["a"], "g": [0.5]}, "has fractions"),
        ([1], "list is not a table; give .*, or a dict of columns"),
        ({"t": 1, "f": "a"}, "give each a list of values, one a row"),
    ],
)
def test_new_rows_that_are_refused(table, message):
    design = build("y ~ t + f + (t | g)", make_table())
    with pytest.raises(PredictionError, match=message):
        design.encode(table)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("rows", "str is not a table"),
        ([1], "list is not a table"),
        ({}, "the table has no rows"),
        ({"other": []}, "the table has no rows"),
        ({"other": 1}, "the columns make no table: give each a list of values"),
        ({"other": [1], "more": [1, 2]}, "the columns make no table"),
    ],
)
def test_refusals_where_no_column_is_needed(table, message):
    design = build("y ~ (1 | g)", make_table())
    with pytest.raises(PredictionError, match=f"the new rows: {message}"):
        design.encode(table, groups=False)


def test_groups_need_not_be_read():
    design = build("y ~ t + f + (t | g)", make_table())
    assert design.encode({"t": [1], "f": ["a"], "g": [0.5]}, groups=False).groups is None
    with pytest.raises(PredictionError, match=r"no column 't'. The table has: f, g$"):
        design.encode({"f": ["a"], "g": [1]}, groups=False)
