"""Units of terms and parameters."""

import pytest

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
