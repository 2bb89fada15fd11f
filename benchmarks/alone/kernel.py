"""Seconds of one evaluation of the posterior density with its gradient, in a compiled loop."""

import time
from collections.abc import Callable

import numba
import numpy as np

from bayesmixed.density import Density, log_density


@numba.njit
def _repeat(x, gradient, priors, patterns, calls):  # pragma: no cover - compiled
    total = 0.0
    for _ in range(calls):
        total += log_density(x, gradient, priors, patterns)
    return total


def kernel_timer(density: Density, x: np.ndarray, calls: int) -> Callable[[], float]:
    """Says at each call how long one of so many evaluations at the unconstrained x took, in seconds."""
    value, gradient = density.value_and_gradient(x)
    data = (density.prior_arrays, density.patterns)
    if not np.isclose(_repeat(x, gradient, *data, 1), value, rtol=1e-12):
        raise RuntimeError("the loop gives another density")

    def seconds() -> float:
        start = time.perf_counter()
        _repeat(x, gradient, *data, calls)
        return (time.perf_counter() - start) / calls

    return seconds
