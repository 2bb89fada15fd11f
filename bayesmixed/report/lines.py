"""Tables as lines of text that fit a width: texts fold, and columns that are too many continue below."""

from collections.abc import Callable, Iterator, Sequence
from textwrap import wrap

from bayesmixed.report.table import Table

#: Gives a piece of a page its looks by its role: "title", "caption", "heading", "note", "good", "warning".
Paint = Callable[[str, str], str]
#: Columns of texts are folded down to this width, and no further.
LEAST_TEXT = 16
GAP, INDENT = "  ", "  "


def plain(text: str, role: str) -> str:
    """No looks at all."""
    return text


def table_lines(table: Table, width: int | None = None, paint: Paint = plain) -> list[str]:
    """Caption, panels of columns aligned by spaces, and the note.

    Parameters
    ----------
    table : Table
    width : int, optional
        Of the terminal; without it every row is one line.
    paint : callable
        ``paint(text, role)`` adds colours, which take no width.

    Returns
    -------
    list of str
        Every cell in full: texts are folded where that is enough, else columns continue in another panel, which
        repeats the first.
    """
    cells = [[column.name for column in table.columns], *table.cells]
    kinds = [column.kind for column in table.columns]
    widths = _widths(cells)
    room = None if width is None else max(width - len(INDENT), 2 * LEAST_TEXT)
    if room is not None:
        cells, kinds = _without_empty(cells, kinds)
        widths = _folded(_widths(cells), kinds, room)
        if _total(widths) > room:
            cells, kinds = _one_name(cells, kinds)
            widths = _folded(_widths(cells), kinds, room)
        if _total(widths) > room:
            most = {"text": room // 2}
            widths = [min(own, most.get(kind, own)) for own, kind in zip(widths, kinds, strict=True)]
    lines = [paint(line, "caption") for line in folded(table.caption, width)]
    for number, panel in enumerate(_panels(widths, room)):
        if number:
            lines.append("")
        lines += _panel(cells, kinds, widths, panel, paint)
    if table.note:
        lines += [INDENT + paint(line, "note") for line in folded(table.note, room)]
    return lines


def folded(text: str, width: int | None) -> list[str]:
    """A text in lines of at most that width; nothing is lost, words stay whole."""
    if width is None or len(text) <= width:
        return [text]
    return wrap(text, width, break_on_hyphens=False) or [""]


def _widths(cells: list[list[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*cells, strict=True)]


def _folded(widths: list[int], kinds: Sequence[str], room: int) -> list[int]:
    """Widths with columns of text narrowed, the widest first, if the row fits then; else as they are."""
    texts = [k for k, kind in enumerate(kinds) if kind == "text"]
    narrow = [min(width, LEAST_TEXT) if k in texts else width for k, width in enumerate(widths)]
    result = list(widths)
    while texts and _total(narrow) <= room and (excess := _total(result) - room) > 0:
        widest = max(texts, key=lambda k: result[k] - narrow[k])
        result[widest] = max(narrow[widest], result[widest] - excess)
    return result


def _without_empty(cells: list[list[str]], kinds: list[str]) -> tuple[list[list[str]], list[str]]:
    """Without columns that have a heading and nothing below it, such as units that nobody gave."""
    kept = [k for k in range(len(kinds)) if any(row[k] for row in cells[1:])]
    return [[row[k] for k in kept] for row in cells], [kinds[k] for k in kept]


def _one_name(cells: list[list[str]], kinds: list[str]) -> tuple[list[list[str]], list[str]]:
    """The texts that a row begins with as one, to stand in every panel; as they are if the first is enough."""
    own = next((k for k, kind in enumerate(kinds) if kind != "text"), len(kinds))
    if own in (0, len(kinds)) or len({row[0] for row in cells}) == len(cells):
        return cells, kinds
    return [[", ".join(filter(None, row[:own])), *row[own:]] for row in cells], ["text", *kinds[own:]]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _panels(widths: Sequence[int], room: int | None) -> Iterator[list[int]]:
    """Which columns stand side by side; the first stands in every panel."""
    if room is None or _total(widths) <= room:
        yield list(range(len(widths)))
        return
    panel = [0]
    for k in range(1, len(widths)):
        if len(panel) > 1 and _total([widths[j] for j in (*panel, k)]) > room:
            yield panel
            panel = [0]
        panel.append(k)
    yield panel


def _panel(
    cells: list[list[str]], kinds: Sequence[str], widths: Sequence[int], panel: Sequence[int], paint: Paint
) -> Iterator[str]:
    for number, row in enumerate(cells):
        pieces = [folded(row[k], widths[k]) for k in panel]
        for line in range(max(map(len, pieces))):
            written = [
                _aligned(piece[line] if line < len(piece) else "", widths[k], kinds[k])
                for piece, k in zip(pieces, panel, strict=True)
            ]
            text = GAP.join(written).rstrip()
            yield INDENT + (text if number else paint(text, "heading"))


def _aligned(text: str, width: int, kind: str) -> str:
    return text.ljust(width) if kind == "text" else text.rjust(width)
