"""The whole specification of a formula."""

import subprocess
import sys

import pytest

from bayesmixed.errors import FormulaError
from bayesmixed.formula import parse_formula


def test_specification_of_the_usual_formula():
    specification = parse_formula("Reaction ~ Days + (Days | Subject)")
    assert specification.response == "`Reaction`"
    assert specification.response_name == "Reaction"
    assert specification.fixed == "1 + `Days`"
    assert specification.columns == ("Reaction", "Days", "Subject")
    assert specification.factor == ("Subject",)
    (term,) = specification.random
    assert (term.effects, term.correlated) == ("1 + `Days`", True)
    assert (term.source, term.position) == ("(Days | Subject)", 18)


def test_response_may_be_a_call():
    specification = parse_formula("log(y + 1) ~ x + (1 | g)")
    assert specification.response == "log((`y` + 1))"
    assert specification.response_name == "log(y + 1)"


def test_columns_that_name_levels():
    specification = parse_formula("y ~ C(day, Sum)*x + C(f) + (1 | g)")
    assert specification.categorical == ("day", "f")


def test_functions_of_the_user():
    specification = parse_formula("y ~ mine(x, 2) + (1 | g)", functions=["mine"])
    assert specification.fixed == "1 + mine(`x`, 2)"


def test_line_breaks_are_spaces():
    specification = parse_formula("y ~ x +\n  (1 | g)")
    assert specification.fixed == "1 + `x`"
    with pytest.raises(FormulaError, match="unexpected") as caught:
        parse_formula("y ~ x\n  z + (1 | g)")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["log", "p", "offset", "Sum", "_f", "a.b"])
def test_names_that_functions_cannot_have(name):
    with pytest.raises(FormulaError, match="functions:"):
        parse_formula("y ~ (1 | g)", functions=[name])


def test_a_formula_is_text():
    with pytest.raises(FormulaError, match="must be text, not int"):
        parse_formula(3)


def test_only_the_standard_library_is_imported():
    code = (
        "import sys; import bayesmixed.formula; "
        "print([m for m in ('numpy', 'pandas', 'formulae') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
