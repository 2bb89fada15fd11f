"""What is shipped: a wheel that works by itself, and files that name no machine."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Assembled from pieces, so that this file passes its own test.
FORBIDDEN = {
    "option naming a package index": "--(?:extra-)?index" + "-url|--find" + "-links",
    "package index": "python" + r"hosted\.org|/simp" + r"le(?:[/\s\"')]|$)",
    "environment variable naming one": "(?:PIP|UV)_(?:EXTRA_)?(?:INDEX|DEFAULT" + "_INDEX)",
    "hash of a package": "--ha" + r"sh\b|sha" + "256:",
    "path of one machine": r"(?:(?<![\w.:/])|file://)/(?:root|home|Users|work|opt)" + r"/[\w.]",
}


def run(*command, **options):
    """Run a command to its end; a failure shows what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def files_for_git() -> list[Path]:
    """Files that are tracked, or would be after ``git add .``."""
    listing = run("git", "ls-files", "-z", "-co", "--exclude-standard", cwd=ROOT)
    return [ROOT / name for name in listing.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel as users get it: built from the source distribution."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT))
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder with only the wheel in it; its dependencies come from this environment."""
    folder = tmp_path_factory.mktemp("installed")
    options = ("--quiet", "--no-deps", "--no-index", "--target", str(folder))
    run(sys.executable, "-m", "pip", "install", *options, str(wheel))
    return folder


@pytest.fixture
def elsewhere(installed, tmp_path):
    """Options to run a command away from the checkout, with the installed wheel."""
    return {"cwd": tmp_path, "env": os.environ | {"PYTHONPATH": str(installed)}}


@pytest.mark.slow
def test_wheel_holds_data_and_types(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "bayesmixed/py.typed" in names
    assert "bayesmixed/datasets/tables/sleepstudy.csv" in names
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"bayesmixed", "bayesmixed-0.1.0.dist-info"}


@pytest.mark.slow
def test_wheel_holds_every_file_of_the_package(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    package = {str(path.relative_to(ROOT)) for path in files_for_git()}
    assert {name for name in package if name.startswith("bayesmixed/")} <= names


@pytest.mark.slow
def test_installed_wheel_is_what_gets_imported(installed, elsewhere):
    where = run(sys.executable, "-c", "import bayesmixed; print(bayesmixed.__file__)", **elsewhere)
    assert Path(where.strip()).is_relative_to(installed)


@pytest.mark.slow
def test_demo_runs_from_the_installed_wheel(installed, elsewhere, tmp_path):
    command = installed / "bin" / "bayesmixed"
    output = run(str(command), "demo", "--out", "report", **elsewhere)
    assert "1743.6" in output
    assert list((tmp_path / "report").glob("*.html"))


def forbidden_in(text: str) -> list[str]:
    return [what for what, pattern in FORBIDDEN.items() if re.search(pattern, text, re.MULTILINE)]


@pytest.mark.parametrize(
    "line",
    [
        "pip install --index" + "-url x",
        "https://files.python" + "hosted.org/packages",
        "https://packages.example.org/simp" + "le/numpy/",
        "UV_" + "INDEX=x",
        "numpy==2.5.5 --ha" + "sh=x",
        "see /ro" + "ot/.cache",
        "file:///op" + "t/wheels",
    ],
)
def test_what_must_not_be_in_a_file_is_recognised(line):
    assert forbidden_in(line)


@pytest.mark.parametrize("line", ["https://example.org/home/x", "a / work", "/simply", "work/opt"])
def test_ordinary_text_is_allowed(line):
    assert forbidden_in(line) == []


def test_files_name_no_package_index_and_no_machine():
    texts = {path: path.read_text(encoding="utf-8", errors="ignore") for path in files_for_git()}
    found = {str(path.relative_to(ROOT)): forbidden_in(text) for path, text in texts.items()}
    assert {name: what for name, what in found.items() if what} == {}


def test_no_lock_file_is_tracked():
    assert "uv.lock" not in {path.name for path in files_for_git()}


def test_constraints_hold_names_and_versions_only():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    wrong = [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[\w.+!]+", line)]
    assert lines
    assert wrong == []
