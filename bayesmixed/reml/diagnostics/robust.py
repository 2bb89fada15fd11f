"""Cluster-robust covariance of beta, bias-reduced (CR2), with Bell and McCaffrey's degrees of freedom.

With ``M = (X'V^-1X)^-1``, ``V_i = R_i R_i'`` and ``S_i = V_i - X_i M X_i'``, which is the covariance matrix of
a group's marginal residuals e_i where V is right,

    vcov = M [ sum_i X_i'V_i^-1 A_i e_i e_i' A_i V_i^-1 X_i ] M,    A_i = R_i (R_i' S_i R_i)^(+1/2) R_i',

A_i being the symmetric matrix with ``A_i S_i A_i = V_i``: the estimate is unbiased where V is right, and
consistent where it is not. For a contrast c let ``a_i = A_i V_i^-1 X_i M c``. Its variance is the sum of
``(a_i'e_i)^2``, with degrees of freedom that hold where V is right,

    P_ij = Cov(a_i'e_i, a_j'e_j) = [i = j] a_i'V_i a_i - a_i'X_i M X_j'a_j,    df = (sum_i P_ii)^2 / sum_ij P_ij^2.

Bell and McCaffrey (2002), Survey Methodology 28, 169-181; Pustejovsky and Tipton (2018),
doi:10.1080/07350015.2016.1247004. In the rotated rows of a group's triangle all matrices have size q + p; in
the directions that are left, X and Z are zero, A is the identity, and nothing is added to any sum.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesmixed.arrays import Array
from bayesmixed.errors import BayesmixedWarning, RemlError
from bayesmixed.reml.diagnostics.influence import NOTHING_LEFT, named_groups

if TYPE_CHECKING:
    from bayesmixed.reml.estimates import Estimates

#: Groups that are worked on at once.
BLOCK = 20_000


@dataclass(frozen=True, eq=False)
class RobustCovariance:
    """Cluster-robust covariance matrix of contrasts of beta.

    Parameters
    ----------
    vcov : ndarray, shape (k, k)
    df : ndarray, shape (k,)
        Of the t test of each contrast.
    alone : ndarray of bool, shape (J,)
        Groups without which X has not full rank: of some combination of their residuals nothing is left.
    """

    vcov: Array
    df: Array
    alone: NDArray[np.bool_]


def robust_covariance(fit: "Estimates", L: Array | None = None) -> RobustCovariance:
    """The CR2 estimate at the covariance parameters of a fit; groups are the clusters.

    Prior weights enter as scaled rows, ``sqrt(w) [Z X y]``: a row that is the mean of w rows with the same
    predictors gives the standard errors that those rows would give.

    Parameters
    ----------
    fit : Estimates
    L : ndarray, shape (k, p), optional
        Contrasts in the user's coding; by default each coefficient.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> from bayesmixed.reml.diagnostics.robust import robust_covariance
    >>> fit = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy")).reml()
    >>> robust_covariance(fit, [[0.0, 1.0]]).df.round(4)
    array([17.])
    """
    back = fit.coded.fixed.inverse
    contrasts = back if L is None else np.atleast_2d(np.asarray(L, dtype=float)) @ back
    M = relative_vcov(fit)
    parts = [_sums(terms, M) for terms in group_terms(fit, M @ contrasts.T)]
    scores, own, own_squared, pulls, pull_squared, alone = zip(*parts, strict=True)
    together = np.einsum("ab,kbc,cd,kda->k", M, sum(pulls), M, sum(pulls))
    with np.errstate(invalid="ignore"):
        df = sum(own) ** 2 / (sum(own_squared) + together - sum(pull_squared))
    return RobustCovariance(sum(scores), df, np.concatenate(alone))


def checked_robust_covariance(fit: "Estimates", kind: str) -> RobustCovariance:
    """The estimate of each coefficient, with a warning where a group alone tells one of them."""
    if kind != "CR2":
        raise RemlError(f"kind must be 'CR2', the bias-reduced cluster-robust covariance, not {kind!r}")
    found = robust_covariance(fit)
    if found.alone.any():
        warnings.warn(
            f"without {named_groups(fit.design, found.alone)} the rows do not determine every coefficient: "
            "cluster-robust standard errors of such a coefficient are too small, use those of fixed_effects()",
            BayesmixedWarning,
            stacklevel=3,
        )
    return found


def relative_vcov(fit: "Estimates") -> Array:
    """M over sigma^2, ``Qxx^-1``, in the coding of the criterion."""
    return np.linalg.inv(fit.objective.cross_products(fit.optimum.theta)[:-1, :-1])


class GroupTerms(NamedTuple):
    """What some groups give for k contrasts c, in units where sigma is 1.

    Parameters
    ----------
    scores : ndarray, shape (groups, k)
        ``a'e``.
    own : ndarray, shape (groups, m, k)
        Columns whose inner products are ``a'S_i a = P_ii``.
    pulls : ndarray, shape (groups, p, k)
        ``X'a``.
    alone : ndarray of bool, shape (groups,)
        Whether S_i has not full rank.
    """

    scores: Array
    own: Array
    pulls: Array
    alone: NDArray[np.bool_]


def group_terms(fit: "Estimates", direction: Array) -> Iterator[GroupTerms]:
    """Terms of the groups, block by block, for contrasts c with ``direction = M c / sigma^2``, shape (p, k)."""
    triangles, M = fit.triangles, relative_vcov(fit)
    for first in range(0, len(triangles.levels), BLOCK):
        part = slice(first, first + BLOCK)
        F, X, y = triangles.Z[part] @ fit.Lambda, triangles.X[part], triangles.y[part]
        root = np.linalg.cholesky(np.eye(F.shape[1]) + F @ np.swapaxes(F, 1, 2))
        whitened = np.linalg.solve(root, X)
        adjustment, left, alone = _adjustment(root, whitened, M)
        # R'a, from a = R (R'SR)^(+1/2) R' R^-T R^-1 X M c.
        half = np.swapaxes(root, 1, 2) @ root @ adjustment @ whitened @ direction
        residual = np.linalg.solve(root, (y - X @ fit.coded_estimates[1])[..., None])
        scores = (np.swapaxes(half, 1, 2) @ residual)[..., 0]
        yield GroupTerms(scores, left @ half, np.swapaxes(whitened, 1, 2) @ half, alone)


class _Sums(NamedTuple):
    scores: Array  # of (a'e)(a'e)', (k, k)
    own: Array  # of P_ii, (k,)
    own_squared: Array  # of P_ii^2, (k,)
    pulls: Array  # of X'aa'X, (k, p, p)
    pull_squared: Array  # of (a'XMX'a)^2, (k,)
    alone: NDArray[np.bool_]  # by group


def _sums(terms: GroupTerms, M: Array) -> _Sums:
    """What the groups of one block add, each contrast by itself."""
    own = np.square(terms.own).sum(axis=1)
    pull = np.einsum("iak,ab,ibk->ik", terms.pulls, M, terms.pulls)
    outer = np.einsum("iak,ibk->kab", terms.pulls, terms.pulls)
    scores = terms.scores.T @ terms.scores
    return _Sums(scores, own.sum(axis=0), (own**2).sum(axis=0), outer, (pull**2).sum(axis=0), terms.alone)


def _adjustment(root: Array, whitened: Array, M: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
    """``(R'SR)^(+1/2)`` and ``(R^-1 S R^-T)^(1/2)`` of every group, and whether S has not full rank.

    Which eigenvalues are zero is decided in ``R^-1 S R^-T = I - R^-1 X M X' R^-T``, whose eigenvalues lie
    between 0 and 1. ``R'SR`` itself, in which they range over the square of V's, is never formed: its root
    comes from the singular values of ``R'R (R^-1 S R^-T)^(1/2)``.
    """
    left = np.eye(root.shape[1]) - whitened @ M @ np.swapaxes(whitened, 1, 2)
    values, vectors = np.linalg.eigh(left)
    rank = (values > NOTHING_LEFT).sum(axis=1)
    roots = np.sqrt(np.where(values > NOTHING_LEFT, values, 0.0))
    left = (vectors * roots[:, None, :]) @ np.swapaxes(vectors, 1, 2)
    U, singular, _ = np.linalg.svd(np.swapaxes(root, 1, 2) @ root @ left)
    # Both in the order of size: the last ones are the zeros.
    kept = np.arange(singular.shape[1]) < rank[:, None]
    inverse = np.divide(1.0, singular, out=np.zeros_like(singular), where=kept)
    return (U * inverse[:, None, :]) @ np.swapaxes(U, 1, 2), left, rank < root.shape[1]
