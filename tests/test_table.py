"""Reading files, and the complete rows of a table whatever it is made of."""

import datetime
import gzip
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from bayesmixed.errors import TableError
from bayesmixed.table import model_frame, read_table

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


# ---------------------------------------------------------------- files
def test_reads_what_pandas_wrote(tmp_path):
    table = pd.DataFrame({"g": [1, 2], "y": [0.5, 1.5], "s": ["a", "b"]})
    table.to_csv(tmp_path / "a.csv", index=False)
    table.to_csv(tmp_path / "a.csv.gz", index=False)
    table.to_parquet(tmp_path / "a.parquet")
    for name in ("a.csv", "a.csv.gz", "a.parquet"):
        pd.testing.assert_frame_equal(read_table(tmp_path / name), table)


def test_reads_a_byte_order_mark(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbfg,y\n1,2\n")
    assert list(read_table(str(tmp_path / "a.csv"))) == ["g", "y"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\n\n", "is empty"),
        ("a.csv", b"g,y\n", "no rows"),
        ("a.csv", b"g,y,y\n1,2,3\n", "more than one column 'y'"),
        ("a.csv", b"g,y\n1,2\n1,2,3\n", "not a table"),
        ("a.csv", b"g,y\n1,2,3\n", "the header has 2 columns but the first row has 3"),
        ("a.csv", b"g;y\n1;2\n", "separated by ';'"),
        ("a.csv", b"\x00\x01\x02", "not a text table"),
        ("a.csv", b"\xff\xfe\xfa\xfb,\n", "not a text table"),
        ("a.csv.gz", b"g,y\n1,2\n", "not a text table"),
        ("a.csv.gz", gzip.compress(b"g,y\n1,2\n" * 99)[:-9], "not a text table"),
        ("a.parquet", b"g,y\n1,2\n", "not a Parquet file"),
        ("a.parquet", b"", "is empty"),
        ("a.xlsx", b"PK", "unknown ending"),
    ],
)
def test_files_that_are_no_table(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TableError, match=message) as caught:
        read_table(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_files_that_are_not_there(tmp_path):
    (tmp_path / "sleep.csv").write_text("g,y\n1,2\n")
    with pytest.raises(TableError, match=r"does not exist; did you mean sleep\.csv\?"):
        read_table(tmp_path / "slep.csv")
    with pytest.raises(TableError, match="neither does the folder"):
        read_table(tmp_path / "no" / "a.csv")
    with pytest.raises(TableError, match="is a folder"):
        read_table(tmp_path)


def test_parquet_with_duplicate_columns(tmp_path):
    import pyarrow.parquet as pq

    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["y", "y"])
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(TableError, match="more than one column 'y'"):
        read_table(tmp_path / "a.parquet")


# ---------------------------------------------------------------- rows and columns
@pytest.mark.parametrize("maker", MAKERS)
def test_missing_values_drop_rows_alike(maker):
    table = MAKERS[maker](COLUMNS)
    for name, kept in (("y", [0, 1, 3]), ("i", [0, 2, 3]), ("b", [0, 1, 2]), ("s", [0, 1, 3])):
        frame, rows, n_dropped = model_frame(table, [name])
        assert rows.tolist() == kept
        assert n_dropped == 1
        assert frame[name].tolist() == [COLUMNS[name][row] for row in kept]
    frame, rows, n_dropped = model_frame(table, ["s", "y"])
    assert list(frame) == ["s", "y"]
    assert (rows.tolist(), n_dropped) == ([0, 1, 3], 1)


@pytest.mark.parametrize("maker", MAKERS)
def test_columns_become_plain(maker):
    table = MAKERS[maker]({name: values[:1] for name, values in COLUMNS.items()})
    frame, _, _ = model_frame(table, COLUMNS)
    assert [str(frame[name].dtype) for name in COLUMNS] == ["float64", "int64", "bool", "str"]


def test_nan_in_polars_and_arrow_is_missing():
    for table in (pl.DataFrame({"x": [float("nan"), 1.0]}), pa.table({"x": [float("nan"), 1.0]})):
        assert model_frame(table, ["x"])[1].tolist() == [1]


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
        ({"x": [None, None]}, "every row has a missing value in one of: x"),
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


def test_dates_may_name_groups():
    frame, _, _ = model_frame({"x": [DAY, DAY]}, ["x"], labels={"x"})
    assert frame["x"].tolist() == ["2020-01-01"] * 2
