"""Log likelihood of each row given b, and of each group with b integrated out, for every draw."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arrays import Array, Index
from bayesmixed.compiled import compiled
from bayesmixed.errors import SamplingError
from bayesmixed.likelihood import LOG_2PI
from bayesmixed.parallel import in_threads, parts
from bayesmixed.parameters import stored_name

if TYPE_CHECKING:
    import xarray as xr

    from bayesmixed.design import Design
    from bayesmixed.fit import Fit

#: Numbers (draws x rows) that may be kept, and up to which a fit has them from the start.
LIMIT = 50_000_000
SMALL = 1_000_000
#: Numbers that one thread computes at a time.
WORK = 250_000


def add_small_log_likelihood(fit: "Fit") -> None:
    """Put ``log_likelihood`` of rows into ``fit.idata`` where draws of b were kept and it is small."""
    if fit.model.design.streamed is None and fit.has_effects and len(fit.beta) * fit.model.design.n_obs <= SMALL:
        _add_rows(fit)


def _add_rows(fit: "Fit") -> None:
    import xarray as xr

    design = fit.model.design
    chains, draws = fit.shape
    coords = {"chain": np.arange(chains), "draw": np.arange(draws), "__obs__": np.arange(design.n_obs)}
    values = log_likelihood_of_rows(fit).reshape(chains, draws, -1)
    variable = (("chain", "draw", "__obs__"), values)
    dataset = xr.Dataset({stored_name(design.response_name): variable}, coords=coords)
    fit.idata["log_likelihood"] = xr.DataTree(dataset)


def add_log_likelihood(fit: "Fit") -> "xr.DataTree":
    """Put log likelihoods of rows (given b) and of groups (b integrated out) into ``fit.idata``.

    Their names are ``log_likelihood``, which ``az.loo`` uses, and ``log_likelihood_group``. Both are given beta.

    Raises
    ------
    SamplingError
        Draws of b were not kept, or there are too many numbers. Nothing is added then.
    """
    import xarray as xr

    design, names = fit.model.design, fit.model.names
    if not fit.has_effects:
        raise SamplingError(
            "the log likelihood of rows needs draws of the random effects, which were not kept: "
            "fit with keep_groups=True"
        )
    if len(fit.beta) * design.n_obs > LIMIT:
        raise SamplingError(f"{len(fit.beta)} draws of {design.n_obs} rows are too many to keep at once")
    _add_rows(fit)
    chains, draws = fit.shape
    factor = stored_name(names.factor_dim)
    coords = {"chain": np.arange(chains), "draw": np.arange(draws), factor: list(design.levels)}
    values = log_likelihood_of_groups(fit).reshape(chains, draws, -1)
    dataset = xr.Dataset({stored_name(design.response_name): (("chain", "draw", factor), values)}, coords=coords)
    fit.idata["log_likelihood_group"] = xr.DataTree(dataset)
    return fit.idata


def log_likelihood_of_rows(fit: "Fit") -> Array:
    """``log N(y_ij; x_ij'beta + z_ij'b_i + offset, sigma^2 / w)``, shape (draws, N)."""
    design = fit.model.design
    arrays = (design.y - design.offset, design.X, design.Z_rows, design.weights)
    draws = (fit.beta, fit.effects, fit.covariance.sigma)
    y, X, Z, weights = (np.ascontiguousarray(array, dtype=float) for array in arrays)
    beta, b, sigma = (np.ascontiguousarray(array, dtype=float) for array in draws)
    group, result = np.ascontiguousarray(design.group), np.empty((len(sigma), design.n_obs))

    def fill(own: slice) -> None:
        _fill_log_likelihood(group, y, X, Z, weights, beta[own], b[own], sigma[own], result[own])

    in_threads(fill, parts(len(sigma), max(1, WORK // design.n_obs)))
    return result


@compiled
def _fill_log_likelihood(
    group: Index, y: Array, X: Array, Z: Array, weights: Array, beta: Array, b: Array, sigma: Array, result: Array
) -> None:  # pragma: no cover - compiled
    draws, n = len(sigma), len(y)
    log_weights = np.log(weights)
    for d in range(draws):
        constant, variance = LOG_2PI + 2.0 * np.log(sigma[d]), sigma[d] * sigma[d]
        for i in range(n):
            residual = y[i]
            for k in range(X.shape[1]):
                residual -= X[i, k] * beta[d, k]
            for k in range(Z.shape[1]):
                residual -= Z[i, k] * b[d, group[i], k]
            result[d, i] = -0.5 * (constant - log_weights[i] + weights[i] * residual * residual / variance)


def log_likelihood_of_groups(fit: "Fit") -> Array:
    """``log N(y_i; X_i beta + offset_i, V_i)`` with b_i integrated out, shape (draws, J).

    With ``Z_i = U S T'`` the part of the residual in the span of U has covariance
    ``sigma^2 I + S T' G T S``, and the rest sigma^2.
    """
    design = fit.model.design
    order = np.argsort(design.group, kind="stable")
    edges = np.concatenate([[0], np.cumsum(design.group_sizes)])
    result = np.empty((len(fit.beta), design.n_groups))
    for j in range(design.n_groups):
        result[:, j] = _log_likelihood_of_group(fit, design, order[edges[j] : edges[j + 1]])
    return result


def _log_likelihood_of_group(fit: "Fit", design: "Design", rows: np.ndarray) -> Array:
    root = np.sqrt(design.weights[rows])
    residual = (design.y[rows] - design.offset[rows] - fit.beta @ design.X[rows].T) * root
    U, S, Tt = np.linalg.svd(design.Z_rows[rows] * root[:, None], full_matrices=False)
    inside = residual @ U
    outside = residual - inside @ U.T
    variance = fit.covariance.sigma**2
    spread = S[:, None] * Tt
    covariance = spread @ fit.covariance.G @ spread.T + variance[:, None, None] * np.eye(len(S))
    lower = np.linalg.cholesky(covariance)
    scaled = np.linalg.solve(lower, inside[..., None])[..., 0]
    log_det = 2.0 * np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
    log_det += (len(rows) - len(S)) * np.log(variance) - 2.0 * np.log(root).sum()
    squares = (scaled**2).sum(axis=1) + (outside**2).sum(axis=1) / variance
    found: Array = -0.5 * (len(rows) * LOG_2PI + log_det + squares)
    return found
