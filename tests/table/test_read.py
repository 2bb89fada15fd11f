"""Reading files."""

import gzip

import pandas as pd
import pyarrow as pa
import pytest

from bayesmixed.errors import TableError
from bayesmixed.table import read_table


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
        ("a.csv.gz", gzip.compress(b"g,y\n1,2\n" * 99, mtime=0)[:-9], "not a text table"),
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


def test_only_documented_words_are_missing(tmp_path):
    words = ["None", "null", "n/a", "NULL", "", "NA", "NaN", "nan", "."]
    (tmp_path / "a.csv").write_text("f,y\n" + "".join(f"{word},{k}\n" for k, word in enumerate(words)))
    found = read_table(tmp_path / "a.csv")["f"]
    assert found.dropna().tolist() == ["None", "null", "n/a", "NULL"]
    (tmp_path / "b.csv").write_text("x\n1.5\n.\nNA\n")
    assert read_table(tmp_path / "b.csv")["x"].isna().tolist() == [False, True, True]


@pytest.mark.parametrize("ending", [".csv", ".csv.gz"])
def test_codes_with_leading_zeros_are_text(tmp_path, ending):
    text = b'id,q,gap,x,zero,y\n01,"007",,0.5,0,1\n1,7,01,00.25,0,2\n10,8,1,3,-0,3\n'
    path = tmp_path / f"a{ending}"
    path.write_bytes(gzip.compress(text) if ending.endswith("gz") else text)
    found = read_table(path)
    assert found["id"].tolist() == ["01", "1", "10"]
    assert found["q"].tolist() == ["007", "7", "8"]
    assert found["gap"].isna().tolist() == [True, False, False]
    assert found["gap"].dropna().tolist() == ["01", "1"]
    assert found["x"].tolist() == [0.5, 0.25, 3.0]
    assert found[["zero", "y"]].dtypes.map(lambda dtype: dtype.kind).tolist() == ["i", "i"]
