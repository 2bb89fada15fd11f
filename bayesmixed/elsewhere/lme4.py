"""A design as a call of lme4's ``lmer``."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bayesmixed.elsewhere.r_expressions import is_r_word, r_expression, r_name
from bayesmixed.elsewhere.r_table import reading_lines
from bayesmixed.elsewhere.r_terms import RTerm, r_terms, sum_of
from bayesmixed.elsewhere.words import heading, uses_splines
from bayesmixed.encoding import Side

if TYPE_CHECKING:
    from bayesmixed.design import Design


def lme4_text(design: "Design", data: str, method: str = "REML", found: str = "") -> str:
    """The script: library, table, ``lmer(...)``.

    Parameters
    ----------
    design : Design
    data : str
    method : {"REML", "ML"}
    found : str
        What was found here, to compare with.
    """
    formula = f"{response(design)} ~ {' + '.join([*fixed(design), *_brackets(design)])}"
    weights = "" if design.weights_name is None else f", weights = {r_name(design.weights_name)}"
    lines = [
        *heading(design, data, "R with lme4"),
        "library(lme4)",
        *(["library(splines)"] if uses_splines(design) else []),
        *reading_lines(design, data),
        f"fit <- lmer({formula}, table{weights}, REML = {'TRUE' if method == 'REML' else 'FALSE'})",
        f"summary(fit){f'  # here: {found}' if found else ''}",
    ]
    return "\n".join(lines) + "\n"


def response(design: "Design") -> str:
    return _number_side(design.encoding.response)


def fixed(design: "Design") -> list[str]:
    """Fixed effects and offsets."""
    return [sum_of(r_terms(design.encoding.fixed)), *offsets(design)]


def offsets(design: "Design") -> list[str]:
    texts = (_number_side(side) for side in design.encoding.offsets)
    return [f"offset({text[2:-1] if text.startswith('I(') else text})" for text in texts]


def group_name(design: "Design") -> str:
    return ":".join(map(r_name, design.specification.factor))


def _number_side(side: Side) -> str:
    (term,) = side.model
    (component,) = term.components
    call = getattr(component, "call", None)
    return r_name(component.name) if call is None else r_expression(call)


def _brackets(design: "Design") -> Iterator[str]:
    group = group_name(design)
    double = all(map(is_r_word, design.specification.columns))  # lme4's || forgets backquotes
    for random, side in zip(design.specification.random, design.encoding.random, strict=True):
        terms = r_terms(side)
        if random.correlated or (len(terms) == 1 and len(terms[0].columns) == 1):
            yield f"({sum_of(terms)} | {group})"
        elif double and all(term.scalar for term in terms):
            yield f"({sum_of(terms)} || {group})"
        else:
            yield from (f"({_alone(column, term)} | {group})" for term in terms for column in term.columns)


def _alone(column: str, term: RTerm) -> str:
    return "1" if term.is_intercept else f"0 + {column}"
