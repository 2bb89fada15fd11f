"""What a user may give as contrasts of coefficients: text, vectors or a matrix, read into ``L beta = value``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.errors import RemlError
from bayesmixed.reml.hypotheses.linear_text import read_linear

#: Rows whose independent part is smaller than this, relative to their size, count as redundant.
REDUNDANT = 1e-9


@dataclass(frozen=True, eq=False)
class Contrasts:
    """Hypotheses ``L beta = values`` with a name for each.

    Parameters
    ----------
    names : tuple of str
    L : ndarray, shape (k, p)
    values : ndarray, shape (k,)
    """

    names: tuple[str, ...]
    L: Array
    values: Array

    @classmethod
    def of(cls, given: Any, labels: Sequence[str]) -> "Contrasts":
        """Read contrasts.

        Parameters
        ----------
        given : str, sequence of str, ndarray, pandas.Series, pandas.DataFrame or dict
            Text as `read_linear` takes it; a vector (p,) or matrix (k, p) of coefficients; a series or a dict from
            labels to coefficients; a data frame whose columns are labels; or a dict from names to such dicts, to
            vectors or to text.
        labels : sequence of str
            Labels of the coefficients.

        Raises
        ------
        RemlError
            What was given cannot be read, or holds an unknown label, a number that is not finite or no
            coefficient at all.

        Examples
        --------
        >>> found = Contrasts.of({"slope": {"Days": 1}, "gap": "Type[T2] = 3"}, ["Days", "Type[T2]"])
        >>> found.names, found.L.tolist(), found.values.tolist()
        (('slope', 'gap'), [[1.0, 0.0], [0.0, 1.0]], [0.0, 3.0])
        """
        rows = [row for item in _items(given) for row in _rows(*item, labels)]
        if not rows:
            raise RemlError("give at least one contrast, such as 'Days = 0'")
        names, vectors, values = zip(*rows, strict=True)
        L = np.array(vectors, dtype=float)
        if not np.isfinite(L).all() or not np.isfinite(values).all():
            raise RemlError("the coefficients and values of contrasts must be finite numbers")
        empty = [name for name, row in zip(names, L, strict=True) if not row.any()]
        if empty:
            raise RemlError(f"all coefficients of the contrast {empty[0]!r} are zero")
        return cls(tuple(names), L, np.array(values, dtype=float))

    def independent(self) -> "tuple[Array, Array]":
        """L and values of full row rank that say the same: ``U'L`` and ``U'values``, U an orthonormal basis.

        Without redundant rows they are L and values themselves. The basis is the one for which the degrees of
        freedom are those of lmerTest, which takes eigenvectors of the covariance matrix of all rows.

        Raises
        ------
        RemlError
            The hypotheses contradict one another.
        """
        rank, k = _rank(self.L), len(self.L)
        if rank == k:
            return self.L, self.values
        U = np.linalg.svd(self.L)[0][:, :rank]
        left = self.values - U @ (U.T @ self.values)
        if np.abs(left).max() > 1e-8 * max(1.0, np.abs(self.values).max()):
            raise RemlError(f"these hypotheses contradict one another: {', '.join(self.names)}")
        return U.T @ self.L, U.T @ self.values


def _items(given: Any) -> list[tuple[str | None, Any]]:
    """Names, where there are any, and what was given under them."""
    if isinstance(given, str):
        return [(None, given)]
    if hasattr(given, "columns") and hasattr(given, "iterrows"):
        return [(str(name), dict(row)) for name, row in given.iterrows()]
    if hasattr(given, "index") and hasattr(given, "items"):  # a pandas Series by label
        given = dict(given.items())
    if isinstance(given, Mapping):
        if given and all(np.isscalar(item) and not isinstance(item, str) for item in given.values()):
            return [(None, given)]
        return [(str(name), item) for name, item in given.items()]
    if isinstance(given, Sequence) and any(isinstance(item, str) for item in given):
        return [(None, item) for item in given]
    array = _numbers(given, "contrasts")
    if array.ndim > 2 or array.ndim == 0:
        raise RemlError(f"contrasts must be a vector or a matrix, not of shape {array.shape}")
    return [(None, row) for row in np.atleast_2d(array)]


def _rows(name: str | None, item: Any, labels: Sequence[str]) -> list[tuple[str, Array, float]]:
    if isinstance(item, str):
        found = read_linear(item, labels)
        if name is None:
            return found
        return [(name if len(found) == 1 else f"{name}: {text}", weights, value) for text, weights, value in found]
    vector = _vector(item, labels, name)
    return [(_written(vector, labels) if name is None else name, vector, 0.0)]


def _vector(item: Any, labels: Sequence[str], name: str | None) -> Array:
    what = "a contrast" if name is None else f"the contrast {name!r}"
    if isinstance(item, Mapping):
        vector = np.zeros(len(labels))
        for label, coefficient in item.items():
            vector += float(_numbers(coefficient, what)) * _unit(str(label), labels)
        return vector
    vector = _numbers(item, what)
    if vector.shape != (len(labels),):
        raise RemlError(
            f"{what} needs {len(labels)} coefficients, for {', '.join(labels)}; it has shape {vector.shape}"
        )
    return vector


def _unit(label: str, labels: Sequence[str]) -> Array:
    """1 at one coefficient."""
    ((_, weights, value),) = read_linear(label, labels)
    if value or np.count_nonzero(weights) != 1 or weights.max() != 1.0:
        raise RemlError(f"{label!r} is not one coefficient; there are {', '.join(labels)}")
    return weights


def _numbers(values: Any, what: str) -> Array:
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise RemlError(f"{what} must be numbers, or text such as 'Days = 0', not {values!r}") from None


def _written(vector: Array, labels: Sequence[str]) -> str:
    """A vector as text: ``Type[T2] - 0.5 * Days``."""
    text = ""
    for weight, label in zip(vector, labels, strict=True):
        if weight:
            factor = "" if abs(weight) == 1.0 else f"{abs(weight):g} * "
            sign = ("- " if text else "-") if weight < 0 else ("+ " if text else "")
            text += f"{' ' if text else ''}{sign}{factor}{label}"
    return text


def _rank(L: Array) -> int:
    """Number of independent rows, whatever the units of the coefficients."""
    from scipy.linalg import qr

    used = L[:, L.any(axis=0)]
    even = used / np.abs(used).max(axis=0)
    even = even / np.linalg.norm(even, axis=1, keepdims=True)
    diagonal = np.abs(np.diag(qr(even.T, mode="r", pivoting=True)[0]))
    return int((diagonal > REDUNDANT).sum())
