"""Python blocks of the README and of docs/ run, each file from top to bottom, and so do examples in docstrings."""

import doctest
import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "bayesmixed"
#: Modules with an example somewhere.
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(PACKAGE.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page in PAGES if blocks(page)], ids=lambda page: page.relative_to(ROOT).as_posix()
)
@pytest.mark.filterwarnings("default::bayesmixed.errors.BayesmixedWarning")
def test_code_blocks_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace: dict = {}
    for block in blocks(page):
        exec(compile(block, page.name, "exec"), namespace)


def test_the_readme_shows_an_example_of_15_lines():
    (example,) = blocks(ROOT / "README.md")
    assert 10 <= len([line for line in example.splitlines() if line.strip()]) <= 15


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert all((page.parent / link).exists() for link in links), links


@pytest.mark.slow
@pytest.mark.parametrize("module", MODULES)
@pytest.mark.filterwarnings("default::bayesmixed.errors.BayesmixedWarning")
@pytest.mark.filterwarnings("ignore:For backward compatibility:pandas.errors.Pandas4Warning")  # Bambi's
def test_examples_of_docstrings(module):
    result = doctest.testmod(import_module(module))
    assert result.attempted > 0
    assert result.failed == 0
