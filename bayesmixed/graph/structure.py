"""What two graphs must share so that one compilation serves both: everything but the values of their data."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pymc as pm
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Constant, Variable
from pytensor.tensor.random.type import RandomType


class _UnknownValueError(Exception):
    """A value that may change behind our back, so that no key can stand for it."""


def structure(graph: pm.Model) -> Hashable | None:
    """A key for the operations and constants of a graph without observed variables.

    Equal keys mean equal functions of parameters and data, under the same names.

    Data variables count by name and type, not by value. Random generators do not count.

    Returns
    -------
    hashable or None
        None where a prior of the user's own hangs on a shared variable, whose value may change at any time.
    """
    data = {variable.name for variable in graph.data_vars}
    lengths = {id(length): name for name, length in graph.dim_lengths.items()}
    seen: dict[Variable[Any, Any], int] = {}
    rows: list[Hashable] = []
    roots = [*graph.free_RVs, *graph.deterministics, *graph.potentials]
    try:
        places = tuple(_visit(root, data, lengths, seen, rows) for root in roots)
    except _UnknownValueError:
        return None
    free = tuple(variable.name for variable in graph.free_RVs)
    named = tuple(variable.name for variable in graph.deterministics)
    return free, named, _sizes(graph), places, tuple(rows)


def _sizes(graph: pm.Model) -> Hashable:
    """Lengths of the dims of every free variable."""
    dims = [graph.named_vars_to_dims.get(variable.name) or () for variable in graph.free_RVs]
    return tuple(tuple(len(graph.coords[dim]) for dim in own) for own in dims)


def _visit(
    root: Variable[Any, Any],
    data: set[str],
    lengths: dict[int, str],
    seen: dict[Variable[Any, Any], int],
    rows: list[Hashable],
) -> int:
    """The place of a variable in the list of rows, its ancestors first."""
    waiting = [root]
    while waiting:
        variable = waiting[-1]
        if variable in seen:
            waiting.pop()
            continue
        above = [] if variable.owner is None else [v for v in variable.owner.inputs if v not in seen]
        if above:
            waiting += reversed(above)
            continue
        waiting.pop()
        rows.append(_row(variable, data, lengths, seen))
        seen[variable] = len(rows) - 1
    return seen[root]


def _row(
    variable: Variable[Any, Any], data: set[str], lengths: dict[int, str], seen: dict[Variable[Any, Any], int]
) -> Hashable:
    """One variable by what it is and the places of what it is made of."""
    if variable.owner is not None:
        node = variable.owner
        return node.op, node.outputs.index(variable), tuple(seen[above] for above in node.inputs)
    if isinstance(variable, Constant):
        return "constant", str(variable.type), _plain(variable.data)
    if isinstance(variable.type, RandomType):
        return ("random generator",)
    if id(variable) in lengths:
        return "dim", lengths[id(variable)]
    if isinstance(variable, SharedVariable) and variable.name in data:
        return "data", variable.name, str(variable.type)
    raise _UnknownValueError(variable)


def _plain(value: Any) -> Hashable:
    """A constant by its bits; one that is no array by itself."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    try:
        hash(value)
    except TypeError:
        raise _UnknownValueError(value) from None
    return type(value), value
