"""What `power` and `assurance` were given: several values of a number, effects by name, a layout or a table."""

from collections.abc import Iterable, Mapping, Sized
from numbers import Real
from typing import Any

import numpy as np

from bayesmixed.errors import DesignError
from bayesmixed.fit.draws import FitDraws
from bayesmixed.priors.families import Family


def spread_column(name: str, value: Any) -> dict[str, float]:
    """The column of a plan's table that says how much groups differ, where that is a number."""
    return {name: float(value)} if isinstance(value, int | float | np.number) else {}


def listed_values(value: Any) -> list[Any]:
    """The values of a sequence; a number, a dict, a distribution or None is one."""
    listed = isinstance(value, Iterable) and not isinstance(value, str | Mapping | Family)
    return list(value) if listed and np.ndim(value) else [value]


def several(name: str, value: Any) -> list[Any]:
    """The values of an argument, each of which makes plans of its own."""
    found = listed_values(value)
    if not found:
        raise DesignError(f"{name} is empty: give a number or several")
    if len(found) > 1 and not all(isinstance(one, Real) for one in found):
        raise DesignError(f"several values of {name} must be numbers, not {value!r}: make a call for each")
    return found


def check_layout(groups: Any, n: Any, options: dict[str, Any]) -> None:
    """Refuse a plan without groups, and one with two tables."""
    if options["design"] is None:
        if groups is None or n is None:
            raise DesignError("say how many groups= of n= rows, or give a table as design=")
        return
    columns = (options["between"], options["within"])
    left_out = groups is None and n is None and all(isinstance(one, Sized) and not len(one) for one in columns)
    if not left_out:
        raise DesignError("design= has the groups and the columns: leave groups, n, between and within out")


def check_effects(effects: Any) -> None:
    """Refuse what is no dict by label."""
    if not isinstance(effects, Mapping) or not all(isinstance(name, str) for name in effects):
        raise DesignError(
            f"effects must be a dict of numbers by coefficient, such as {{'arm[b]': 0.5}}, not {effects!r}"
        )


def wanted_term(effects: Any, term: str | None) -> str:
    """The coefficient that is looked for."""
    if not isinstance(effects, FitDraws):
        check_effects(effects)
    if term is not None:
        if not isinstance(term, str):
            raise DesignError(f"term must be the label of a coefficient, such as 'arm[b]', not {term!r}")
        return term
    if isinstance(effects, FitDraws) or len(effects) != 1:
        raise DesignError("say which coefficient is looked for: term='arm[b]', for instance")
    return str(next(iter(effects)))
