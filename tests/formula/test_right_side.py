"""Brackets, their groups, and offsets."""

import pytest

from bayesmixed.formula import parse_formula


def effects(text):
    return [(term.effects, term.correlated) for term in parse_formula(f"y ~ {text}").random]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(1 | g)", [("1", True)]),
        ("(x | g)", [("1 + `x`", True)]),
        ("(0 + x | g)", [("0 + `x`", True)]),
        ("(x - 1 | g)", [("0 + `x`", True)]),
        ("(x || g)", [("1 + `x`", False)]),
        ("(1 | g) + (0 + x | g)", [("1", True), ("0 + `x`", True)]),
        ("(x + z | g)", [("1 + `x` + `z`", True)]),
        ("(x*z | a:b)", [("1 + `x` + `z` + `x`:`z`", True)]),
        ("((x + z) | g)", [("1 + `x` + `z`", True)]),
    ],
)
def test_brackets_stay_apart(text, expected):
    assert effects(text) == expected


def test_interaction_of_columns_as_groups():
    specification = parse_formula("y ~ (1 | a:b)")
    assert specification.factor == ("a", "b")
    assert specification.factor_name == "a:b"


def test_offsets_add_up_and_take_expressions():
    specification = parse_formula("y ~ offset(log(n)) + x + offset(2*z) + (1 | g)")
    assert specification.offsets == ("log(`n`)", "(2 * `z`)")
    assert specification.fixed == "1 + `x`"
    assert specification.columns == ("y", "n", "x", "z", "g")
