"""Residuals of a REML fit: conditional, marginal, scaled and whitened."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arguments import check_choice
from bayesmixed.arrays import Array, Index
from bayesmixed.compiled import compiled
from bayesmixed.errors import RemlError
from bayesmixed.moments.triangles import coded_columns

if TYPE_CHECKING:
    from bayesmixed.reml.estimates import Estimates

KINDS = ("conditional", "marginal", "pearson", "normalized")


def residuals_of(fit: "Estimates", kind: str = "conditional") -> Array:
    """Residuals of every row; see `RemlFit.residuals`."""
    check_choice("kind", kind, KINDS, RemlError)
    design = fit.design
    if kind == "conditional":
        return design.y - fit.fitted()
    if kind == "pearson":
        return (design.y - fit.fitted()) * np.sqrt(design.weights) / fit.sigma
    X, Z = coded_columns(design, design.X, design.Z_rows)
    # With the shift taken off first, what is subtracted last is small.
    marginal: Array = design.y - design.offset - X @ fit.coded.shift - X @ fit.coded_estimates[1]
    if kind == "marginal":
        return marginal
    root = np.sqrt(design.weights)
    F = np.ascontiguousarray((Z @ fit.Lambda) * root[:, None])
    group = np.ascontiguousarray(design.group, dtype=np.intp)
    return whitened(F, marginal * root / fit.sigma, group, design.n_groups)


def whitened(F: Array, residual: Array, group: Index, n_groups: int) -> Array:
    """``L_i^-1 r_i`` of every group, ``L_i L_i' = I + F_i F_i'``, in the order of the rows.

    Row by row within a group: the error of predicting the row from the earlier ones, over its standard
    deviation. The q x q covariance of the group's effects given the rows so far is kept as a square root S,
    brought up to date by Potter's formula ``S - K f'S / (1 + 1 / s)`` with gain K and s the standard deviation
    of the error, so that it stays positive for any F. Bierman (1977), Factorization Methods for Discrete
    Sequential Estimation, chapter II.

    Parameters
    ----------
    F : ndarray, shape (N, q)
    residual : ndarray, shape (N,)
    group : ndarray of int, shape (N,)
    n_groups : int
    """
    q = F.shape[1]
    S, mean = np.zeros((n_groups, q, q)), np.zeros((n_groups, q))
    S[:] = np.eye(q)
    result = np.empty(len(residual))
    _whiten(F, residual, group, S, mean, result)
    return result


@compiled
def _whiten(
    F: Array, residual: Array, group: Index, S: Array, mean: Array, result: Array
) -> None:  # pragma: no cover - compiled
    q = F.shape[1]
    phi, gain = np.empty(q), np.empty(q)
    for i in range(F.shape[0]):
        root, centre = S[group[i]], mean[group[i]]
        error, variance = residual[i], 1.0
        for k in range(q):
            error -= F[i, k] * centre[k]
            phi[k] = 0.0
            for j in range(q):
                phi[k] += root[j, k] * F[i, j]
            variance += phi[k] * phi[k]
        result[i] = error / np.sqrt(variance)
        shrink = 1.0 / (1.0 + np.sqrt(1.0 / variance))
        for k in range(q):
            gain[k] = 0.0
            for j in range(q):
                gain[k] += root[k, j] * phi[j]
            gain[k] /= variance
        for k in range(q):
            centre[k] += gain[k] * error
            for j in range(q):
                root[k, j] -= shrink * gain[k] * phi[j]
