"""The arguments that each transformation takes; what cannot be computed is refused before there are data."""

from ast import literal_eval
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bayesmixed.formula.terms import Factor

#: Names of the arguments, in formulae's order; the user's own functions may take anything.
SIGNATURES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("I", "log", "log2", "log10", "exp", "sqrt", "abs", "scale", "center"), ("x",)),
    "C": ("data", "contrast"),
    "Treatment": ("reference",),
    "Sum": ("omit",),
    "poly": ("x", "degree", "raw"),
    "bs": ("x", "df", "knots", "degree", "intercept", "lower_bound", "upper_bound"),
}
EXAMPLES = {
    "C": 'C(x) or C(x, Treatment("b"))',
    "Treatment": 'Treatment("b")',
    "Sum": 'Sum or Sum("b")',
    "poly": "poly(x, 2)",
    "bs": "bs(x, df=4)",
    "I": "I(x), with arithmetic inside",
    "log": "log(x), to base e, or log2(x) or log10(x)",
}
NOT_LITERAL = object()
#: Of one call. A slip such as df=10**9 would fill the memory before anybody could see that rows are too few.
MOST_COLUMNS = 1000


@dataclass(frozen=True)
class Argument:
    """What stands for one argument; `name` is empty where it was given by its place."""

    name: str
    value: Factor

    @property
    def label(self) -> str:
        return f"{self.name}={self.value.label}" if self.name else self.value.label

    @property
    def source(self) -> str:
        return f"{self.name}={self.value.source}" if self.name else self.value.source

    @property
    def literal(self) -> Any:
        """The number, text, True, False or None that it is, or `NOT_LITERAL`."""
        try:
            return literal_eval(self.value.source)
        except (ValueError, SyntaxError, RecursionError, MemoryError):  # the last two from deep nesting
            return NOT_LITERAL


Given = Mapping[str, Argument]


def fault_of(function: str, arguments: Sequence[Argument]) -> str:
    """What is wrong with the arguments of a call, and what to write; "" if nothing is."""
    if function not in SIGNATURES:
        return ""
    example = EXAMPLES.get(function, f"{function}(x)")
    try:
        given = _bound(SIGNATURES[function], arguments)
        CHECKS.get(function, _no_check)(given)
    except _ArgumentError as fault:
        return f"{fault}; write {example}" if fault.needs_example else str(fault)
    return ""


class _ArgumentError(Exception):
    def __init__(self, text: str, needs_example: bool = True):
        super().__init__(text)
        self.needs_example = needs_example


def _bound(signature: Sequence[str], arguments: Sequence[Argument]) -> Given:
    """The arguments by their names."""
    if len([one for one in arguments if not one.name]) > len(signature):
        count = {1: "one argument", 2: "two arguments", 3: "three arguments"}.get(
            len(signature), "fewer arguments"
        )
        raise _ArgumentError(f"it takes {count}")
    given: dict[str, Argument] = {}
    for place, one in enumerate(arguments):
        name = one.name or signature[place]
        if name not in signature:
            raise _ArgumentError(f"there is no argument {name!r}")
        if name in given:
            raise _ArgumentError(f"the argument {name!r} is given twice")
        given[name] = one
    return given


def _no_check(given: Given) -> None:
    pass


def _contrast(given: Given) -> None:
    one = given.get("contrast")
    if one is None or one.literal is None or one.value.source.partition("(")[0] in ("Treatment", "Sum"):
        return
    column = given["data"].value.label if "data" in given else "x"
    if "data" in given and given["data"].literal is not NOT_LITERAL:
        raise _ArgumentError(f"the column comes first, not {column}")
    level = one.literal
    if level is NOT_LITERAL:
        level = one.value.label
    raise _ArgumentError(
        f"{one.value.label} is no contrast; for the reference level {level!r} write "
        f"C({column}, Treatment({level!r}))",
        needs_example=False,
    )


def _level(given: Given) -> None:
    for one in given.values():
        if one.literal is NOT_LITERAL:
            raise _ArgumentError(f"{one.value.label} is not in quotation marks, as a level must be")


def _polynomial(given: Given) -> None:
    _whole(given, "degree", 1)
    _yes_or_no(given, "raw")


def _spline(given: Given) -> None:
    knots = given.get("knots")
    if knots is not None and (knots.literal is not NOT_LITERAL or knots.value.column):
        raise _ArgumentError("knots can only come from a call of your own function; give df instead")
    if knots is None and "df" not in given:
        raise _ArgumentError("the number of its columns, df, is missing")
    _yes_or_no(given, "intercept")
    for name in ("lower_bound", "upper_bound"):
        if name in given and not _is_number(given[name].literal):
            raise _ArgumentError(f"{name} must be a number, not {given[name].value.label}")
    degree = _whole(given, "degree", 0, 3)
    intercept = "intercept" in given and given["intercept"].literal
    if knots is None:
        _whole(given, "df", degree + bool(intercept))


def _whole(given: Given, name: str, least: int, default: int = 0) -> int:
    """The value of an argument that must be a whole number."""
    if name not in given:
        return default
    value = given[name].literal
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise _ArgumentError(f"{name} must be a whole number from {least} on, not {given[name].value.label}")
    if value > MOST_COLUMNS:
        raise _ArgumentError(f"{name} must be at most {MOST_COLUMNS}, not {given[name].value.label}")
    return value


def _yes_or_no(given: Given, name: str) -> None:
    if name in given and not isinstance(given[name].literal, bool):
        raise _ArgumentError(f"{name} must be True or False, not {given[name].value.label}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


CHECKS: dict[str, Callable[[Given], None]] = {
    "C": _contrast,
    "Treatment": _level,
    "Sum": _level,
    "poly": _polynomial,
    "bs": _spline,
}
