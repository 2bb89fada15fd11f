"""Calls and arithmetic of a formula in R's language.

What a transformation has learnt (means, sd, knots) is written as numbers, so that R computes the same columns;
only ``poly`` is left to R, whose orthonormal polynomials of the same rows are the same.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from bayesmixed.errors import DesignError

#: How tightly R's operators bind; those of Python in formulae's names.
_BINDING = {"==": 1, "!=": 1, "<": 1, "<=": 1, ">": 1, ">=": 1, "+": 2, "-": 2, "*": 3, "/": 3, "sign": 4, "**": 5}
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_SAME = ("I", "log", "log2", "log10", "exp", "sqrt", "abs")
_CONSTANTS = {"True": "TRUE", "False": "FALSE", "None": "NULL"}
_RESERVED = (
    *("if", "else", "repeat", "while", "function", "for", "next", "break", "in"),
    *("TRUE", "FALSE", "NULL", "Inf", "NaN", "NA", "NA_integer_", "NA_real_", "NA_character_"),
)


def r_name(name: str) -> str:
    """A column as R is told of it, in backquotes where it is no word of R.

    Examples
    --------
    >>> r_name("Days"), r_name("odd name"), r_name("if")
    ('Days', '`odd name`', '`if`')
    """
    if is_r_word(name):
        return name
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def is_r_word(name: str) -> bool:
    """Whether R takes a name without backquotes."""
    word = re.fullmatch(r"(?:[A-Za-z]|\.(?![0-9]))[A-Za-z0-9._]*", name)
    return word is not None and name not in _RESERVED


def r_number(value: Any) -> str:
    """A number to its last digit.

    Examples
    --------
    >>> r_number(4.5), r_number(2.0), r_number(1 / 3)
    ('4.5', '2', '0.3333333333333333')
    """
    text = repr(float(value))
    return text.removesuffix(".0")


def r_text(value: str) -> str:
    """A string of R, in quotation marks."""
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def r_vector(values: Iterable[str]) -> str:
    return f"c({', '.join(values)})"


def r_expression(part: Any) -> str:
    """A lazy expression of formulae (variable, value, operator or call) in R.

    Raises
    ------
    DesignError
        A function that R does not have; the message names it.
    """
    return _written(part)[0]


def is_comparison(part: Any) -> bool:
    return getattr(part, "symbol", None) in _COMPARISONS


def _written(part: Any) -> tuple[str, int]:
    """The text, and how tightly its outermost operator binds."""
    if hasattr(part, "symbol"):
        return _operator(part)
    if hasattr(part, "callee"):
        return _call(part), 9
    if hasattr(part, "lexeme"):
        return _value(part), 9
    return _CONSTANTS.get(part.name) or r_name(part.name), 9


def _operator(part: Any) -> tuple[str, int]:
    if len(part.args) == 1:
        return f"{part.symbol}{_inside(part.args[0], 4)}", 4
    binding = _BINDING[part.symbol]
    left, right = part.args
    if part.symbol == "**":
        return f"{_inside(left, 6)}^{_inside(right, 6)}", 5
    return f"{_inside(left, binding)} {part.symbol} {_inside(right, binding + 1)}", binding


def _inside(part: Any, least: int) -> str:
    text, binding = _written(part)
    return text if binding >= least else f"({text})"


def _value(part: Any) -> str:
    if isinstance(part.value, str):
        return r_text(part.value)
    if isinstance(part.value, bool) or part.value is None:
        return _CONSTANTS[str(part.value)]
    return str(part.lexeme if part.lexeme is not None else part.value)


def _call(call: Any) -> str:
    if call.callee == "I" and is_comparison(call.args[0]):
        return f"as.numeric({r_expression(call.args[0])})"
    if call.callee in _SAME:
        return f"{call.callee}({', '.join(map(r_expression, _arguments(call)))})"
    if call.callee in _LEARNT:
        return _LEARNT[call.callee](r_expression(_arguments(call)[0]), call.stateful_transform)
    raise DesignError(
        f"{call} cannot be said elsewhere: {call.callee} is a function of your own; make a column of it"
    )


def _arguments(call: Any) -> list[Any]:
    return [*call.args, *call.kwargs.values()] if not call.args else list(call.args)


def _center(x: str, learnt: Any) -> str:
    return f"scale({x}, {r_number(learnt.mean)}, FALSE)"


def _scale(x: str, learnt: Any) -> str:
    return f"scale({x}, {r_number(learnt.mean)}, {r_number(learnt.std)})"


def _poly(x: str, learnt: Any) -> str:
    return f"poly({x}, {learnt.degree}{', raw = TRUE' if learnt.raw else ''})"


def _bs(x: str, learnt: Any) -> str:
    order = learnt._degree + 1
    knots = np.asarray(learnt._knots, dtype=float)
    inner = r_vector(map(r_number, knots[order:-order]))
    outer = r_vector(map(r_number, (knots[0], knots[-1])))
    knots_text = f"knots = {inner}, " if len(knots) > 2 * order else "knots = numeric(), "
    more = ("" if learnt._degree == 3 else f", degree = {learnt._degree}") + (
        ", intercept = TRUE" if learnt._intercept else ""
    )
    return f"bs({x}, {knots_text}Boundary.knots = {outer}{more})"


_LEARNT: dict[str, Callable[[str, Any], str]] = {"center": _center, "scale": _scale, "poly": _poly, "bs": _bs}
