"""From densities of each unit under every draw to an expected log predictive density, by Pareto smoothing."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.quantities.by_label import covariance_by_label
from bayesmixed.summary import effective_size

if TYPE_CHECKING:
    from bayesmixed.fit import Fit


class Smoothed(NamedTuple):
    """Estimates of every unit.

    Parameters
    ----------
    elpd : ndarray, shape (n,)
        ``log p(y_i | y_-i)``.
    log_weights : ndarray, shape (draws, n)
        With which draws of the whole posterior stand for the one without unit i; their exponentials sum to one.
    k_hat : ndarray, shape (n,)
    """

    elpd: Array
    log_weights: Array
    k_hat: Array


def smoothed(densities: Array, relative_efficiency: float) -> Smoothed:
    """Weigh draws by ``1 / p(y_i | y_-i, theta)``, Pareto-smoothed; densities has shape (draws, n).

    By ArviZ; Vehtari et al. (2024), arXiv:1507.02646.
    """
    from arviz_stats.base import array_stats

    across = np.ascontiguousarray(densities.T)
    log_weights, k_hat = array_stats.psislw(across, r_eff=relative_efficiency, axis=-1)
    elpd = np.logaddexp.reduce(log_weights + across, axis=1)
    return Smoothed(elpd, log_weights.T, np.asarray(k_hat, dtype=float))


def good_k(n_draws: int) -> float:
    """k-hat up to which that many draws are enough: ``min(1 - 1 / log10(draws), 0.7)``."""
    return float(min(1.0 - 1.0 / np.log10(n_draws), 0.7)) if n_draws > 1 else 0.7


def relative_efficiency(fit: "Fit") -> float:
    """Effective sample size over the number of draws, on average over the covariance parameters.

    Of these alone, because the ratios depend on nothing else: the draws of beta and b are independent given them,
    and would make the chains look better than they are. Copies of one weighted draw count once.
    """
    from arviz_stats.base import array_stats

    found = covariance_by_label(fit.model.design, fit.model.names, fit.covariance)
    chains, draws = fit.shape
    sizes = []
    for values in found.values():
        if np.ptp(values) == 0.0:
            continue
        if fit.ancestor is not None:
            copies = np.unique(fit.ancestor, return_inverse=True)[1].ravel()
            sizes.append(effective_size(np.ravel(values), copies))
        elif draws >= 4:
            own = np.reshape(values, (chains, draws))
            sizes.append(float(array_stats.ess(own, method="mean", chain_axis=0, draw_axis=1)))
    known = [size for size in sizes if np.isfinite(size)]
    return float(np.mean(known)) / (chains * draws) if known else 1.0
