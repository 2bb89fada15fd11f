"""Per-group triangles: what robust standard errors and leaving out a group need, and no more.

With orthogonal rotations of its rows, ``[Z_i X_i y_i]`` of group i (rows times sqrt(w)) becomes an upper
triangle R_i of size q + p + 1. Everything that a group's rows do in the likelihood happens in the span of
``[Z_i X_i]``: the first q + p rows of R_i. What they leave of y is one number, the last entry; all other
directions have neither Z nor X.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayesmixed.arrays import Array, Index
from bayesmixed.coding import CodedMoments
from bayesmixed.coding.coding import computing_codings
from bayesmixed.compiled import compiled
from bayesmixed.errors import DesignError
from bayesmixed.moments.rotation import rotate_row_in

if TYPE_CHECKING:
    from bayesmixed.design import Design


@compiled
def _rotate_rows_by_group(
    y: Array, X: Array, Z: Array, root: Array, group: Index, triangles: Array
) -> None:  # pragma: no cover - compiled
    """Rotate each row ``[z x y]``, times its root weight, into its group's triangle."""
    q, p = Z.shape[1], X.shape[1]
    row = np.empty(q + p + 1)
    for i in range(Z.shape[0]):
        factor = root[i] if root.shape[0] > 0 else 1.0
        for k in range(q):
            row[k] = factor * Z[i, k]
        for k in range(p):
            row[q + k] = factor * X[i, k]
        row[q + p] = factor * y[i]
        rotate_row_in(triangles[group[i]], row, 0, q + p + 1)


@dataclass(frozen=True, eq=False)
class Triangles:
    """Upper triangles R_i with ``R_i'R_i = [Z_i X_i y_i]' diag(w) [Z_i X_i y_i]``, of every group.

    Parameters
    ----------
    R : ndarray, shape (J, q + p + 1, q + p + 1)
    n : ndarray of int, shape (J,)
        Rows of each group.
    levels : tuple of str
        Names of the groups.
    q : int
        How many of the columns are those of Z.

    Examples
    --------
    >>> import numpy as np
    >>> from bayesmixed.moments.triangles import Triangles
    >>> Z, X, y = np.ones((4, 1)), np.ones((4, 1)), np.array([1.0, 2.0, 4.0, 6.0])
    >>> whole = Triangles.of_rows(y, X, Z, np.array([0, 0, 1, 1]), ("a", "b"))
    >>> half = [Triangles.of_rows(y[i::2], X[i::2], Z[i::2], np.array([0, 1]), ("a", "b")) for i in (0, 1)]
    >>> np.allclose((half[0] + half[1]).cross_products(), whole.cross_products())
    True
    """

    R: Array
    n: NDArray[np.int64]
    levels: tuple[str, ...]
    q: int

    @classmethod
    def of_rows(
        cls, y: Array, X: Array, Z: Array, group: Index, levels: tuple[str, ...], weights: Array | None = None
    ) -> "Triangles":
        """One pass over rows. With weights w the residual variance of a row is ``sigma^2 / w``."""
        size = Z.shape[1] + X.shape[1] + 1
        root = np.empty(0) if weights is None else np.sqrt(weights)
        R = np.zeros((len(levels), size, size))
        y, X, Z, root = (np.ascontiguousarray(values, dtype=float) for values in (y, X, Z, root))
        _rotate_rows_by_group(y, X, Z, root, np.ascontiguousarray(group, dtype=np.intp), R)
        n = np.bincount(group, minlength=len(levels)).astype(np.int64)
        return cls(R, n, tuple(levels), Z.shape[1])

    @classmethod
    def of(cls, design: "Design", coded: CodedMoments) -> "Triangles":
        """Of a design's rows, in the columns and with the shift of its `CodedMoments`."""
        X, Z = coded_columns(design, design.X, design.Z_rows)
        y = design.y - design.offset - X @ coded.shift
        weights = None if (design.weights == 1.0).all() else design.weights
        return cls.of_rows(y, X, Z, design.group, design.levels, weights)

    @property
    def p(self) -> int:
        return int(self.R.shape[2]) - self.q - 1

    @property
    def Z(self) -> Array:
        """Rotated columns of Z, shape (J, q + p, q)."""
        return self.R[:, :-1, : self.q]

    @property
    def X(self) -> Array:
        """Rotated columns of X, shape (J, q + p, p)."""
        return self.R[:, :-1, self.q : -1]

    @property
    def y(self) -> Array:
        """Rotated y, shape (J, q + p)."""
        return self.R[:, :-1, -1]

    def cross_products(self) -> Array:
        """``[Z_i X_i y_i]' diag(w) [Z_i X_i y_i]`` of every group, shape (J, q + p + 1, q + p + 1)."""
        return np.swapaxes(self.R, 1, 2) @ self.R

    def __add__(self, other: "Triangles") -> "Triangles":
        if (self.p, self.q) != (other.p, other.q):
            raise DesignError(
                f"triangles of different models do not add up: {self.p} and {other.p} fixed, "
                f"{self.q} and {other.q} random columns"
            )
        levels = tuple(dict.fromkeys((*self.levels, *other.levels)))
        place = {level: j for j, level in enumerate(levels)}
        parts = [(part, np.array([place[level] for level in part.levels])) for part in (self, other)]
        size, n = self.R.shape[1], np.zeros(len(levels), dtype=np.int64)
        rows = np.concatenate([part.R.reshape(-1, size) for part, _ in parts])
        group = np.concatenate([np.repeat(index, size) for _, index in parts])
        for part, index in parts:
            n[index] += part.n
        joined = Triangles.of_rows(rows[:, -1], rows[:, self.q : -1], rows[:, : self.q], group, levels)
        return replace(joined, n=n)


def coded_columns(design: "Design", X: Array, Z_rows: Array) -> tuple[Array, Array]:
    """Columns of rows, of the design or new ones, in the coding of its `CodedMoments`.

    By differences from the centres, so that rows far from zero keep their digits.

    Parameters
    ----------
    design : Design
    X : ndarray, shape (n, p)
    Z_rows : ndarray, shape (n, q)
    """
    fixed, blocks = computing_codings(design)
    Z = np.empty_like(Z_rows, dtype=float)
    for coding, block in zip(blocks, design.blocks, strict=True):
        columns = list(block.columns)
        Z[:, columns] = coding.apply(Z_rows[:, columns])
    return fixed.apply(X), Z
