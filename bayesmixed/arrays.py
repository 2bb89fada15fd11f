"""Types of arrays, and arrays that nobody writes to."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.intp]


def frozen[A: np.ndarray](array: A) -> A:
    """The array, made read-only: stages of the package hand over what later ones must not change."""
    array.flags.writeable = False
    return array
