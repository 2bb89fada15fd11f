"""The right side of a formula: terms, and among them brackets ``(effects | group)`` and offsets."""

from collections.abc import Iterator
from dataclasses import dataclass

from bayesmixed.errors import FormulaError
from bayesmixed.formula.algebra import Algebra
from bayesmixed.formula.expressions import Expressions
from bayesmixed.formula.terms import Factor, Terms
from bayesmixed.formula.tokens import Token
from bayesmixed.specification import RandomTerm


@dataclass(frozen=True)
class Bracket:
    """A bracket as the specification knows it, and its effects as terms."""

    random: RandomTerm
    effects: Terms


class RightSide:
    """Reads all that follows the ``~``; brackets and offsets gather on the way."""

    def __init__(self, expressions: Expressions):
        self.cursor = expressions.cursor
        self.expressions = expressions
        self.algebra = Algebra(expressions)
        self.offsets: list[Factor] = []
        self.brackets: list[Bracket] = []

    def read(self) -> Terms:
        """The fixed part."""
        if self.cursor.at_end:
            raise FormulaError(f"nothing after '~' in {self.cursor.text!r}: write e.g. 1 + (1 | group)")
        terms = self.algebra.sum(self.addend)
        if not self.cursor.at_end:
            raise self.cursor.unexpected()
        return terms

    def addend(self, sign: str) -> bool:
        """Read a bracket or an offset if one starts here."""
        cursor, start = self.cursor, self.cursor.token
        is_offset = start.text == "offset" and cursor.following.text == "("
        is_bracket = cursor.at("(") and cursor.bar_inside()
        if not (is_offset or is_bracket):
            return False
        if sign == "-":
            raise cursor.error(f"a minus before {'an offset' if is_offset else 'a bracket'};", start)
        self.offset() if is_offset else self.bracket()
        if cursor.at("*", "/", ":", "**", "^"):
            what = "an offset" if is_offset else "a bracket (... | group)"
            raise cursor.error(f"{what} cannot be combined by {cursor.token.text!r};", cursor.token)
        return True

    def offset(self) -> None:
        start = self.cursor.take()
        self.cursor.take()
        before = self.cursor.index
        expression = self.expressions.comparison()
        if not any(token.names_column for token in self.cursor.since(before)):
            raise self.cursor.error("offset(...) names no column;", start)
        self.cursor.expect(")")
        self.offsets.append(expression)

    def bracket(self) -> None:
        cursor, start = self.cursor, self.cursor.take()
        effects, bar = self.effects()
        if cursor.at(")"):
            raise cursor.error(f"nothing after {bar.text!r}: write the grouping column;", bar)
        group = cursor.token
        groups = self.algebra.sum()
        if cursor.at("|", "||"):
            raise cursor.error("a second bar in one bracket;", cursor.token)
        end = cursor.expect(")")
        if effects.intercept is False and not effects.terms:
            raise cursor.error("a bracket without any effect;", start)
        source = cursor.text[start.position : end.position + 1]
        for factor in self.grouping(groups, group):
            random = RandomTerm(effects.source, factor, bar.text == "|", source, start.position)
            self.brackets.append(Bracket(random, effects))

    def effects(self) -> tuple[Terms, Token]:
        """The left side of a bracket, and its bar."""
        cursor = self.cursor
        if cursor.at("|", "||"):
            raise cursor.error(f"nothing before {cursor.token.text!r}: write (1 | group);", cursor.token)
        effects = self.algebra.sum()
        if cursor.token.text not in ("|", "||"):
            raise cursor.unexpected()
        return effects, cursor.take()

    def grouping(self, groups: Terms, start: Token) -> Iterator[tuple[str, ...]]:
        factors = [factor for term in groups.terms for factor in term]
        if groups.intercept is not None or not all(factor.column for factor in factors):
            raise self.cursor.error("after the bar only columns joined by ':' can stand;", start)
        for term in groups.terms:
            yield tuple(factor.label for factor in term)
