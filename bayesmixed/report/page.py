"""One self-contained HTML page about a fit."""

from base64 import b64encode
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from bayesmixed import __version__
from bayesmixed.files import whole_file
from bayesmixed.report.sections import sections

if TYPE_CHECKING:
    from bayesmixed.fit import Fit


def write_report(fit: "Fit", path: str | Path) -> None:
    """Write the report of a fit; an old file of that name stays until the new one is whole.

    The page asks the network for nothing: its style and its pictures are inside. The same fit gives the same page.

    Parameters
    ----------
    fit : Fit
    path : str or Path

    Raises
    ------
    StorageError
        The file cannot be written.
    """
    with whole_file(path) as temporary:
        temporary.write_text(page(fit), encoding="utf-8")


def page(fit: "Fit") -> str:
    """The text of the page."""
    from jinja2 import Environment, StrictUndefined

    # Escapes whatever the template puts in; blocks have escaped their own text.
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    script = _resource("report.js")
    template = environment.from_string(_resource("report.html.j2"))
    return template.render(
        formula=fit.model.specification.formula,
        style=_resource("report.css"),
        script=script,
        policy=_policy(script),
        sections=sections(fit),
        version=__version__,
    )


def _policy(script: str) -> str:
    """What a browser lets the page do: its own style and script, and nothing from anywhere."""
    digest = b64encode(sha256(script.encode()).digest()).decode()
    nowhere = "default-src 'none'; base-uri 'none'; form-action 'none'"
    return f"{nowhere}; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


def _resource(name: str) -> str:
    return (resources.files("bayesmixed.report") / "templates" / name).read_text(encoding="utf-8")
