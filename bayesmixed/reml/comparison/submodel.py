"""The moments of a smaller model from those of a larger one: no row is touched."""

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.moments import Patterns


def submodel(patterns: Patterns, Z_map: Array, X_map: Array | None = None) -> Patterns:
    """Collapsed moments in fewer columns, ``Z_small = Z Z_map`` and ``X_small = X X_map``.

    ``Rzz_i Z_map = Q_i R_i`` gives the smaller triangle R_i. The rotated rows ``Q_i'Rza_i`` beside it stay with
    their group, those below it join Raa.

    Parameters
    ----------
    patterns : Patterns
    Z_map : ndarray, shape (q, q_small)
        With at least one column.
    X_map : ndarray, shape (p, p_small), optional
        All columns of X by default.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"))
    >>> patterns = model.coded.moments.patterns
    >>> submodel(patterns, np.array([[1.0], [0.0]])).Rzz.ravel() ** 2  # (1 | Subject): 10 rows each
    array([10.])
    """
    kept = Z_map.shape[1]
    Q, R = np.linalg.qr(patterns.Rzz @ Z_map, mode="complete")
    member = np.repeat(np.arange(len(patterns.count)), np.diff(patterns.start))
    columns = _with_response(patterns, X_map)
    rotated = np.swapaxes(Q, 1, 2)[member] @ patterns.Rza @ columns
    width = columns.shape[1]
    rest = np.concatenate([patterns.Raa @ columns, rotated[:, kept:].reshape(-1, width)])
    Raa = np.zeros((width, width))
    triangle = np.linalg.qr(rest, mode="r")
    Raa[: len(triangle)] = triangle
    return patterns._replace(Rzz=_rows(R, kept), Rza=_rows(rotated, kept), Raa=Raa)


def _rows(triangles: Array, count: int) -> Array:
    """The first rows of each triangle; rows of zeros where blocks overlap, so that Z_small has more columns."""
    missing = max(0, count - triangles.shape[1])
    return np.pad(triangles[:, :count], ((0, 0), (0, missing), (0, 0)))


def _with_response(patterns: Patterns, X_map: Array | None) -> Array:
    p = patterns.Raa.shape[1] - 1
    X_map = np.eye(p) if X_map is None else X_map
    columns = np.zeros((p + 1, X_map.shape[1] + 1))
    columns[:p, :-1] = X_map
    columns[p, -1] = 1.0
    return columns
