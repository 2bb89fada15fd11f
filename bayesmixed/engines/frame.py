"""Coordinates in which a posterior is nearly round, so that NUTS goes far in few steps.

``x = centre + root z`` with ``root root'`` the inverse of minus the Hessian at the mode: z has a posterior near
the standard normal wherever that of x is near a normal. It changes how fast the sampler moves and nothing else:
a linear map has a constant Jacobian.
"""

from typing import NamedTuple

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.density import Density
from bayesmixed.engines.mode import find_mode

#: Standard deviations along a principal axis: where a posterior is flat, curvature does not tell its width.
WIDEST, NARROWEST = 2.0, 1e-8


class Frame(NamedTuple):
    """``x = centre + root z``.

    Parameters
    ----------
    centre : ndarray, shape (d,)
    root : ndarray, shape (d, d)
        Its columns are the principal axes, each as long as the standard deviation along it.
    """

    centre: Array
    root: Array

    @classmethod
    def identity(cls, size: int) -> "Frame":
        """z is x."""
        return cls(np.zeros(size), np.eye(size))

    def outer(self, z: Array) -> Array:
        """x of one or many z, shape (..., d)."""
        return self.centre + np.asarray(z) @ self.root.T


def round_frame(density: Density, start: Array) -> Frame:
    """The frame of the mode and the curvature there; around `start` itself where there is no mode.

    Parameters
    ----------
    density : Density
    start : ndarray, shape (d,)
        The search for the mode begins at it.
    """
    start = np.array(start, dtype=float)
    mode = find_mode(start, density.prior_arrays, density.patterns)
    if not (np.isfinite(mode.value) and np.isfinite(mode.x).all() and np.isfinite(mode.covariance).all()):
        return Frame(start, np.eye(len(start)))
    variances, axes = np.linalg.eigh(mode.covariance)
    return Frame(mode.x, axes * np.sqrt(np.clip(variances, NARROWEST**2, WIDEST**2)))
