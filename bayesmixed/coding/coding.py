"""Centred and scaled coordinates of the columns of X and of each block of Z.

Time measured in calendar years, or y in millionths, must change neither the numbers that are reported nor
their accuracy. So the rows are summed up in columns ``X_c = X K^-1`` that are centred (where the constant is
in the span of X) and scaled, and results go back by ``beta = K^-1 beta_c``. The same holds for each block of Z
with ``T`` in place of ``K``, and ``G_c = T G T'``.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayesmixed.arrays import Array
from bayesmixed.chunks import chunk_edges, in_chunks, sum_in_chunks
from bayesmixed.compiled import compiled

if TYPE_CHECKING:
    from bayesmixed.design import Design


#: Columns of length one count as nearly dependent below this smallest eigenvalue of their cross-products.
DEPENDENT = 1e-5


@dataclass(frozen=True, eq=False)
class Coding:
    """The map from a set of columns to centred and scaled ones.

    With ``constant`` the coefficients e for which ``X e = 1`` (zero where there are none), ``centre`` c
    (zero wherever e is not) and ``scale`` s: ``X_c = X (I - e c') diag(1/s)``, ``K = diag(s) (I + e c')``.
    Columns that are nearly dependent even so, like those of ``t * f`` far from t = 0, are told apart by a
    ``rotation`` R besides: ``X_c = X (I - e c') diag(1/s) R^-1``, ``K = R diag(s) (I + e c')``. Priors may be
    stated for other combinations of the columns too, by an R of their own.

    Parameters
    ----------
    constant, centre, scale : ndarray, shape (p,)
    rotation : ndarray, shape (p, p), optional
        Upper triangular in computing; none where it is not needed.
    """

    constant: Array
    centre: Array
    scale: Array
    rotation: Array | None = None

    @classmethod
    def identity(cls, p: int) -> "Coding":
        """The columns as the user has them."""
        return cls(np.zeros(p), np.zeros(p), np.ones(p))

    @classmethod
    def of_columns(cls, columns: Array, weights: Array | None, constant: Array) -> "Coding":
        """Means and root mean squares of the columns; means only where the constant is in their span."""
        total = len(columns) if weights is None else weights.sum()
        columns = np.ascontiguousarray(columns, dtype=float)
        centre = np.zeros(columns.shape[1])
        if constant.any():
            centre = np.where(constant == 0, _weighted_sums(columns, weights, centre, 1) / total, 0.0)
        scale = np.sqrt(_weighted_sums(columns, weights, centre, 2) / total)
        return cls(constant, centre, np.where(scale > 0, scale, 1.0))

    @property
    def unscaled(self) -> "Coding":
        """The same centres with every scale one: the coding in which priors are stated."""
        return Coding(self.constant, self.centre, np.ones_like(self.scale))

    def with_own(self, columns: Iterable[int], whole: bool = False) -> "Coding":
        """This coding of where priors are stated, with some coefficients as the user has them, at x = 0.

        With ``whole`` no combinations are left then, of other columns neither.
        """
        own = list(columns)
        if not own:
            return self
        constant, centre, rotation = self.constant, self.centre, self.rotation
        if constant[own].any():
            constant = centre = np.zeros_like(centre)
        if rotation is not None:
            plain = np.eye(len(centre))
            turned = not np.array_equal(rotation[own], plain[own])
            rotation = rotation.copy()
            rotation[own] = plain[own]
            if (whole and turned) or np.array_equal(rotation, plain):
                rotation = None
        return Coding(constant, centre, self.scale, rotation)

    @property
    def matrix(self) -> Array:
        """K, shape (p, p): ``beta_c = K beta``."""
        result = self.scale[:, None] * (np.eye(len(self.scale)) + np.outer(self.constant, self.centre))
        return result if self.rotation is None else self.rotation @ result

    @property
    def inverse(self) -> Array:
        """K^-1, shape (p, p): ``X_c = X K^-1``."""
        result = (np.eye(len(self.scale)) - np.outer(self.constant, self.centre)) / self.scale
        return result if self.rotation is None else result @ np.linalg.inv(self.rotation)

    @property
    def log_det(self) -> float:
        """log |det K|, which the REML criterion needs to speak of the user's own columns."""
        turned = 0.0 if self.rotation is None else np.log(np.abs(np.diag(self.rotation))).sum()
        return float(np.log(self.scale).sum() + turned)

    def rotated(self, columns: Array, weights: Array | None) -> "Coding":
        """This coding, with a rotation if centred and scaled columns are nearly dependent."""
        if columns.shape[1] < 2:
            return self
        if self.smallest_eigenvalue(columns, weights) > DEPENDENT:
            return self
        coded, total = self.apply(columns), float(len(columns))
        if weights is not None:
            coded, total = coded * np.sqrt(weights)[:, None], weights.sum()
        rotation = np.linalg.qr(coded, mode="r") / np.sqrt(total)
        # Columns of Z may depend on one another outright: then no rotation tells them apart.
        return self if np.abs(np.diag(rotation)).min() < 1e-11 else replace(self, rotation=rotation)

    def smallest_eigenvalue(self, columns: Array, weights: Array | None) -> float:
        """Of the cross-products of the coded columns, which have length one: 0 where one depends on others."""
        columns = np.ascontiguousarray(columns, dtype=float)
        products = _cross_products_in_chunks(columns, weights, self.constant, self.centre, self.scale)
        total = len(columns) if weights is None else weights.sum()
        return float(np.linalg.eigvalsh(products / total)[0])

    def apply(self, columns: Array) -> Array:
        """The rows in this coding, by differences from the centre so that no digit is lost."""
        coded: Array = _centre_and_scale(
            np.ascontiguousarray(columns, dtype=float), self.constant, self.centre, self.scale
        )
        return coded if self.rotation is None else coded @ np.linalg.inv(self.rotation)


def _weighted_sums(columns: Array, weights: Array | None, centre: Array, power: int) -> Array:
    """``sum w (x - c)^power`` of each column, w = 1 without weights."""
    w = np.empty(0) if weights is None else weights
    return sum_in_chunks(lambda a, b: _sums(columns[a:b], w[a:b], centre, power), len(columns))


def _cross_products_in_chunks(columns: Array, weights: Array | None, *coding: Array) -> Array:
    w = np.empty(0) if weights is None else weights
    return sum_in_chunks(lambda a, b: _cross_products(columns[a:b], w[a:b], *coding), len(columns))


@compiled
def _sums(columns: Array, weights: Array, centre: Array, power: int) -> Array:  # pragma: no cover - compiled
    """A loop: BLAS takes threads, which on a busy machine take turns."""
    result = np.zeros(columns.shape[1])
    for k in range(columns.shape[1]):
        total = 0.0
        for i in range(columns.shape[0]):
            difference = columns[i, k] - centre[k]
            term = difference * difference if power == 2 else difference
            total += weights[i] * term if weights.shape[0] > 0 else term
        result[k] = total
    return result


@compiled
def _cross_products(
    columns: Array, weights: Array, constant: Array, centre: Array, scale: Array
) -> Array:  # pragma: no cover - compiled
    """Weighted cross-products of centred and scaled columns, without making them."""
    p = columns.shape[1]
    result, row = np.zeros((p, p)), np.empty(p)
    for i in range(columns.shape[0]):
        one = 0.0
        for k in range(p):
            one += columns[i, k] * constant[k]
        for k in range(p):
            row[k] = (columns[i, k] - one * centre[k]) / scale[k]
            for m in range(k + 1):
                result[k, m] += (weights[i] if weights.shape[0] > 0 else 1.0) * row[k] * row[m]
    for k in range(p):
        for m in range(k):
            result[m, k] = result[k, m]
    return result


@compiled
def _centre_and_scale(
    columns: Array, constant: Array, centre: Array, scale: Array
) -> Array:  # pragma: no cover - compiled
    """``(x - (x'e) c) / s`` of every row x, in one pass."""
    result = np.empty_like(columns)
    for i in range(columns.shape[0]):
        one = 0.0
        for k in range(columns.shape[1]):
            one += columns[i, k] * constant[k]
        for k in range(columns.shape[1]):
            result[i, k] = (columns[i, k] - one * centre[k]) / scale[k]
    return result


def block_diagonal(matrices: list[Array], columns: list[NDArray[np.intp]], size: int) -> Array:
    """A square matrix with one matrix for each set of columns and zeros between them."""
    result = np.zeros((size, size))
    for matrix, index in zip(matrices, columns, strict=True):
        result[np.ix_(index, index)] = matrix
    return result


def column_codings(design: "Design") -> tuple[Coding, tuple[Coding, ...]]:
    """Codings of the columns of X and of each block of Z, by the weighted means of the rows."""
    if design.streamed is not None:
        return design.streamed.scales.fixed, design.streamed.scales.blocks
    w = weights_of(design)
    fixed = Coding.of_columns(design.X, w, constant_of(design.X))
    own = [columns_of(design.Z_rows, block.columns) for block in design.blocks]
    return fixed, tuple(
        fixed if columns is design.X else Coding.of_columns(columns, w, constant_of(columns)) for columns in own
    )


def column_products(design: "Design", plain: Coding) -> Array:
    """Weighted mean cross-products of the columns of X, centred and scaled by `plain`, (p, p)."""
    if design.streamed is not None:
        coded = design.streamed.coded
        R = coded.moments.triangle()[:, : design.p]
        R = R if coded.fixed.rotation is None else R @ coded.fixed.rotation
        return R.T @ R / design.streamed.scales.sum_weights
    w, X = weights_of(design), np.ascontiguousarray(design.X, dtype=float)
    products = _cross_products_in_chunks(X, w, plain.constant, plain.centre, plain.scale)
    return products / (len(X) if w is None else w.sum())


def weights_of(design: "Design") -> Array | None:
    """The weights of the rows, None where all are one."""
    return None if all_equal(design.weights, 1.0) else design.weights


def computing_codings(design: "Design") -> tuple[Coding, tuple[Coding, ...]]:
    """`column_codings` with rotations where columns are nearly dependent: what moments are summed up in."""
    if design.streamed is not None:
        return design.streamed.coded.fixed, design.streamed.blocks
    w = weights_of(design)
    plain, blocks = column_codings(design)
    fixed = plain.rotated(design.X, w)
    own = (columns_of(design.Z_rows, block.columns) for block in design.blocks)
    turned = tuple(
        fixed if coding is plain else coding.rotated(columns, w)
        for coding, columns in zip(blocks, own, strict=True)
    )
    # A row of weight w tells w times as much: thresholds of Lambda must not depend on the unit of the weights.
    unit = 1.0 if w is None else float(np.exp(0.5 * np.log(w).mean()))
    return fixed, tuple(replace(coding, scale=coding.scale * unit) for coding in turned)


def columns_of(rows: Array, columns: Iterable[int]) -> Array:
    """Some columns; all of them without a copy."""
    index = [int(column) for column in columns]
    return rows if index == list(range(rows.shape[1])) else rows[:, index]


def all_equal(column: Array, value: float, or_zero: bool = False) -> bool:
    """Whether every number of a column is `value` (or zero)."""
    if column.size == 0 or (column[0] != value and not (or_zero and column[0] == 0.0)):
        return column.size == 0
    return all(in_chunks(lambda a, b: _all_equal(column[a:b], value, or_zero), chunk_edges(len(column))))


@compiled
def _all_equal(column: Array, value: float, or_zero: bool) -> bool:  # pragma: no cover - compiled
    for i in range(column.shape[0]):  # noqa: SIM110 - numba has no generators in all()
        if column[i] != value and not (or_zero and column[i] == 0.0):
            return False
    return True


def constant_of(columns: Array) -> Array:
    """Coefficients e of 0 and 1 with ``columns @ e = 1``: a column of ones, or the indicators of a factor."""
    p = columns.shape[1]
    for k in range(p):
        if all_equal(columns[:, k], 1.0):
            unit: Array = np.eye(p)[k]
            return unit
    indicator = np.array([all_equal(columns[:, k], 1.0, or_zero=True) for k in range(p)], dtype=bool)
    # Indicators of one factor stand together: look for a run of them that adds up to one in every row.
    for first in np.flatnonzero(indicator):
        total = np.zeros(len(columns))
        for last in range(first, p):
            if not indicator[last]:
                break
            total = total + columns[:, last]
            if (total == 1.0).all():
                e = np.zeros(p)
                e[first : last + 1] = 1.0
                return e
    return np.zeros(p)
