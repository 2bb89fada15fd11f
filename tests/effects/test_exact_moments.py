"""Moments of b in one compiled pass against a loop over the exact conditionals of every draw."""

import numpy as np
import pytest

from bayesmixed.effects.exact_draws import conditional_effects, draw_group_effects
from bayesmixed.effects.exact_moments import effect_moments
from tests.designs import random_rows, random_table, stages

CASES = {
    "intercept": "y ~ t + (1 | g)",
    "slope": "y ~ t + x + offset(o) + (t | g)",
    "factors": "y ~ 0 + f + t + (0 + f | g)",
    "three": "y ~ t + u + (t + u | g)",
    "no coefficients": "y ~ 0 + (t | g)",
}


def dense_moments(moments, Lambda, sigma, gamma, back):
    """All conditional means and variances at once, then the law of total variance."""
    means, variances = [], []
    for d in range(len(sigma)):
        mean, variance = conditional_effects(moments, Lambda[d], sigma[d], gamma[d])
        means.append(mean @ back.T)
        variances.append(np.einsum("kl,jlm,km->jk", back, variance, back))
    return np.mean(means, axis=0), np.sqrt(np.var(means, axis=0) + np.mean(variances, axis=0))


def random_arguments(formula, draws=7, seed=3):
    rng = np.random.default_rng(seed)
    found = stages(formula, random_table(), weights="w")
    moments, q = found.posterior.moments, found.design.q
    Lambda = np.tril(rng.normal(size=(draws, q, q)))
    gamma = rng.normal(size=(draws, moments.p))
    return moments, Lambda, rng.uniform(0.5, 4.0, draws), gamma, found.priors.T_inverse


@pytest.mark.parametrize("name", CASES)
def test_one_pass_gives_what_the_loop_over_draws_gives(name):
    arguments = random_arguments(CASES[name])
    for found, expected in zip(effect_moments(*arguments), dense_moments(*arguments), strict=True):
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_one_draw_is_its_conditional():
    arguments = random_arguments(CASES["slope"], draws=1)
    for found, expected in zip(effect_moments(*arguments), dense_moments(*arguments), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_effects_far_from_zero_lose_no_digits():
    """A mean of squares minus the square of the mean would leave noise: (1e9)^2 has no digits for 1."""
    moments, Lambda, sigma, gamma, back = random_arguments(CASES["intercept"], draws=200)
    Lambda = np.abs(Lambda) + 1e6
    gamma = gamma.copy()
    gamma[:, 0] += 1e9
    arguments = (moments, Lambda, sigma, gamma, back)
    sd, expected = effect_moments(*arguments)[1], dense_moments(*arguments)[1]
    assert (expected < 10.0).all()
    np.testing.assert_allclose(sd, expected, rtol=1e-5)


def test_singular_covariance_has_moments():
    moments, Lambda, sigma, gamma, back = random_arguments(CASES["slope"])
    for singular in (np.zeros_like(Lambda), Lambda * np.array([1.0, 0.0])):
        arguments = (moments, singular, sigma, gamma, back)
        for found, expected in zip(effect_moments(*arguments), dense_moments(*arguments), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_arrays_in_any_layout_and_no_argument_changed():
    moments, Lambda, sigma, gamma, back = random_arguments(CASES["slope"])
    before = Lambda.copy(), gamma.copy()
    expected = effect_moments(moments, Lambda, sigma, gamma, back)
    found = effect_moments(
        moments, np.asfortranarray(Lambda), np.repeat(sigma, 2)[::2], np.asfortranarray(gamma), back
    )
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(Lambda, before[0])
    np.testing.assert_array_equal(gamma, before[1])


@pytest.mark.parametrize("groups", [63, 64, 200])
def test_any_number_of_groups_on_any_number_of_cores(groups, monkeypatch):
    rng = np.random.default_rng(groups)
    rows = random_rows([1 + k % 5 for k in range(groups)], p=2, q=2, seed=groups)
    Lambda, back = np.tril(rng.normal(size=(9, 2, 2))), rng.normal(size=(2, 2))
    arguments = (rows.moments, Lambda, rng.uniform(0.5, 2.0, 9), rng.normal(size=(9, 2)), back)
    monkeypatch.setattr("bayesmixed.effects.exact_moments.WORK", 300)
    one, two = (effect_moments(*arguments, cores=cores) for cores in (1, 2))
    np.testing.assert_array_equal(one, two)
    for found, expected in zip(one, dense_moments(*arguments), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_moments_are_those_of_draws():
    moments, Lambda, sigma, gamma, back = random_arguments(CASES["slope"], draws=4)
    many = [np.repeat(values, 5000, axis=0) for values in (Lambda, sigma, gamma)]
    draws = draw_group_effects(moments, *many, np.random.default_rng(1), back)
    mean, sd = effect_moments(moments, Lambda, sigma, gamma, back)
    assert (np.abs(draws.mean(axis=0) - mean) < 5.0 * sd / np.sqrt(20_000)).all()
    np.testing.assert_allclose(draws.std(axis=0), sd, rtol=0.05)
