"""A design's moments in centred and scaled columns, and the way back to the user's own."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.coding import Array, Coding, block_diagonal, columns_of, computing_codings
from bayesmixed.errors import DesignError
from bayesmixed.moments import Moments

if TYPE_CHECKING:
    from bayesmixed.design import Design


@dataclass(frozen=True, eq=False)
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
        """The pass over the rows of a design; of a streamed one it was made already."""
        if design.streamed is not None:
            return design.streamed.coded
        fixed, blocks = computing_codings(design)
        columns = [np.array(block.columns) for block in design.blocks]
        T = block_diagonal([coding.matrix for coding in blocks], columns, design.q)
        T_inverse = block_diagonal([coding.inverse for coding in blocks], columns, design.q)
        Z = np.empty_like(design.Z_rows, dtype=float)
        for coding, index in zip(blocks, columns, strict=True):
            Z[:, index] = coding.apply(columns_of(design.Z_rows, index))
        X, y, w = fixed.apply(design.X), design.y - design.offset, design.weights
        shift = _least_squares(X, y, w)
        weights = None if (w == 1.0).all() else w
        moments = Moments.of_rows(y - X @ shift, X, Z, design.group, design.levels, weights)
        mean = (w * y).sum() / w.sum()
        raw, centred = np.sqrt((w * y**2).sum()), np.sqrt((w * (y - mean) ** 2).sum())
        check_residual(moments, raw, centred, design.response_name)
        return cls(moments, fixed, T, T_inverse, shift)


def _least_squares(X: Array, y: Array, w: Array) -> Array:
    """Fit y by the columns of X. Any vector would do: this one makes the remainder small."""
    weighted = X * w[:, None]
    return np.linalg.lstsq(weighted.T @ X, weighted.T @ y, rcond=None)[0]


def check_residual(moments: Moments, raw: float, centred: float, name: str) -> None:
    """Refuse a response that the columns fit exactly: with sigma going to 0 its likelihood is unbounded.

    Nothing is left of such a y by within-group least squares. That also happens where the columns are as
    many as the rows; but then V stays of full rank, and the likelihood bounded. `raw` and `centred` are the
    lengths of y (rows times root weights), as it is and about its mean.
    """
    rounding = max(1e-13 * raw, 1e-11 * centred)
    if abs(moments.Raa[-1, -1]) > rounding:
        return
    # Where a group's rows do not determine its effects, rows of Rza may hold a part of what is left.
    small = 1e-9 * np.sqrt(moments.n_rows)
    U, values, _ = np.linalg.svd(moments.Rzz)
    undetermined = (np.swapaxes(U, 1, 2) @ moments.Rza)[values <= small]
    left = np.linalg.qr(np.concatenate([moments.Raa, undetermined]), mode="r")
    rank = int((values > small).sum() + (np.linalg.svd(left[:-1, :-1], compute_uv=False) > small).sum())
    if abs(left[-1, -1]) <= rounding and rank < moments.n_rows:
        raise DesignError(
            f"the fixed and random effects fit {name!r} exactly, so that sigma would be 0 and the likelihood "
            "unbounded: is the response computed from the groups or from a predictor?"
        )
