"""What a terminal gets: colours, its width, no escapes where they are not wanted; by a pseudo-terminal."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ESCAPES

SLOPE = "Reaction ~ Days + (Days | Subject)"


@pytest.mark.parametrize(("arguments", "looks"), [(("--help",), "\x1b[1m"), (("fti",), "\x1b[31m")])
def test_a_terminal_gets_colours(terminal, arguments, looks):
    assert looks in terminal(*arguments)[1]


@pytest.mark.parametrize(
    ("arguments", "variables", "coloured"),
    [
        ((), {"NO_COLOR": "1"}, False),
        ((), {"NO_COLOR": ""}, True),
        ((), {"TERM": "dumb"}, False),
        (("--no-color",), {}, False),
        (("--no-color",), {"FORCE_COLOR": "1"}, False),
        (("--color",), {"NO_COLOR": "1"}, True),
    ],
)
def test_whoever_wants_no_colours_gets_none(terminal, arguments, variables, coloured):
    code, shown = terminal(*arguments, "datasets", **variables)
    assert code == 0
    assert ("\x1b" in shown) == coloured
    assert "sleepstudy" in shown


@pytest.mark.parametrize("place", ["before", "after"])
def test_the_option_stands_before_or_after_the_command(terminal, place):
    words = ["--no-color", "datasets"] if place == "before" else ["datasets", "--no-color"]
    assert "\x1b" not in terminal(*words)[1]
    assert "\x1b" not in terminal(*words, "--nothing")[1]  # nor in complaints


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_one_line_and_2():
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "bayesmixed", "datasets"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr == "bayesmixed: the output cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    ("variables", "arguments", "coloured"),
    [
        ({}, [], False),
        ({"FORCE_COLOR": "1"}, [], True),
        ({"FORCE_COLOR": "0"}, [], False),
        ({}, ["--color"], True),
    ],
)
def test_a_pipe_gets_none_unless_forced(monkeypatch, call, variables, arguments, coloured):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    code, out, err = call(*arguments, "datasets")
    assert (code, err) == (0, "")
    assert ("\x1b" in out) == coloured


@pytest.mark.slow
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_tables_fit_the_terminal(terminal, saved, columns):
    for arguments in (("reml", "sleepstudy", SLOPE, "--anova"), ("show", saved[0], "--quiet"), ("datasets",)):
        code, shown = terminal(*arguments, columns=columns)
        assert code == 0
        lines = ESCAPES.sub("", shown).splitlines()
        assert max(map(len, lines)) <= columns, max(lines, key=len)


def test_a_pipe_gets_whole_lines(call):
    """For grep and awk: one row of a table is one line, whatever COLUMNS says."""
    code, out, _ = call("reml", "sleepstudy", SLOPE)
    assert code == 0
    assert any(all(word in line for word in ("correlation", "0.06555", "0.6657")) for line in out.splitlines())


@pytest.mark.slow
def test_json_has_no_colours_in_a_terminal(terminal):
    code, shown = terminal("reml", "sleepstudy", SLOPE, "--json", columns=60)
    assert code == 0
    assert "\x1b" not in shown
    assert shown.startswith("{")
    assert shown.count("\n") == 1


@pytest.mark.slow
def test_progress_is_for_terminals(terminal):
    """On standard error; nothing of it in a file."""
    plan = ["y ~ arm + (1 | g)", "--groups", "6", "--n", "4", "--icc", "0.1", "--effect", "arm[b]=1"]
    plan += ["--between", "arm", "--replications", "20", "--seed", "1"]
    assert "\r" in terminal("power", *plan)[1]
    assert "\r" not in terminal("power", *plan, "--quiet")[1]
    run = subprocess.run([sys.executable, "-m", "bayesmixed", "power", *plan], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")


def test_help_loads_nothing_heavy():
    code = "import sys; from bayesmixed.cli import app; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(run.stdout.split()) & {"numpy", "pandas", "pymc", "numba", "matplotlib", "rich", "scipy"} == set()
