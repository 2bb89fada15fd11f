"""The complete rows of a table, whatever it is made of."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from bayesmixed.errors import TableError
from bayesmixed.table import Missing, model_frame

COLUMNS = {
    "y": [1.5, 2.5, None, 4.0],
    "i": [1, None, 3, 4],
    "b": [True, False, True, None],
    "s": ["a", "b", None, "a"],
}


MAKERS = {
    "dict": dict,
    "pandas": pd.DataFrame,
    "nullable": lambda columns: pd.DataFrame(columns).convert_dtypes(),
    "arrow-backed": lambda columns: pd.DataFrame(columns).convert_dtypes(dtype_backend="pyarrow"),
    "polars": pl.DataFrame,
    "lazy": pl.LazyFrame,
    "pyarrow": pa.table,
}


@pytest.mark.parametrize("maker", MAKERS)
def test_missing_values_drop_rows_alike(maker):
    table = MAKERS[maker](COLUMNS)
    for name, kept in (("y", [0, 1, 3]), ("i", [0, 2, 3]), ("b", [0, 1, 2]), ("s", [0, 1, 3])):
        frame, rows, missing = model_frame(table, [name])
        assert rows.tolist() == kept
        assert missing == Missing(1, {name: 1})
        assert frame[name].tolist() == [COLUMNS[name][row] for row in kept]
    frame, rows, missing = model_frame(table, ["s", "y"])
    assert list(frame) == ["s", "y"]
    assert (rows.tolist(), missing) == ([0, 1, 3], Missing(1, {"s": 1, "y": 1}))


@pytest.mark.parametrize("maker", MAKERS)
def test_columns_become_plain(maker):
    table = MAKERS[maker]({name: values[:1] for name, values in COLUMNS.items()})
    frame, _, _ = model_frame(table, COLUMNS)
    assert [str(frame[name].dtype) for name in COLUMNS] == ["float64", "int64", "bool", "str"]


def test_nan_in_polars_and_arrow_is_missing():
    for table in (pl.DataFrame({"x": [float("nan"), 1.0]}), pa.table({"x": [float("nan"), 1.0]})):
        assert model_frame(table, ["x"])[1].tolist() == [1]


def test_the_table_is_left_alone():
    table = pd.DataFrame({"x": [1.0, np.nan, 3.0], "c": pd.Categorical(["a", "b", "a"])})
    before = table.copy(deep=True)
    frame, _, _ = model_frame(table, ["x", "c"])
    frame["x"] = 0.0
    pd.testing.assert_frame_equal(table, before)


DAY = datetime.date(2020, 1, 1)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"x": [1.0, np.inf, -np.inf]}, "'x' has 2 infinite values"),
        ({"x": [1.0, 1e300]}, "'x' has values of size 1e[+]300; rescale"),
        ({"x": [0.0, -1e-300]}, "'x' has values of size 1e-300; rescale"),
        ({"x": [DAY, DAY]}, "'x' holds dates or durations"),
        ({"x": pd.to_datetime([DAY, DAY])}, "'x' holds dates or durations"),
        ({"x": [1j, 2.0]}, "complex"),
        ({"x": [[1], [2]]}, "use numbers or text"),
        ({"x": [None, None]}, "every row has a missing value, in x; fill them in or leave the column out"),
        ({"x": []}, "the table has no rows"),
        ({"X": [1.0]}, "no column 'x'; did you mean 'X'\\? The table has: X|The table has: X"),
        ({"x": [1.0], "z": [1.0, 2.0]}, "the columns make no table"),
        (pd.DataFrame([[1, 2]], columns=["x", "x"]), "more than one column 'x'"),
        (pa.Table.from_arrays([pa.array([1])] * 2, names=["x", "x"]), "more than one column 'x'"),
        ([1, 2], "list is not a table"),
    ],
)
def test_refused_in_one_line(table, message):
    with pytest.raises(TableError, match=message) as caught:
        model_frame(table, ["x"])
    assert "\n" not in str(caught.value)


def test_unknown_column_names_the_nearest():
    with pytest.raises(TableError, match=r"no column 'days'; did you mean 'Days'\?"):
        model_frame({"Days": [1], "Reaction": [2]}, ["days"])
