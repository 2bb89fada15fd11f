"""Derivatives of encoded columns by a variable of the table, whatever functions the formula applies to it."""

from collections.abc import Callable

import numpy as np

from bayesmixed.arrays import Array

#: Nodes of a derivative, in steps from their centre.
NODES = np.arange(-2.0, 3.0)
#: The largest step relative to the size of x and to its spread, and the smallest relative to its spread.
STEP, SMALLEST = 1e-3, 1e-7


def steps(x: Array, spread: float) -> Array:
    """Steps for each x: a thousandth of x or of the spread of the data, whichever is less."""
    return np.maximum(STEP * np.minimum(spread, np.abs(x)), SMALLEST * spread)


def differentiate(columns: Callable[[Array], Array], x: Array, spread: float, low: float, high: float) -> Array:
    """``d columns / dx`` from five nodes.

    The derivative at x of the polynomial of degree 4 through five neighbours, so exact, but for rounding, for
    polynomials of x up to degree 4 (``x``, ``I(x**2)``, ``poly(x, 4)``, ``scale(x)``), with an error of
    ``h^4 / 30`` times the fifth derivative otherwise. The nodes surround x, and lie within the range [low, high]
    of the data where x does, because splines are not known beyond it.

    Parameters
    ----------
    columns : callable
        From x, shape (n,), to columns, shape (n, k).
    x : ndarray, shape (n,)
    spread : float
        Of x in the data, such as a quarter of its range.
    low, high : float
        The range of x in the data.

    Returns
    -------
    ndarray, shape (n, k)

    Examples
    --------
    >>> differentiate(lambda x: np.log(x)[:, None], np.array([2.0]), 1.0, 0.1, 9.0).round(9)
    array([[0.5]])
    """
    h = steps(x, spread)
    inside = (x >= low) & (x <= high)
    centre = np.where(inside, np.clip(x, low + 2.0 * h, high - 2.0 * h), x)
    weights = node_weights((x - centre) / h)
    middle = columns(centre)  # differences from it: a column that does not change has a slope of exactly 0
    parts = [
        (weight / h)[:, None] * (columns(centre + node * h) - middle)
        for node, weight in zip(NODES, weights.T, strict=True)
        if node
    ]
    return np.sum(parts, axis=0)


def node_weights(place: Array) -> Array:
    """Weights of the nodes for the derivative at `place`, in steps from the centre, shape (n, 5).

    Examples
    --------
    >>> (12 * node_weights(np.zeros(1))).round(9) + 0.0
    array([[ 1., -8.,  0.,  8., -1.]])
    """
    powers = range(len(NODES))
    slopes = np.stack([k * place ** max(k - 1, 0) for k in powers])
    return np.linalg.solve(np.stack([NODES**k for k in powers]), slopes).T
