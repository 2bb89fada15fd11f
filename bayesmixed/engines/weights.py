"""Importance weights: Pareto smoothing, effective sample sizes, resampling."""

import numpy as np

from bayesmixed.arrays import Array, Index

#: Weights with a heavier tail than this are no ground for a posterior.
K_HAT_LIMIT = 0.7


def fit_generalised_pareto(exceedances: Array) -> tuple[float, float]:
    """Shape k and scale of a generalised Pareto distribution, from sorted positive exceedances.

    The profile posterior mean of Zhang and Stephens (2009), doi:10.1198/tech.2009.08017, with k drawn towards 0.5
    by a prior worth ten observations, as Vehtari, Simpson, Gelman, Yao and Gabry (2024), arXiv:1507.02646,
    appendix G.
    """
    n = len(exceedances)
    points = 30 + int(np.sqrt(n))
    quartile = exceedances[int(n / 4.0 + 0.5) - 1]
    inverse_scale = (1.0 - np.sqrt(points / (np.arange(1, points + 1) - 0.5))) / (3.0 * quartile)
    inverse_scale += 1.0 / exceedances[-1]
    shapes = np.log1p(-inverse_scale[:, None] * exceedances).mean(axis=1)
    log_profile = n * (np.log(-inverse_scale / shapes) - shapes - 1.0)
    weight = np.exp(log_profile - log_profile.max())
    best = float(inverse_scale @ weight / weight.sum())
    k = float(np.log1p(-best * exceedances).mean())
    return (n * k + 5.0) / (n + 10.0), -k / best


def smooth_weights(log_ratios: Array) -> tuple[Array, float]:
    """Pareto-smoothed normalised log weights, and k-hat.

    The largest ``min(R / 5, 3 sqrt(R))`` ratios are replaced by quantiles of the generalised Pareto distribution
    that fits them, cut at the largest ratio. Vehtari et al. (2024), arXiv:1507.02646.

    Parameters
    ----------
    log_ratios : ndarray, shape (R,)
        Log density minus log density of the proposal; -inf is a weight of zero.

    Returns
    -------
    log_weights : ndarray, shape (R,)
        ``sum(exp(log_weights)) = 1``.
    k_hat : float
        Infinite where there are too few positive weights to tell.

    Examples
    --------
    >>> smooth_weights(np.zeros(100))[1]
    -inf
    """
    log_weights = log_ratios - log_ratios.max()
    tail, k_hat = int(np.ceil(min(0.2 * len(log_weights), 3.0 * np.sqrt(len(log_weights))))), np.inf
    if np.isfinite(log_weights).sum() > tail >= 5:
        order = np.argsort(log_weights)[-tail - 1 :]
        cut = np.exp(log_weights[order[0]])
        exceedances = np.exp(log_weights[order[1:]]) - cut
        if exceedances[-1] <= 1e-12:
            k_hat = -np.inf
        else:
            k_hat, scale = fit_generalised_pareto(np.maximum(exceedances, 1e-300))
            log_weights = log_weights.copy()
            log_weights[order[1:]] = np.minimum(np.log(cut + _quantiles(tail, k_hat, scale)), 0.0)
    return log_weights - np.log(np.exp(log_weights).sum()), k_hat


def _quantiles(n: int, k: float, scale: float) -> Array:
    """Quantiles of the generalised Pareto distribution at ``(1/2, 3/2, ..., n - 1/2) / n``."""
    log_tail = np.log1p(-(np.arange(n) + 0.5) / n)
    return -scale * log_tail if abs(k) < 1e-12 else scale * np.expm1(-k * log_tail) / k


def effective_size_of_weights(log_weights: Array) -> float:
    """``(sum w)^2 / sum w^2``: how many independent draws weighted ones are worth."""
    w = np.exp(log_weights - log_weights.max())
    return float(w.sum() ** 2 / (w**2).sum())


def effective_size_of_mean(values: Array, weights: Array) -> float:
    """Effective sample size for the mean of one quantity, ``var(f) / sum W^2 (f - mean)^2``.

    The delta method for a self-normalised estimate; Owen (2013), Monte Carlo theory, methods and examples,
    equation 9.8. Equal weights give n. nan where the quantity does not vary.

    Parameters
    ----------
    values, weights : ndarray, shape (n,)
    """
    if np.ptp(values) == 0.0:
        return float("nan")
    W = weights / weights.sum()
    off = values - W @ values
    return float(W @ off**2 / ((W * off) @ (W * off)))


def resample(log_weights: Array, count: int, rng: np.random.Generator) -> Index:
    """Systematic resampling: a draw with weight W appears ``floor(count W)`` or ``ceil(count W)`` times.

    The order is random, so that any part of the result is a sample too.
    Kitagawa (1996), doi:10.1080/10618600.1996.10474692.
    """
    edges = np.cumsum(np.exp(log_weights - log_weights.max()))
    places = (rng.uniform() + np.arange(count)) * (edges[-1] / count)
    chosen = np.minimum(np.searchsorted(edges, places, side="right"), len(edges) - 1)
    return rng.permutation(chosen).astype(np.intp)
