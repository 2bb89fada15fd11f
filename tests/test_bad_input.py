"""Bad input gets one clear line, in Python and on the command line alike."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.cli import main
from tests.fits import model


def good():
    rng = np.random.default_rng(5)
    n = 24
    return pd.DataFrame(
        {
            "y": rng.normal(size=n).round(3) + 5,
            "Days": np.tile(np.arange(4.0), 6),
            "x": rng.normal(size=n).round(3),
            "colour": np.tile(["red", "blue", "red"], 8),
            "g": np.repeat(list("abcdef"), 4),
        }
    )


@dataclass(frozen=True)
class Case:
    """A formula, what is wrong with the table, and what the message must say."""

    formula: str
    text: str
    error: type[Exception]
    change: dict

    def table(self):
        return good().assign(**{name: f(good()) if callable(f) else f for name, f in self.change.items()})


def case(formula, text, error=bm.DesignError, **change):
    return Case(formula, text, error, change)


def setting(column, row, value):
    """The column with one value changed."""

    def change(table):
        values = table[column].astype(object)
        values[row] = value
        return values if isinstance(value, str) else values.astype(float)

    return change


CASES = {
    "unknown predictor": case("y ~ Day + (1 | g)", "no column 'Day'; did you mean 'Days'", bm.TableError),
    "unknown response": case("yy ~ Days + (1 | g)", "no column 'yy'; did you mean 'y'", bm.TableError),
    "unknown group": case("y ~ Days + (1 | G)", "no column 'G'", bm.TableError),
    "unknown slope": case("y ~ 1 + (days | g)", "no column 'days'; did you mean 'Days'", bm.TableError),
    "no tilde": case("y + Days + (1 | g)", "~", bm.FormulaError),
    "open bracket": case("y ~ Days + (1 | g", r"expected '\)' but found the end", bm.FormulaError),
    "leftover text": case("y ~ (1 | g)) + x", r"character \d+|position \d+|\^", bm.FormulaError),
    "power outside I": case("y ~ Days**2 + (1 | g)", r"I\(Days\*\*2\)", bm.FormulaError),
    "hat outside I": case("y ~ Days^2 + (1 | g)", r"I\(Days\*\*2\)", bm.FormulaError),
    "unknown function": case("y ~ foo(Days) + (1 | g)", "foo", bm.FormulaError),
    "Python names": case("y ~ np.log(Days) + (1 | g)", "np", bm.FormulaError),
    "no bracket": case("y ~ Days", r"\(1 \| group\)|random|bracket", bm.FormulaError),
    "empty formula": case("", "", bm.FormulaError),
    "two factors": case("y ~ 1 + (1 | g) + (1 | colour)", "one grouping factor|two", bm.FormulaError),
    "response as text": case("y ~ Days + (1 | g)", "'y'", y=setting("y", 3, "seven")),
    "response of words": case("colour ~ Days + (1 | g)", "'colour'"),
    "slope as text": case("y ~ 1 + (Days | g)", "Days", Days=lambda t: [f"day {k}" for k in range(len(t))]),
    "log of text": case("y ~ log(colour) + (1 | g)", "numbers are needed"),
    "log of zero": case("y ~ log(Days) + (1 | g)", r"log\(Days\): values <= 0 in 6 rows"),
    "infinite response": case(
        "y ~ Days + (1 | g)", "'y' has 1 infinite", bm.TableError, y=setting("y", 3, np.inf)
    ),
    "infinite predictor": case("y ~ x + (1 | g)", "'x' has 1 infinite", bm.TableError, x=setting("x", 3, -np.inf)),
    "every row missing": case("y ~ x + (1 | g)", "every row has a missing value", bm.TableError, x=np.nan),
    "missing in turns": case(
        "y ~ x + (1 | g)",
        "every row has a missing value",
        bm.TableError,
        x=lambda t: t["x"].where(t.index % 2 == 0),
        y=lambda t: t["y"].where(t.index % 2 == 1),
    ),
    "one group": case("y ~ Days + (1 | g)", "'g' has one group only", g="a"),
    "as many groups as rows": case(
        "y ~ Days + (1 | g)", r"as many groups as rows \(24\)", g=lambda t: [f"s{k}" for k in range(len(t))]
    ),
    "constant response": case("y ~ Days + (1 | g)", r"'y' is constant \(4 in every row\)", y=4.0),
    "collinear columns": case(
        "y ~ Days + x + twice + (1 | g)",
        "collinear: 'twice' is determined by .*'x'",
        twice=lambda t: 2.0 * t["x"],
    ),
    "collinear with the intercept": case("y ~ one + (1 | g)", "'one' is determined by 'Intercept'", one=1.0),
    "sum of columns": case(
        "y ~ Days + x + total + (1 | g)", "'total' is determined by", total=lambda t: t["x"] + t["Days"]
    ),
    "more parameters than rows": case(
        "y ~ many + more + x + (1 | g)",
        "25 fixed effects need more than 24 rows; the largest term is 'more' with 12 columns",
        many=lambda t: [f"m{k % 12:02}" for k in range(len(t))],
        more=lambda t: [f"n{k % 13:02}" for k in range(len(t))],
    ),
    "slope that varies in no group": case(
        "y ~ 1 + (age | g)", "'age' varies within no group", age=lambda t: np.repeat(np.arange(6.0), 4)
    ),
    "group with fractions": case(
        "y ~ Days + (1 | g)", "'g' has fractions", g=lambda t: np.repeat(np.arange(6) + 0.5, 4)
    ),
    "tiny values": case("y ~ x + (1 | g)", "2.4e-299", bm.TableError, x=lambda t: 1e-300 * (1 + t.index)),
    "huge values": case("y ~ x + (1 | g)", r"1e\+300", bm.TableError, y=setting("y", 3, 1e300)),
    "tiny response": case("y ~ x + (1 | g)", "e-299|e-300", bm.TableError, y=lambda t: 1e-300 * t["y"]),
    "a column called sigma": case("y ~ sigma + (1 | g)", "'sigma'", bm.BayesmixedError, sigma=lambda t: t["x"]),
    "a column called chain": case("y ~ chain + (1 | g)", "'chain'", bm.BayesmixedError, chain=lambda t: t["x"]),
    "a column called draw": case("y ~ draw + (1 | g)", "'draw'", bm.BayesmixedError, draw=lambda t: t["x"]),
    "a column called Intercept": case(
        "y ~ Intercept + (1 | g)", "'Intercept'", bm.BayesmixedError, Intercept=lambda t: t["x"]
    ),
}


@pytest.fixture
def call(tmp_path, capsys, monkeypatch):
    """Run the command line in this process: exit code, standard output, lines of standard error."""

    def run(*arguments):
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return stop.value.code, out, err.splitlines()

    return run


def one_line(result, text):
    """Exit code 2, nothing on standard output, one line without a traceback on standard error."""
    import re

    code, out, err = result
    assert code == 2
    assert out == ""
    assert len(err) == 1, err
    assert err[0].startswith("bayesmixed: ")
    assert re.search(text, err[0]), err[0]


@pytest.mark.parametrize("name", CASES)
def test_python_says_it_in_one_line(name):
    wrong = CASES[name]
    with pytest.raises(wrong.error, match=wrong.text or "formula") as caught:
        bm.MixedModel(wrong.formula, wrong.table())
    assert isinstance(caught.value, bm.BayesmixedError)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("command", ["fit", "reml"])
@pytest.mark.parametrize("name", CASES)
def test_the_command_line_says_it_in_one_line(name, command, tmp_path, call):
    wrong = CASES[name]
    path = tmp_path / "table.csv"
    wrong.table().to_csv(path, index=False)
    one_line(call(command, path, wrong.formula, "--json"), wrong.text or "formula")


def test_the_table_is_fine_but_for_what_the_cases_change():
    found = bm.MixedModel("y ~ Days + x + colour + (Days | g)", good())
    assert found.design.n_obs == 24
    assert found.warnings == ()


def test_duplicate_columns():
    table = pd.concat([good(), good()[["x"]]], axis=1)
    with pytest.raises(bm.TableError, match="more than one column 'x'"):
        bm.MixedModel("y ~ x + (1 | g)", table)


@pytest.mark.parametrize("table", [None, 3, "table.csv", [1, 2], np.eye(3)])
def test_what_is_no_table(table):
    with pytest.raises(bm.TableError, match="not a table"):
        bm.MixedModel("y ~ x + (1 | g)", table)


@pytest.mark.parametrize("table", [{}, pd.DataFrame(), {"y": [], "g": []}])
def test_empty_tables(table):
    with pytest.raises(bm.TableError):
        bm.MixedModel("y ~ 1 + (1 | g)", table)


def test_columns_of_unequal_length():
    with pytest.raises(bm.TableError, match="make no table"):
        bm.MixedModel("y ~ 1 + (1 | g)", {"y": [1.0, 2.0], "g": ["a"]})


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", "is empty"),
        ("\n\n", "is empty|no rows"),
        ("y,x,g\n", "header but no rows"),
        ("y,x,x,g\n1,2,3,a\n", "more than one column 'x'"),
        ("y,x,g\n1,2,a\n3,4,b,5,6\n", "is not a table"),
        ("y;x;g\n1;2;a\n", "separated by ';'"),
        ("y,x,g\n1,2,a,7\n", "header has 3 columns but the first row has 4"),
        (bytes(range(256)) * 4, "is not a text table"),
        ("<html><body>404</body></html>\n", "no column 'y'|no rows"),
    ],
)
def test_files_that_are_no_table(content, text, tmp_path, call):
    path = tmp_path / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    one_line(call("reml", path, "y ~ x + (1 | g)"), text)
    one_line(call("fit", path, "y ~ x + (1 | g)"), text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("no.csv", "no.csv does not exist"),
        ("tabel.csv", "did you mean table.csv"),
        ("table.xlsx", "unknown ending"),
        ("folder", "is a folder|unknown ending|no Parquet file"),
        ("no/table.csv", "neither does the folder"),
        ("broken.parquet", "is not a Parquet file"),
    ],
)
def test_files_that_cannot_be_read(name, text, tmp_path, call):
    good().to_csv(tmp_path / "table.csv", index=False)
    (tmp_path / "folder").mkdir()
    (tmp_path / "table.xlsx").write_bytes(b"PK")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and nothing else")
    one_line(call("fit", tmp_path / name, "y ~ x + (1 | g)"), text)


@pytest.mark.parametrize("option", ["--save", "--report"])
@pytest.mark.parametrize(
    ("target", "text"), [("no/out", "there is no folder"), (".", "is a folder"), ("table.csv/out", "no folder")]
)
def test_an_output_that_cannot_be_written_is_told_before_sampling(
    option, target, text, tmp_path, call, monkeypatch
):
    monkeypatch.setattr(bm.MixedModel, "fit", lambda *_, **__: pytest.fail("sampled first"))
    path = tmp_path / "table.csv"
    good().to_csv(path, index=False)
    one_line(call("fit", path, "y ~ x + (1 | g)", option, tmp_path / target), text)
    assert [file.name for file in tmp_path.iterdir()] == ["table.csv"]


def test_unseen_levels_in_prediction():
    with pytest.raises(bm.PredictionError, match="'999' was not observed") as caught:
        model("slope").reml().predict({"Days": [1.0], "Subject": ["999"]})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("weights", "text"),
    [("w", "no column 'w'"), ("colour", "'colour' are not numbers"), ("x", "weights 'x' are not positive")],
)
def test_weights_that_cannot_be_used(weights, text, tmp_path, call):
    with pytest.raises(bm.BayesmixedError, match=text):
        bm.MixedModel("y ~ Days + (1 | g)", good(), weights=weights)
    path = tmp_path / "table.csv"
    good().to_csv(path, index=False)
    one_line(call("reml", path, "y ~ Days + (1 | g)", "--weights", weights), text)


@pytest.mark.parametrize("size", [1e-90, 1e-30, 1e30, 1e90])
def test_sizes_that_still_fit_are_fitted(size):
    """Below the refused sizes nothing overflows or underflows: the estimates scale with y."""
    plain = bm.MixedModel("y ~ Days + (1 | g)", good()).reml()
    found = bm.MixedModel("y ~ Days + (1 | g)", good().assign(y=lambda t: t["y"] * size)).reml()
    np.testing.assert_allclose(found.beta / size, plain.beta, rtol=1e-6)
    np.testing.assert_allclose(found.sigma / size, plain.sigma, rtol=1e-6)
    assert np.isfinite(found.criterion)
