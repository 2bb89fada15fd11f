"""The columns of several terms side by side, all of them finite."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from bayesmixed.encoding.term import Term
from bayesmixed.errors import DesignError


def assemble(terms: Sequence[Term], pieces: Iterable[Any], n_rows: int) -> np.ndarray:
    """Columns side by side, (n, p); every value is finite or an error says which is not."""
    columns = [_columns(term, piece, n_rows) for term, piece in zip(terms, pieces, strict=True)]
    if len(columns) == 1 and columns[0].dtype == float:
        return np.ascontiguousarray(columns[0])
    matrix = np.empty((n_rows, sum(term.size for term in terms)))
    start = 0
    for values in columns:
        stop = start + values.shape[1]
        matrix[:, start:stop] = values
        start = stop
    return matrix


def _columns(term: Term, piece: Any, n_rows: int) -> np.ndarray:
    values = np.asarray(piece)
    if values.ndim == 0 or values.shape[0] != n_rows:
        raise DesignError(f"{term.name} gives {values.size} values for {n_rows} rows")
    values = values.reshape(n_rows, -1) if n_rows else np.empty((0, term.size))
    if values.shape[1] != term.size:
        raise DesignError(
            f"{term.name} gives {values.shape[1]} columns for these rows and {term.size} for the rows of the "
            "fit: a function must return as many for any rows"
        )
    if values.dtype.kind == "f":
        _check_finite(term.name, values)
    return values


def _check_finite(name: str, values: np.ndarray) -> None:
    # A sum is finite unless a value is not, or it overflows: then count.
    with np.errstate(all="ignore"):
        if np.isfinite(values.sum()):
            return
    count = int((~np.isfinite(values).all(axis=1)).sum())
    if count:
        raise DesignError(f"{name} is infinite or undefined in {count} of {len(values)} rows; check its values")
