"""Correlations of one block of Omega on the unconstrained scale.

Row i of ``chol(Omega)`` is ``(z_i1, ..., z_i,i-1, 1) / r_i``, the transform that PyMC uses too. Under LKJ(eta)
the density of z with its Jacobian is ``prod_i r_i^-(2 eta + n - 1)`` over a constant.
"""

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.compiled import compiled


@compiled
def fill_cholesky(x: Array, place: int, size: int, chol: Array, norm: Array) -> int:  # pragma: no cover - compiled
    """chol(Omega) of one block from its z, which start at ``x[place]``; `norm` gets r. Returns where they end."""
    for i in range(size):
        total = 1.0
        for k in range(i):
            total += x[place + k] * x[place + k]
        norm[i] = np.sqrt(total)
        for k in range(i):
            chol[i, k] = x[place + k] / norm[i]
        chol[i, i] = 1.0 / norm[i]
        place += i
    return place


@compiled
def log_lkj(
    x: Array, place: int, size: int, eta: float, norm: Array, gradient: Array
) -> float:  # pragma: no cover - compiled
    """LKJ's log density of one block's z, Jacobian included, without its constant; fills its gradient."""
    power = 2.0 * eta + size - 1.0
    value = 0.0
    for i in range(size):
        value -= power * np.log(norm[i])
        for k in range(i):
            gradient[place + k] = -power * x[place + k] / (norm[i] * norm[i])
        place += i
    return value


@compiled
def pull_back(
    d_chol: Array, chol: Array, norm: Array, place: int, gradient: Array
) -> None:  # pragma: no cover - compiled
    """Add to the gradient by z what the derivative by ``chol(Omega)`` of one block says."""
    for i in range(chol.shape[0]):
        inner = 0.0
        for k in range(i + 1):
            inner += d_chol[i, k] * chol[i, k]
        for k in range(i):
            gradient[place + k] += (d_chol[i, k] - inner * chol[i, k]) / norm[i]
        place += i
