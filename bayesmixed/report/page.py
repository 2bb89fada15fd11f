"""One self-contained HTML page about a fit."""

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
    template = environment.from_string(_resource("report.html.j2"))
    return template.render(
        formula=fit.model.specification.formula,
        style=_resource("report.css"),
        sections=sections(fit),
        version=__version__,
    )


def _resource(name: str) -> str:
    return (resources.files("bayesmixed.report") / "templates" / name).read_text(encoding="utf-8")
