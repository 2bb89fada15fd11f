"""The notebooks in examples/: each runs from top to bottom, and is stored without what it printed."""

import ast
import os
import re
from pathlib import Path

import nbformat
import pytest

from bayesmixed.errors import BayesmixedWarning

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
NAMES = [path.stem for path in NOTEBOOKS]
#: Those that show a warning of ours on purpose.
WARN = {"04_three_clusters"}
#: Calls that draw random numbers, unless told from where.
DRAWING = {"fit", "simulate", "multiverse", "power", "assurance", "bootstrap", "refit", "posterior_predictive"}

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)


def read(path):
    return nbformat.read(path, nbformat.NO_CONVERT)


def code_of(path):
    """All its code as one Python program."""
    return "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "code")


def test_there_are_eight_and_the_list_names_each_of_them():
    listed = re.findall(r"\]\((\w+)\.ipynb\)", (ROOT / "examples" / "README.md").read_text(encoding="utf-8"))
    assert listed == NAMES
    assert [name[:2] for name in NAMES] == [f"{k:02}" for k in range(1, 9)]


@each
def test_it_is_a_valid_notebook_without_outputs(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


@each
def test_its_cells_have_readable_names_of_their_own(path):
    names = [cell.id for cell in read(path).cells]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names)


@each
def test_it_is_told_like_a_lesson(path):
    cells = read(path).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith("# ")
    assert 20 <= len(cells) <= 35
    for part in ("## Conclusions", "**How to report it.**", "**What to try next.**", "doi.org/"):
        assert part in text
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    assert max(source.count("\n") for source in code) < 20
    assert any(source.startswith("assert ") or "\nassert " in source for source in code)


@each
def test_whatever_draws_has_a_seed(path):
    calls = [node for node in ast.walk(ast.parse(code_of(path))) if isinstance(node, ast.Call)]
    drawing = [call for call in calls if getattr(call.func, "attr", None) in DRAWING]
    assert drawing
    for call in drawing:
        assert "random_seed" in {keyword.arg for keyword in call.keywords}, ast.unparse(call)


@each
def test_it_uses_public_names_only(path):
    tree = ast.parse(code_of(path))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not [node.module for node in imports if node.module.startswith("bayesmixed")]
    private = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr[0] == "_"]
    assert not private


@pytest.mark.slow
@each
def test_it_runs_from_top_to_bottom(path, tmp_path, monkeypatch):
    """Warnings are errors, and every cell that draws a picture shows it."""
    from nbclient import NotebookClient

    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.delenv("MPLBACKEND", raising=False)  # a notebook's own
    notebook = read(path)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(strict(path.stem)))
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    for cell in notebook.cells:
        if cell.cell_type == "code" and re.search(r"plot\w*\(", cell.source):
            shown = [output for output in cell.outputs if "image/png" in output.get("data", {})]
            assert shown, cell.id
        if path.stem not in WARN:
            assert not [output for output in cell.get("outputs", []) if output.get("name") == "stderr"], cell.id


def strict(name):
    """A first cell that makes errors of warnings."""
    lines = ["import warnings", "warnings.simplefilter('error')"]
    lines.append("warnings.filterwarnings('default', module='ipykernel')")  # of itself, when it is shut down
    if name in WARN:
        home = BayesmixedWarning.__module__
        lines += [f"from {home} import BayesmixedWarning", "warnings.simplefilter('default', BayesmixedWarning)"]
    return "\n".join(lines)
