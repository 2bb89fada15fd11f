"""The pieces of the two passes."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesmixed.design.groups import group_codes
from bayesmixed.encoding import Column
from bayesmixed.errors import TableError
from bayesmixed.streaming.group_keys import GroupKeys
from bayesmixed.streaming.slopes import SlopeTable
from bayesmixed.streaming.spread import Spread
from bayesmixed.streaming.summary import Summary, learn
from bayesmixed.streaming.threads import total_in_threads


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30), st.integers(1, 29))
def test_spread_adds_up(values, cut):
    values = np.array(values)
    cut = min(cut, len(values) - 1)
    found = Spread.of(values[:cut]) + Spread.of(values[cut:])
    assert found.mean == pytest.approx(values.mean(), abs=1e-9 * max(1, np.abs(values).max()))
    assert found.sd == pytest.approx(values.std(), abs=1e-7 * max(1, np.abs(values).max()))


@pytest.mark.parametrize("factor", [["a"], ["b"], ["a", "b"], ["c", "a", "b"]])
def test_groups_are_named_and_ordered_as_in_memory(factor):
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"a": rng.integers(8, 13, 60), "b": rng.choice(["x", "y", "z"], 60)})
    table["c"] = pd.Categorical(rng.choice(["lo", "hi"], 60), ["lo", "hi"], ordered=True)
    keys = GroupKeys(factor)
    keys.orders = {"c": ("lo", "hi")} if "c" in factor else {}
    places = np.concatenate([keys.places(table[start : start + 7]) for start in range(0, 60, 7)])
    order, levels = keys.levels()
    codes, want = group_codes(table, factor)
    assert levels == want
    assert (np.argsort(order)[places] == codes).all()


def test_slopes_are_counted_exactly_and_beyond_a_thousand_on_a_grid():
    column = Column("t", "number", low=0.0, high=1.0)
    few = SlopeTable.empty([column]).of_rows(pd.DataFrame({"t": [0.0, 1.0, 1.0]}))
    assert few.exact
    assert few.frame()["count"].tolist() == [1, 2]
    values = np.random.default_rng(0).uniform(size=5000)
    many = few
    for part in np.split(values, 10):
        many = many.of_rows(pd.DataFrame({"t": part}))
    frame = many.frame()
    assert not many.exact
    assert frame["count"].sum() == 5003
    assert len(frame) <= 8192
    assert (frame["t"] * frame["count"]).sum() / 5003 == pytest.approx(
        np.append(values, [0, 1, 1]).mean(), abs=1e-3
    )


def test_parts_that_disagree_on_the_kind_of_a_column():
    parts = [pd.DataFrame({"y": [1.0], "x": [1.0], "g": [1]}), pd.DataFrame({"y": [1.0], "x": ["a"], "g": [1]})]
    with pytest.raises(TableError, match="text in some parts"):
        learn("y ~ x + (1 | g)", None, {}, iter(parts))


def test_threads_deal_in_turn_and_hand_errors_on():
    assert total_in_threads(lambda parts: [list(parts)], iter(range(7))) == [[0, 2, 4, 6], [1, 3, 5]]

    def fails(parts):
        next(parts)
        raise TableError("bad part")

    with pytest.raises(TableError, match="bad part"):
        total_in_threads(fails, iter(range(1000)))


def test_a_summary_holds_no_row():
    table = pd.DataFrame({"y": [1.0, 2.0, 4.0], "f": list("aba"), "g": [1, 1, 2]})
    found = learn("y ~ f + (1 | g)", None, {}, iter([table]))
    assert isinstance(found, Summary)
    assert found.levels == {"f": {"a", "b"}}
    assert found.numbers["y"].count == 3
    assert "g" not in found.numbers
