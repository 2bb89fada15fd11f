"""The compiled density behind a Python function, for a nutpie whose class for C callbacks has changed.

Slower: every evaluation takes the interpreter's lock and some twenty microseconds, so that chains run one after
another.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.density import Density
from bayesmixed.engines.frame import Frame


def python_model(density: Density, frame: Frame, start: Callable[[int], Array], variable: str) -> Any:
    """The density as a model that nutpie samples by its public interface.

    Parameters
    ----------
    density : Density
    frame : Frame
    start : callable
        Gives a starting point for a seed, in the frame.
    variable : str
        Name of the vector of unconstrained numbers among the draws.
    """
    from nutpie.compiled_pyfunc import from_pyfunc

    def value_and_gradient(z: Array) -> tuple[float, Array]:
        value, gradient = density.value_and_gradient(frame.outer(z))
        return value, frame.root.T @ gradient

    def expand(z: Array) -> dict[str, Array]:
        return {variable: frame.outer(z)}

    return from_pyfunc(
        ndim=density.size,
        make_logp_fn=lambda: value_and_gradient,
        make_expand_fn=lambda *_: expand,
        expanded_dtypes=[np.dtype(np.float64)],
        expanded_shapes=[(density.size,)],
        expanded_names=[variable],
        make_initial_point_fn=start,
    )
