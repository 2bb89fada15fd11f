"""A design's moments in centred and scaled columns, and the way back to the user's own."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.coding import Array, Coding, block_diagonal, column_codings
from bayesmixed.moments import Moments

if TYPE_CHECKING:
    from bayesmixed.design import Design


@dataclass(frozen=True)
class CodedMoments:
    """Moments of ``X_c = X K^-1``, ``Z_c = Z T^-1`` and ``y - offset - X_c shift``.

    ``shift`` is the least-squares fit, so that what remains of y is a residual and sums of squares keep their
    digits. Then ``beta = K^-1 (beta_c + shift)``, ``b = T^-1 b_c``, ``G = T^-1 G_c T^-T``.

    Parameters
    ----------
    moments : Moments
    fixed : Coding
        K, of the columns of X.
    T, T_inverse : ndarray, shape (q, q)
    shift : ndarray, shape (p,)
    """

    moments: Moments
    fixed: Coding
    T: Array
    T_inverse: Array
    shift: Array

    @classmethod
    def of(cls, design: "Design") -> "CodedMoments":
        """The pass over the rows of a design."""
        fixed, blocks = column_codings(design)
        columns = [np.array(block.columns) for block in design.blocks]
        T = block_diagonal([coding.matrix for coding in blocks], columns, design.q)
        T_inverse = block_diagonal([coding.inverse for coding in blocks], columns, design.q)
        Z = np.empty_like(design.Z_rows, dtype=float)
        for coding, index in zip(blocks, columns, strict=True):
            Z[:, index] = coding.apply(design.Z_rows[:, index])
        X, y, w = fixed.apply(design.X), design.y - design.offset, design.weights
        shift = _least_squares(X, y, w)
        weights = None if (w == 1.0).all() else w
        moments = Moments.of_rows(y - X @ shift, X, Z, design.group, design.levels, weights)
        return cls(moments, fixed, T, T_inverse, shift)


def _least_squares(X: Array, y: Array, w: Array) -> Array:
    """Fit y by the columns of X. Any vector would do: this one makes the remainder small."""
    mean_first = X * w[:, None]
    return np.linalg.lstsq(mean_first.T @ X, mean_first.T @ y, rcond=None)[0]
