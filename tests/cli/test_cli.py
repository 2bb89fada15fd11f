"""The command line: exit codes, what goes to which stream, and the contract of ``--json``."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.cli import main
from bayesmixed.report.records import fit_record, reml_record

SLOPE = "Reaction ~ Days + (Days | Subject)"
FAST = ["--draws", "100", "--tune", "150", "--chains", "2", "--cores", "1", "--seed", "1"]


def only_json(out):
    """The one JSON object that is all of standard output, without NaN or infinity."""

    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    assert out.count("\n") == 1
    assert out.endswith("\n")
    record = json.loads(out, parse_constant=refuse)
    assert isinstance(record, dict)
    return record


def complaint(result, text):
    """Exit code 2, nothing on standard output, one line on standard error."""
    code, out, err = result
    assert (code, out) == (2, "")
    assert err.startswith("bayesmixed: ")
    assert err.count("\n") == 1
    assert re.search(text, err), err


# ---------------------------------------------------------------- reml
def test_reml_prints_the_record(call, sleep, sleepstudy):
    code, out, err = call("reml", sleep, SLOPE, "--json")
    assert (code, err) == (0, "")
    record = only_json(out)
    assert record == reml_record(bm.MixedModel(SLOPE, sleepstudy).reml())
    assert record["criterion"] == pytest.approx(1743.628271958, abs=1e-6)
    assert [row["term"] for row in record["fixed"]] == ["Intercept", "Days"]
    assert record["groups"] == {"Subject": 18}
    limits = bm.MixedModel(SLOPE, sleepstudy).reml().icc(method="profile-reml")[["lower", "upper"]]
    np.testing.assert_allclose([row["ci"] for row in record["icc"]], limits)


def test_reml_takes_other_intervals(call, sleep, sleepstudy):
    record = only_json(call("reml", sleep, SLOPE, "--json", "--ci", "wald")[1])
    limits = bm.MixedModel(SLOPE, sleepstudy).reml().icc(method="wald")[["lower", "upper"]]
    np.testing.assert_allclose([row["ci"] for row in record["icc"]], limits)
    record = only_json(call("reml", sleep, SLOPE, "--json", "--ci", "none")[1])
    assert all(row["ci"] is None for row in record["icc"])
    assert "Intervals by profile likelihood of the ML deviance" in call("reml", sleep, SLOPE, "--ml")[1]


@pytest.mark.slow
def test_refits_are_the_same_in_every_call(call, sleep):
    once = call("reml", sleep, SLOPE, "--ci", "bootstrap")
    assert "1,000 refits" in once[1]
    assert call("reml", sleep, SLOPE, "--ci", "bootstrap") == once


def test_reml_tests_terms_and_contrasts(call, sleep, sleepstudy):
    options = ("--anova", "--test", "Days = 10", "--test", "Intercept = 250", "--df", "kenward-roger")
    record = only_json(call("reml", sleep, SLOPE, "--json", *options)[1])
    (term,) = record["anova"]
    assert (term["term"], term["num_df"]) == ("Days", 1)
    assert term["F"] == pytest.approx(45.853, abs=1e-3)
    assert [row["contrast"] for row in record["tests"]] == ["Days = 10", "Intercept = 250"]
    assert record["tests"][0]["t"] == pytest.approx(0.30230, abs=1e-4)
    out = call("reml", sleep, SLOPE, *options)[1]
    assert "Type III tests of terms" in out
    assert "Days = 10" in out
    complaint(call("reml", sleep, SLOPE, "--test", "Nights = 1"), "Nights")


def test_very_many_groups_have_no_intervals_unasked(monkeypatch, call, sleep):
    monkeypatch.setattr("bayesmixed.report.records.MOST_PROFILED", 2)
    record = only_json(call("reml", sleep, SLOPE, "--json")[1])
    assert all(row["ci"] is None for row in record["icc"])


def test_reml_prints_a_table(call, sleep):
    code, out, err = call("reml", sleep, SLOPE)
    assert (code, err) == (0, "")
    for part in ("1743.628", "Days", "25.59", "Subject"):
        assert part in out


def test_ml(call, sleep):
    record = only_json(call("reml", sleep, SLOPE, "--ml", "--json")[1])
    assert record["method"] == "ML"
    assert record["criterion"] == pytest.approx(1751.939, abs=1e-3)


def test_satterthwaite_is_the_default(call, sleep):
    default = call("reml", sleep, SLOPE, "--json")
    assert call("reml", sleep, SLOPE, "--json", "--df", "satterthwaite") == default
    assert [row["df"] for row in only_json(default[1])["fixed"]] == pytest.approx([17.0, 17.0], abs=0.01)


def test_kenward_roger(call, sleep, lme4):
    found = only_json(call("reml", sleep, SLOPE, "--df", "kenward-roger", "--json")[1])["fixed"]
    expected = lme4["sleepstudy_slope"]["REML"]["kr"]
    assert [row["df"] for row in found] == pytest.approx([row["df"] for row in expected], rel=1e-4)
    assert [row["se"] for row in found] == pytest.approx([row["Std. Error"] for row in expected], rel=1e-4)
    assert "by Kenward and Roger" in call("reml", sleep, SLOPE, "--df", "kenward-roger")[1]


def test_kenward_roger_is_for_reml(call, sleep):
    complaint(call("reml", sleep, SLOPE, "--df", "kenward-roger", "--ml"), "needs REML: leave --ml out")
    complaint(call("reml", sleep, SLOPE, "--df", "residual"), "'residual' is not one of")


@pytest.mark.parametrize("command", ["reml", "fit"])
def test_weights(call, tmp_path, sleepstudy, command):
    rows = sleepstudy.assign(w=np.tile([1.0, 2.0], 90))
    path = tmp_path / "weighted.csv"
    rows.to_csv(path, index=False)
    options = [] if command == "reml" else FAST
    record = only_json(call(command, path, SLOPE, "--weights", "w", "--json", *options)[1])
    found = record if command == "reml" else record["reml"]
    assert found == reml_record(bm.MixedModel(SLOPE, rows, weights="w").reml())
    assert found["criterion"] != pytest.approx(1743.628, abs=0.1)


def test_parquet(call, tmp_path, sleepstudy, sleep):
    path = tmp_path / "sleep.parquet"
    sleepstudy.to_parquet(path)
    assert call("reml", path, SLOPE, "--json") == call("reml", sleep, SLOPE, "--json")


def test_missing_values_are_dropped_and_counted(call, tmp_path, sleepstudy):
    rows = sleepstudy.assign(other=np.nan)
    rows.loc[[3, 40, 99], "Reaction"] = np.nan
    path = tmp_path / "gaps.csv"
    rows.to_csv(path, index=False)
    code, out, err = call("reml", path, SLOPE, "--json")
    record = only_json(out)
    assert code == 0
    assert record["n_obs"] == 177
    assert record["warnings"] == ["3 of 180 rows were dropped for missing values in Reaction"]
    assert err == "warning: 3 of 180 rows were dropped for missing values in Reaction\n"
    assert call("reml", path, SLOPE, "--json", "--quiet") == (0, out, "")


def test_a_singular_fit_is_a_warning_and_exit_0(call, tmp_path, dyestuff2):
    path = tmp_path / "dyestuff2.csv"
    dyestuff2.to_csv(path, index=False)
    code, out, err = call("reml", path, "Yield ~ 1 + (1 | Batch)", "--json")
    assert code == 0
    assert only_json(out)["singular"] is True
    assert "singular" in err


# ---------------------------------------------------------------- fit
@pytest.mark.parametrize(
    ("formula", "icc"),
    [
        (SLOPE, [{"Days": 0.0}, {"Days": 4.5}, {"Days": 9.0}, None]),
        ("Reaction ~ Days + (Days || Subject)", [{"Days": 0.0}, {"Days": 4.5}, {"Days": 9.0}, None]),
        ("Reaction ~ Days + (1 | Subject)", [None]),
        ("Reaction ~ Days + I(Days**2) + Half + (0 + Half | Subject)", [{"Half": "a"}, {"Half": "b"}, None]),
    ],
)
def test_fit_prints_the_record(call, tmp_path, sleepstudy, formula, icc):
    rows = sleepstudy.assign(Half=np.where(sleepstudy["Days"] % 2, "a", "b"))
    path = tmp_path / "sleep.csv"
    rows.to_csv(path, index=False)
    code, out, _ = call("fit", path, formula, "--json", *FAST)
    assert code == 0
    record = only_json(out)
    model = bm.MixedModel(formula, rows)
    run = model.fit(draws=100, tune=150, chains=2, cores=1, random_seed=1, progressbar=False)
    expected = json.loads(json.dumps(fit_record(run)))
    for one in (record, expected):
        assert one["sampler"].pop("seconds") > 0
    assert record == expected
    assert [row["at"] for row in record["icc"]] == icc
    labels = list(model.design.fixed_labels)
    assert [row["name"] for row in record["posterior"]][: len(labels)] == labels
    assert [row["term"] for row in record["reml"]["fixed"]] == labels
    assert (record["sampler"]["draws"], record["sampler"]["tune"], record["sampler"]["chains"]) == (100, 150, 2)


def test_fit_prints_a_table_and_doubts_go_to_standard_error(call, sleep):
    code, out, err = call("fit", sleep, SLOPE, "--draws", "30", "--tune", "50", "--chains", "1", "--seed", "1")
    assert code == 0
    for part in ("Days|Subject_sigma", "ICC", "REML"):
        assert part in out
    assert "warning: one chain cannot show" in err
    assert all(line.startswith("warning: ") for line in err.splitlines())


def test_quiet_leaves_standard_error_empty(call, sleep):
    short = ["--draws", "30", "--tune", "50", "--chains", "1", "--seed", "1"]
    code, out, err = call("fit", sleep, SLOPE, "--quiet", "--json", *short)
    assert (code, err) == (0, "")
    assert any("one chain" in text for text in only_json(out)["warnings"])


def test_the_same_seed_prints_the_same(call, sleep):
    records = []
    for seed in ("7", "7", "8"):
        record = only_json(call("fit", sleep, SLOPE, "--json", *FAST[:-1], seed)[1])
        records.append(record["posterior"])
    assert records[0] == records[1] != records[2]


@pytest.mark.slow
def test_save_and_report(call, sleep, tmp_path):
    saved, report = tmp_path / "fit.nc", tmp_path / "report.html"
    code, out, _ = call("fit", sleep, SLOPE, "--save", saved, "--report", report, "--json", *FAST)
    assert code == 0
    record = only_json(out)
    means = bm.load(saved).summary()["mean"]
    assert [row["mean"] for row in record["posterior"]] == means.tolist()
    page = report.read_text(encoding="utf-8")
    assert page.lower().startswith("<!doctype html>")
    assert "Days|Subject_sigma" in page
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fit.nc", "report.html", "sleep.csv"]


def test_presets(call, sleep):
    record = only_json(call("fit", sleep, SLOPE, "--priors", "brms", "--json", *FAST)[1])
    assert record["priors"]["Days"] == "Flat()"
    assert record["priors"]["Days"].startswith("Flat")
    record = only_json(call("fit", sleep, SLOPE, "--priors", "rstanarm", "--json", *FAST)[1])
    joint = record["priors"]["root mean square of the sd of Intercept, Days by Subject / sigma"]
    assert joint == "Gamma(alpha=1, beta=1), shares Dirichlet(1)"
    record = only_json(call("fit", sleep, SLOPE, "--priors", "bambi", "--json", *FAST)[1])
    assert record["priors"]["1|Subject_sigma"] == "HalfNormal(sigma=261)"
    assert any("of their mass on an ICC" in text for text in record["warnings"])
    complaint(call("fit", sleep, SLOPE, "--priors", "brm", *FAST), "did you mean 'brms'")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--draws", "0"], "draws must be"),
        (["--draws", "many"], "'many' is not a valid integer"),
        (["--chains", "0"], "chains must be"),
        (["--cores", "0"], "cores must be"),
        (["--tune", "-3"], "tune must be"),
        (["--seed", "-1"], "-1"),
        (["--engine", "stan"], "engine must be 'auto', 'compiled', .* not 'stan'"),
        (["--engine", "nuts"], "engine must be .*, not 'nuts'"),
        (["--sede", "1"], "--sede"),
        (["extra"], "extra"),
    ],
)
def test_options_that_make_no_sense(call, sleep, arguments, text):
    complaint(call("fit", sleep, SLOPE, *arguments), text)


@pytest.mark.parametrize("command", ["fit", "reml"])
def test_arguments_that_are_missing(call, command, sleep):
    complaint(call(command, sleep), "FORMULA")
    complaint(call(command), "DATA")


def test_an_unknown_command(call):
    complaint(call("fti"), "fti")


def test_reml_that_does_not_exist_is_the_inputs_fault(call, tmp_path):
    table = {"y": [1.0, 2, 4, 3, 7, 5, 6, 9, 1, 3], "t": [0.0, 1] * 5, "g": list("aabbccddee")}
    path = tmp_path / "few.csv"
    pd.DataFrame(table).to_csv(path, index=False)
    complaint(call("reml", path, "y ~ t + (t | g)"), "REML cannot tell G from sigma")
    code, out, err = call("fit", path, "y ~ t + (t | g)", "--json", *FAST)
    assert code == 0
    assert only_json(out)["reml"] is None
    assert "rests on its prior" in err


# ---------------------------------------------------------------- help, version, demo
def test_version(call):
    code, out, err = call("--version")
    assert (code, err) == (0, "")
    assert bm.__version__ in out


@pytest.mark.parametrize("command", [[], ["fit"], ["reml"], ["demo"]])
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help(call, command, option):
    code, out, err = call(*command, option)
    assert (code, err) == (0, "")
    assert out.startswith("Usage: ")
    if command and command[0] in ("fit", "reml"):
        examples = [line for line in out.splitlines() if line.strip().startswith("bayesmixed ")]
        assert len(examples) >= 2
        assert all(re.search(r"'[^']+ ~ [^']+\([^']+\|[^']+\)'", line) for line in examples)


def test_every_option_of_the_contract_is_there(call):
    fit, reml = call("fit", "--help")[1], call("reml", "--help")[1]
    for option in (
        *("--json", "--seed", "--draws", "--tune", "--chains", "--cores", "--engine"),
        *("--priors", "--weights", "--report", "--save", "--quiet"),
    ):
        assert option in fit
    for option in ("--json", "--ml", "--df", "--weights", "--quiet"):
        assert option in reml


def test_without_arguments_it_helps(call):
    code, out, err = call()
    assert code == 2
    assert "Usage: " in out + err


@pytest.mark.slow
def test_demo(call, tmp_path):
    code, out, err = call("demo", "--out", tmp_path / "new" / "demo", "--quiet")
    assert (code, err) == (0, "")
    assert "1743.6" in out
    page = tmp_path / "new" / "demo" / "sleepstudy.html"
    assert str(page) in out
    assert "<img" in page.read_text(encoding="utf-8") or "<svg" in page.read_text(encoding="utf-8")


def test_a_demo_that_cannot_be_written(call, tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    complaint(call("demo", "--out", file / "demo"), "cannot be made")
    complaint(call("demo", "--out", file), "cannot be made")


# ---------------------------------------------------------------- bugs of ours, interrupts, pipes
def test_a_bug_of_ours_shows_its_trace(monkeypatch, sleep):
    """Exit code 1 with a traceback is what Python does with an exception that nobody caught."""

    def broken(self):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(bm.MixedModel, "reml", lambda self, method: broken(self))
    with pytest.raises(ZeroDivisionError):
        main(["reml", str(sleep), SLOPE])


def test_an_interrupt_is_130(call, monkeypatch, sleep, tmp_path):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(bm.MixedModel, "fit", interrupted)
    code, out, err = call("fit", sleep, SLOPE, "--save", tmp_path / "fit.nc", "--json")
    assert (code, out) == (130, "")
    assert err.strip() == "bayesmixed: interrupted"  # after the end of the line that has ^C
    assert [path.name for path in tmp_path.iterdir()] == ["sleep.csv"]


def command(*arguments):
    return [sys.executable, "-m", "bayesmixed", *map(str, arguments)]


@pytest.mark.slow
def test_the_installed_command_line(sleep):
    """A process of its own: nothing that imports say spoils the one JSON object."""
    run = subprocess.run(command("fit", sleep, SLOPE, "--json", *FAST), capture_output=True, text=True, check=True)
    record = only_json(run.stdout)
    assert record["reml"]["criterion"] == pytest.approx(1743.628271958, abs=1e-6)
    assert all(line.startswith("warning: ") for line in run.stderr.splitlines()), run.stderr


@pytest.mark.slow
def test_a_process_ends_with_the_code_and_one_line(tmp_path):
    run = subprocess.run(command("reml", tmp_path / "no.csv", SLOPE), capture_output=True, text=True)
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.startswith("bayesmixed: ")
    assert run.stderr.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_reader_that_leaves_is_no_error(sleep, options):
    """As in ``bayesmixed reml ... | head -n 0``."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command("reml", sleep, SLOPE, *options), **streams) as process:
        process.stdout.close()
        err = process.stderr.read()
        code = process.wait(timeout=60)
    assert (code, err) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("old", [b"an old file", None])
def test_ctrl_c_leaves_no_half_written_file(tmp_path, sleepstudy, old):
    rows = sleepstudy.copy()
    rows.loc[0, "Reaction"] = np.nan  # its warning tells when sampling is about to begin
    path, saved = tmp_path / "sleep.csv", tmp_path / "fit.nc"
    rows.to_csv(path, index=False)
    if old:
        saved.write_bytes(old)
    arguments = command("fit", path, SLOPE, "--draws", 2_000_000, "--chains", 2, "--save", saved, "--json")
    process = subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        first = process.stderr.readline()
        assert "1 of 180 rows was dropped for missing values" in first
        time.sleep(10.0)
        assert process.poll() is None
        os.kill(process.pid, signal.SIGINT)
        begin = time.monotonic()
        out, err = process.communicate(timeout=60)
        assert time.monotonic() - begin < 20.0
    finally:
        if process.poll() is None:
            process.kill()
    assert process.returncode == 130
    assert out == ""
    assert err.splitlines()[-1] == "bayesmixed: interrupted"
    assert "Traceback" not in err
    files = {file.name for file in tmp_path.iterdir()}
    assert files == {"sleep.csv", "fit.nc"} if old else {"sleep.csv"}
    if old:
        assert saved.read_bytes() == old
