"""The Bayesian R2 of Gelman, Goodrich, Gabry and Vehtari: of the groups that were observed, draw by draw.

    R2 = var(fit) / (var(fit) + var(res)),   fit = X beta + Z b of all rows,

with var over the rows of the table. var(res) is what the model says, ``sigma^2`` (their equation 3; mean of
``sigma^2 / w`` with weights), or the variance of the residuals ``y - fit`` of that draw (as in brms). It differs
from the conditional R2 of `variance_explained` in what it speaks of: there, of groups like these, with ``z'Gz`` in
place of the effects that these groups have. doi:10.1080/00031305.2018.1549100.
"""

from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arrays import Array

if TYPE_CHECKING:
    from bayesmixed.fit import Fit

BAYESIAN_R2 = ("sigma", "residuals")
#: Numbers of fitted values that are held at once.
_HELD = 4_000_000


def bayesian_r2(fitted: Array, y: Array, residual_variance: Array) -> Array:
    """Both versions of R2 of some draws, shape (draws, 2).

    Parameters
    ----------
    fitted : ndarray, shape (draws, N)
    y : ndarray, shape (N,)
    residual_variance : ndarray, shape (draws,)
        What the model says.

    Examples
    --------
    >>> y = np.array([1.0, 2.0, 4.0, 5.0])
    >>> bayesian_r2(np.array([[1.0, 2.0, 3.0, 4.0]]), y, np.array([1.0])).round(4)
    array([[0.625 , 0.8333]])
    """
    explained = np.var(fitted, axis=1, ddof=1)
    left = np.stack([residual_variance, np.var(y - fitted, axis=1, ddof=1)], axis=1)
    return explained[:, None] / (explained[:, None] + left)


def bayesian_r2_draws(fit: "Fit") -> Array:
    """Both versions of R2 of every draw of a fit, shape (draws, 2); an offset counts on neither side."""
    design = fit.model.design
    X = design.X - design.X.mean(axis=0)  # moves all fitted values of a draw alike
    y = design.y - design.offset
    variance = fit.covariance.sigma**2 * np.mean(1.0 / design.weights)
    step = max(1, _HELD // design.n_obs)
    parts = []
    for start in range(0, len(variance), step):
        part = slice(start, start + step)
        random = np.einsum("dnk,nk->dn", fit.effects[part][:, design.group], design.Z_rows)
        parts.append(bayesian_r2(fit.beta[part] @ X.T + random, y, variance[part]))
    return np.concatenate(parts)
