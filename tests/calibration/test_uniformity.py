"""Bands and tests of uniform ranks."""

import numpy as np
import pytest
from scipy.stats import binom, chi2

from bayesmixed.calibration.uniformity import (
    BINS,
    POINTS,
    chi_square,
    distribution_function,
    outside,
    simultaneous_band,
)


@pytest.mark.parametrize("count", [50, 1000])
def test_the_band_holds_nineteen_of_twenty_uniform_samples(rng, count):
    samples = rng.uniform(size=(2000, count))
    within = np.mean([outside(sample) == 0.0 for sample in samples])
    # Counts are whole numbers: a band cannot have exactly the probability that is asked for.
    assert 0.94 < within < 0.975


def test_the_band_is_wider_than_the_pointwise_one_everywhere():
    band = simultaneous_band(500)
    pointwise = binom.ppf([[0.025], [0.975]], 500, band.points) / 500
    assert (band.lower <= pointwise[0]).all()
    assert (band.upper >= pointwise[1]).all()
    assert len(band.points) == POINTS - 1


def test_the_share_of_ranks_up_to_each_point():
    found = distribution_function(np.array([0.1, 0.1, 0.5, 0.999]))
    at = np.arange(1, POINTS) / POINTS
    np.testing.assert_array_equal(found, 0.25 * ((at >= 0.1) * 2.0 + (at >= 0.5)))


def test_pearsons_statistic(rng):
    ranks = rng.uniform(size=400)
    counts = [((ranks >= k / BINS) & (ranks < (k + 1) / BINS)).sum() for k in range(BINS)]
    expected = sum((count - 20.0) ** 2 / 20.0 for count in counts)
    statistic, p = chi_square(ranks)
    assert statistic == pytest.approx(expected)
    assert p == pytest.approx(chi2.sf(expected, BINS - 1))


def test_few_ranks_have_fewer_bins():
    statistic, p = chi_square(np.linspace(0.01, 0.99, 30))
    assert statistic == pytest.approx(0.0)
    assert p == pytest.approx(1.0)


@pytest.mark.parametrize("power", [0.7, 1.4])
def test_what_is_not_uniform_leaves_the_band(rng, power):
    ranks = rng.uniform(size=500) ** power
    assert outside(ranks) > 0.0
    assert chi_square(ranks)[1] < 0.01
