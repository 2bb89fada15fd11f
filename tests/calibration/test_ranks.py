"""Ranks of a truth among weighted draws."""

import numpy as np
import pytest
from scipy.stats import kstest

from bayesmixed.calibration.ranks import rank


class Middle:
    """In place of a generator: the middle of a rank's place."""

    def uniform(self):
        return 0.5


@pytest.mark.parametrize(("truth", "place"), [(-1.0, 0), (0.5, 1), (2.5, 3), (9.0, 4)])
def test_equal_weights_give_the_rank_statistic(truth, place):
    values = np.array([3.0, 0.0, 2.0, 1.0])
    assert rank(values, np.full(4, 0.25), truth, Middle()) == pytest.approx((place + 0.5) / 5)


def test_draws_equal_to_the_truth_share_their_places():
    found = rank(np.array([0.0, 1.0, 1.0, 2.0]), np.full(4, 0.25), 1.0, Middle())
    assert found == pytest.approx((1 + 1.5) / 5)  # places 1 to 3 of 0 to 4


def test_a_draw_of_no_weight_is_none():
    values, weights = np.array([0.0, 1.0, 5.0]), np.array([0.5, 0.5, 0.0])
    assert rank(values, weights, 3.0, Middle()) == rank(values[:2], np.full(2, 0.5), 3.0, Middle())


@pytest.mark.parametrize("draws", [1, 4, 50])
def test_ranks_of_one_more_draw_are_uniform(rng, draws):
    sample = rng.standard_normal((4000, draws + 1))
    weights = np.full(draws, 1.0 / draws)
    ranks = [rank(row[1:], weights, row[0], rng) for row in sample]
    assert kstest(ranks, "uniform").pvalue > 0.01


def test_ranks_by_importance_weights_are_uniform_for_the_target_only(rng):
    # Draws from N(0, 2^2), weights towards N(0, 1).
    draws = 2.0 * rng.standard_normal((3000, 400))
    weights = np.exp(-0.5 * draws**2 + draws**2 / 8.0)
    weights /= weights.sum(axis=1, keepdims=True)
    for sd, uniform in ((1.0, True), (1.3, False)):
        truth = sd * rng.standard_normal(3000)
        ranks = [rank(*row, rng) for row in zip(draws, weights, truth, strict=True)]
        assert (kstest(ranks, "uniform").pvalue > 0.01) == uniform
