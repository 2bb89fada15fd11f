"""``scale`` and ``center`` remember means of the whole table: these are learnt in the first pass."""

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from formulae.environment import Environment
from formulae.model_description import model_description
from formulae.transforms import TRANSFORMS

from bayesmixed.encoding.interpreter import calls, environment, quiet
from bayesmixed.errors import DesignError
from bayesmixed.streaming.spread import Spread

if TYPE_CHECKING:
    from bayesmixed.encoding import Encoding
    from bayesmixed.specification import Specification

_MEANS = ("scale", "center", "standardize")


def stateful_calls(specification: "Specification") -> dict[str, Any]:
    """Calls by their text whose mean and spread an encoding needs.

    Raises
    ------
    DesignError
        A transformation that needs all rows at once, or one inside another.
    """
    found = {}
    for source in _sources(specification):
        for term in model_description(source).common_terms:
            for call in _calls_of(term):
                if _is_stateful(call):
                    found[str(call)] = call
    for text, call in found.items():
        inner = [one for one in calls(call) if one is not call and _is_stateful(one)]
        if call.callee not in _MEANS or inner or not call.args:
            raise DesignError(
                f"{text} needs all rows at once, and these come in parts: compute that column in the table, "
                "or read the table into memory"
            )
    return found


def _sources(specification: "Specification") -> list[str]:
    effects = [term.effects for term in specification.random]
    offsets = [f"0 + I({source})" for source in specification.offsets]
    return [f"0 + {specification.response}", specification.fixed, *effects, *offsets]


def _calls_of(term: Any) -> Iterator[Any]:
    for component in getattr(term, "components", ()):
        yield from calls(getattr(component, "call", None))


def _is_stateful(call: Any) -> bool:
    return getattr(TRANSFORMS.get(call.callee), "__stateful_transform__", False)


def spreads(found: dict[str, Any], numbers: pd.DataFrame, functions: Any) -> dict[str, Spread]:
    """Mean and spread of the argument of each call in some rows."""
    space = _known().with_outer_namespace(environment(functions).namespace)
    result = {}
    for text, call in found.items():
        with quiet():
            values = np.asarray(call.args[0].eval(numbers, space), dtype=float)
        if not np.isfinite(values).all():
            raise DesignError(
                f"{text} is infinite or undefined in {(~np.isfinite(values)).sum()} rows; check its values"
            )
        result[text] = Spread.of(values)
    return result


@cache
def _known() -> Environment:
    return Environment([dict(TRANSFORMS)])


def fill_in(encoding: "Encoding", learnt: dict[str, Spread]) -> None:
    """Give each such call of an encoding, learnt on other rows, the numbers of the whole table."""
    for side in (encoding.response, encoding.fixed, *encoding.random, *encoding.offsets):
        for term in side.model:
            for call in _calls_of(term):
                if call.stateful_transform is None or str(call) not in learnt:
                    continue
                spread = learnt[str(call)]
                call.stateful_transform.mean = np.float64(spread.mean)
                if hasattr(call.stateful_transform, "std"):
                    call.stateful_transform.std = np.float64(spread.sd)
