"""Linear combinations of coefficients written as text, such as ``2 * Days - Type[T2] = 3``.

Labels of coefficients may hold brackets, colons, blanks and operators (``I(x - 1):Type[T2, a]``), so a label is
what matches one at a place, the longest first; blanks inside it do not count, nor does the order of an
interaction.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.errors import RemlError
from bayesmixed.parameters import respelled
from bayesmixed.priors.nearest import nearest_name

NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
WORD = re.compile(r"[\w.]+(?:[:\w.]|\[[^\]]*\])*|.")


@dataclass(frozen=True, eq=False)
class Linear:
    """``weights @ beta + constant``."""

    weights: Array
    constant: float

    def plus(self, other: "Linear", sign: float = 1.0) -> "Linear":
        return Linear(self.weights + sign * other.weights, self.constant + sign * other.constant)

    def times(self, factor: float) -> "Linear":
        return Linear(factor * self.weights, factor * self.constant)

    @property
    def is_number(self) -> bool:
        return not self.weights.any()


def read_linear(text: str, labels: Sequence[str]) -> list[tuple[str, Array, float]]:
    """Hypotheses in a text: what was typed, weights and value of each ``weights @ beta = value``.

    Parameters
    ----------
    text : str
        Sums of labels with numbers as factors and divisors, parentheses, and at most one ``=`` each (``= 0`` if
        there is none); several are separated by commas or semicolons.
    labels : sequence of str
        Labels of the coefficients.

    Returns
    -------
    list of (str, ndarray of shape (p,), float)

    Raises
    ------
    RemlError
        With the place where the text stops making sense.

    Examples
    --------
    >>> read_linear("Days - 2 * Type[T2] = 3", ["Intercept", "Days", "Type[T2]"])
    [('Days - 2 * Type[T2] = 3', array([ 0.,  1., -2.]), 3.0)]
    """
    return _Reader(text, labels).hypotheses()


class _Reader:
    """Recursive descent; it never evaluates Python."""

    def __init__(self, text: str, labels: Sequence[str]):
        self.text, self.labels, self.place = text, labels, 0
        ordered = sorted(range(len(labels)), key=lambda k: -len(labels[k]))
        self.patterns = [(k, _pattern(labels[k])) for k in ordered]

    def hypotheses(self) -> list[tuple[str, Array, float]]:
        found = []
        while True:
            start = self.place
            weights, value = self.hypothesis()
            found.append((self.text[start : self.place].strip(), weights, value))
            if self.at_end:
                return found
            self.take(",;")

    def hypothesis(self) -> tuple[Array, float]:
        left = self.sum()
        difference = left.plus(self.sum(), -1.0) if self.take("=") else left
        if not self.at_end and not self.peek(",;"):
            raise self.error("an operator (+ - * / =) is missing")
        if difference is left and left.constant:
            raise RemlError(
                f"the number {left.constant:g} in the contrast {self.text!r} multiplies no coefficient; to test a "
                "value, write it behind an equals sign"
            )
        if difference.is_number:
            raise RemlError(f"no coefficient is left in the contrast {self.text!r}")
        return difference.weights, -difference.constant or 0.0

    def sum(self) -> Linear:
        sign = self.sign()
        total = self.product().times(sign)
        while self.peek("+-"):
            sign = self.sign()
            total = total.plus(self.product(), sign)
        return total

    def sign(self) -> float:
        sign = 1.0
        while symbol := self.take("+-"):
            sign = -sign if symbol == "-" else sign
        return sign

    def product(self) -> Linear:
        result = self.item()
        while symbol := self.take("*/"):
            self.skip()
            start = self.place
            other = self.item()
            if symbol == "/" and (not other.is_number or other.constant == 0.0):
                raise self.error("only a number other than 0 can divide", start)
            if symbol == "/":
                result = result.times(1.0 / other.constant)
            elif other.is_number:
                result = result.times(other.constant)
            elif result.is_number:
                result = other.times(result.constant)
            else:
                raise self.error("a contrast is linear: coefficients cannot be multiplied", start)
        return result

    def item(self) -> Linear:
        self.skip()
        nothing = np.zeros(len(self.labels))
        k = self.label(self.patterns)
        if k is None and ":" in self.text:
            k = self.label(self.respelled_patterns)
        if k is not None:
            nothing[k] = 1.0
            return Linear(nothing, 0.0)
        if match := NUMBER.match(self.text, self.place):
            self.place = match.end()
            return Linear(nothing, float(match.group()))
        if self.take("("):
            inside = self.sum()
            if not self.take(")"):
                raise self.error("a closing parenthesis is missing")
            return inside
        raise self.unknown()

    def label(self, patterns: list[tuple[int, re.Pattern[str]]]) -> int | None:
        """The label that comes next, and past it."""
        for k, pattern in patterns:
            if match := pattern.match(self.text, self.place):
                self.place = match.end()
                return k
        return None

    @cached_property
    def respelled_patterns(self) -> list[tuple[int, re.Pattern[str]]]:
        """Interactions in other orders of their parts, ``arm[b]:time`` for ``arm:time[b]``."""
        found = [(k, other) for k, label in enumerate(self.labels) for other in respelled(label)]
        return [(k, _pattern(other)) for k, other in sorted(found, key=lambda item: -len(item[1]))]

    # ---------------------------------------------------------------- characters
    @property
    def at_end(self) -> bool:
        self.skip()
        return self.place == len(self.text)

    def skip(self) -> None:
        self.place = len(self.text) - len(self.text[self.place :].lstrip())

    def peek(self, symbols: str) -> bool:
        return not self.at_end and self.text[self.place] in symbols

    def take(self, symbols: str) -> str:
        """The next symbol if it is one of these, else nothing."""
        if not self.peek(symbols):
            return ""
        self.place += 1
        return self.text[self.place - 1]

    def error(self, what: str, place: int | None = None) -> RemlError:
        where = self.place if place is None else place
        return RemlError(f"{what}, at character {where + 1} of the contrast {self.text!r}")

    def unknown(self) -> RemlError:
        self.skip()
        found = WORD.match(self.text, self.place)
        if found is None:
            return self.error("a coefficient or a number is missing")
        word = found.group()
        return RemlError(
            f"{word!r} in the contrast {self.text!r} is no coefficient; there are {', '.join(self.labels)}; "
            f"did you mean {nearest_name(word, self.labels)!r}?"
        )


def _pattern(label: str) -> re.Pattern[str]:
    """A label, whatever the blanks between its words and symbols; no part of a longer word."""
    parts = re.findall(r"\w+|[^\w\s]", label)
    pattern = re.escape(parts[0])
    for before, after in pairwise(parts):
        both_words = before[-1].isalnum() and after[0].isalnum()
        pattern += (r"\s+" if both_words else r"\s*") + re.escape(after)
    # What follows must not make it another label that there is not: Days in Days:x, Type in Type[T9].
    return re.compile(pattern + (r"(?![\w.\[]|\s*:)" if parts[-1][-1].isalnum() else r"(?!\w|\s*:)"))
