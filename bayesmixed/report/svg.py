"""Pictures as SVG inside a page: no identifier twice, the page's own ink, text for those who listen."""

import io
import re
from collections.abc import Callable
from html import escape
from typing import Any

from bayesmixed.report.plots.style import BLUE, INK, ORANGE, VERMILLION, figure_of

# Real text instead of outlines: smaller, and it can be searched and read aloud.
SETTINGS: dict[Any, Any] = {"svg.fonttype": "none"}
#: Colours that the style of a page sets for light and for dark paper.
COLOURS = {INK: "currentColor"} | {
    colour: f"var(--{name}, {colour.lower()})"
    for name, colour in {"blue": BLUE, "orange": ORANGE, "vermillion": VERMILLION}.items()
}
NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def to_svg(draw: Callable[[], Any], name: str, alternative: str) -> str:
    """Draw a picture and give it as an ``<svg>`` element; the same picture gives the same text.

    Parameters
    ----------
    draw : callable
        Returns a PlotCollection, Axes or an array of Axes; the figure is closed.
    name : str
        Prefix of every identifier inside.
    alternative : str
        Alternative text.
    """
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    # On a screen, windows must not open for the pictures of a page.
    with plt.ioff():
        figure = figure_of(draw())
        buffer = io.StringIO()
        try:
            with mpl.rc_context(SETTINGS | {"svg.hashsalt": name}):
                figure.savefig(buffer, format="svg", transparent=True, metadata=NO_METADATA)
        finally:
            plt.close(figure)
    return embedded(buffer.getvalue(), name, alternative)


def embedded(text: str, name: str, alternative: str) -> str:
    """An SVG file's text as an element of a page."""
    text = text[text.index("<svg") :]
    opening, rest = text.split(">", 1)
    box = re.findall(r'viewBox="[^"]*"', opening)[0]
    rest = re.sub(r"<metadata>.*?</metadata>\s*", "", rest, flags=re.DOTALL)
    rest = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', rest)
    rest = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", rest)
    rest = re.sub(r'(?:xlink:)?href="#([^"]+)"', rf'href="#{name}-\1"', rest)
    for colour, own in COLOURS.items():
        rest = rest.replace(colour.lower(), own)
    rest = re.sub(r"\s{2,}|\n", " ", rest)
    title = f'<title id="{name}-title">{escape(alternative)}</title>'
    return f'<svg {box} role="img" aria-labelledby="{name}-title">{title}{rest.strip()}'
