"""Units of terms and parameters."""

import re

import pandas as pd
import polars as pl
import pytest

import bayesmixed as bm
from bayesmixed.units import Units, with_unit

UNITS = Units({"Reaction": "ms", "Days": "d", "Dose": "mg"}, "Reaction")


@pytest.mark.parametrize(
    ("term", "unit"),
    [
        ("Intercept", "ms"),
        ("1", "ms"),
        ("Days", "ms/d"),
        ("Type", "ms"),
        ("Days:Type", "ms/d"),
        ("Days:Dose", "ms/d/mg"),
        ("log(Days)", "ms per log(Days)"),
        ("Dose:log(Days)", "ms/mg per log(Days)"),
    ],
)
def test_terms(term, unit):
    assert UNITS.of_term(term) == unit


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("sigma", "ms"),
        ("Days", "ms/d"),
        ("Type[T2]", "ms"),
        ("1|Subject_sigma", "ms"),
        ("Days|Subject_sigma", "ms/d"),
        ("Type|Subject_sigma[T2]", "ms"),
        ("Subject_corr", ""),
        ("Subject_corr[Intercept,Days]", ""),
    ],
)
def test_parameters(name, unit):
    assert UNITS.of_parameter(name) == unit


def test_without_a_unit_of_y():
    units = Units({"Days": "d"}, "Reaction")
    assert units.of_y == ""
    assert units.of_term("Days") == "1/d"
    assert units.of_term("Intercept") == ""


def test_without_any_unit():
    units = Units({}, "y")
    assert units.of_term("log(x)") == ""
    assert units.of_parameter("x|g_sigma") == ""


def test_numbers_with_units():
    assert with_unit("25.6", "ms") == "25.6 ms"
    assert with_unit("25.6", "") == "25.6"


# ---------------------------------------------------------------- what the user gives
TABLE = {"y": [3.0, 4, 6, 1, 2, 8, 5], "t": [1.0, 2, 3, 1, 2, 1, 3], "x": range(7), "g": list("aaabbcc")}
FORMULA = "y ~ log(t) + (1 | g)"


@pytest.mark.parametrize(
    "as_table", [dict, pd.DataFrame, pl.DataFrame, pl.LazyFrame, lambda d: pl.DataFrame(d).to_arrow()]
)
def test_units_of_unused_columns_are_left_out(as_table):
    units = bm.MixedModel(FORMULA, as_table(TABLE), units={"y": "ms", "t": "d", "x": "kg"}).units
    assert units == Units({"y": "ms", "t": "d"}, "y")


def test_units_of_transformed_terms_are_taken():
    assert bm.MixedModel(FORMULA, TABLE, units={"log(t)": "log d"}).units.columns == {"log(t)": "log d"}


@pytest.mark.parametrize(("name", "near"), [("Y", "y"), ("log(T)", "log(t)"), ("X", "x"), (5, "")])
def test_units_of_no_column_are_refused(name, near):
    with pytest.raises(
        bm.DesignError, match=f"units: the table has no column .*; did you mean '{re.escape(near)}"
    ):
        bm.MixedModel(FORMULA, TABLE, units={name: "ms"})


def test_a_unit_is_text():
    with pytest.raises(bm.DesignError, match="the unit of 'y' must be text, such as 'ms', not 5"):
        bm.MixedModel(FORMULA, TABLE, units={"y": 5})
