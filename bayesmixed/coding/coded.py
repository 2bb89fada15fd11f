"""A design's moments in centred and scaled columns, and the way back to the user's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arrays import Array, Index
from bayesmixed.chunks import sum_in_chunks
from bayesmixed.coding.coding import Coding, block_diagonal, columns_of, computing_codings, weights_of
from bayesmixed.errors import DesignError
from bayesmixed.moments import Moments
from bayesmixed.moments.rotation import Rows, inner_products, taken

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
        shift, raw, centred = _least_squares(design, fixed)
        w = weights_of(design)

        def rows(own: Index | slice) -> Rows:
            X, Z = fixed.apply(taken(design.X, own)), taken(design.Z_rows, own)
            Z = code_blocks(Z, blocks, columns)
            y = taken(design.y, own) - taken(design.offset, own) - _fitted(X, shift)
            return y, X, Z, np.empty(0) if w is None else np.sqrt(taken(w, own))

        log_weights = 0.0 if w is None else float(np.log(w).sum())
        moments = Moments.of_parts(rows, design.group, design.levels, design.q, design.p, log_weights)
        check_residual(moments, raw, centred, design.response_name)
        return cls(moments, fixed, T, T_inverse, shift)


def code_blocks(Z: Array, blocks: Sequence[Coding], columns: Sequence[np.ndarray]) -> Array:
    """Rows of Z with the columns of each block in its own coding."""
    if len(blocks) == 1 and columns_of(Z, columns[0]) is Z:
        return blocks[0].apply(Z)
    result = np.empty(Z.shape)
    for coding, index in zip(blocks, columns, strict=True):
        result[:, index] = coding.apply(columns_of(Z, index))
    return result


def _fitted(X: Array, shift: Array) -> Array:
    """``X shift`` without BLAS, whose sums depend on the number of its threads."""
    fitted: Array = np.einsum("np,p->n", X, shift)
    return fitted


def _least_squares(design: "Design", fixed: Coding) -> tuple[Array, float, float]:
    """Fit y by the columns of X, and the lengths of y as it is and about its mean.

    Any vector would do for the first: this one makes the remainder small.
    """
    w, p, first = weights_of(design), design.p, float(design.y[0] - design.offset[0])

    def products(a: int, b: int) -> Array:
        lines = np.empty((p + 3, b - a))
        lines[:p] = fixed.apply(design.X[a:b]).T
        lines[p] = design.y[a:b] - design.offset[a:b]
        lines[p + 1] = lines[p] - first
        lines[p + 2] = 1.0
        if w is not None:
            lines *= np.sqrt(w[a:b])
        return inner_products(lines)

    total = sum_in_chunks(products, design.n_obs)
    about, mean, size = total[p + 1, p + 1], total[p + 1, p + 2], total[p + 2, p + 2]
    shift = np.linalg.lstsq(total[:p, :p], total[:p, p], rcond=None)[0]
    return shift, float(np.sqrt(total[p, p])), float(np.sqrt(max(about - mean**2 / size, 0.0)))


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
    left = np.concatenate([moments.Raa, undetermined])
    # A column that groups determine is left at rounding error, and fits nothing of y.
    V, lengths, _ = np.linalg.svd(left[:, :-1], full_matrices=False)
    V = V[:, lengths > small]
    residual = left[:, -1] - V @ (V.T @ left[:, -1])
    rank = int((values > small).sum()) + V.shape[1]
    if np.linalg.norm(residual) <= rounding and rank < moments.n_rows:
        raise DesignError(
            f"the fixed and random effects fit {name!r} exactly, so that sigma would be 0 and the likelihood "
            "unbounded: is the response computed from the groups or from a predictor?"
        )
