"""Pareto smoothing against ArviZ's, effective sizes and resampling by hand."""

import numpy as np
import pytest
from scipy import stats

from bayesmixed.engines.weights import (
    effective_size_of_mean,
    effective_size_of_weights,
    fit_generalised_pareto,
    resample,
    smooth_weights,
)


@pytest.mark.parametrize("sd", [0.9, 1.1, 1.3, 1.6])
def test_smoothed_weights_are_those_of_arviz(sd, rng):
    from arviz_stats.base import array_stats

    x = rng.standard_normal(4000)
    log_ratios = stats.norm.logpdf(x, scale=sd) - stats.norm.logpdf(x)
    theirs, k_hat = array_stats.psislw(-log_ratios)  # which takes the negative, as of log likelihoods
    ours, own = smooth_weights(log_ratios)
    assert own == pytest.approx(float(k_hat), abs=0.03)
    np.testing.assert_allclose(np.exp(ours), np.exp(theirs), rtol=0.05)
    assert np.exp(ours).sum() == pytest.approx(1.0)


@pytest.mark.parametrize("k", [-0.2, 0.3, 0.9])
def test_the_shape_of_a_generalised_pareto_is_found(k, rng):
    found, scale = fit_generalised_pareto(
        np.sort(stats.genpareto.rvs(k, scale=2.0, size=20_000, random_state=rng))
    )
    assert found == pytest.approx(k, abs=0.04)
    assert scale == pytest.approx(2.0, rel=0.05)


def test_equal_weights_have_no_tail():
    log_weights, k_hat = smooth_weights(np.full(200, -3.0))
    assert k_hat == -np.inf
    np.testing.assert_allclose(np.exp(log_weights), 1.0 / 200)


def test_too_few_weights_tell_nothing():
    log_ratios = np.full(500, -np.inf)
    log_ratios[:3] = 0.0
    assert smooth_weights(log_ratios)[1] == np.inf


def test_effective_sizes(rng):
    w = rng.gamma(2.0, size=1000)
    assert effective_size_of_weights(np.log(w)) == pytest.approx(w.sum() ** 2 / (w**2).sum())
    assert effective_size_of_weights(np.zeros(50)) == pytest.approx(50.0)
    values = rng.normal(size=1000)
    assert effective_size_of_mean(values, np.ones(1000)) == pytest.approx(1000.0)
    W = w / w.sum()
    mean = W @ values
    by_hand = (W @ (values - mean) ** 2) / (W**2 @ (values - mean) ** 2)
    assert effective_size_of_mean(values, w) == pytest.approx(by_hand)
    assert np.isnan(effective_size_of_mean(np.ones(10), np.ones(10)))


def test_systematic_resampling_takes_each_draw_as_often_as_its_weight_says(rng):
    w = rng.gamma(0.5, size=300)
    w /= w.sum()
    copies = np.bincount(resample(np.log(w), 1000, rng), minlength=300)
    assert copies.sum() == 1000
    assert (copies >= np.floor(1000 * w - 1e-9)).all()
    assert (copies <= np.ceil(1000 * w + 1e-9)).all()


def test_a_weight_of_zero_is_never_taken(rng):
    log_weights = np.array([-np.inf, 0.0, -np.inf, 0.0, -np.inf])
    assert set(resample(log_weights, 101, rng)) == {1, 3}
