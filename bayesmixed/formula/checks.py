"""What reads well but makes no model."""

from collections.abc import Collection, Sequence

from bayesmixed.errors import FormulaError
from bayesmixed.formula.cursor import Cursor
from bayesmixed.formula.names import Names
from bayesmixed.formula.right_side import Bracket
from bayesmixed.formula.terms import Factor, Term, Terms, label
from bayesmixed.specification import RandomTerm


def check_tilde(cursor: Cursor) -> None:
    """There is exactly one ``~``."""
    tildes = [token for token in cursor.tokens if token.text == "~"]
    if not cursor.text.strip():
        raise FormulaError("the formula is empty; write e.g. y ~ x + (1 | group)")
    if not tildes:
        raise FormulaError(f"no '~' in {cursor.text!r}: write e.g. y ~ x + (1 | group)")
    if len(tildes) > 1:
        raise cursor.error("a second '~'", tildes[1])


def check_grouping(text: str, brackets: Sequence[Bracket]) -> None:
    """There is a bracket, and all brackets have the same groups."""
    if not brackets:
        raise FormulaError(
            f"no bracket in {text!r}: a mixed model needs one, e.g. + (1 | group) for groups that "
            "differ in their level"
        )
    names = list(dict.fromkeys(bracket.random.factor_name for bracket in brackets))
    if len(names) > 1:
        listed = ", ".join(map(repr, names[:-1])) + f" and {names[-1]!r}"
        count = {2: "two", 3: "three"}.get(len(names), str(len(names)))
        raise FormulaError(
            f"bayesmixed fits one grouping factor for now; this formula has {count}: {listed}; "
            f"keep one, e.g. (1 | {names[-1]})"
        )


def check_random_effects(brackets: Sequence[Bracket]) -> None:
    """The same column in two brackets would have two standard deviations."""
    first: dict[frozenset[Factor], RandomTerm] = {}
    for bracket in brackets:
        constant: list[Term] = [] if bracket.effects.intercept is False else [()]
        for term in [*constant, *bracket.effects.terms]:
            other = first.setdefault(frozenset(term), bracket.random)
            if other is not bracket.random:
                raise FormulaError(
                    f"the random effect {label(term) or 'Intercept'!r} stands in two brackets, "
                    f"{other.source} and {bracket.random.source}: write it once"
                    + ("" if term else ", e.g. (0 + x | g) beside (1 | g)")
                )


def check_names(names: Names, fixed: Terms, brackets: Sequence[Bracket]) -> None:
    """Every label is one term, and none is a name that the posterior uses."""
    sets = [fixed.terms, *(bracket.effects.terms for bracket in brackets)]
    labels: dict[str, frozenset[Factor]] = {}
    for term in (term for terms in sets for term in terms):
        if labels.setdefault(label(term), frozenset(term)) != frozenset(term):
            raise FormulaError(f"two different terms are both printed as {label(term)!r}")
    for name in (f"{brackets[0].random.factor_name}_corr{end}" for end in ("", "_chol")):
        if name in labels:
            raise FormulaError(f"rename the column {name!r}: it is a name in the posterior")
    clash = names.contrasts & set(names.columns)
    if clash:
        raise FormulaError(f"rename the column {clash.pop()!r}: it is also the name of a contrast")


def check_response(response: Factor, fixed: Terms, brackets: Sequence[Bracket], offsets: Sequence[Factor]) -> None:
    """The response predicts itself neither as it is nor by another function of the same column."""
    places: list[tuple[str, list[Term]]] = [
        ("", fixed.terms),
        *((f"the bracket {bracket.random.source}", bracket.effects.terms) for bracket in brackets),
        ("offset(...)", [(offset,) for offset in offsets]),
    ]
    for place, terms in places:
        for factor in (factor for term in terms for factor in term):
            if factor == response:
                where = f"in {place}" if place else "a predictor"
                raise FormulaError(f"the response {response.label!r} is also {where}: remove it there")
            if len(response.uses) == 1 and factor.uses == response.uses:
                (column,) = response.uses
                where = f" in {place}" if place else ""
                raise FormulaError(
                    f"the response {response.label!r} and the predictor {factor.label!r}{where} are made of "
                    f"the same column {column!r}: remove the predictor"
                )


def check_response_and_groups(response: Factor, columns: Collection[str], brackets: Sequence[Bracket]) -> None:
    """The response is not constant within each group because it defines the groups."""
    for bracket in brackets:
        if set(columns) <= set(bracket.random.factor):
            raise FormulaError(
                f"the response {response.label!r} is also in the bracket {bracket.random.source}, so that it does "
                "not vary within groups: group by another column"
            )
