"""formulae as the interpreter of terms: the names it may look up, its silence, its calls."""

import builtins
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
from formulae.environment import Environment
from formulae.terms import call, call_resolver, variable

from bayesmixed.transformations import TRANSFORMATIONS

_ours = ContextVar("_ours", default=False)


def _print_unless_ours(*values: Any, **options: Any) -> None:
    if not _ours.get():
        builtins.print(*values, **options)


# formulae prints before it raises. Shadowed once, for all threads: taking it back after each call
# would take it from another thread that is still at work.
call.print = variable.print = _print_unless_ours


def _equal_calls(one: Any, other: Any) -> bool:
    """formulae's own comparison of a call with a column, as of log(abs(x)) with log(x), raises."""
    return isinstance(other, call_resolver.LazyCall) and (one.callee, one.args, one.kwargs) == (
        other.callee,
        other.args,
        other.kwargs,
    )


call_resolver.LazyCall.__eq__ = _equal_calls


@contextmanager
def quiet() -> Iterator[None]:
    """formulae prints nothing here; invalid arithmetic is checked afterwards."""
    token = _ours.set(True)
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        _ours.reset(token)


def environment(functions: Mapping[str, Callable[..., Any]]) -> Environment:
    """The functions that terms may call; never a Python namespace."""
    return Environment([{**TRANSFORMATIONS, **functions}])


def calls(part: Any) -> Iterator[Any]:
    """The calls inside a part of a component, outermost first."""
    if hasattr(part, "callee"):
        yield part
    children = [*getattr(part, "args", ()), *getattr(part, "kwargs", {}).values()]
    for child in children:
        yield from calls(child)
