"""Columns of unusual kinds become plain ones."""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest

from bayesmixed.errors import TableError
from bayesmixed.table import model_frame


def test_decimals_small_integers_and_mixed_objects():
    frame, _, _ = model_frame({"d": [Decimal("1.5"), Decimal(2)], "m": [1, "b"]}, ["d", "m"])
    assert frame["d"].tolist() == [1.5, 2.0]
    assert frame["m"].tolist() == ["1", "b"]
    small = pd.DataFrame({"k": np.array([100, 2], dtype=np.int8)})
    assert model_frame(small, ["k"])[0]["k"].dtype == np.int64


def test_categories():
    ordered = pd.Categorical(["b", "a"], categories=["z", "b", "a"], ordered=True)
    free = pd.Categorical(["b", "a"], categories=["z", "b", "a"])
    mixed = pd.Categorical([1, "a"])
    frame, _, _ = model_frame({"o": ordered, "f": free, "m": mixed}, ["o", "f", "m"])
    assert frame["o"].cat.categories.tolist() == ["b", "a"]
    assert frame["o"].cat.ordered
    assert frame["f"].cat.categories.tolist() == ["b", "a"]
    assert sorted(frame["m"].cat.categories) == ["1", "a"]
    enum = pl.DataFrame({"e": pl.Series(["b", "a"], dtype=pl.Enum(["z", "b", "a"]))})
    assert model_frame(enum, ["e"])[0]["e"].cat.categories.tolist() == ["b", "a"]


@pytest.mark.parametrize("values", [[1, "1", "b"], pd.Categorical([1, "1", "b"])])
def test_a_number_and_its_text_do_not_become_one_level(values):
    with pytest.raises(TableError, match="column 'm' mixes kinds: 1 and '1' would be one level"):
        model_frame({"m": values}, ["m"])


DAY = datetime.date(2020, 1, 1)


def test_dates_may_name_groups():
    frame, _, _ = model_frame({"x": [DAY, DAY]}, ["x"], labels={"x"})
    assert frame["x"].tolist() == ["2020-01-01"] * 2


@pytest.mark.parametrize("kind", [np.uint64, object])
def test_groups_named_by_hashes_stay_apart(kind):
    """Neighbouring integers beyond 2^63 are one number in floating point."""
    keys = [2**63, 2**63 + 1, 2**63 + 1]
    table = pd.DataFrame({"g": np.array(keys, dtype=kind), "y": [1.0, 2.0, 3.0]})
    frame, _, _ = model_frame(table, ["g", "y"], labels=["g"])
    assert list(frame["g"]) == [str(key) for key in keys]
    assert model_frame(table, ["g"])[0]["g"].dtype == float
