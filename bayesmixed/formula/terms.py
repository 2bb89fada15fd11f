"""Factors, terms (products of factors) and sets of terms, with the operators of their algebra."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import combinations
from math import comb


@dataclass(frozen=True)
class Factor:
    """A column or a call: one component of a term.

    `label` is how formulae prints it (without inner brackets), `source` is what formulae reads,
    `uses` are the columns whose values in a row give its own there. A function of the user's own, such as
    a lag, may look at other rows: what stands inside is not among them.
    """

    label: str
    source: str
    column: bool = False
    uses: frozenset[str] = field(default=frozenset(), compare=False)


Term = tuple[Factor, ...]


@dataclass
class Terms:
    """A set of terms in order; `intercept` is None until a 0 or a 1 says something about it."""

    terms: list[Term] = field(default_factory=list)
    intercept: bool | None = None

    def __post_init__(self) -> None:
        self._sets = {frozenset(term) for term in self.terms}

    def add(self, term: Term) -> None:
        if frozenset(term) not in self._sets:
            self._sets.add(frozenset(term))
            self.terms.append(term)

    def remove(self, term: Term) -> bool:
        if frozenset(term) not in self._sets:
            return False
        self._sets.remove(frozenset(term))
        self.terms = [other for other in self.terms if set(other) != set(term)]
        return True

    @property
    def source(self) -> str:
        """The terms as formulae reads them: main effects first, then interactions by order, as in R."""
        constant = "0" if self.intercept is False else "1"
        terms = (":".join(factor.source for factor in term) for term in sorted(self.terms, key=len))
        return " + ".join([constant, *terms]) if self.terms else constant


def label(term: Term) -> str:
    """The term as formulae and Bambi print it."""
    return ":".join(factor.label for factor in term)


def count_up_to_order(n_terms: int, highest: int) -> int:
    """How many terms `up_to_order` makes at most."""
    return sum(comb(n_terms, order) for order in range(1, highest + 1))


def up_to_order(terms: list[Term], highest: int) -> list[Term]:
    """``(a + b + c)^highest``: the terms and their interactions up to that order."""
    orders = range(2, highest + 1)
    crossed = [_join(*some) for order in orders for some in combinations(terms, order)]
    return _union(terms, crossed)


def _join(*terms: Term) -> Term:
    return tuple(dict.fromkeys(factor for term in terms for factor in term))


def _union(left: Iterable[Term], right: Iterable[Term]) -> list[Term]:
    result = Terms()
    for term in (*left, *right):
        result.add(term)
    return result.terms


def _cross(left: list[Term], right: list[Term]) -> list[Term]:
    return [_join(a, b) for a in left for b in right]


#: How many terms each of `OPERATORS` makes at most.
COUNTS: dict[str, Callable[[int, int], int]] = {
    ":": lambda left, right: left * right,
    "*": lambda left, right: left + right + left * right,
    "/": lambda left, right: left + right,
}
OPERATORS: dict[str, Callable[[list[Term], list[Term]], list[Term]]] = {
    ":": lambda left, right: _union(_cross(left, right), []),
    "*": lambda left, right: _union(_union(left, right), _cross(left, right)),
    "/": lambda left, right: _union(left, _cross([_join(*left)], right)),
}
