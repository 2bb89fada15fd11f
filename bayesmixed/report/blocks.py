"""Pieces of a page: paragraphs, lists, formulas, pictures; tables are in `table`."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any, Protocol

from bayesmixed.report.svg import to_svg


class Block(Protocol):
    """Anything that a section of a page may hold."""

    def to_html(self) -> str: ...


@dataclass(frozen=True)
class Section:
    """A heading with what stands below it; `name` is its anchor, and that of its table among `Fit.tables`."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Paragraph:
    """Plain text; `kind` is a CSS class."""

    text: str
    kind: str = ""

    def to_html(self) -> str:
        kind = f' class="{self.kind}"' if self.kind else ""
        return f"<p{kind}>{escape(self.text)}</p>"


@dataclass(frozen=True)
class Quotation:
    """Text to be taken over as it is."""

    text: str

    def to_html(self) -> str:
        return f"<blockquote><p>{escape(self.text)}</p></blockquote>"


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]

    def to_html(self) -> str:
        return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in self.items)}</ul>"


@dataclass(frozen=True)
class Mathematics:
    """Lines of mathematics in our own HTML: what comes from the user must be escaped before."""

    lines: tuple[str, ...]

    def to_html(self) -> str:
        return f'<div class="math scroll">{"<br>".join(self.lines)}</div>'


@dataclass(frozen=True)
class Folded:
    """Preformatted text that opens with a click."""

    summary: str
    text: str

    def to_html(self) -> str:
        return (
            f"<details><summary>{escape(self.summary)}</summary>"
            f'<div class="scroll"><pre>{escape(self.text)}</pre></div></details>'
        )


@dataclass(frozen=True)
class Picture:
    """A figure, drawn when the page is written.

    Parameters
    ----------
    name : str
        Unique on the page.
    caption : str
    alternative : str
        What the picture shows, for those who cannot see it.
    draw : callable
        Returns what a plot function returns.
    """

    name: str
    caption: str
    alternative: str
    draw: Callable[[], Any]

    def to_html(self) -> str:
        picture = to_svg(self.draw, self.name, self.alternative)
        return (
            f'<figure id="figure-{self.name}"><div class="scroll">{picture}</div>'
            f"<figcaption>{escape(self.caption)}</figcaption></figure>"
        )
