"""A place among the tokens of a formula: look, take, and refuse with the position."""

from bayesmixed.errors import FormulaError
from bayesmixed.formula.tokens import Token, error_at, tokenize


class Cursor:
    """Moves over the tokens of one formula; every part of the parser shares it."""

    def __init__(self, text: str):
        self.text = text
        self.tokens = tokenize(text)
        self.index = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    @property
    def following(self) -> Token:
        return self.tokens[self.index + 1]

    @property
    def at_end(self) -> bool:
        return self.token.kind == "end"

    @property
    def at_call(self) -> bool:
        return self.token.kind == "name" and self.following.text == "("

    def at(self, *texts: str) -> bool:
        """Is one of these operators next?"""
        return self.token.kind == "operator" and self.token.text in texts

    def bar_inside(self) -> bool:
        """Does the parenthesis that opens here hold a bar of its own?"""
        depth = 0
        for token in self.tokens[self.index :]:
            if token.kind == "operator":
                depth += (token.text == "(") - (token.text == ")")
                if depth == 1 and token.text in ("|", "||"):
                    return True
            if depth == 0:
                return False
        return False

    def take(self) -> Token:
        token = self.token
        self.index += 1
        return token

    def expect(self, text: str) -> Token:
        if not self.at(text):
            raise self.unexpected(f"expected {text!r} but found")
        return self.take()

    def since(self, index: int) -> list[Token]:
        """The tokens taken from `index` on."""
        return self.tokens[index : self.index]

    def error(self, message: str, token: Token) -> FormulaError:
        return error_at(message, token.position, self.text)

    def unexpected(self, start: str = "unexpected") -> FormulaError:
        """The error for the next token, which nothing can consume."""
        token = self.token
        if token.kind == "end":
            return FormulaError(f"{start} the end of {self.text!r}: something is missing there")
        if token.text in ("|", "||"):
            return self.error(f"{token.text!r} belongs inside a bracket such as (1 | group);", token)
        if token.text == "[":
            return self.error("lists and levels in [...] are not possible in a formula;", token)
        if token.kind == "string":
            return self.error(f"a text ({token.text}) can only stand inside a call;", token)
        return self.error(f"{start} {token.text!r}", token)
