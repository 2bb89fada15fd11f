"""Are ranks uniform? Simultaneous bands for their distribution function, and a chi-square test."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from bayesmixed.arrays import Array

#: Places at which the distribution function is looked at, simulations of its band, bins of the chi-square test.
POINTS, SIMULATIONS, BINS = 200, 2000, 20


class Band(NamedTuple):
    """Limits, (points,), which the whole distribution function of uniform ranks respects with one probability."""

    points: Array
    lower: Array
    upper: Array


@lru_cache(maxsize=32)
def simultaneous_band(count: int, probability: float = 0.95) -> Band:
    """The band of ``count`` ranks, by simulation: Saeilynoja, Buerkner and Vehtari (2022).

    Pointwise binomial limits, widened until that share of uniform samples stays within all of them;
    doi:10.1007/s11222-022-10090-6, section 2.2.
    """
    from arviz_stats.ecdf_utils import get_pointwise_confidence_band, simulate_confidence_bands

    points = np.arange(1, POINTS) / POINTS
    rng = np.random.default_rng(20220310)
    pointwise = simulate_confidence_bands(count, 1, points, probability, SIMULATIONS, rng)
    return Band(points, *get_pointwise_confidence_band(pointwise, count, points))


def distribution_function(ranks: Array) -> Array:
    """The share of ranks up to each of the band's points."""
    points = np.arange(1, POINTS) / POINTS
    return np.searchsorted(np.sort(ranks), points, side="right") / len(ranks)


def outside(ranks: Array, probability: float = 0.95) -> float:
    """How far the distribution function leaves its band at worst; 0 where it stays within."""
    band, found = simultaneous_band(len(ranks), probability), distribution_function(ranks)
    return float(np.maximum(np.maximum(band.lower - found, found - band.upper), 0.0).max())


def chi_square(ranks: Array) -> tuple[float, float]:
    """Pearson's statistic of ranks in equal bins (20, or fewer where a bin would expect under 5), and its p."""
    from scipy.stats import chisquare

    bins = max(2, min(BINS, len(ranks) // 5))
    counts = np.histogram(ranks, bins=bins, range=(0.0, 1.0))[0]
    found = chisquare(counts)
    return float(found.statistic), float(found.pvalue)
