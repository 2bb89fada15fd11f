"""Leverage of rows, and what leaving out a group does to beta at fixed covariance parameters."""

import warnings
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayesmixed.arrays import Array
from bayesmixed.errors import BayesmixedWarning, RemlError
from bayesmixed.moments.triangles import coded_columns
from bayesmixed.reml.diagnostics.prediction_variance import CodedRows, observed_group_variance

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.design import Design
    from bayesmixed.reml.estimates import Estimates

#: Where less than this share of the information on a contrast remains without a group, the group alone tells it.
NOTHING_LEFT = 1e-10


def leverage_of(fit: "Estimates") -> Array:
    """Diagonal of the hat matrix of fitted values; see `RemlFit.leverage`.

    ``sigma^2 / w`` times it is the variance of ``x'betahat + z'bhat - x'beta - z'b`` (`prediction_variance`).
    """
    design = fit.design
    rows = CodedRows(*coded_columns(design, design.X, design.Z_rows), design.group)
    variance = observed_group_variance(fit.objective, fit.coded.moments, fit.optimum.theta, rows)
    return design.weights * variance


def influence_table(fit: "Estimates") -> "pd.DataFrame":
    """What each group does to beta; see `RemlFit.influence`.

    With V in units of sigma^2, ``Qxx = X'V^-1X = root root'`` and ``H_i = root^-1 X_i'V_i^-1X_i root'^-1``,
    leaving out group i takes Qxx to ``Qxx_-i = root (I - H_i) root'``, where the eigenvalues of ``I - H_i`` lie
    between 0 and 1, and beta by ``betahat - beta_-i = Qxx_-i^-1 X_i'V_i^-1 e_i``, e_i its marginal residuals.
    """
    import pandas as pd

    if fit.objective.p == 0:
        raise RemlError("the model has no fixed effects that a group could influence")
    step, leverage, back = _coded_steps(fit)
    cook = np.square(step).sum(axis=1) / (fit.objective.p * fit.sigma**2)
    change = step @ back.T
    labels = fit.design.fixed_labels
    columns = {"n": fit.design.group_sizes, "leverage": leverage, "cooks_distance": cook}
    columns |= {f"beta[{label}]": fit.beta[k] - change[:, k] for k, label in enumerate(labels)}
    columns |= {f"dfbetas[{label}]": change[:, k] / fit.se[k] for k, label in enumerate(labels)}
    alone = np.isnan(cook)
    if alone.any():
        warnings.warn(
            f"without {named_groups(fit.design, alone)} the rows do not determine every coefficient: "
            "what leaving it out does to them is shown as nan",
            BayesmixedWarning,
            stacklevel=3,
        )
    return pd.DataFrame(columns, index=pd.Index(fit.design.levels, name=fit.design.factor_name))


def _coded_steps(fit: "Estimates") -> tuple[Array, Array, Array]:
    """``root'(betahat - beta_-i)`` and ``tr H_i`` of each group, and the way to the user's coding, (p, p)."""
    triangles, p = fit.triangles, fit.objective.p
    F, X = triangles.Z @ fit.Lambda, triangles.X
    residual = triangles.y - X @ fit.coded_estimates[1]
    within = np.linalg.cholesky(np.eye(F.shape[1]) + F @ np.swapaxes(F, 1, 2))
    root = np.linalg.cholesky(fit.objective.cross_products(fit.optimum.theta)[:p, :p])
    to_beta = np.linalg.inv(root).T
    whitened = np.linalg.solve(within, X @ to_beta)
    score = np.swapaxes(whitened, 1, 2) @ np.linalg.solve(within, residual[..., None])
    left, vectors = np.linalg.eigh(np.eye(p) - np.swapaxes(whitened, 1, 2) @ whitened)
    left = np.where(left[:, :1] > NOTHING_LEFT, left, np.nan)
    step = vectors @ (np.swapaxes(vectors, 1, 2) @ score / left[..., None])
    return step[..., 0], np.square(whitened).sum(axis=(1, 2)), fit.coded.fixed.inverse @ to_beta


def named_groups(design: "Design", chosen: NDArray[np.bool_]) -> str:
    """The first groups of some, for a message: ``Subject '308', '309'``."""
    names = [level for level, own in zip(design.levels, chosen, strict=True) if own]
    return f"{design.factor_name} {', '.join(map(repr, names[:5]))}" + (" and others" if len(names) > 5 else "")
