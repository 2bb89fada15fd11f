"""Options of compiled functions: the same ones whoever compiles them first."""

import numpy as np
from numba import njit

from bayesmixed.compiled import compiled


@compiled
def _is_finite(x):
    return np.isfinite(x)


def test_a_caller_with_fastmath_does_not_pass_it_on():
    """PyTensor compiles its graphs with fastmath, under which nan may count as finite."""

    @njit(fastmath=True)
    def caller(x):
        return _is_finite(x)

    assert not caller(np.nan)
    assert not _is_finite(np.nan)
    assert _is_finite(1.0)
