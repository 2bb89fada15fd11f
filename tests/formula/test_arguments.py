"""Calls with arguments that a transformation does not take say what it takes."""

import pytest

from bayesmixed.errors import FormulaError
from bayesmixed.formula import parse_formula


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("log(t, 2)", "log(t, 2): it takes one argument; write log(x), to base e, or log2(x) or log10(x)"),
        ("log(t, base=2)", "log(t, base=2): there is no argument 'base'; write log(x)"),
        ("log()", "log() names no column"),
        ("exp(t, 1)", "exp(t, 1): it takes one argument; write exp(x)"),
        ("I()", "I() names no column"),
        ("I(t, 2)", "I(t, 2): it takes one argument; write I(x), with arithmetic inside"),
        ("center()", "center() names no column"),
        ("center(t, 1)", "center(t, 1): it takes one argument; write center(x)"),
        ("scale(t, foo=1)", "scale(t, foo=1): there is no argument 'foo'; write scale(x)"),
        ("scale(t, x=t)", "scale(t, x=t): the argument 'x' is given twice"),
        ("C(f, 'b')", "C(f, 'b'): 'b' is no contrast; for the reference level 'b' write C(f, Treatment('b'))"),
        ("C(f, b)", "C(f, b): b is no contrast; for the reference level 'b' write C(f, Treatment('b'))"),
        ("C(f, contrast=2)", "for the reference level 2 write C(f, Treatment(2))"),
        ("C('b', f)", "C('b', f): the column comes first, not 'b'; write C(x)"),
        ("C(f, Sum, 3)", "C(f, Sum, 3): it takes two arguments"),
        ("C(f, levels='ab')", "there is no argument 'levels'"),
        ("C(f, Treatment(b))", "Treatment(b): b is not in quotation marks, as a level must be; write Treatment"),
        ("C(f, Treatment(ref='b'))", "Treatment(ref='b'): there is no argument 'ref'; write Treatment(\"b\")"),
        ("C(f, Sum('a', 'b'))", "Sum('a', 'b'): it takes one argument"),
        ("poly(t, 'a')", "poly(t, 'a'): degree must be a whole number from 1 on, not 'a'; write poly(x, 2)"),
        ("poly(t, 1001)", "degree must be at most 1000, not 1001"),
        ("bs(t, df=1000000000)", "df must be at most 1000, not 1000000000"),
        ("bs(t, df=5, degree=2000)", "degree must be at most 1000, not 2000"),
        ("poly(t, 0)", "degree must be a whole number from 1 on, not 0"),
        ("poly(t, 1.5)", "degree must be a whole number from 1 on, not 1.5"),
        ("poly(t, True)", "degree must be a whole number from 1 on, not True"),
        ("poly(t, x)", "degree must be a whole number from 1 on, not x"),
        ("poly(t, `2`)", "degree must be a whole number from 1 on, not 2"),
        ("poly(t, 2, raw='yes')", "raw must be True or False, not 'yes'"),
        ("bs(t)", "bs(t): the number of its columns, df, is missing; write bs(x, df=4)"),
        ("bs(t, df='a')", "df must be a whole number from 3 on, not 'a'"),
        ("bs(t, df=2)", "df must be a whole number from 3 on, not 2"),
        ("bs(t, df=3, intercept=True)", "df must be a whole number from 4 on, not 3"),
        ("bs(t, df=4, degree=-1)", "degree must be a whole number from 0 on, not -1"),
        ("bs(t, df=4, intercept='a')", "intercept must be True or False, not 'a'"),
        ("bs(t, df=4, lower_bound=x)", "lower_bound must be a number, not x"),
        ("bs(t, knots=2)", "knots can only come from a call of your own function; give df instead"),
        ("bs(t, nonsense=1)", "bs(t, nonsense=1): there is no argument 'nonsense'; write bs(x, df=4)"),
    ],
)
def test_refused_in_one_line_with_what_to_write(call, message):
    with pytest.raises(FormulaError) as caught:
        parse_formula(f"y ~ {call} + (1 | g)")
    assert message in str(caught.value)
    assert "at character" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "call",
    [
        *(
            "log(x=t)",
            "C(f, None)",
            "C(f, Treatment)",
            "C(f, contrast=Sum('a'))",
            "C(f, Treatment(reference='b'))",
        ),
        *("poly(t)", "poly(t, degree=2)", "poly(t, 2, raw=True)", "bs(t, 4)", "bs(t, df=3, degree=1)"),
        *("bs(t, df=4, lower_bound=-1, upper_bound=9.5)", "bs(t, knots=own(t))", "own(t, 2, anything='goes')"),
    ],
)
def test_what_they_do_take(call):
    specification = parse_formula(f"y ~ {call} + (1 | g)", ["own"])
    assert specification.columns[:1] == ("y",)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("y ~ y + (1 | g)", "the response 'y' is also a predictor: remove it there"),
        ("log(y) ~ log(y) + (1 | g)", "the response 'log(y)' is also a predictor"),
        ("log(y) ~ y + (1 | g)", "the response 'log(y)' and the predictor 'y' are made of the same column 'y'"),
        ("y ~ t:log(y) + (1 | g)", "the response 'y' and the predictor 'log(y)' are made of the same column 'y'"),
        ("y ~ t + (I(y**2) | g)", "and the predictor 'I(y ** 2)' in the bracket (I(y**2) | g) are made of"),
        ("y ~ t + offset(y) + (1 | g)", "the response 'y' is also in offset(...): remove it there"),
        ("y ~ offset(2 * y) + (1 | g)", "the predictor '2 * y' in offset(...) are made of the same column"),
        ("y ~ t + (1 | y)", "is also in the bracket (1 | y), so that it does not vary within groups"),
        ("log(y) ~ t + (1 | y)", "the response 'log(y)' is also in the bracket (1 | y)"),
        ("I(y - z) ~ t + (1 | y:z)", "the response 'I(y - z)' is also in the bracket (1 | y:z)"),
        ("own(y) ~ t + (1 | y)", "the response 'own(y)' is also in the bracket (1 | y)"),
    ],
)
def test_the_response_does_not_explain_itself(formula, message):
    with pytest.raises(FormulaError) as caught:
        parse_formula(formula, ["own"])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "formula",
    [
        "I(y - z) ~ z + (1 | g)",  # a change and where it began
        "I(y - z) ~ I(y + z) + (1 | g)",
        "y ~ lag(y) + (1 | g)",
        "change(y) ~ y + (1 | g)",
        "I(y - z) ~ t + (1 | z)",
    ],
)
def test_a_response_may_share_columns_with_predictors(formula):
    assert parse_formula(formula, ["lag", "change"]).formula == formula
