"""The tokenizer and parser: nothing is dropped, everything else is refused with its place."""

import subprocess
import sys

import pytest

from bayesmixed.errors import FormulaError
from bayesmixed.formula import parse_formula, tokenize


def fixed(text):
    return parse_formula(f"y ~ {text} + (1 | g)").fixed


def effects(text):
    return [(term.effects, term.correlated) for term in parse_formula(f"y ~ {text}").random]


def test_tokens_know_their_position():
    tokens = tokenize("y ~ `a b`^2")
    assert [(token.text, token.position) for token in tokens] == [
        ("y", 0),
        ("~", 2),
        ("`a b`", 4),
        ("^", 9),
        ("2", 10),
        ("", 11),
    ]


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
        ("a*b*c - a:b:c", "1 + `a` + `b` + `a`:`b` + `c` + `a`:`c` + `b`:`c`"),
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("y ~ (1|g)) + x", "unexpected ')' at character 10 of 'y ~ (1|g)) + x'"),
        ("y ~ x^2 + (1|g)", "write I(x**2) for '^' at character 6"),
        ("y ~ x**2 + (1|g)", "write I(x**2) for '**' at character 6"),
        ("y ~ (x)^2 + (1|g)", "powers belong inside I()"),
        ("y ~ (a + b)^x + (1|g)", "need a whole number; at character 13"),
        ("y ~ 2 + (1|g)", "the number 2 outside a call; at character 5"),
        ("y ~ 2*x + (1|g)", "the number 2 outside a call; at character 5"),
        ("y ~ 1:x + (1|g)", "a number cannot be combined by ':'; at character 5"),
        ("y ~ 1e-3 + (1|g)", "the number 1e-3 outside a call"),
        ("y ~ np.save(x) + (1|g)", "the call np.save(...) is not possible"),
        ("y ~ np.log(x) + (1|g)", "write log(...)"),
        ("y ~ I(os.system(x)) + (1|g)", "the call os.system(...) is not possible"),
        ("y ~ lgo(x) + (1|g)", "unknown function 'lgo': did you mean 'log'?"),
        ("y ~ eval(x) + (1|g)", "unknown function 'eval'"),
        ("y ~ mod(a, b)(x) + (1|g)", "unknown function 'mod'"),
        ("y ~ log(x)(z) + (1|g)", "unexpected '(' at character 11"),
        ("y ~ Sum(x) + (1|g)", "alone it cannot stand"),
        ("y ~ x.mean() + (1|g)", "the call x.mean(...) is not possible"),
        ("y ~ x[1] + (1|g)", "[...] are not possible in a formula; at character 6"),
        ("y ~ bs(x, knots=[1, 2]) + (1|g)", "[...] are not possible in a formula"),
        ("y ~ {x} + (1|g)", "write I(...) instead of {...}"),
        ("y ~ lambda x: x", "unexpected 'x' at character 12"),
        ("y ~ a % b + (1|g)", "unexpected character '%' at character 7"),
        ("y ~ a; b", "unexpected character ';'"),
        ("y ~ 'x' + (1|g)", "a text ('x') can only stand inside a call"),
        ("y ~ 'x + (1|g)", "the ' is never closed, opened at character 5"),
        ("y ~ `x + (1|g)", "the ` is never closed"),
        ('y ~ I(f == "it\'s") + (1|g)', "a text with a quotation mark inside"),
        ("y ~ x z + (1|g)", "unexpected 'z' at character 7"),
        ("y ~ 2x + (1|g)", "the number 2 outside a call"),
        ("y ~ x +", "the end of 'y ~ x +'"),
        ("y ~ (x | g", "expected ')' but found the end"),
        ("y ~ log(x + (1|g)", "'|' belongs inside a bracket"),
        ("y ~ (| g)", "nothing before '|'"),
        ("y ~ (1 |)", "nothing after '|'"),
        ("y ~ (1 || )", "nothing after '||'"),
        ("y ~ ()", "unexpected ')'"),
        ("y ~ (0 | g)", "a bracket without any effect; at character 5"),
        ("y ~ x | g", "'|' belongs inside a bracket such as (1 | group); at character 7"),
        ("y ~ ((1 | g))", "must be added by '+' on its own; at character 6"),
        ("y ~ (x + (1 | g) | h)", "must be added by '+' on its own; at character 10"),
        ("y ~ x:(1 | g)", "must be added by '+' on its own; at character 7"),
        ("y ~ (1 | g):x", "cannot be combined by ':'; at character 12"),
        ("y ~ (1 | g)*2", "cannot be combined by '*'"),
        ("y ~ x - (1 | g)", "a minus before a bracket; at character 9"),
        ("y ~ log(x | g) + (1|g)", "'|' belongs inside a bracket"),
        ("y ~ (1 | log(g))", "only columns joined by ':' can stand; at character 10"),
        ("y ~ (1 | 1)", "only columns joined by ':' can stand"),
        ("y ~ (1 | g | h)", "a second bar in one bracket; at character 12"),
        ("y ~ (1 | a/b)", "this formula has two: 'a' and 'a:b'"),
        ("y ~ (1 | a) + (x | b)", "one grouping factor for now; this formula has two: 'a' and 'b'"),
        ("y ~ (1 | a + b)", "this formula has two: 'a' and 'b'"),
        ("y ~ (1 | a*b)", "this formula has three: 'a', 'b' and 'a:b'"),
        ("y ~ x", "a mixed model needs one, e.g. + (1 | group)"),
        ("y ~ (1|g) + (x|g)", "'Intercept' stands in two brackets, (1|g) and (x|g)"),
        ("y ~ (1|g) + (1|g)", "'Intercept' stands in two brackets"),
        ("y ~ (x|g) + (0 + x|g)", "'x' stands in two brackets"),
        ("y ~ x - z + (1|g)", "'- z' removes a term that is not there"),
        ("y ~ -x + (1|g)", "'- x' removes a term that is not there"),
        ("y ~ offset(x)*2 + (1|g)", "an offset cannot be combined by '*'"),
        ("y ~ x*offset(z) + (1|g)", "offset(...) must be added by '+' on its own"),
        ("y ~ log(offset(z)) + (1|g)", "offset(...) must be added by '+' on its own"),
        ("y ~ (offset(z) | g)", "offset(...) must be added by '+' on its own"),
        ("y ~ x - offset(z) + (1|g)", "a minus before an offset"),
        ("y ~ offset(2) + (1|g)", "offset(...) names no column"),
        ("y ~ I(2) + (1|g)", "I(2) names no column"),
        ("y ~ True + (1|g)", "unexpected 'True'"),
        ("y + z ~ x + (1|g)", "the response must be one column or one call"),
        ("2*y ~ x + (1|g)", "the response must be one column or one call"),
        ("~ x + (1|g)", "nothing before '~'"),
        ("y ~ ", "nothing after '~'"),
        ("y x + (1|g)", "no '~' in"),
        ("y ~ x ~ (1|g)", "a second '~' at character 7"),
        ("  ", "the formula is empty"),
        ("y ~ y + (1|g)", "the response 'y' is also a predictor"),
        ("y ~ chain + (1|g)", "rename the column 'chain'"),
        ("y ~ x + (1|draw)", "rename the column 'draw'"),
        ("sigma ~ x + (1|g)", "rename the column 'sigma'"),
        ("y ~ log(Intercept) + (1|g)", "rename the column 'Intercept'"),
        ("y ~ `1|g` + (1|g)", "a name cannot hold '|'"),
        ("y ~ g_corr + (1|g)", "rename the column 'g_corr'"),
        ("y ~ Sum + C(f, Sum) + (1|g)", "also the name of a contrast"),
        ("y ~ I((a+b)*c) + I(a+b*c) + (1|g)", "both printed as 'I(a + b * c)'"),
        ("y ~ a:b + `a:b` + (1|g)", "two different terms are both printed as 'a:b'"),
        ("y ~ bs(df=4, x) + (1|g)", "an argument without a name after one with a name"),
    ],
)
def test_refused_in_one_line(text, message):
    with pytest.raises(FormulaError) as caught:
        parse_formula(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


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
