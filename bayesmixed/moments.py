"""Rows to sufficient statistics: the only pass over the rows.

Rows of group i are rotated so that ``[Z_i A_i]``, ``A_i = [X_i y_i]``, becomes upper triangular. What is
left of the rows is ``Rzz_i`` (q x q), ``Rza_i`` (q x (p+1)) and, of all groups together, ``Raa``. Then

    S_i = Rzz_i' Rzz_i,   C_i = Rzz_i' Rza_i,   sum A_i'A_i = Raa'Raa + sum Rza_i'Rza_i,

and nothing was squared and subtracted, so that no digit is lost when sd/sigma is 1e5. Two sets of rows are
joined by rotating their triangles into one another: Moments add up, over chunks, files and machines.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesmixed.arrays import Array, Index, frozen
from bayesmixed.compiled import compiled
from bayesmixed.errors import DesignError

if TYPE_CHECKING:
    from bayesmixed.streaming.facts import Header


@compiled
def _rotate_row_in(triangle, row, first, last):  # pragma: no cover - compiled
    """Givens rotations that take ``row[first:last]`` into the rows of an upper triangle."""
    columns = row.shape[0]
    for k in range(first, last):
        x = row[k]
        if x == 0.0:
            continue
        diagonal = triangle[k - first, k]
        r = np.hypot(diagonal, x)
        c = diagonal / r
        s = x / r
        triangle[k - first, k] = r
        row[k] = 0.0
        for j in range(k + 1, columns):
            old = triangle[k - first, j]
            triangle[k - first, j] = c * old + s * row[j]
            row[j] = c * row[j] - s * old


@compiled
def _rotate_rows(y, X, Z, root, group, by_group, overall):  # pragma: no cover - compiled
    """Rotate each row ``[z x y]`` into its group's triangle, and what is left of [x y] into the common one.

    Rows are multiplied by `root`, which is empty where no row has a weight.
    """
    q, p = Z.shape[1], X.shape[1]
    row, rest = np.empty(q + p + 1), np.empty(p + 1)
    for i in range(Z.shape[0]):
        factor = root[i] if root.shape[0] > 0 else 1.0
        for k in range(q):
            row[k] = factor * Z[i, k]
        for k in range(p):
            row[q + k] = factor * X[i, k]
        row[q + p] = factor * y[i]
        _rotate_row_in(by_group[group[i]], row, 0, q)
        for k in range(p + 1):
            rest[k] = row[q + k]
        _rotate_row_in(overall, rest, 0, p + 1)


@dataclass(frozen=True, eq=False)
class Moments:
    """Sufficient statistics of a table for one model: what the likelihood of all rows needs, and no more.

    Parameters
    ----------
    Rzz : ndarray, shape (J, q, q)
        Of each group, the triangle of Z.
    Rza : ndarray, shape (J, q, p + 1)
        Of each group, the rotated columns ``[X y]`` beside it.
    Raa : ndarray, shape (p + 1, p + 1)
        Of all groups, what the columns of Z leave of ``[X y]``.
    n : ndarray of int, shape (J,)
        Rows of each group.
    levels : tuple of str
        Names of the groups.
    sum_log_weights : float
        Sum of the logarithms of the prior weights (0 when there are none).
    header : Header, optional
        Of moments of streamed rows: formula, encoding and coding, which must agree before two of them add up.

    Examples
    --------
    >>> import numpy as np
    >>> from bayesmixed.moments import Moments
    >>> Z, X, y = np.ones((4, 1)), np.ones((4, 1)), np.array([1.0, 2.0, 4.0, 6.0])
    >>> whole = Moments.of_rows(y, X, Z, np.array([0, 0, 1, 1]), ("a", "b"))
    >>> half = [Moments.of_rows(y[i::2], X[i::2], Z[i::2], np.array([0, 1]), ("a", "b")) for i in (0, 1)]
    >>> np.allclose((half[0] + half[1]).cross_products(), whole.cross_products())
    True
    """

    Rzz: Array
    Rza: Array
    Raa: Array
    n: NDArray[np.int64]
    levels: tuple[str, ...]
    sum_log_weights: float = 0.0
    header: "Header | None" = None

    def __post_init__(self):
        for array in (self.Rzz, self.Rza, self.Raa, self.n):
            frozen(array)

    @classmethod
    def of_rows(
        cls, y: Array, X: Array, Z: Array, group: Index, levels: tuple[str, ...], weights: Array | None = None
    ) -> "Moments":
        """Sum up rows. With weights w the residual variance of a row is ``sigma^2 / w``."""
        q, width = Z.shape[1], Z.shape[1] + X.shape[1] + 1
        root, log_weights = np.empty(0), 0.0
        if weights is not None:
            root, log_weights = np.sqrt(weights), float(np.log(weights).sum())
        by_group, overall = np.zeros((len(levels), q, width)), np.zeros((width - q, width - q))
        rows = (np.ascontiguousarray(values, dtype=float) for values in (y, X, Z, root))
        _rotate_rows(*rows, np.ascontiguousarray(group, dtype=np.intp), by_group, overall)
        n = np.bincount(group, minlength=len(levels)).astype(np.int64)
        return cls(by_group[:, :, :q].copy(), by_group[:, :, q:].copy(), overall, n, tuple(levels), log_weights)

    @property
    def n_rows(self) -> int:
        return int(self.n.sum())

    @property
    def n_groups(self) -> int:
        return len(self.levels)

    @property
    def p(self) -> int:
        return self.Rza.shape[2] - 1

    @property
    def q(self) -> int:
        return self.Rzz.shape[1]

    def cross_products(self) -> Array:
        """``sum A_i'A_i`` with ``A = [X y]``, shape (p + 1, p + 1)."""
        return self.Raa.T @ self.Raa + np.einsum("jqa,jqb->ab", self.Rza, self.Rza)

    def triangle(self) -> Array:
        """An upper triangle R with ``R'R`` the cross-products, without squaring anything."""
        stacked = np.concatenate([self.Rza.reshape(-1, self.p + 1), self.Raa])
        return np.linalg.qr(stacked, mode="r")

    def recode(self, X: Array, Z: Array, shift: Array | None = None) -> "Moments":
        """The same rows in other columns: ``X_new = X @ X_map``, ``Z_new = Z @ Z_map``, ``y - X_new shift``.

        Parameters
        ----------
        X : ndarray, shape (p, p_new)
        Z : ndarray, shape (q, q)
        shift : ndarray, shape (p_new,), optional
        """
        p, p_new = X.shape
        columns = np.zeros((p + 1, p_new + 1))
        columns[:p, :p_new] = X
        columns[p, p_new] = 1.0
        if shift is not None:
            columns[:p, p_new] = -X @ shift
        Raa = np.zeros((p_new + 1, p_new + 1))
        triangle = np.linalg.qr(self.Raa @ columns, mode="r")
        Raa[: len(triangle)] = triangle
        return replace(self, Rzz=self.Rzz @ Z, Rza=self.Rza @ columns, Raa=Raa, header=None)

    def __add__(self, other: "Moments") -> "Moments":
        if (self.p, self.q) != (other.p, other.q):
            raise DesignError(
                f"moments of different models do not add up: {self.p} and {other.p} fixed, "
                f"{self.q} and {other.q} random columns"
            )
        header = self._joined_header(other)
        levels = tuple(dict.fromkeys((*self.levels, *other.levels)))
        place = {level: j for j, level in enumerate(levels)}
        parts = [
            (part, np.array([place[level] for level in part.levels], dtype=np.intp)) for part in (self, other)
        ]
        Z = np.concatenate([part.Rzz.reshape(-1, part.q) for part, _ in parts])
        A = np.concatenate([part.Rza.reshape(-1, part.p + 1) for part, _ in parts])
        group = np.concatenate([np.repeat(index, part.q) for part, index in parts])
        joined = Moments.of_rows(A[:, -1], A[:, :-1], Z, group, levels)
        n = np.zeros(len(levels), dtype=np.int64)
        for part, index in parts:
            n[index] += part.n
        Raa = np.linalg.qr(np.concatenate([self.Raa, other.Raa, joined.Raa]), mode="r")
        log_weights = self.sum_log_weights + other.sum_log_weights
        return replace(joined, n=n, Raa=Raa, sum_log_weights=log_weights, header=header)

    def _joined_header(self, other: "Moments") -> "Header | None":
        if self.header is None and other.header is None:
            return None
        if self.header is None or other.header is None:
            raise DesignError(
                "moments that know what they belong to (of `bm.sum_moments` or a file) and moments that do not "
                "cannot be added: nobody could tell whether they are of the same model"
            )
        return self.header + other.header

    def save(self, path: "str | Path") -> None:
        """Write moments of streamed rows to a file, with the formula, encoding and coding that they belong to.

        Raises
        ------
        StorageError
            The file cannot be written.
        DesignError
            These moments have no header.
        """
        from bayesmixed.moments_io import save_moments

        save_moments(self, path)

    @classmethod
    def load(cls, path: "str | Path", functions: "Mapping[str, Callable[..., Any]] | None" = None) -> "Moments":
        """Read moments that `save` wrote; functions of the user's own must be given again.

        Raises
        ------
        StorageError
            The file is missing, damaged, or not of this package.
        """
        from bayesmixed.moments_io import load_moments

        return load_moments(path, functions)

    @cached_property
    def patterns(self) -> "Patterns":
        return Patterns.of(self)


class Patterns(NamedTuple):
    """Moments collapsed: groups with equal ``Rzz`` share one determinant and one small set of columns.

    The likelihood needs of m groups of one pattern only ``sum_i vec(Rza_i) vec(Rza_i)'``, so the m rows
    ``vec(Rza_i)'`` are replaced by their triangle, at most ``q (p + 1)`` rows. A random intercept has one
    pattern for each distinct group size, a balanced design one in all.

    A named tuple, because compiled functions take it whole.

    Parameters
    ----------
    Rzz : ndarray, shape (U, q, q)
    count : ndarray, shape (U,)
        Groups of each pattern.
    start : ndarray of int, shape (U + 1,)
        Rows ``start[u]:start[u + 1]`` of `Rza` belong to pattern u.
    Rza : ndarray, shape (rows, q, p + 1)
    Raa : ndarray, shape (p + 1, p + 1)
    n_rows : float
    sum_log_weights : float
    """

    Rzz: Array
    count: Array  # type: ignore[assignment]  # nobody counts the items of this tuple
    start: NDArray[np.int64]
    Rza: Array
    Raa: Array
    n_rows: float
    sum_log_weights: float

    @classmethod
    def of(cls, moments: Moments) -> "Patterns":
        q, p1 = moments.q, moments.p + 1
        first, member = equal_up_to_rounding(moments.Rzz.reshape(-1, q * q))
        order = np.argsort(member, kind="stable")
        count = np.bincount(member)
        edges = np.concatenate([[0], np.cumsum(count)])
        flat = moments.Rza.reshape(-1, q * p1)[order]
        if count.max() > q * p1:
            pieces = [_shortest(flat[a:b]) for a, b in pairwise(edges)]
            edges = np.concatenate([[0], np.cumsum([len(piece) for piece in pieces])])
            flat = np.concatenate(pieces)
        return cls(
            np.ascontiguousarray(moments.Rzz[first]),
            count.astype(float),
            edges.astype(np.int64),
            np.ascontiguousarray(flat.reshape(-1, q, p1)),
            np.array(moments.Raa, dtype=float, order="C"),
            float(moments.n_rows),
            moments.sum_log_weights,
        )


def _shortest(rows: Array) -> Array:
    return np.linalg.qr(rows, mode="r") if len(rows) > rows.shape[1] else rows


def equal_up_to_rounding(rows: Array) -> tuple[Index, Index]:
    """First member and pattern of each row. Rows on two sides of a rounding edge count as two: still exact."""
    size = np.abs(rows).max(axis=1, keepdims=True)
    exponent = np.frexp(size)[1]
    keys = np.column_stack([np.round(np.ldexp(rows, -exponent), 12) + 0.0, exponent])
    # Equal rows have equal projections; where few are equal, sorting whole rows would be for nothing.
    projections = np.sort(keys @ np.sqrt(2.0 + np.arange(keys.shape[1])))
    if np.count_nonzero(np.diff(projections) == 0.0) < len(rows) // 4:
        each = np.arange(len(rows), dtype=np.intp)
        return each, each
    _, first, member = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return first, member.ravel()
