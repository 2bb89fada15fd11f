"""Graphs compiled once for each structure in a process: another table of that structure only brings its data."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

import numpy as np
import pymc as pm

from bayesmixed.arrays import Array
from bayesmixed.graph.marginal import MOMENTS
from bayesmixed.graph.structure import structure

#: Structures whose compilation is kept; the one that was used longest ago makes room.
KEPT = 32

_compilations: "OrderedDict[Hashable, Compilation]" = OrderedDict()
_lock = Lock()


@dataclass(frozen=True)
class _Named:
    """Stands for a shared variable: nutpie asks for no more than its name."""

    name: str


@dataclass(frozen=True, eq=False)
class Compilation:
    """A graph compiled by nutpie, without the table that it was compiled for.

    Parameters
    ----------
    model : nutpie.compile_pymc.CompiledPyMCModel
    numbers : mapping of str to shared variable
        The numbers of the priors, which `centre` reads.
    centre : callable
        The priors' own starting point on the unconstrained scale, of a seed.
    """

    model: Any
    numbers: Mapping[str, Any]
    centre: Callable[[int], Array]

    def with_data(self, values: Mapping[str, Array]) -> Any:
        """nutpie's model with these data; its chains start around the centre of the priors."""
        for name, variable in self.numbers.items():
            variable.set_value(values[name])
        centre = self.centre(0)

        def start(seed: int) -> Array:
            return centre + np.random.default_rng(seed).uniform(-1.0, 1.0, size=len(centre))

        known = {variable.name for variable in self.model.shared_var_keys}
        model = self.model.with_data(**{name: value for name, value in values.items() if name in known})
        return replace(model, initial_point_func=start)


def compiled_graph(graph: pm.Model) -> Any:
    """nutpie's model of a `sampling_graph`, compiled anew only for a new structure.

    The structure is everything but the values of the data variables: names, families, lengths of vectors, which
    coefficients are integrated, every constant in a prior of the user's own. How many rows, groups and patterns
    there are is no part of it, nor are the numbers of our families.

    Parameters
    ----------
    graph : pymc.Model
        Made for this call: compilation empties its data variables.

    Returns
    -------
    nutpie.compile_pymc.CompiledPyMCModel
    """
    values = {variable.name: variable.get_value() for variable in graph.data_vars}
    key = structure(graph)
    with _lock:
        compilation = _compilations.get(key)
        if compilation is None:
            compilation = _compile(graph)
        if key is not None:
            _keep(key, compilation)
        return compilation.with_data(values)


def _keep(key: Hashable, compilation: Compilation) -> None:
    _compilations[key] = compilation
    _compilations.move_to_end(key)
    while len(_compilations) > KEPT:
        _compilations.popitem(last=False)


def _compile(graph: pm.Model) -> Compilation:
    import nutpie

    table = [variable for variable in graph.data_vars if variable.name.startswith(MOMENTS)]
    for variable in table:
        # The machine code keeps the arrays that it was compiled with.
        variable.set_value(np.zeros((0,) * variable.ndim, dtype=variable.dtype))
    model = nutpie.compile_pymc_model(graph, jitter_rvs=set())
    names = {_Named(variable.name): key for variable, key in model.shared_var_keys.items()}
    bare = replace(model, shared_var_keys=names, logp_func=None, expand_func=None, dims={}, _coords={})
    numbers = {variable.name: variable for variable in graph.data_vars if variable not in table}
    return Compilation(bare, numbers, model.initial_point_func)
