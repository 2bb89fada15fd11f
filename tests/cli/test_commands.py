"""Commands beside fit and reml: tables, models before fitting, saved fits, code, completion."""

import json
import subprocess
import sys

import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.cli.app import SECTIONS

SLOPE = "Reaction ~ Days + (Days | Subject)"
COMMANDS = [command.name for commands in SECTIONS.values() for command in commands]


def complaint(result, text):
    code, out, err = result
    assert (code, out) == (2, "")
    assert err.startswith("bayesmixed: ")
    assert err.count("\n") == 1
    assert text in err


# ---------------------------------------------------------------- help
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples(call, name):
    code, out, err = call(name, "--help")
    assert (code, err) == (0, "")
    examples = out.split("Example")[1]
    assert f"  bayesmixed {name}" in examples
    assert "--no-color" in out


def test_the_help_lists_commands_under_headings(call):
    out = call("--help")[1]
    for heading in SECTIONS:
        assert f"\n{heading}:\n" in out
    lines = {name: next(line for line in out.splitlines() if line.startswith(f"  {name} ")) for name in COMMANDS}
    assert all(line.endswith(".") and not line.endswith("...") for line in lines.values())


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("fti", "no command 'fti'; did you mean 'fit'?"),
        ("dataset", "did you mean 'datasets'?"),
        ("qqqqqq", "there are demo, datasets, explain"),
    ],
)
def test_an_unknown_command_offers_the_nearest(call, typed, text):
    complaint(call(typed), text)


def test_a_call_that_lacks_something_points_to_the_help(call):
    complaint(call("fit", "sleepstudy"), "fit --help")
    complaint(call("fit", "sleepstudy", SLOPE, "--sede", "1"), "fit --help")


# ---------------------------------------------------------------- bundled tables
def test_datasets(call, tmp_path, monkeypatch):
    code, out, err = call("datasets")
    assert (code, err) == (0, "")
    assert all(name in out for name in bm.list_datasets())
    assert "perceived effort on the Borg scale" in call("datasets", "ergostool")[1]
    assert json.loads(call("datasets", "sleepstudy", "--json")[1])["units"] == {"Reaction": "ms", "Days": "d"}
    assert len(json.loads(call("datasets", "--json")[1])["datasets"]) == len(bm.list_datasets())
    path = tmp_path / "sleep.csv"
    assert call("datasets", "sleepstudy", "--out", path) == (0, "", "")
    pd.testing.assert_frame_equal(bm.read_table(path).astype({"Subject": str}), bm.load_dataset("sleepstudy"))
    assert call("datasets", "sleepstudy", "--out", "-")[1] == path.read_text()
    complaint(call("datasets", "sleepstudie"), "Did you mean 'sleepstudy'?")
    complaint(call("datasets", "--out", path), "--out needs the name of a table")


def test_a_bundled_table_stands_for_data(call, sleep):
    code, out, _ = call("reml", "Sleepstudy", SLOPE, "--json")
    assert code == 0
    assert json.loads(out)["criterion"] == json.loads(call("reml", sleep, SLOPE, "--json")[1])["criterion"]
    complaint(call("reml", "sleepstudie", SLOPE), "did you mean 'sleepstudy'?")
    complaint(call("reml", "nothing.csv", SLOPE), "nothing.csv")


def test_a_file_of_that_name_comes_first(call, tmp_path, monkeypatch, sleepstudy):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sleepstudy").mkdir()
    sleepstudy[:50].to_parquet(tmp_path / "sleepstudy" / "part.parquet")
    assert json.loads(call("reml", "sleepstudy", SLOPE, "--json", "--quiet")[1])["n_obs"] == 50


# ---------------------------------------------------------------- before fitting
def test_explain(call, sleep):
    code, out, err = call("explain", sleep, SLOPE)
    assert (code, err) == (0, "")
    for part in ("X: 180 x 2", "V: 180 x 180", "Priors: preset 'default'", "What the priors imply", "ICC(Subject"):
        assert part in out
    assert "StudentT(nu=3, mu=288.7" in call("explain", sleep, SLOPE, "--priors", "brms")[1]
    complaint(call("explain", sleep, "Reaction ~ Dasy + (1 | Subject)"), "did you mean 'Days'")


def test_power(call):
    plan = ["y ~ arm + (1 | clinic)", "--groups", "6,10", "--n", "5", "--icc", "0.1", "--effect", "arm[b]=1"]
    plan += ["--between", "arm", "--replications", "50", "--seed", "1"]
    code, out, err = call("power", *plan)
    assert (code, err) == (0, "")
    assert "Power of finding arm[b]" in out
    record = json.loads(call("power", *plan, "--json")[1])
    assert [row["groups"] for row in record["plans"]] == [6, 10]
    expected = bm.power(
        "y ~ arm + (1 | clinic)",
        [6, 10],
        5,
        effects={"arm[b]": 1.0},
        icc=0.1,
        between=["arm"],
        replications=50,
        random_seed=1,
        progressbar=False,
    )
    assert [row["power"] for row in record["plans"]] == expected.table["power"].tolist()
    complaint(call("power", *plan, "--effect", "arm"), "COEFFICIENT=NUMBER")
    complaint(call("power", *plan, "--groups", "6,x"), "'6,x' is not whole numbers joined by commas")


# ---------------------------------------------------------------- saved fits
def test_show(call, saved):
    code, out, _ = call("show", saved[0])
    assert code == 0
    for part in (SLOPE, "Fixed effects", "REML beside the posterior"):
        assert part in out
    record = json.loads(call("show", saved[0], "--json")[1])
    assert record["formula"] == SLOPE
    complaint(call("show", "nothing.nc"), "there is no file nothing.nc; fits are saved by: bayesmixed fit")


def test_show_works_alone_in_a_process(saved):
    """Nothing has been imported before the file is read."""
    run = subprocess.run(
        [sys.executable, "-m", "bayesmixed", "show", str(saved[0]), "--quiet"], capture_output=True, text=True
    )
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.slow
def test_show_writes_a_report(call, saved, tmp_path):
    path = tmp_path / "fit.html"
    assert call("show", saved[0], "--report", path, "--quiet")[0] == 0
    assert path.read_text(encoding="utf-8").lower().startswith("<!doctype html>")


def test_check(call, saved):
    code, out, _ = call("check", saved[0])
    assert code == 0
    assert "Posterior predictive check" in out
    assert "  - your residual spread" in out
    record = json.loads(call("check", saved[0], "--json")[1])
    expected = bm.load(saved[0]).check(random_seed=0)
    assert [row["p"] for row in record["checks"]] == expected["p"].tolist()
    assert record["checks"][0]["statistic"] == expected.index[0]


def test_compare_saved_fits(call, saved):
    code, out, _ = call("compare", *saved, "--by", "row", "--quiet")
    assert code == 0
    assert "Models by what they predict of new rows" in out
    record = json.loads(call("compare", *saved, "--by", "row", "--json", "--quiet")[1])
    assert {row["model"] for row in record["models"]} == {str(path) for path in saved}
    assert record["models"][0]["conclusion"] == "best"
    complaint(call("compare", saved[0]), "at least two fits")


@pytest.mark.slow
def test_compare_formulas(call, sleep):
    formulas = ["Reaction ~ Days + (1 | Subject)", "Reaction ~ 1 + (1 | Subject)"]
    fast = ["--engine", "importance", "--draws", "200", "--seed", "1", "--json", "--quiet"]
    code, out, _ = call("compare", sleep, *formulas, *fast)
    assert code == 0
    assert [row["model"] for row in json.loads(out)["models"]] == formulas
    complaint(call("compare", sleep, formulas[0]), "DATA and two formulas")
    complaint(call("compare", sleep, formulas[0], formulas[0]), "formulas that differ")


# ---------------------------------------------------------------- elsewhere
def test_code(call, sleep, tmp_path):
    code, out, err = call("code", "lme4", sleep, SLOPE)
    assert (code, err) == (0, "")
    assert f'read.csv("{sleep}"' in out
    assert "lmer(Reaction ~ Days + (Days | Subject), table, REML = TRUE)" in out
    assert "REML = FALSE" in call("code", "lme4", sleep, SLOPE, "--ml")[1]
    rows = tmp_path / "rows.csv"
    out = call("code", "brms", "sleepstudy", SLOPE, "--priors", "brms", "--table", rows)[1]
    assert f'read.csv("{rows}"' in out
    assert len(bm.read_table(rows)) == 180
    complaint(call("code", "bambi", sleep, SLOPE), "correlated, which Bambi does not have")
    complaint(call("code", "brms", sleep, SLOPE, "--ml"), "--ml is for lme4")
    complaint(call("code", "stan", sleep, SLOPE), "'stan' is not one of")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(call, shell):
    code, out, err = call("completion", shell)
    assert (code, err) == (0, "")
    assert "_BAYESMIXED_COMPLETE" in out


@pytest.mark.parametrize(
    ("words", "expected"),
    [("bayesmixed com", {"compare", "completion"}), ("bayesmixed fit --s", {"--seed", "--save", "--stream"})],
)
def test_bash_completes(call, monkeypatch, words, expected):
    """As the script of ``bayesmixed completion bash`` asks it."""
    monkeypatch.setattr(sys, "argv", ["bayesmixed"])
    monkeypatch.setenv("_BAYESMIXED_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    code, out, err = call()
    assert (code, err) == (0, "")
    assert {line.partition(",")[2] for line in out.splitlines()} == expected
