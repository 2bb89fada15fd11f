"""Groups with equal ``Z_i'Z_i`` as one: what the likelihood takes of the moments."""

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesmixed.arrays import Array, Index
from bayesmixed.chunks import whole_groups

if TYPE_CHECKING:
    from bayesmixed.moments.moments import Moments

#: Groups that are looked at to see whether any are equal: of U patterns as frequent they show SAMPLE^2 / 2U pairs.
SAMPLE = 8192


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
    def of(cls, moments: "Moments") -> "Patterns":
        """Collapse moments; where next to no groups are equal, each stays as it is."""
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
    def _of_each(cls, moments: "Moments") -> "Patterns":
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
