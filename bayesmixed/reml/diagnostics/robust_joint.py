"""F tests of several contrasts with the cluster-robust covariance: approximate Hotelling's T^2.

With k contrasts whitened so that the expectation of their robust covariance D, where V is right, is the
identity, D is approximated by a Wishart matrix over its degrees of freedom eta, which match the total variance of
the entries of D:

    eta = k (k + 1) / sum_st Var(d_st),    Var(d_st) = sum_ij [ P_ij,ss P_ij,tt + P_ij,st P_ij,ts ],
    F = (eta - k + 1) / (eta k) (L beta)' (L vcov L')^-1 (L beta)  on  k and eta - k + 1 degrees of freedom,

P_ij as in `robust`, now k x k. Pustejovsky and Tipton (2018), doi:10.1080/07350015.2016.1247004, section 3.2:
the test that clubSandwich calls HTZ. With one contrast it is the t test of `robust`, squared.
"""

from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.errors import RemlError
from bayesmixed.reml.diagnostics.robust import group_terms, relative_vcov

if TYPE_CHECKING:
    from bayesmixed.reml.estimates import Estimates

#: Combinations of contrasts with less than this share of variance have none.
FLAT = 1e-10


def robust_f_test(fit: "Estimates", L: Array, values: Array | None = None) -> tuple[float, float]:
    """F statistic of ``L beta = values`` and its denominator degrees of freedom.

    Parameters
    ----------
    fit : Estimates
    L : ndarray, shape (k, p)
        Of full row rank, in the user's coding.
    values : ndarray, shape (k,), optional
        Zeros unless said.

    Raises
    ------
    RemlError
        There are too few groups for so many contrasts: eta is below k, or a contrast has no robust variance.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> from bayesmixed.reml.diagnostics.robust_joint import robust_f_test
    >>> fit = bm.MixedModel("effort ~ Type + (1 | Subject)", bm.load_dataset("ergoStool")).reml()
    >>> F, df = robust_f_test(fit, np.eye(4)[1:])
    >>> round(F, 2), round(df, 2)
    (28.03, 6.0)
    """
    L = np.atleast_2d(np.asarray(L, dtype=float))
    k, M = len(L), relative_vcov(fit)
    direction = M @ (L @ fit.coded.fixed.inverse).T
    expected = sum(np.einsum("ims,imt->st", terms.own, terms.own) for terms in group_terms(fit, direction))
    scale = np.sqrt(np.diag(expected))
    size, vectors = np.linalg.eigh(expected / np.where(scale > 0.0, np.outer(scale, scale), 1.0))
    if size[0] <= FLAT:
        raise RemlError(f"too few groups tell these {k} contrasts for a robust test of them; test fewer at once")
    whitening = vectors / np.sqrt(size) / scale[:, None]
    eta, D = _degrees_of_freedom(fit, direction @ whitening, np.linalg.cholesky(M))
    if eta <= k - 1:
        raise RemlError(f"too few groups tell these {k} contrasts for a robust test of them; test fewer at once")
    difference = (L @ fit.beta - (0.0 if values is None else values)) @ whitening
    Q = float(difference @ np.linalg.solve(D, difference))
    return float((eta - k + 1.0) / (eta * k) * Q), float(eta - k + 1.0)


def _degrees_of_freedom(fit: "Estimates", direction: Array, root: Array) -> tuple[float, Array]:
    """eta, and D, the robust covariance matrix of the whitened contrasts."""
    p, k = direction.shape
    total, D, pairs = 0.0, np.zeros((k, k)), np.zeros((p, k, p, k))
    for terms in group_terms(fit, direction):
        P, pulls = np.einsum("ims,imt->ist", terms.own, terms.own), root.T @ terms.pulls
        own = np.einsum("ias,iat->ist", pulls, pulls)
        total += _products(P) - _products(own)
        pairs += np.einsum("ias,ibt->asbt", pulls, pulls)
        D += terms.scores.T @ terms.scores
    total += np.square(pairs).sum() + np.einsum("asbt,atbs->", pairs, pairs)
    return k * (k + 1.0) / total, D


def _products(P: Array) -> float:
    """``sum_i (tr P_i)^2 + tr(P_i P_i)``."""
    return float(np.square(np.einsum("iss->i", P)).sum() + np.einsum("ist,its->", P, P))
