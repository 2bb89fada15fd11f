"""Text that a terminal may be given: names come out of tables, and a name can hold anything."""

import re

# C0 and C1 controls (with them the escape sequences of terminals), separators of lines, marks that change the
# direction of writing, and halves of surrogate pairs, which no stream can encode. The joiners of Persian and of
# emoji may stay.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def printable(text: str) -> str:
    """The text with control characters written as escapes; the ends of its lines stay.

    Examples
    --------
    >>> print(printable("red \\x1b[31m\\nnext"))
    red \\x1b[31m
    next
    """
    return "\n".join(map(printable_line, text.split("\n")))


def printable_line(text: str) -> str:
    """The text in one line, with ends of lines written as escapes too.

    Examples
    --------
    >>> print(printable_line("a\\nb"))
    a\\nb
    """
    return _CONTROLS.sub(lambda match: ascii(match.group())[1:-1], text)


def printable_json(text: str) -> str:
    """JSON text with control characters written as JSON's escapes, which any reader turns back.

    Examples
    --------
    >>> import json
    >>> print(printable_json(json.dumps("\\x9b1m", ensure_ascii=False)))
    "\\u009b1m"
    """
    return _CONTROLS.sub(_json_escape, text)


def _json_escape(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[k : k + 2].hex()}" for k in range(0, len(units), 2))
