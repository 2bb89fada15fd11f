"""What all pictures share: colours that colour-blind readers can tell apart, sizes, labels with units."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.errors import PictureError
from bayesmixed.printable import printable_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito (2008), https://jfly.uni-koeln.de/color
BLUE, ORANGE, GREEN, VERMILLION, SKY, PURPLE = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#56B4E9",
    "#CC79A7",
)
#: Text and axes; a page puts its own ink in their place.
INK, GREY = "#222222", "#8a8a8a"
#: Characters of a title over a third of the width.
TITLE = 30
#: Inches: the width of a notebook's text column.
WIDTH = 6.4

SETTINGS: dict[Any, Any] = {  # matplotlib types its keys as several hundred literals
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "axes.facecolor": "none",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 10,
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "font.size": 9,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.4,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
}


@contextmanager
def drawing() -> Iterator[None]:
    """The settings of every picture, for the time of drawing it."""
    import matplotlib as mpl
    from cycler import cycler

    colours = cycler(color=[BLUE, VERMILLION, GREEN, ORANGE, SKY, PURPLE])
    interactive = mpl.is_interactive()
    try:
        with mpl.rc_context(SETTINGS | {"axes.prop_cycle": colours}):
            try:
                yield
            finally:
                interactive = mpl.is_interactive()
    finally:
        mpl.interactive(interactive)  # the first figure of a notebook switches it on, for all that follow


def panels(count: int, columns: int = 2, height: float = 2.2) -> "np.ndarray":
    """So many Axes of one figure at notebook width, row by row."""
    import matplotlib.pyplot as plt

    columns = min(columns, count)
    rows = -(-count // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(WIDTH, height * rows), squeeze=False)
    for spare in axes.ravel()[count:]:
        spare.remove()
    figure.align_ylabels()
    return axes.ravel()[:count]


def one_panel(ax: "Axes | None", height: float = 3.6) -> "Axes":
    """The caller's Axes, or those of a new figure."""
    return panels(1, 1, height)[0] if ax is None else one_of(ax)


def one_of(ax: Any) -> "Axes":
    """The caller's Axes.

    Raises
    ------
    PictureError
        It is something else.
    """
    from matplotlib.axes import Axes

    if not isinstance(ax, Axes):
        raise PictureError(f"ax must be one matplotlib Axes, such as plt.subplots()[1], not {_kind(ax)}")
    return ax


def panels_of(axes: Any, count: int) -> "np.ndarray":
    """The caller's Axes, one a panel.

    Raises
    ------
    PictureError
        They are something else, or not so many.
    """
    from matplotlib.axes import Axes

    found = np.array(axes, dtype=object).ravel()
    if len(found) != count or not all(isinstance(ax, Axes) for ax in found):
        wanted = "one matplotlib Axes" if count == 1 else f"{count} matplotlib Axes"
        what = f"{len(found)} of them" if all(isinstance(ax, Axes) for ax in found) else _kind(axes)
        raise PictureError(f"this picture needs {wanted}, not {what}")
    return found


def _kind(value: Any) -> str:
    return f"{type(value).__name__} {plain(repr(value), 40)}"


def figure_of(plot: Any) -> "Figure":
    """The matplotlib figure of a PlotCollection, of Axes or of an array of them."""
    figure: Figure = plot.viz["figure"].item() if hasattr(plot, "viz") else np.ravel(plot)[0].figure
    return figure


def note_left_out(plot: Any, shown: int, there: int, what: str, how: str = "name the ones to draw") -> None:
    """A line below a picture that does not show everything."""
    if shown < there:
        figure_of(plot).supxlabel(f"{shown} of {there} {what}; {how}", fontsize=8.5)


def plain(text: Any, most: int = 48) -> str:
    """Text of the user's for a picture: a dollar sign is no mathematics; of long text both ends stay."""
    line = printable_line(str(text))
    if len(line) > most:  # names of many things often differ at their end only
        last = (most - 3) * 2 // 5
        line = f"{line[: most - 3 - last]}...{line[len(line) - last :]}"
    return line.replace("$", r"\$")


def labelled(name: Any, unit: str, most: int = 60) -> str:
    """``Reaction (ms)``, in about so many characters."""
    if not unit:
        return plain(name, most)
    unit = plain(unit, 16)
    return f"{plain(name, max(8, most - len(unit)))} ({unit})"
