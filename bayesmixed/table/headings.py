"""The names of a table's columns: each once, and those that are wanted among them."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from bayesmixed.errors import TableError


def check_unique(columns: Iterable[Any], where: str) -> None:
    columns = list(columns)
    if len(set(columns)) < len(columns):
        double = next(name for name in columns if columns.count(name) > 1)
        raise TableError(f"{where} has more than one column {double!r}; rename all but one")


def check_present(present: Sequence[Any], wanted: Iterable[str]) -> None:
    for name in wanted:
        if name not in present:
            near = get_close_matches(name, [str(other) for other in present], 1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise TableError(f"no column {name!r}{hint} The table has: {listed(present)}")


def listed(names: Iterable[Any], most: int = 20) -> str:
    """The names with commas, the first ones only if there are many."""
    names = [str(name) for name in names]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if names[most:] else "")
