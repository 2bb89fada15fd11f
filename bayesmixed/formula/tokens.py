"""Text -> tokens that know their position."""

import re
from dataclasses import dataclass

from bayesmixed.errors import FormulaError


@dataclass(frozen=True)
class Token:
    """One word of a formula; `kind` is name, quoted, number, string, operator or end."""

    kind: str
    text: str
    position: int

    @property
    def name(self) -> str:
        """The text without backquotes."""
        return self.text.strip("`")

    @property
    def names_column(self) -> bool:
        """Could a column stand here?"""
        return self.kind in ("name", "quoted")


_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<quoted>`[^`]+`)
      | (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<name>[^\W\d][\w.]*)
      | (?P<string>"[^"]*"|'[^']*')
      | (?P<operator>\|\||\*\*|==|!=|<=|>=|[-+*/:^~|()\[\],=<>])""",
    re.VERBOSE,
)


def tokenize(text: str) -> list[Token]:
    """Cut a formula into tokens; the last one has kind ``"end"``.

    Raises
    ------
    FormulaError
        At a character that no token begins with.

    Examples
    --------
    >>> [token.text for token in tokenize("y ~ x + (1 | g)")]
    ['y', '~', 'x', '+', '(', '1', '|', 'g', ')', '']
    """
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _character_error(text, position)
        if match.lastgroup != "space":
            tokens.append(Token(str(match.lastgroup), match.group(), position))
        position = match.end()
    return [*tokens, Token("end", "", len(text))]


def _character_error(text: str, position: int) -> FormulaError:
    character = text[position]
    if character in "\"'`":
        return error_at(f"the {character} is never closed, opened", position, text)
    if character in "{}":
        return error_at(f"unexpected {character!r} (write I(...) instead of {{...}})", position, text)
    return error_at(f"unexpected character {character!r}", position, text)


def error_at(message: str, position: int, text: str) -> FormulaError:
    """The error for a place in the formula, counted from 1 as people count."""
    return FormulaError(f"{message} at character {position + 1} of {text!r}")
