"""Parquet folders whose files differ: types, levels, gaps, empty files."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import bayesmixed as bm
from bayesmixed.errors import TableError

FORMULA = "y ~ t + f + h + (1 | g)"


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(3)
    g, f = rng.integers(0, 12, 240), rng.choice(list("abc"), 240)
    f[:80][f[:80] == "c"] = "a"  # no file has every level
    f[160:][f[160:] == "a"] = "b"
    y = rng.normal(size=240) + 2.0 * rng.normal(size=12)[g] + (f == "b")
    return pd.DataFrame({"y": y, "t": rng.integers(0, 50, 240), "f": f, "g": g, "h": rng.random(240) < 0.5})


def written(folder, table, *changes):
    """Three files, each with some columns of other types."""
    for k, change in enumerate(changes):
        part = pa.Table.from_pandas(table[80 * k : 80 * k + 80], preserve_index=False)
        for name, kind in change.items():
            column = kind(part[name]) if callable(kind) else part[name].cast(kind)
            part = part.set_column(part.schema.get_field_index(name), name, column)
        pq.write_table(part, folder / f"part{k}.parquet")
    return folder


def as_codes(column):
    return column.dictionary_encode()


def as_decimal(column):
    return pa.array([Decimal(value) for value in column.to_pylist()], pa.decimal128(10, 2))


def with_gaps(column):
    return pa.array([None if value in (3, 8, "a") else value for value in column.to_pylist()], column.type)


@pytest.mark.parametrize(
    "changes",
    [
        ({}, {}, {}),
        ({"t": pa.int8(), "g": pa.int16()}, {}, {"g": pa.int32()}),
        ({}, {"t": pa.float32()}, {"t": pa.int8()}),
        ({"f": as_codes}, {"f": as_codes}, {"f": as_codes}),
        ({"f": as_codes}, {}, {"f": pa.large_string()}),
        ({}, {"f": as_codes}, {}),
        ({"t": as_decimal}, {"t": as_decimal}, {"t": as_decimal}),
        ({}, {"t": as_decimal}, {}),
    ],
)
def test_types_of_files_may_differ(table, tmp_path, changes):
    model = bm.MixedModel(FORMULA, written(tmp_path, table, *changes))
    want = bm.MixedModel(FORMULA, table)
    assert model.reml().criterion == pytest.approx(want.reml().criterion, abs=1e-9)
    assert model.design.levels == want.design.levels
    assert model.design.fixed_labels == want.design.fixed_labels


@pytest.mark.parametrize("where", [0, 1, 2])
def test_gaps_in_one_file(table, tmp_path, where):
    changes = [{}, {}, {}]
    changes[where] = {"t": with_gaps, "f": with_gaps}
    model = bm.MixedModel(FORMULA, written(tmp_path, table, *changes))
    gaps = table.index // 80 == where
    want = bm.MixedModel(
        FORMULA,
        table.assign(
            t=table["t"].where(~(gaps & table["t"].isin([3, 8]))),
            f=table["f"].where(~(gaps & (table["f"] == "a"))),
        ),
    )
    assert model.reml().criterion == pytest.approx(want.reml().criterion, abs=1e-9)
    assert (model.design.n_dropped, model.design.missing) == (want.design.n_dropped, want.design.missing)


@pytest.mark.parametrize("kind", [pa.null(), pa.int64()])
@pytest.mark.parametrize("where", [0, 1])
def test_a_file_that_lacks_a_column(table, tmp_path, kind, where):
    changes = [{}, {}, {}]
    changes[where] = {"t": lambda column: pa.nulls(len(column), kind)}
    model = bm.MixedModel(FORMULA, written(tmp_path, table, *changes))
    kept = table[table.index // 80 != where]
    assert model.reml().criterion == pytest.approx(bm.MixedModel(FORMULA, kept).reml().criterion, abs=1e-9)
    assert model.design.n_dropped == 80


@pytest.mark.parametrize("name", ["a0.parquet", "z.parquet"])
def test_an_empty_file(table, tmp_path, name):
    written(tmp_path, table, {}, {}, {})
    pq.write_table(pa.Table.from_pandas(table[:0], preserve_index=False), tmp_path / name)
    model = bm.MixedModel(FORMULA, tmp_path)
    assert model.reml().criterion == pytest.approx(bm.MixedModel(FORMULA, table).reml().criterion, abs=1e-9)


@pytest.mark.parametrize("kind", [pa.timestamp("s"), pa.string()])
def test_groups_of_other_kinds(table, tmp_path, kind):
    model = bm.MixedModel(FORMULA, written(tmp_path, table, *[{"g": kind}] * 3))
    assert model.reml().criterion == pytest.approx(bm.MixedModel(FORMULA, table).reml().criterion, abs=1e-9)


def test_folders_named_by_a_column(table, tmp_path):
    for k, site in enumerate("abc"):
        (tmp_path / f"site={site}").mkdir()
        written(tmp_path / f"site={site}", table[80 * k : 80 * k + 80], {"t": pa.int8() if k else pa.int64()})
    formula = "y ~ t + site + (1 | g)"
    want = bm.MixedModel(formula, table.assign(site=np.repeat(list("abc"), 80)))
    assert bm.MixedModel(formula, tmp_path).reml().criterion == pytest.approx(want.reml().criterion, abs=1e-9)


@pytest.mark.parametrize("name", ["t", "g"])
def test_text_in_one_file_is_no_number(table, tmp_path, name):
    written(tmp_path, table, {}, {name: pa.string()}, {})
    with pytest.raises(TableError, match=f"'{name}' is text in some files"):
        bm.MixedModel(FORMULA, tmp_path)
    bm.MixedModel(f"y ~ h + (1 | {'g' if name == 't' else 't'})", tmp_path)  # not used: not looked at


def test_dates_are_no_numbers(table, tmp_path):
    with pytest.raises(TableError, match="dates"):
        bm.MixedModel(FORMULA, written(tmp_path, table, *[{"t": pa.timestamp("s")}] * 3))


def test_a_damaged_file(table, tmp_path):
    written(tmp_path, table, {}, {}, {})
    path = tmp_path / "part1.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(TableError, match="is not a Parquet table"):
        bm.MixedModel(FORMULA, tmp_path)


def test_rows_of_a_dataset_can_be_chosen(table, tmp_path):
    written(tmp_path, table, {}, {"t": pa.int8()}, {})
    chosen = ds.dataset(tmp_path).filter(ds.field("t") >= 10)
    few = bm.MixedModel(FORMULA, chosen)
    whole = bm.MixedModel(FORMULA, table[table["t"] >= 10])
    assert few.design.n_obs == whole.design.n_obs < len(table)
    np.testing.assert_allclose(few.reml().beta, whole.reml().beta, rtol=1e-9)
    in_memory = ds.dataset(pa.Table.from_pandas(table)).filter(ds.field("t") >= 10)
    assert bm.MixedModel(FORMULA, in_memory).design.n_obs == whole.design.n_obs


def test_chosen_rows_of_files_of_different_kinds_are_refused(table, tmp_path):
    written(tmp_path, table, {}, {"g": pa.string()}, {})
    with pytest.raises(TableError, match="text in some files"):
        bm.MixedModel(FORMULA, ds.dataset(tmp_path).filter(ds.field("t") >= 10))
