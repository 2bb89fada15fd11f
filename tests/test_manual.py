"""The manual: docs/ built by Sphinx with warnings as errors, and what its pages must hold."""

import contextlib
import importlib.util
import inspect
import io
import re
import subprocess
import sys
from dataclasses import fields, is_dataclass
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

import bayesmixed as bm

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
API = {page.stem: page.read_text(encoding="utf-8") for page in (DOCS / "api").glob("*.md")}
#: Classes whose methods have a page of their own, where each stands in a group.
GROUPED = {"model": bm.MixedModel, "fit": bm.Fit, "reml": bm.RemlFit}
SHOWN = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", flags=re.MULTILINE | re.DOTALL)


def contents():
    """The module docs/_sphinx/contents.py."""
    specification = importlib.util.spec_from_file_location("contents", DOCS / "_sphinx" / "contents.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def pages() -> set[str]:
    return {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")}


def methods(cls: type) -> set[str]:
    """Public methods and properties; fields of dataclasses stand in the class's own docstring."""
    kept = {field.name for field in fields(cls)} if is_dataclass(cls) else set()
    return {name for name in dir(cls) if not name.startswith("_")} - kept


# ---------------------------------------------------------------- contents
def test_every_page_is_in_the_contents():
    own = {page for page in pages() if not page.startswith("api/")}
    found = contents().chapters((DOCS / "index.md").read_text(encoding="utf-8"), own)
    assert found.get(contents().LAST, []) == [], "link these pages in docs/index.md"


def test_every_notebook_is_on_the_page_of_notebooks():
    listed = re.findall(r"\.\./examples/([\w.-]+\.ipynb)", (DOCS / "notebooks.md").read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(path.name for path in (ROOT / "examples").glob("*.ipynb"))


def test_chapters_follow_the_sections_and_take_each_page_once():
    text = "# Top\n\n## One\n\n- [a](a.md), [b](b.md)\n\n## Two\n\n[b](b.md) [absent](c.md) [d](sub/d.md)\n"
    found = contents().chapters(text, {"index", "a", "b", "sub/d", "lost"})
    assert found == {"One": ["a", "b"], "Two": ["sub/d"], "More": ["lost"]}


# ---------------------------------------------------------------- reference
@pytest.mark.parametrize("name", sorted(set(bm.__all__) - {"__version__"}))
def test_every_public_name_is_in_the_reference(name):
    assert any(re.search(rf"auto\w+:: bayesmixed\.{name}$", text, flags=re.MULTILINE) for text in API.values())


@pytest.mark.parametrize("page", GROUPED)
def test_every_method_is_in_one_group_of_its_page(page):
    cls = GROUPED[page]
    listed = re.findall(rf"^   ~bayesmixed\.{cls.__name__}\.(\w+)$", API[page], flags=re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == methods(cls), f"docs/api/{page}.md: groups of methods"


@pytest.mark.parametrize("name", sorted(name for name in bm.__all__ if inspect.isclass(getattr(bm, name))))
def test_every_public_method_says_what_it_does(name):
    cls = getattr(bm, name)
    if not issubclass(cls, BaseException):
        own = {
            method for method in methods(cls) if not isinstance(inspect.getattr_static(cls, method), str | tuple)
        }
        silent = {method for method in own if not inspect.getdoc(inspect.getattr_static(cls, method))}
        assert silent == set()


# ---------------------------------------------------------------- pages for users of other software
@pytest.mark.parametrize("page", sorted((DOCS / "from").glob("*.md")), ids=lambda page: page.stem)
@pytest.mark.slow
@pytest.mark.filterwarnings("default::bayesmixed.errors.BayesmixedWarning")
def test_output_that_is_shown_is_what_the_code_prints(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace: dict = {}
    for code, shown in SHOWN.findall(page.read_text(encoding="utf-8")):
        printed = io.StringIO()
        # Not as wide as the terminal that the tests run in.
        with (
            contextlib.redirect_stdout(printed),
            pd.option_context("display.max_columns", 20, "display.width", 100),
        ):
            exec(compile(code, page.name, "exec"), namespace)
        if shown:
            assert [line.rstrip() for line in printed.getvalue().splitlines()] == shown.splitlines()


# ---------------------------------------------------------------- the built pages
class Requests(HTMLParser):
    """Addresses that a browser fetches unasked."""

    def __init__(self):
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        wanted = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src"}.get(tag)
        address = given.get(wanted) or ""
        if tag == "link" and given.get("rel") in ("canonical", "next", "prev", "search", "index"):
            return
        if re.match(r"(https?:)?//", address):
            self.found.append(address)


@pytest.mark.slow
def test_the_manual_builds_without_a_warning_and_asks_nothing_of_the_network(tmp_path):
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-b",
        "html",
        "-W",
        "--keep-going",
        "-q",
        "-d",
        str(tmp_path / "trees"),
    ]
    built = subprocess.run(
        [*command, str(DOCS), str(tmp_path / "html")], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    found = {}
    for page in (tmp_path / "html").rglob("*.html"):
        parser = Requests()
        parser.feed(page.read_text(encoding="utf-8"))
        found[page.name] = parser.found
    assert len(found) >= len(pages())
    assert {name: addresses for name, addresses in found.items() if addresses} == {}
    styles = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "html").rglob("*.css"))
    assert re.findall(r"(?:url\(|@import )[\"']?(?:https?:)?//[^)]*", styles) == []
