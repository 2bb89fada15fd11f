"""What is left of y within groups, free of beta and b: for statistics of residuals that need no parameters."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arrays import Array

if TYPE_CHECKING:
    from bayesmixed.design import Design

#: A column with less of its length left, after the columns before it, is one of their combinations.
TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class GroupedRows:
    """The rows of a table put in order of their groups, and of time within them.

    Parameters
    ----------
    order : ndarray of int, shape (N,)
        Positions of the rows in the table.
    group : ndarray of int, shape (N,)
        Of each row in this order, as all that follows.
    starts, size : ndarray of int, shape (J,)
        First row, and number of rows, of each group.
    """

    order: np.ndarray
    group: np.ndarray
    starts: np.ndarray
    size: np.ndarray

    @classmethod
    def of(cls, group: np.ndarray, time: np.ndarray | None = None) -> "GroupedRows":
        """Rows of equal time stay in the order of the table."""
        order = np.argsort(group, kind="stable") if time is None else np.lexsort((time, group))
        _, starts, size = np.unique(np.asarray(group)[order], return_index=True, return_counts=True)
        return cls(order, np.repeat(np.arange(len(size)), size), starts, size)

    def sums(self, values: Array) -> Array:
        """Sums by group, (..., J), of values of the ordered rows, (..., N)."""
        return np.add.reduceat(values, self.starts, axis=-1)


@dataclass(frozen=True, eq=False)
class WithinGroups:
    """The projection that takes from y what coefficients of each group's own, and common ones, can explain.

    Residuals of the least-squares fit ``y_i = X_i beta + Z_i b_i + e_i`` with b_i free (no pooling). They depend
    on neither beta, b nor G: of a replicate they are those of sigma times noise alone.

    Parameters
    ----------
    rows : GroupedRows
    Z : ndarray, shape (N, q)
        Columns of Z times sqrt(w), orthonormal within each group; zero where its rows do not tell them apart.
    X : ndarray, shape (N, r)
        Orthonormal columns of what Z leaves of X.
    offset, scale : ndarray, shape (N,)
        Offset, and sqrt(w).
    df : ndarray, shape (J,)
        Rows of each group beyond its own coefficients, n_i - rank(Z_i).
    """

    rows: GroupedRows
    Z: Array
    X: Array
    offset: Array
    scale: Array
    df: Array

    @classmethod
    def of(cls, design: "Design", rows: GroupedRows) -> "WithinGroups":
        scale = np.sqrt(design.weights[rows.order])
        Z = orthonormal_within(design.Z_rows[rows.order] * scale[:, None], rows)
        rank = np.rint(rows.sums((Z**2).T).sum(axis=0))
        columns = design.X[rows.order] * scale[:, None]
        left = _without(Z, columns.T, rows).T
        left /= np.maximum(np.linalg.norm(columns, axis=0), np.finfo(float).tiny)
        U, singular, _ = np.linalg.svd(left, full_matrices=False)
        return cls(rows, Z, U[:, singular > TOLERANCE], design.offset[rows.order], scale, rows.size - rank)

    def residuals(self, y: Array) -> Array:
        """Residuals of tables, (..., N) in their own order to (..., N) in order of groups and time.

        In units of y, times sqrt(w).
        """
        left = _without(self.Z, (y[..., self.rows.order] - self.offset) * self.scale, self.rows)
        return left - (left @ self.X) @ self.X.T


def orthonormal_within(columns: Array, rows: GroupedRows) -> Array:
    """Gram and Schmidt's orthonormal columns of each group, twice for accuracy, (N, q)."""
    found = np.zeros_like(columns)
    for k, column in enumerate(columns.T):
        length = np.sqrt(rows.sums(column**2))
        left = _without(found[:, :k], _without(found[:, :k], column, rows), rows)
        own = np.sqrt(rows.sums(left**2))
        inverse = np.divide(1.0, own, out=np.zeros_like(own), where=own > TOLERANCE * length)
        found[:, k] = left * inverse[rows.group]
    return found


def _without(basis: Array, values: Array, rows: GroupedRows) -> Array:
    """Values of rows, (..., N), minus their projections on the orthonormal columns of their group."""
    for column in basis.T:
        values = values - column * rows.sums(column * values)[..., rows.group]
    return values
