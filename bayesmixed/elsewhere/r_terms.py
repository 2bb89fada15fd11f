"""Terms of a side in R's language: as R would write them, and column by column.

R decides by its own rule which factors of an interaction are coded in full (`codes_alike`). Where that is not
what the design holds, a term is written as its columns, one by one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from bayesmixed.elsewhere.r_expressions import is_comparison, r_expression, r_name, r_number, r_text, r_vector
from bayesmixed.encoding import Side
from bayesmixed.errors import DesignError


@dataclass(frozen=True)
class Part:
    """A component of a term: a column, a call or a factor.

    Parameters
    ----------
    text : str or None
        As R writes it in a formula; None where R has no word for the contrasts.
    endings : tuple of str
        What R adds to `text` in the names of its columns.
    columns : tuple of str
        An expression of each column.
    full : bool or None
        Of a factor: whether there is a column for each level.
    """

    text: str | None
    endings: tuple[str, ...]
    columns: tuple[str, ...]
    full: bool | None = None


@dataclass(frozen=True)
class RTerm:
    """A term in R: `text` in a formula, and for each of our columns R's `names` and an expression."""

    text: str
    names: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def is_intercept(self) -> bool:
        return self.text == "1"

    @property
    def scalar(self) -> bool:
        """Whether it is one column that holds no factor."""
        return self.columns == (self.text,)


INTERCEPT = RTerm("1", ("Intercept",), ("1",))


def r_terms(side: Side) -> tuple[RTerm, ...]:
    """All terms of a side; factors as columns where R would code one of them otherwise.

    Raises
    ------
    DesignError
        A function that R does not have.
    """
    parts = [tuple(map(_part, getattr(term, "components", ()))) for term in side.model]
    as_written = codes_alike(parts)
    order = list(dict.fromkeys(part.text for own in parts for part in own))
    found: list[RTerm] = []
    for own in parts:
        if not own:
            found.append(INTERCEPT)
        elif as_written or all(part.full is None for part in own):
            found.append(_term(own, order))
        else:
            found += [RTerm(column, (column,), (column,)) for column in _columns(own)]
    return tuple(found)


def sum_of(terms: tuple[RTerm, ...]) -> str:
    """The terms as a formula's right side; the intercept is said only where it stands alone."""
    texts = [term.text for term in terms if not term.is_intercept]
    if not any(term.is_intercept for term in terms):
        return " + ".join(["0", *texts])
    return " + ".join(texts) or "1"


def _term(parts: tuple[Part, ...], order: list[str | None]) -> RTerm:
    """A term whose columns R names with the parts in the `order` of their first appearance."""
    text = ":".join(str(part.text) for part in parts)
    places = sorted(range(len(parts)), key=lambda k: order.index(parts[k].text))
    endings = product(*(part.endings for part in parts))
    names = (":".join(f"{parts[k].text}{ending[k]}" for k in places) for ending in endings)
    return RTerm(text, tuple(names), _columns(parts))


def _columns(parts: tuple[Part, ...]) -> tuple[str, ...]:
    if len(parts) == 1:
        (part,) = parts
        return part.columns if part.full is None else tuple(f"as.numeric({one})" for one in part.columns)
    inside = [[f"({one})" if part.full is not None else one for one in part.columns] for part in parts]
    return tuple(f"I({' * '.join(some)})" for some in product(*inside))


# ---------------------------------------------------------------- components
def _part(component: Any) -> Part:
    call = getattr(component, "call", None)
    if component.kind == "categoric":
        return _factor(component, call)
    if call is None:
        return _numbers(r_name(component.name), 1)
    if is_comparison(call):  # pragma: no cover - a comparison stands inside I() in our formulas
        return _numbers(f"as.numeric({r_expression(call)})", 1)
    return _numbers(r_expression(call), _width(call))


def _width(call: Any) -> int:
    learnt = call.stateful_transform
    if call.callee == "poly":
        return int(learnt.degree)
    if call.callee == "bs":
        return int(len(learnt._knots) - learnt._degree - 1 - (not learnt._intercept))
    return 1


def _numbers(text: str, width: int) -> Part:
    if width == 1:
        return Part(text, ("",), (text,))
    numbers = range(1, width + 1)
    return Part(text, tuple(map(str, numbers)), tuple(f"{text}[, {k}]" for k in numbers))


def _factor(component: Any, call: Any) -> Part:
    levels, matrix = list(component.levels), component.contrast_matrix.matrix
    values = _values(component, call, levels)
    full = matrix.shape[1] == len(levels)
    text, endings = _idiom(component, call, values, levels, matrix)
    names = [str(level) if isinstance(level, str) else r_number(level) for level in levels]
    columns = tuple(_column(values, names, levels, column) for column in matrix.T)
    return Part(text, endings, columns, full)


def _values(component: Any, call: Any, levels: list[Any]) -> str:
    if call is None:
        return r_name(component.name)
    if call.callee != "C":
        raise DesignError(
            f"{call} cannot be said elsewhere: {call.callee} is a function of your own; make a column of it"
        )
    return r_expression(call.args[0] if call.args else call.kwargs["data"])


def _idiom(
    component: Any, call: Any, values: str, levels: list[Any], matrix: np.ndarray
) -> tuple[str | None, tuple[str, ...]]:
    """R's words for a factor with its contrasts, and what it appends to the names of columns."""
    names = [str(level) if isinstance(level, str) else r_number(level) for level in levels]
    factor = values if isinstance(levels[0], str) else _factor_of_numbers(values, levels, names)
    kind, chosen = _contrast(call)
    full = matrix.shape[1] == len(levels)
    if kind == "Treatment":
        place = levels.index(chosen) if chosen in levels else 0
        if place:
            factor = f"relevel({factor}, {r_text(names[place])})"
        return factor, tuple(name for k, name in enumerate(names) if full or k != place)
    if not full and np.array_equal(matrix, np.vstack([np.eye(len(levels) - 1), -np.ones(len(levels) - 1)])):
        return f'C({factor}, "contr.sum")', tuple(str(k + 1) for k in range(len(levels) - 1))
    return None, ("",) * matrix.shape[1]


def _factor_of_numbers(values: str, levels: list[Any], names: list[str]) -> str:
    """R sorts them, unless it is told the order of a category."""
    return f"factor({values})" if levels == sorted(levels) else f"factor({values}, levels = {r_vector(names)})"


def _contrast(call: Any) -> tuple[str, Any]:
    """Treatment or Sum, and the level that it names."""
    if call is None:
        return "Treatment", None
    given = call.args[1] if len(call.args) > 1 else call.kwargs.get("contrast")
    if given is None:
        return "Treatment", None
    if hasattr(given, "callee"):
        values = [*given.args, *given.kwargs.values()]
        return given.callee, values[0].value if values else None
    return given.name, None


def _column(values: str, names: list[str], levels: list[Any], column: np.ndarray) -> str:
    """A column of contrasts as a sum over levels of coefficient times (value is that level)."""
    text = ""
    for name, level, coefficient in zip(names, levels, column, strict=True):
        if not coefficient:
            continue
        test = f"{values} == {r_text(name) if isinstance(level, str) else name}"
        if np.count_nonzero(column) == 1 and coefficient == 1:
            return test
        factor = "" if abs(coefficient) == 1 else f"{r_number(abs(coefficient))} * "
        sign = ("-" if coefficient < 0 else "") if not text else (" - " if coefficient < 0 else " + ")
        text += f"{sign}{factor}({test})"
    return text


# ---------------------------------------------------------------- R's rule
def codes_alike(terms: list[tuple[Part, ...]]) -> bool:
    """Whether R codes each factor of each term in full just where the design does.

    R takes contrasts for a factor where the term without it is a part of an earlier term, or is empty; without
    an intercept the first factor of all is coded in full (TermCode in R's model.c; Chambers and Hastie, 1992,
    page 38).
    """
    if any(part.text is None for parts in terms for part in parts):
        return False
    first = () not in terms
    for place, parts in enumerate(terms):
        for own, part in enumerate(parts):
            if part.full is None:
                continue
            if part.full != (first or not _is_margin(parts, own, terms[:place])):
                return False
            first = False
    return True


def _is_margin(parts: tuple[Part, ...], own: int, earlier: list[tuple[Part, ...]]) -> bool:
    rest = {part.text for k, part in enumerate(parts) if k != own}
    return not rest or any(rest <= set(texts) for texts in _texts(earlier))


def _texts(terms: list[tuple[Part, ...]]) -> Iterator[set[str | None]]:
    yield from ({part.text for part in parts} for parts in terms)
