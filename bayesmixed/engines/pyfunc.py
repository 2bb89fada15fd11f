"""The compiled density behind a Python function, for a nutpie whose class for C callbacks has changed.

Slower: every evaluation takes the interpreter's lock and some twenty microseconds, so that chains run one after
another.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.density import Density


def python_model(density: Density, start: Callable[[int], Array], variable: str) -> Any:
    """The density as a model that nutpie samples by its public interface.

    Parameters
    ----------
    density : Density
    start : callable
        Gives an unconstrained starting point for a seed.
    variable : str
        Name of the vector of unconstrained numbers among the draws.
    """
    from nutpie.compiled_pyfunc import from_pyfunc

    def value_and_gradient(x: Array) -> tuple[float, Array]:
        return density.value_and_gradient(x)

    def expand(x: Array) -> dict[str, Array]:
        return {variable: np.array(x)}

    return from_pyfunc(
        ndim=density.size,
        make_logp_fn=lambda: value_and_gradient,
        make_expand_fn=lambda *_: expand,
        expanded_dtypes=[np.dtype(np.float64)],
        expanded_shapes=[(density.size,)],
        expanded_names=[variable],
        make_initial_point_fn=start,
    )
