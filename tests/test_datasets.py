"""The bundled tables: their numbers, types, sources and names."""

import dataclasses
import doctest

import pandas as pd
import pytest
from pandas.api.types import is_numeric_dtype, is_string_dtype

import bayesmixed.datasets
from bayesmixed.datasets import dataset_info, list_datasets, load_dataset
from bayesmixed.errors import TableError
from tests.reference import load_reference, table_path

NAMES = ["teaching", "sleepstudy", "Dyestuff", "Dyestuff2", "ergoStool"]


def test_the_list_of_tables():
    assert list_datasets() == NAMES


@pytest.mark.parametrize(
    ("name", "rows", "factor", "groups"),
    [
        ("teaching", 12, "ID", 3),
        ("sleepstudy", 180, "Subject", 18),
        ("Dyestuff", 30, "Batch", 6),
        ("Dyestuff2", 30, "Batch", 6),
        ("ergoStool", 36, "Subject", 9),
    ],
)
def test_rows_and_groups_of_a_balanced_table(name, rows, factor, groups):
    sizes = load_dataset(name)[factor].value_counts()
    assert (sizes.sum(), len(sizes)) == (rows, groups)
    assert sizes.nunique() == 1


@pytest.mark.parametrize(
    ("name", "response", "mean"),
    [
        ("teaching", "y", 45.2 / 12),
        ("Dyestuff", "Yield", 1527.5),
        ("Dyestuff2", "Yield", 5.6656),
        ("ergoStool", "effort", 10.25),
        ("sleepstudy", "Reaction", 298.50789),
    ],
)
def test_mean_response(name, response, mean):
    assert load_dataset(name)[response].mean() == pytest.approx(mean, rel=1e-7)


def test_teaching_table_row_by_row():
    table = load_dataset("teaching")
    assert list(table.columns) == ["ID", "group", "time", "y"]
    by_subject = [list(rows["y"]) for _, rows in table.groupby("ID")]
    assert by_subject == [[3.0, 3.6, 4.4, 5.1], [2.5, 2.8, 3.2, 3.9], [3.5, 3.9, 4.2, 5.1]]
    assert list(table["time"]) == [1, 2, 3, 4] * 3


@pytest.mark.parametrize("name", NAMES)
def test_labels_are_strings_and_the_rest_are_numbers(name):
    table, info = load_dataset(name), dataset_info(name)
    for column in table:
        right_type = is_string_dtype if column in info.labels else is_numeric_dtype
        assert right_type(table[column]), column
    assert not table.isna().any(axis=None)


def test_a_subject_code_stays_text():
    assert load_dataset("sleepstudy")["Subject"].iloc[0] == "308"


@pytest.mark.parametrize("name", NAMES)
def test_facts_belong_to_the_table(name):
    table, info = load_dataset(name), dataset_info(name)
    assert list(info.columns) == list(table.columns)
    assert {*info.units, *info.labels} <= set(table.columns)
    assert info.source.endswith(".")
    assert info.formula.split(" ~ ")[0] in table.columns
    assert str(info).startswith(f"{info.name}: {info.title}")


def test_facts_cannot_be_changed():
    info = dataset_info("sleepstudy")
    with pytest.raises(dataclasses.FrozenInstanceError):
        info.title = "another"
    with pytest.raises(TypeError):
        info.units["Days"] = "h"


@pytest.mark.parametrize("name", ["SLEEPSTUDY", "SleepStudy"])
def test_names_ignore_case(name):
    pd.testing.assert_frame_equal(load_dataset(name), load_dataset("sleepstudy"))


def test_each_call_reads_anew():
    table = load_dataset("teaching")
    table.loc[0, "y"] = -1.0
    assert load_dataset("teaching").loc[0, "y"] == 3.0


@pytest.mark.parametrize("ask", [load_dataset, dataset_info])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sleepstudie", r"no data set 'sleepstudie'. Did you mean 'sleepstudy'\?"),
        ("ergostol", r"Did you mean 'ergoStool'\?"),
        ("zzz", "no data set 'zzz'. Choose one of: teaching, sleepstudy, Dyestuff"),
    ],
)
def test_unknown_name_offers_the_nearest(ask, name, message):
    with pytest.raises(TableError, match=message):
        ask(name)


def test_unbalanced_rows_are_rows_of_sleepstudy():
    rows = pd.read_csv(table_path("sleepstudy_unbalanced"), dtype={"Subject": "str"})
    assert len(rows) == 117
    assert len(rows.merge(load_dataset("sleepstudy"))) == 117


def test_golden_numbers_were_made_from_these_tables():
    fits = {name: fit for name, fit in load_reference("lme4").items() if name != "versions"}
    for fit in fits.values():
        path = table_path(fit["data"])
        table = pd.read_csv(path) if path.exists() else load_dataset(fit["data"])
        assert fit["REML"]["nobs"] == len(table), fit["formula"]


def test_examples_in_docstrings():
    result = doctest.testmod(bayesmixed.datasets)
    assert result.attempted > 0
    assert result.failed == 0
