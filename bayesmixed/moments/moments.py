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
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesmixed.arrays import Array, Index, frozen
from bayesmixed.errors import DesignError
from bayesmixed.moments.patterns import Patterns
from bayesmixed.moments.rotation import Rows, rotate, taken

if TYPE_CHECKING:
    from bayesmixed.streaming.facts import Header


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
    >>> from bayesmixed.moments.moments import Moments
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

    def __post_init__(self) -> None:
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
        """N, the number of rows that were summed up."""
        return int(self.n.sum())

    @property
    def n_groups(self) -> int:
        """J, the number of groups."""
        return len(self.levels)

    @property
    def p(self) -> int:
        """Columns of X."""
        return int(self.Rza.shape[2]) - 1

    @property
    def q(self) -> int:
        """Random effects of one group."""
        return int(self.Rzz.shape[1])

    def cross_products(self) -> Array:
        """``sum A_i'A_i`` with ``A = [X y]``, shape (p + 1, p + 1)."""
        products: Array = self.Raa.T @ self.Raa + np.einsum("jqa,jqb->ab", self.Rza, self.Rza)
        return products

    def triangle(self) -> Array:
        """An upper triangle R with ``R'R`` the cross-products, without squaring anything."""
        stacked = np.concatenate([self.Rza.reshape(-1, self.p + 1), self.Raa])
        return np.linalg.qr(stacked, mode="r")

    def recode(self, X_map: Array, Z_map: Array, shift: Array | None = None) -> "Moments":
        """The same rows in other columns: ``X_new = X X_map``, ``Z_new = Z Z_map``, ``y_new = y - X_new shift``.

        Parameters
        ----------
        X_map : ndarray, shape (p, p_new)
        Z_map : ndarray, shape (q, q)
        shift : ndarray, shape (p_new,), optional
        """
        p, p_new = X_map.shape
        columns = np.zeros((p + 1, p_new + 1))
        columns[:p, :p_new] = X_map
        columns[p, p_new] = 1.0
        if shift is not None:
            columns[:p, p_new] = -X_map @ shift
        Raa = np.zeros((p_new + 1, p_new + 1))
        triangle = np.linalg.qr(self.Raa @ columns, mode="r")
        Raa[: len(triangle)] = triangle
        return replace(self, Rzz=self.Rzz @ Z_map, Rza=self.Rza @ columns, Raa=Raa, header=None)

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
        from bayesmixed.moments.stored import save_moments

        save_moments(self, path)

    @classmethod
    def load(cls, path: "str | Path", functions: "Mapping[str, Callable[..., Any]] | None" = None) -> "Moments":
        """Read moments that `save` wrote; functions of the user's own must be given again.

        Raises
        ------
        StorageError
            The file is missing, damaged, or not of this package.
        """
        from bayesmixed.moments.stored import load_moments

        return load_moments(path, functions)

    @cached_property
    def patterns(self) -> "Patterns":
        """The same with groups of equal ``Z_i'Z_i`` put together."""
        return Patterns.of(self)
