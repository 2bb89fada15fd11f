"""Where the truth lies among the draws of a posterior."""

import numpy as np

from bayesmixed.arrays import Array


def rank(values: Array, weights: Array, truth: float, rng: np.random.Generator) -> float:
    """The rank of a truth among weighted draws, from 0 to 1: uniform if the truth is one more such draw.

    With W the weight of the draws below the truth, E that of draws equal to it, ``m = 1 / sum w^2`` the effective
    number of draws and ``U ~ Uniform(0, 1)``,

        ``u = (m W + (m E + 1) U) / (m + 1)``.

    For m independent draws of equal weights ``m W`` is the rank statistic of Talts et al. (2018),
    arXiv:1804.06788, and u is exactly uniform: the truth is equally likely in each of ``m + 1`` places, and U
    spreads it over its place. Unequal weights stand for m equal ones.

    Parameters
    ----------
    values, weights : ndarray, shape (draws,)
        The weights sum to one.
    truth : float
    rng : numpy.random.Generator

    Returns
    -------
    float
    """
    below, equal = weights[values < truth].sum(), weights[values == truth].sum()
    size = 1.0 / (weights**2).sum()
    return float((size * below + (size * equal + 1.0) * rng.uniform()) / (size + 1.0))
