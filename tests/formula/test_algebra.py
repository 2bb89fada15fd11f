"""Terms and their operators, calls and their arithmetic."""

import pytest

from bayesmixed.formula import parse_formula


def fixed(text):
    return parse_formula(f"y ~ {text} + (1 | g)").fixed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", "1 + `x`"),
        ("0 + x", "0 + `x`"),
        ("x - 1", "0 + `x`"),
        ("-1 + x", "0 + `x`"),
        ("x + -1", "0 + `x`"),
        ("0 + x + 1", "1 + `x`"),
        ("1", "1"),
        ("0", "0"),
        ("x + x", "1 + `x`"),
        ("a*b", "1 + `a` + `b` + `a`:`b`"),
        ("a:b + b:a", "1 + `a`:`b`"),
        ("a/b", "1 + `a` + `a`:`b`"),
        ("(a + b)/c", "1 + `a` + `b` + `a`:`b`:`c`"),
        ("a/(b + c)", "1 + `a` + `a`:`b` + `a`:`c`"),
        ("(a + b):c", "1 + `a`:`c` + `b`:`c`"),
        ("(a + b)^2", "1 + `a` + `b` + `a`:`b`"),
        ("(a + b + c)**2", "1 + `a` + `b` + `c` + `a`:`b` + `a`:`c` + `b`:`c`"),
        ("a*b*c - a:b:c", "1 + `a` + `b` + `c` + `a`:`b` + `a`:`c` + `b`:`c`"),
        ("a*b - (a + b)", "1 + `a`:`b`"),
        ("(a + poly(x, 2))*(b + c)", None),
        ("_x + `a b` + x.1", "1 + `_x` + `a b` + `x.1`"),
        ("I(x^2)", "1 + I((`x` ** 2))"),
        ("I(-x**2)", "1 + I((-(`x` ** 2)))"),
        ("I(x ** -1)", "1 + I((`x` ** (-1)))"),
        ("I((a + b)*c)", "1 + I(((`a` + `b`) * `c`))"),
        ("I(x + 1e-3)", "1 + I((`x` + 0.001))"),
        ("I(x * .5)", "1 + I((`x` * 0.5))"),
        ("I(x * 1e3)", "1 + I((`x` * 1000.0))"),
        ("I(f == 'a')", "1 + I((`f` == 'a'))"),
        ("bs(x, df=4, intercept=True)", "1 + bs(`x`, df=4, intercept=True)"),
        ("C(f, Treatment('b'))", "1 + C(`f`, Treatment('b'))"),
        ("C(f, Sum)", "1 + C(`f`, Sum)"),
    ],
)
def test_fixed_part(text, expected):
    assert expected is None or fixed(text) == expected


def test_fixed_part_without_terms_keeps_the_intercept_of_r():
    assert parse_formula("y ~ (1 | g)").fixed == "1"
    assert parse_formula("y ~ 0 + (1 | g)").fixed == "0"
