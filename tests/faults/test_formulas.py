"""Any text as a formula: a specification or one line of the package's own, and nothing done on the way.

Cases at the end of a list were found by the fuzzer (fuzz.py).
"""

import builtins
import warnings

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bayesmixed as bm
from bayesmixed.design import build_design
from bayesmixed.formula import parse_formula
from bayesmixed.formula.vocabulary import CONTRASTS, TRANSFORMATIONS
from tests.faults.fuzz import COMMON, OPERATORS, TERMS, WORDS, WRAPS, table
from tests.faults.watch import watched

TABLE = table()
ANY = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=200, derandomize=True)


def outcome(text, rows=TABLE):
    """The error of this package that came of a formula, None of a design; nothing was done meanwhile."""
    build_design(parse_formula("y ~ x + k + (x | g)"), TABLE)  # what is imported late is no doing of the formula
    with watched() as events, warnings.catch_warnings():
        warnings.simplefilter("ignore", bm.BayesmixedWarning)
        try:
            build_design(parse_formula(text), rows)
            error = None
        except bm.BayesmixedError as caught:
            error = caught
    assert events == []
    if error is not None:
        assert str(error).strip()
        assert "\n" not in str(error)
        assert all(one.isprintable() or one == "\u3000" or one.isspace() for one in str(error))
    return error


# ---------------------------------------------------------------- by hypothesis
@ANY
@given(st.text(st.characters(), max_size=60))
def test_raw_text(text):
    outcome(text)
    outcome(COMMON.format(text))


@ANY
@given(st.lists(st.sampled_from(WORDS), max_size=25))
def test_words_of_the_language_in_any_order(words):
    outcome(" ".join(words))
    outcome(COMMON.format("".join(words)))


def wrapped(inside):
    return st.tuples(st.sampled_from(WRAPS), inside).map(lambda pair: f"{pair[0]}({pair[1]})")


def joined(inside):
    return st.tuples(inside, st.sampled_from(OPERATORS), inside).map("".join)


@ANY
@given(st.recursive(st.sampled_from(TERMS), lambda one: wrapped(one) | joined(one), max_leaves=6))
def test_terms_that_the_grammar_knows(text):
    outcome(COMMON.format(text))


# ---------------------------------------------------------------- found by the fuzzer, or thought of
@pytest.mark.parametrize(
    "text",
    [
        "y ~ I(" + "(" * 3000 + "x" + ")" * 3000 + ") + (1 | g)",
        "y ~ " + "log(" * 400 + "x" + ")" * 400 + " + (1 | g)",
        "y ~ I(" + "-" * 3000 + "x) + (1 | g)",
        "y ~ I(x" + "**2" * 3000 + ") + (1 | g)",
        "y ~ I(x" + "+1" * 3000 + ") + (1 | g)",
        "y ~ C(x, Treatment(" + "(" * 300 + "1" + ")" * 300 + ")) + (1 | g)",
    ],
)
def test_deep_nesting_ends_in_our_own_error(text):
    """How deep is too deep depends on the caller's own stack: then another error of ours comes first."""
    assert isinstance(outcome(text), bm.BayesmixedError)


@pytest.mark.parametrize("number", ["1" * 5000, "1e400", "9" * 400 + ".5"])
def test_a_number_that_no_double_holds(number):
    assert isinstance(outcome(f"y ~ I(x + {number}) + (1 | g)"), bm.FormulaError)


def test_a_number_with_zeros_first_is_the_number():
    assert parse_formula("y ~ I(x * 007) + (1 | g)").fixed == "1 + I((`x` * 7))"


@pytest.mark.parametrize("exponent", ["1" * 5000, "0", "10", "x", "1.0", "²", "٣"])
def test_an_exponent_of_a_bracket(exponent):
    assert isinstance(outcome(f"y ~ (x + z)^{exponent} + (1 | g)"), bm.FormulaError)


def test_products_of_many_terms_are_refused_at_once():
    names = [f"v{k}" for k in range(26)]
    for text in ("*".join(names), f"({' + '.join(names)})^9", "/".join(names * 40), "*".join(names[:10])):
        assert "1,000 are the most" in str(outcome(COMMON.format(text))) or len(text) > 500
    assert len(parse_formula(COMMON.format("*".join(names[:9]))).columns) == 11


def test_many_terms_in_a_sum_are_read():
    names = [f"v{k}" for k in range(3000)]
    assert len(parse_formula(COMMON.format(" + ".join(names))).columns) == 3002


@pytest.mark.parametrize("inner", ["abs(x)", "scale(x)", "I(x > 0)", "center(abs(x))"])
def test_a_call_of_a_call_beside_the_call_of_a_column(inner):
    """formulae compares them, and its comparison of a call with a column raised an AttributeError."""
    assert isinstance(outcome(f"y ~ I({inner}) + I(x) + (1 | g)"), bm.DesignError | None)
    assert outcome(f"y ~ scale({inner}) + scale(z) + (1 | g)") is None


@pytest.mark.parametrize("name", ["`a\nb`", "`a\x1b[31mb`", "`a\u202eb`", "`\x9b1m`", "`a\rb`", "`\x00`"])
def test_control_characters_of_a_name_do_not_reach_the_message(name):
    for text in (f"y ~ x^{name} + (1 | g)", f"y ~ {name} + (1 | g)", f"y ~ {name}", f"y ~ (1 | {name}) + x^2"):
        assert outcome(text) is not None


# ---------------------------------------------------------------- nothing else of Python
ATTEMPTS = (
    *('__import__("os")', '__import__("os").system("true")', "x.__class__", "x.__class__.__mro__", "().__class__"),
    *('open("found.txt", "w")', 'np.save("found", x)', "np.log(x)", 'os.system("true")', "x.to_csv('found.txt')"),
    *(
        "lambda: 1",
        "(lambda: 1)()",
        "[x for x in y]",
        "{x for x in y}",
        "{1: 2}",
        "[x]",
        "(x, z)",
        "x[0]",
        "x['a']",
    ),
    *('f"{x}"', "f'{__import__(\"os\")}'", 'f"{open}"', "(n := 1)", "x if z else y", "x and z", "not x", "x in z"),
    *("log.__globals__", "log.__globals__['np']", "poly.__init__(x)", "scale.__class__(x)", "I.mro()", "__name__"),
    *("__builtins__", "C.__call__(x)", "log(x).__class__", "abs(x).tofile('found.txt')", "log(x, out=x)", "x @ z"),
    *("log(x, where=open('found.txt', 'w'))", "I(open('found.txt', 'w'))", "I(x.__class__)", "await x", "yield"),
    *(
        "I(np.save('found', x))",
        "scale(eval('1'))",
        "bs(x, knots=open('found.txt', 'w'))",
        "C(x, open)",
        "*x",
        "**x",
    ),
    *("bs(x, df=__import__('os').getpid())", "log(*x)", "log(**x)", "x; import os", "x\nimport os", "import os"),
    *("globals()", "vars()", "getattr(x, 'real')", "type(x)", "breakpoint()", "input()", "print(x)", "exit()"),
    *(
        "standardize(x)",
        "S(x)",
        "T(x)",
        "B(x)",
        "binary(x)",
        "p(x, z)",
        "prop(x, z)",
        "proportion(x, z)",
        "@x",
        "$x",
    ),
)
PLACES = {
    "response": "{} ~ x + (1 | g)",
    "fixed": "y ~ {} + (1 | g)",
    "inside a call": "y ~ log({}) + (1 | g)",
    "arithmetic": "y ~ I(x + {}) + (1 | g)",
    "named argument": "y ~ bs(x, df={}) + (1 | g)",
    "contrast": "y ~ C(k, {}) + (1 | g)",
    "level": "y ~ C(k, Treatment({})) + (1 | g)",
    "random": "y ~ x + ({} | g)",
    "group": "y ~ x + (1 | {})",
    "offset": "y ~ x + offset({}) + (1 | g)",
}


@pytest.mark.parametrize("place", PLACES)
def test_no_way_to_python(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for attempt in ATTEMPTS:
        error = outcome(PLACES[place].format(attempt))
        assert isinstance(error, bm.FormulaError | bm.TableError | bm.DesignError), attempt
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["fixed", "inside a call", "random", "offset", "response"])
def test_no_builtin_can_be_called(place):
    known = {*TRANSFORMATIONS, *CONTRASTS}
    for name in sorted({*dir(builtins), "np", "pd", "os", "sys"} - known):
        assert isinstance(outcome(PLACES[place].format(f"{name}(x)")), bm.FormulaError), name


@pytest.mark.parametrize("name", ["np.save", "__import__", "x.__class__", "open", "log", "__builtins__", "poly"])
def test_a_column_of_that_name_is_a_column(name):
    rows = TABLE.assign(**{name: TABLE["x"]})
    assert outcome(f"y ~ `{name}` + (1 | g)", rows) is None
    assert isinstance(outcome(f"y ~ `{name}` + (1 | g)"), bm.TableError)
    assert isinstance(outcome(f"y ~ `{name}`(x) + (1 | g)", rows), bm.FormulaError)


@pytest.mark.parametrize("attempt", [*ATTEMPTS, "log(x)", "x + z"])
def test_weights_are_the_name_of_a_column(attempt):
    with watched() as events, pytest.raises(bm.BayesmixedError):
        bm.MixedModel("y ~ x + (1 | g)", TABLE, weights=attempt)
    assert events == []


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_priors_are_the_name_of_a_preset(attempt):
    """The command line takes no other priors."""
    with watched() as events, pytest.raises(bm.PriorError):
        bm.MixedModel("y ~ x + (1 | g)", TABLE, priors=attempt)
    assert events == []


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_contrasts_of_the_command_line_are_sums_of_coefficients(attempt):
    found = bm.MixedModel("y ~ x + (1 | g)", TABLE).reml()
    with watched() as events, pytest.raises(bm.BayesmixedError):
        found.test(attempt)
    assert events == []


def test_the_watch_sees_what_it_should(tmp_path):
    with watched() as events:
        pd.DataFrame({"a": [1]}).to_csv(tmp_path / "a.csv")
        exec(compile("len", "text", "exec"))
    assert [event.partition("(")[0] for event in events] == ["open", "exec"]
