"""Variance of estimated means of rows, by Henderson's mixed model equations taken apart by groups.

With sigma^2 W_i the conditional variance of b_i, ``M = (X'V^-1X)^-1`` and ``E_i = W_i Z_i'X_i``, the joint
covariance matrix of the errors of estimation, the inverse of the matrix of those equations, has the blocks

    Cov(betahat - beta) = M,   Cov(betahat - beta, bhat_i - b_i) = -M E_i',
    Cov(bhat_i - b_i, bhat_k - b_k) = [i = k] sigma^2 W_i + E_i M E_k',

so that for a row (x, z) of group i

    Var(x'betahat + z'bhat_i - x'beta - z'b_i) = sigma^2 z'W_i z + (x - E_i'z)' M (x - E_i'z).

Henderson (1975), doi:10.2307/2529430. With ``[I; Rzz_i Lambda] = B_i T_i``, T_i a triangle, the vector
``f = T_i'^-1 Lambda'z`` has length ``sqrt(z'W_i z)``, and ``E_i'z`` is ``Rzx_i'`` times the lower half of B_i
times f: a sum of squares, in which nothing larger than q + p is formed.
"""

from dataclasses import dataclass

import numpy as np

from bayesmixed.arrays import Array, Index
from bayesmixed.moments import Moments
from bayesmixed.reml.criterion import Criterion


@dataclass(frozen=True, eq=False)
class CodedRows:
    """Rows in the coding of a criterion.

    Parameters
    ----------
    X : ndarray, shape (n, p)
    Z : ndarray, shape (n, q)
    group : ndarray of int, shape (n,), or None
        Positions of their observed groups; None for a group that was not observed.
    """

    X: Array
    Z: Array
    group: Index | None = None


def coefficient_variance(criterion: Criterion, theta: Array, X: Array) -> Array:
    """``x'Mx / sigma^2`` of every row x, shape (n,)."""
    Q = criterion.cross_products(theta)[:-1, :-1]
    return np.square(np.linalg.solve(np.linalg.cholesky(Q), X.T)).sum(axis=0)


def new_group_variance(criterion: Criterion, theta: Array, rows: CodedRows) -> Array:
    """``(x'Mx + z'Gz) / sigma^2``: of the estimate x'betahat of the mean of a group that was not observed."""
    between: Array = np.square(rows.Z @ criterion.Lambda(theta)).sum(axis=1)
    return coefficient_variance(criterion, theta, rows.X) + between


def observed_group_variance(criterion: Criterion, moments: Moments, theta: Array, rows: CodedRows) -> Array:
    """``Var(x'betahat + z'bhat_i - x'beta - z'b_i) / sigma^2`` of rows of observed groups, shape (n,)."""
    Lambda, q = criterion.Lambda(theta), criterion.q
    F = moments.Rzz @ Lambda
    basis, T = np.linalg.qr(np.concatenate([np.broadcast_to(np.eye(q), F.shape), F], axis=1))
    pull = np.swapaxes(basis[:, q:], 1, 2) @ moments.Rza[:, :, :-1]
    f = np.einsum("nk,nkl->nl", rows.Z @ Lambda, np.linalg.inv(T)[rows.group])
    X = rows.X - np.einsum("nl,nla->na", f, pull[rows.group])
    of_effects: Array = np.square(f).sum(axis=1)
    return of_effects + coefficient_variance(criterion, theta, X)
