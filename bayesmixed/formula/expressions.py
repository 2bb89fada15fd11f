"""Columns, calls, and the arithmetic inside calls with the precedence of Python."""

import math
from collections.abc import Callable, Sequence
from decimal import Decimal

from bayesmixed.formula.arguments import Argument, fault_of
from bayesmixed.formula.cursor import Cursor
from bayesmixed.formula.names import Names
from bayesmixed.formula.terms import Factor
from bayesmixed.formula.vocabulary import CONSTANTS, CONTRASTS, check_function

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


class Expressions:
    """Recursive descent over what a term is made of; `own` are the user's functions."""

    def __init__(self, cursor: Cursor, own: tuple[str, ...]):
        self.cursor = cursor
        self.names = Names(cursor)
        self.own = own

    def factor(self) -> Factor:
        """A column or a call."""
        token = self.cursor.token
        if self.cursor.at_call:
            before = self.cursor.index
            call = self.call()
            if not self.names.any_column(self.cursor.since(before)[1:]):
                raise self.cursor.error(f"{call.label} names no column;", token)
            return call
        if token.text in CONSTANTS:
            raise self.cursor.error(f"unexpected {token.text!r}", token)
        return self.names.column(self.cursor.take())

    # -- calls
    def call(self, contrast: bool = False) -> Factor:
        name = self.cursor.take()
        if not contrast:
            check_function(self.cursor, name, self.own)
        self.cursor.expect("(")
        arguments: list[Argument] = []
        while not self.cursor.at(")"):
            arguments.append(self.argument(name.text, arguments))
            if not self.cursor.at(")"):
                self.cursor.expect(",")
        self.cursor.expect(")")
        labels = ", ".join(one.label for one in arguments)
        sources = ", ".join(one.source for one in arguments)
        is_own = name.text in self.own
        uses = frozenset().union(*(one.value.uses for one in arguments if not is_own))
        call = Factor(f"{name.text}({labels})", f"{name.text}({sources})", uses=uses)
        fault = "" if is_own or not arguments else fault_of(name.text, arguments)
        if fault:
            raise self.cursor.error(f"{call.label}: {fault};", name)
        return self.names.known(call, name)

    def argument(self, function: str, before: Sequence[Argument]) -> Argument:
        token = self.cursor.token
        if token.kind == "name" and self.cursor.following.text == "=":
            self.cursor.index += 2
            return Argument(token.text, self.value(function, contrast=True))
        if before and before[-1].name:
            raise self.cursor.error("an argument without a name after one with a name;", token)
        return Argument("", self.value(function, contrast=bool(before)))

    def value(self, function: str, contrast: bool) -> Factor:
        token = self.cursor.token
        if function == "C" and contrast and token.text in CONTRASTS:
            self.names.contrasts.add(token.text)
            if self.cursor.following.text == "(":
                return self.call(contrast=True)
            return _verbatim(self.cursor.take().text)
        before = self.cursor.index
        expression = self.comparison()
        if function == "C":
            self.names.mark_categorical(self.cursor.since(before))
        return expression

    # -- arithmetic
    def comparison(self) -> Factor:
        left = self.additive()
        if self.cursor.at(*COMPARISONS):
            left = _binary(left, self.cursor.take().text, self.additive())
            if self.cursor.at(*COMPARISONS):
                raise self.cursor.error("one comparison at a time, e.g. I(a < b) * I(b < c);", self.cursor.token)
        return left

    def additive(self) -> Factor:
        return self.binary(("+", "-"), self.multiplicative)

    def multiplicative(self) -> Factor:
        return self.binary(("*", "/"), self.signed)

    def binary(self, operators: tuple[str, ...], operand: Callable[[], Factor]) -> Factor:
        left = operand()
        while self.cursor.at(*operators):
            left = _binary(left, self.cursor.take().text, operand())
        return left

    def signed(self) -> Factor:
        if self.cursor.at("+", "-"):
            sign = self.cursor.take().text
            operand = self.signed()
            return Factor(f"{sign}{operand.label}", f"({sign}{operand.source})", uses=operand.uses)
        base = self.primary()
        if self.cursor.at("**", "^"):
            self.cursor.take()
            return _binary(base, "**", self.signed())
        return base

    def primary(self) -> Factor:
        cursor, token = self.cursor, self.cursor.token
        if cursor.at("("):
            cursor.take()
            inside = self.comparison()
            cursor.expect(")")
            return inside
        if token.kind == "number":
            return self.number()
        if token.kind == "string":
            cursor.take()
            if token.text[1:-1] != token.text[1:-1].replace('"', "").replace("'", ""):
                raise cursor.error("a text with a quotation mark inside is not possible;", token)
            return _verbatim(token.text)
        if token.text in CONSTANTS:
            return _verbatim(cursor.take().text)
        if cursor.at_call:
            return self.call()
        if token.names_column:
            return self.names.column(cursor.take())
        raise cursor.unexpected()

    def number(self) -> Factor:
        token = self.cursor.take()
        if math.isinf(float(token.text)):
            raise self.cursor.error("a number beyond 1e308;", token)
        return _number(token.text)


def _binary(left: Factor, operator: str, right: Factor) -> Factor:
    return Factor(
        f"{left.label} {operator} {right.label}",
        f"({left.source} {operator} {right.source})",
        uses=left.uses | right.uses,
    )


def _verbatim(text: str) -> Factor:
    return Factor(text, text)


def _number(text: str) -> Factor:
    """A plain decimal: formulae's scanner knows no exponents."""
    if text.isdecimal():
        return _verbatim(text.lstrip("0") or "0")
    plain = format(Decimal(repr(float(text))), "f")
    return Factor(str(float(text)), plain if "." in plain else f"{plain}.0")
