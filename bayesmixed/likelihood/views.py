"""Small arrays carved out of one: without counting of references, which costs more than the arithmetic in them.

The array that they are carved from must outlive them: whoever makes them uses it once more after their last use.
"""

from typing import Any

import numba
import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from bayesmixed.arrays import Array, Index
from bayesmixed.compiled import compiled


def _pointer_code(typing_context: Any, address: Any) -> Any:  # pragma: no cover - compiled
    """The address as a pointer."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(address), generate


#: numba gives the typing context itself.
_pointer: Any = intrinsic(_pointer_code)


@compiled
def vector(flat: Array, place: int, size: int) -> Array:  # pragma: no cover - compiled
    """``flat[place : place + size]``."""
    return numba.carray(_pointer(flat.ctypes.data + 8 * place), (size,), np.float64)


@compiled
def integers(flat: Array, place: int, size: int) -> Index:  # pragma: no cover - compiled
    """The bits of ``flat[place : place + size]`` as integers."""
    return numba.carray(_pointer(flat.ctypes.data + 8 * place), (size,), np.int64)


@compiled
def matrix(flat: Array, place: int, rows: int, columns: int) -> Array:  # pragma: no cover - compiled
    """The next rows times columns numbers as a matrix."""
    return numba.carray(_pointer(flat.ctypes.data + 8 * place), (rows, columns), np.float64)


@compiled
def integer_matrix(flat: Array, place: int, rows: int, columns: int) -> Index:  # pragma: no cover - compiled
    """The bits of the next rows times columns numbers as a matrix of integers."""
    return numba.carray(_pointer(flat.ctypes.data + 8 * place), (rows, columns), np.int64)


@compiled
def stack(flat: Array, place: int, layers: int, rows: int, columns: int) -> Array:  # pragma: no cover - compiled
    """The next numbers as a stack of matrices."""
    return numba.carray(_pointer(flat.ctypes.data + 8 * place), (layers, rows, columns), np.float64)
