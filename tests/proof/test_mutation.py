"""The mutants of small texts, what is left out, and that a planted hole comes out as a survivor."""

import ast
from pathlib import Path

import pytest

from proof.mutation import modules as places
from proof.mutation.__main__ import sampled
from proof.mutation.modules import SAME_RESULT, USUAL, modules
from proof.mutation.mutants import mutants_of
from proof.mutation.page import counts, survivors, write_page
from proof.mutation.results import Results, key_of
from proof.mutation.trial import KILLED, SURVIVED, TOO_LONG, Trials

ROOT = Path(__file__).parents[2]


def texts(source):
    """Of every mutant, the whole text."""
    return {mutant.applied(source) for mutant in mutants_of(source)}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = a * b + c", {"x = (a * b - c)", "x = (a / b) + c"}),
        ("x = a < b", {"x = (a <= b)", "x = (a >= b)"}),
        ("x = a == b", {"x = (a != b)"}),
        ("x = a is None", {"x = (a is not None)"}),
        ("x = 2.5", {"x = 3.5", "x = (-2.5)"}),
        ("x = 0", {"x = 1"}),
        ("x = y[-1]", {"x = y[(1)]", "x = y[(-1 - 1)]"}),
        ("x = y[2]", {"x = y[3]"}),
        ("x = -y", {"x = (y)"}),
        ("x = not y", {"x = (y)"}),
        ("x = a and b", {"x = (a or b)"}),
        ("x = True", {"x = False"}),
        ("x = np.maximum(a, b)", {"x = np.minimum(a, b)"}),
        ("x = y.min()", {"x = y.max()"}),
        (
            "x = f(a, b) + 0.5",
            {"x = (f(a, b) - 0.5)", "x = f(b, a) + 0.5", "x = f(a, b) + 1.5", "x = f(a, b) + (-0.5)"},
        ),
        ("x -= y", {"x += y"}),
        ("x = a if b else c", {"x = a if (not (b)) else c"}),
        ("if a:\n    pass", {"if (not (a)):\n    pass"}),
        ("while a > b:\n    pass", {"while (a >= b):\n    pass", "while (a <= b):\n    pass"}),
        ("def f(x=True): return x", {"def f(x=False): return x"}),
    ],
)
def test_mutants_of_small_texts(source, expected):
    assert texts(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        '"""Text with 2 + 2."""',
        'x = f"{a + 1:.3f}"',
        "def f(x: int | None) -> tuple[int, ...] | None: return x",
        "isinstance(x, int | float)",
        "type T = int | str",
        "x: Annotated[int, 3]",
        "@dataclass(frozen=True)\nclass A: pass",
        "raise ValueError(1 + 1)",
        "warnings.warn('x', stacklevel=2)",
        "zip(a, b, strict=True)",
        "isinstance(a, b)",
        "f(a, a)",
        "f(*a, b)",
        "if TYPE_CHECKING:\n    x = 1",
        "from a import b",
    ],
)
def test_what_no_result_depends_on_is_left_alone(source):
    assert not mutants_of(source)


def test_constants_of_speed_are_left_alone():
    assert {mutant.before for mutant in mutants_of("BLOCK = 8\nscale = 2", SAME_RESULT)} == {"2"}


def test_a_mutant_knows_its_place_and_its_twins():
    source = "σ = 'σ'\nclass A:\n    def f(self):\n        return x + y, x + y\n"
    first, second = mutants_of(source)
    assert (first.place, first.line, first.count, second.count) == ("A.f", 4, 0, 1)
    assert first.applied(source) == source.replace("x + y, ", "(x - y), ")
    assert second.applied(source) == source.replace(", x + y", ", (x - y)")


@pytest.mark.parametrize("module", modules(ROOT, USUAL))
def test_every_mutant_of_the_package_is_valid_and_has_tests(module):
    source = (ROOT / "bayesmixed" / module).read_text(encoding="utf-8")
    found = sampled(module, source, 10)
    assert all(ast.dump(ast.parse(mutant.applied(source))) != ast.dump(ast.parse(source)) for mutant in found)
    assert found == sampled(module, source, 20)[: len(found)]
    assert places.tests_of(module, ROOT)


def test_a_module_without_tests_says_where_to_name_them():
    with pytest.raises(ValueError, match=r"modules\.py"):
        places.tests_of("cli.py", ROOT)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def outcomes(tmp_path, source, test, only="", limit=60.0):
    """Of the mutants of one module that one test holds; `only` those with this in what they become."""
    root = tmp_path / "root"
    write(root / "planted" / "__init__.py", "")
    write(root / "planted" / "area.py", source)
    write(root / "tests" / "test_area.py", test)
    (tmp_path / "trials").mkdir()
    trials = Trials(root, tmp_path / "trials", package="planted")
    trials.untouched(["tests/test_area.py"])
    found = {
        mutant.after: trials.outcome("area.py", mutant, ["tests/test_area.py"], limit)
        for mutant in mutants_of(source)
        if only in mutant.after
    }
    assert (root / "planted" / "area.py").read_text(encoding="utf-8") == source
    return found


def test_a_planted_hole_is_a_survivor(tmp_path):
    source = "def area(a, b):\n    return a * b if a > 0 else 0\n"
    test = (
        "from planted.area import area\n"
        "def test_area(): assert area(2, 3) == 6\n"
        "def test_nothing(): assert area(-1, 3) == 0\n"
    )
    found = outcomes(tmp_path, source, test, only="(a ")
    assert found == {"(a / b)": KILLED, "(a >= 0)": SURVIVED, "(a <= 0)": KILLED}


@pytest.mark.slow
def test_compiled_mutants_are_what_runs(tmp_path):
    source = "from bayesmixed.compiled import compiled\n\n@compiled\ndef area(a, b):\n    return a * b\n"
    test = "from planted.area import area\ndef test_area(): assert area(2.0, 3.0) == 6.0\n"
    assert outcomes(tmp_path, source, test) == {"(a / b)": KILLED}


@pytest.mark.slow
def test_a_mutant_that_never_ends_is_ended(tmp_path):
    source = "def area(a):\n    while a < 2:\n        a = a + 1\n    return a\n"
    test = "from planted.area import area\ndef test_area(): assert area(0) == 2\n"
    assert outcomes(tmp_path, source, test, only="(a -", limit=2.0) == {"(a - 1)": TOO_LONG}


def test_tests_that_fail_untouched_are_an_error(tmp_path):
    with pytest.raises(RuntimeError, match="before anything is changed"):
        outcomes(tmp_path, "x = 1\n", "def test_wrong(): assert False\n")


def test_results_go_on_where_they_stopped(tmp_path):
    results = Results(tmp_path / "outcomes.csv", tmp_path / "reasons.csv")
    killed, alive, known, new = mutants_of("a + b, c + d, e + f, g + h")
    found = {key_of("m.py", killed): KILLED, key_of("m.py", alive): SURVIVED, key_of("m.py", known): SURVIVED}
    results.write(found)
    write(results.reasons, "module,place,before,after,count,reason\nm.py,,e + f,(e - f),0,f is zero\n")
    assert results.read() == found
    assert results.waiting("m.py", [killed, alive, known, new]) == [alive, new]
    assert "| `m.py` | 3 | 1 | 0 | 1 | 1 |" in counts(found, results.explained())
    lines = dict.fromkeys(found, "the line")
    shown = survivors(found, results.explained(), lines)
    assert "| `m.py` | `top` | `the line` | `e + f` | `(e - f)` | f is zero |" in shown
    assert "`(c - d)` | **not explained** |" in shown
    page = tmp_path / "page.md"
    write(page, "<!-- counts -->\n<!-- end of counts -->\n<!-- survivors -->\n<!-- end of survivors -->\n")
    results.write(found | {("gone.py", "", "a", "b", 0): SURVIVED})
    write_page(results, lines, page)
    assert shown in page.read_text(encoding="utf-8")
    assert "gone.py" not in page.read_text(encoding="utf-8")
    assert key_of("m.py", alive) in results.holes()
