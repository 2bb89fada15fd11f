"""Docstrings as this package writes them: what `names in backquotes` mean, and what properties return."""

import inspect
from typing import Any

from sphinx.ext.napoleon import NumpyDocstring

#: Where a short name is looked for first: the class whose page it stands on.
CLASS_OF_PAGE = {"api/model": "MixedModel", "api/fit": "Fit", "api/reml": "RemlFit", "api/stages": "Design"}


def homes(page: str) -> list[str]:
    """Prefixes under which a short name of a page may be known, the likeliest first."""
    classes = dict.fromkeys([CLASS_OF_PAGE.get(page, "Fit"), *CLASS_OF_PAGE.values()])
    return ["bayesmixed.", *(f"bayesmixed.{name}." for name in classes)]


def resolve(app: Any, env: Any, node: Any, content: Any) -> Any:
    """A public name without its module becomes a link; a plain word is an argument and stays code."""
    if node.get("refdomain") != "py" or node.get("reftype") not in ("obj", "class"):
        return None
    python, target, page = env.domains["py"], node["reftarget"], node["refdoc"]
    if node["reftype"] == "class" and target[0].islower():
        return content  # of "ndarray, shape (draws, rows)"
    for home in homes(page):
        if home + target in python.objects:
            return python.resolve_xref(env, page, app.builder, "obj", home + target, node, content)
    return content if target.isidentifier() else None


def without_type(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """napoleon takes "Labels of the columns" in "Labels of the columns: ..." of a property for its type."""
    if what in ("property", "attribute"):
        lines[:] = NumpyDocstring(inspect.getdoc(thing) or "", app.config, app, "method").lines()


def setup(app: Any) -> dict[str, Any]:
    app.connect("missing-reference", resolve)
    app.connect("autodoc-process-docstring", without_type, priority=900)
    return {"parallel_read_safe": True}
