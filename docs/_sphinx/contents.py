"""The table of contents of the manual, and pages that stand elsewhere in the repository.

The contents are index.md: its sections, and in each the pages that it links to, in order. So it stays plain
Markdown. Pages of docs/ that no line of it names come last, under "More".
"""

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
PAGE = re.compile(r"\]\(([\w/.-]+)\.md\)")
#: "Coming from lme4" is "lme4" under the caption "Coming from".
SHORT = re.compile(r"\[([^\]]+)\]\((from/[\w.-]+)\.md\)")
LAST = "More"
#: Pages whose text is a file outside docs/.
ELSEWHERE = {"development": "CONTRIBUTING.md", "changes": "CHANGELOG.md"}


def chapters(text: str, found: set[str]) -> dict[str, list[str]]:
    """Caption of each section of index.md, and its pages among `found`; each page where it is first named."""
    parts = SECTION.split(text)
    left = found - {"index"}
    contents: dict[str, list[str]] = {}
    for caption, body in zip(parts[1::2], parts[2::2], strict=True):
        contents[caption] = [page for page in dict.fromkeys(PAGE.findall(body)) if page in left]
        left -= set(contents[caption])
    return {caption: pages for caption, pages in {**contents, LAST: sorted(left)}.items() if pages}


def with_toctrees(text: str, found: set[str]) -> str:
    """index.md with a hidden toctree for each of its sections; pages of api/ are in that of api.md."""
    own = {page for page in found if not page.startswith("api/")}
    entries = {page: f"{title} <{page}>" for title, page in SHORT.findall(text)}
    trees = [
        "\n".join(["```{toctree}", ":hidden:", f":caption: {caption}", "", *map(entries.get, pages, pages), "```"])
        for caption, pages in chapters(text, own).items()
    ]
    return "\n\n".join([text, *trees, ""])


def setup(app: Any) -> dict[str, Any]:
    def read(app: Any, name: str, source: list[str]) -> None:
        if name == "index":
            source[0] = with_toctrees(source[0], set(app.env.found_docs))
        elif name in ELSEWHERE:
            file = ROOT / ELSEWHERE[name]
            app.env.note_dependency(str(file))
            source[0] = file.read_text(encoding="utf-8").replace("](docs/", "](")

    app.connect("source-read", read)
    return {"parallel_read_safe": True}
