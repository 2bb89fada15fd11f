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
from bayesmixed.chunks import whole_groups
from bayesmixed.errors import DesignError
from bayesmixed.rotation import Rows, rotate, taken

if TYPE_CHECKING:
    from bayesmixed.streaming.facts import Header


#: Groups that are looked at to see whether any are equal: of U patterns as frequent they show SAMPLE^2 / 2U pairs.
SAMPLE = 8192


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
        root, log_weights = np.empty(0), 0.0
        if weights is not None:
            root, log_weights = np.sqrt(weights), float(np.log(weights).sum())
        arrays = tuple(np.ascontiguousarray(values, dtype=float) for values in (y, X, Z, root))

        def rows(own: Index | slice) -> Rows:
            y, X, Z, root = (taken(array, own) if len(array) else array for array in arrays)
            return y, X, Z, root

        return cls.of_parts(rows, group, levels, Z.shape[1], X.shape[1], log_weights)

    @classmethod
    def of_parts(
        cls,
        rows: Callable[[Index | slice], Rows],
        group: Index,
        levels: tuple[str, ...],
        q: int,
        p: int,
        sum_log_weights: float = 0.0,
    ) -> "Moments":
        """Sum up rows that are made when they are needed: `rows` gives y, X, Z and the root weights of some."""
        group = np.ascontiguousarray(group, dtype=np.intp)
        n = np.bincount(group, minlength=len(levels)).astype(np.int64, copy=False)
        return cls(*rotate(rows, group, n, q, p + 1), n, tuple(levels), sum_log_weights)

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
        if _all_different(moments.Rzz.reshape(-1, q * q)):
            return cls._of_each(moments)
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

    @classmethod
    def _of_each(cls, moments: Moments) -> "Patterns":
        """Each group a pattern of its own; copies, because compiled functions are compiled for writable arrays."""
        return cls(
            moments.Rzz.copy(),
            np.ones(moments.n_groups),
            np.arange(moments.n_groups + 1, dtype=np.int64),
            moments.Rza.copy(),
            moments.Raa.copy(),
            float(moments.n_rows),
            moments.sum_log_weights,
        )

    def split(self, size: int) -> "tuple[Patterns, ...]":
        """Parts of whole patterns and about `size` rows of Rza, whose likelihoods' sums add up.

        All keep the whole Rza, without a copy; Raa belongs to the first.
        """
        if self.start[-1] < 2 * size:
            return (self,)
        edges = whole_groups(self.start, size)
        nothing = np.zeros_like(self.Raa)
        return tuple(
            self._replace(
                Rzz=self.Rzz[a:b],
                count=self.count[a:b],
                start=self.start[a : b + 1],
                Raa=nothing if a else self.Raa,
            )
            for a, b in pairwise(edges)
        )


def _shortest(rows: Array) -> Array:
    return np.linalg.qr(rows, mode="r") if len(rows) > rows.shape[1] else rows


def _all_different(rows: Array) -> bool:
    """Whether a random sample has next to no equal ones, so that sorting all of very many would be for nothing."""
    if len(rows) < 8 * SAMPLE:
        return False
    sample = np.unique(np.random.default_rng(0).integers(len(rows), size=SAMPLE))
    return _equal_pairs(_rounded(rows[sample])) < 4


def _rounded(rows: Array) -> Array:
    exponent = np.frexp(np.abs(rows).max(axis=1, keepdims=True))[1]
    return np.column_stack([np.round(np.ldexp(rows, -exponent), 12) + 0.0, exponent])


def _equal_pairs(keys: Array) -> int:
    """Equal rows have equal projections."""
    projections = np.sort(keys @ np.sqrt(2.0 + np.arange(keys.shape[1])))
    return int(np.count_nonzero(np.diff(projections) == 0.0))


def equal_up_to_rounding(rows: Array) -> tuple[Index, Index]:
    """First member and pattern of each row. Rows on two sides of a rounding edge count as two: still exact."""
    keys = _rounded(rows)
    if _equal_pairs(keys) < len(rows) // 4:  # where few are equal, sorting whole rows would be for nothing
        each = np.arange(len(rows), dtype=np.intp)
        return each, each
    _, first, member = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return first, member.ravel()
