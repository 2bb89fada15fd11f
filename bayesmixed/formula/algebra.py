"""Sums and products of terms: ``+ - * / : ^`` outside calls."""

from collections.abc import Callable

from bayesmixed.formula.expressions import Expressions
from bayesmixed.formula.terms import COUNTS, OPERATORS, Terms, count_up_to_order, label, up_to_order
from bayesmixed.formula.tokens import Token

#: A product of many terms would fill the memory before any table could refuse it.
MOST_TERMS = 1000


class Algebra:
    """Recursive descent from a sum down to single factors."""

    def __init__(self, expressions: Expressions):
        self.cursor = expressions.cursor
        self.expressions = expressions

    def sum(self, addend: Callable[[str], bool] = lambda sign: False) -> Terms:
        """Terms joined by + and -.

        `addend` is given each sign first and says whether it took what follows for itself.
        """
        result = Terms()
        sign = self.sign()
        while True:
            start = self.cursor.token
            if not addend(sign):
                self.combine(result, sign, start, self.product())
            if not self.cursor.at("+", "-"):
                return result
            sign = self.sign()

    def sign(self) -> str:
        sign = "+"
        while self.cursor.at("+", "-"):
            if self.cursor.take().text == "-":
                sign = "-" if sign == "+" else "+"
        return sign

    def combine(self, result: Terms, sign: str, start: Token, other: Terms) -> None:
        if other.intercept is not None:
            if sign == "-" and other.terms:
                raise self.cursor.error("a 0 or 1 among terms that '-' removes is ambiguous;", start)
            result.intercept = other.intercept if sign == "+" else not other.intercept
        for term in other.terms:
            if sign == "+":
                result.add(term)
            elif not result.remove(term):
                raise self.cursor.error(f"'- {label(term)}' removes a term that is not there;", start)

    def product(self) -> Terms:
        return self.chain(("*", "/"), lambda: self.chain((":",), self.power))

    def chain(self, operators: tuple[str, ...], operand: Callable[[], Terms]) -> Terms:
        start = self.cursor.token
        left = operand()
        while self.cursor.at(*operators):
            operator = self.cursor.take()
            right = operand()
            if left.intercept is not None or right.intercept is not None:
                raise self.cursor.error(f"a number cannot be combined by {operator.text!r};", start)
            self.check_count(COUNTS[operator.text](len(left.terms), len(right.terms)), operator)
            left = Terms(OPERATORS[operator.text](left.terms, right.terms))
        return left

    def check_count(self, count: int, operator: Token) -> None:
        if count > MOST_TERMS:
            raise self.cursor.error(
                f"{operator.text!r} makes {count:,} terms here, and {MOST_TERMS:,} are the most; leave some out;",
                operator,
            )

    def power(self) -> Terms:
        start = self.cursor.token
        base = self.atom()
        if not self.cursor.at("**", "^"):
            return base
        operator = self.cursor.take()
        exponent = self.cursor.take()
        if start.text != "(" or len(base.terms) < 2 or base.intercept is not None:
            typed = self.cursor.text[start.position : operator.position].strip()
            instead = f"I({typed}**{exponent.text or 2})"
            raise self.cursor.error(f"powers belong inside I(): write {instead} for {operator.text!r}", operator)
        if exponent.text not in tuple("123456789"):
            raise self.cursor.error("interactions up to an order need a whole number;", exponent)
        self.check_count(count_up_to_order(len(base.terms), int(exponent.text)), operator)
        return Terms(up_to_order(base.terms, int(exponent.text)))

    def atom(self) -> Terms:
        cursor, token = self.cursor, self.cursor.token
        if cursor.at("("):
            if cursor.bar_inside():
                raise cursor.error("a bracket (... | group) must be added by '+' on its own;", token)
            cursor.take()
            inside = self.sum()
            cursor.expect(")")
            return inside
        if token.kind == "number":
            cursor.take()
            if float(token.text) not in (0, 1):
                raise cursor.error(f"the number {token.text} outside a call;", token)
            return Terms(intercept=float(token.text) == 1)
        if token.names_column:
            return Terms([(self.expressions.factor(),)])
        raise cursor.unexpected()
