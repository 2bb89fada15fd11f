"""Exact draws of beta and b: conditional moments against dense formulas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesmixed.effects import exact_draws as effects
from bayesmixed.effects.exact_draws import conditional_effects, draw_coefficients, draw_group_effects
from bayesmixed.likelihood import MarginalLikelihood
from tests import dense
from tests.designs import random_Lambda, random_rows


class FixedNoise:
    """Stands in for a generator: gives the noise it was made with."""

    def __init__(self, noise):
        self.noise = np.asarray(noise, dtype=float)

    def standard_normal(self, shape):
        assert tuple(shape) == self.noise.shape
        return self.noise


def repeated(value, draws):
    return np.repeat(np.asarray(value, dtype=float)[None], draws, axis=0)


@st.composite
def cases(draw):
    sizes = draw(st.lists(st.integers(1, 5), min_size=1, max_size=6))
    q, seed = draw(st.integers(1, 4)), draw(st.integers(0, 10**6))
    rows = random_rows(sizes, 2, q, seed, weighted=draw(st.booleans()))
    Lambda = random_Lambda(q, seed, draw(st.sampled_from([1e-3, 1.0, 20.0])))
    for k in draw(st.sets(st.integers(0, q - 1), max_size=q)):
        Lambda[:, k] = 0.0
    return rows, Lambda, draw(st.sampled_from([0.1, 1.0, 8.0])), seed


def dense_effects(rows, Lambda, sigma, beta):
    G = sigma**2 * Lambda @ Lambda.T
    V = dense.covariance(rows.Z, rows.group, G, sigma, rows.weights)
    return dense.effects(rows.y, rows.X, beta, rows.Z, rows.group, G, V)


def own_blocks(covariance, J, q):
    return np.array([covariance[j * q : (j + 1) * q, j * q : (j + 1) * q] for j in range(J)])


@given(cases())
def test_conditional_means_and_variances(case):
    rows, Lambda, sigma, seed = case
    beta = np.random.default_rng(seed).normal(size=2)
    mean, variance = conditional_effects(rows.moments, Lambda, sigma, beta)
    expected_mean, covariance = dense_effects(rows, Lambda, sigma, beta)
    J, q = expected_mean.shape
    size = max(1.0, np.abs(expected_mean).max())
    np.testing.assert_allclose(mean, expected_mean, atol=1e-8 * size)
    np.testing.assert_allclose(
        variance, own_blocks(covariance, J, q), atol=1e-10 * max(1.0, np.abs(sigma * Lambda).max() ** 2)
    )


@given(cases())
def test_draws_of_b_are_the_mean_plus_a_square_root_of_the_variance(case):
    rows, Lambda, sigma, seed = case
    beta = np.random.default_rng(seed).normal(size=2)
    J, q = len(rows.levels), Lambda.shape[0]
    noise = np.zeros((1 + q, J, q))
    noise[np.arange(1, q + 1), :, np.arange(q)] = 1.0
    draws = draw_group_effects(
        rows.moments, repeated(Lambda, 1 + q), np.full(1 + q, sigma), repeated(beta, 1 + q), FixedNoise(noise)
    )
    mean, variance = conditional_effects(rows.moments, Lambda, sigma, beta)
    np.testing.assert_allclose(draws[0], mean, atol=1e-9 * max(1.0, np.abs(mean).max()))
    root = np.moveaxis(draws[1:] - draws[0], 0, -1)
    np.testing.assert_allclose(
        root @ np.swapaxes(root, 1, 2), variance, atol=1e-9 * max(1.0, np.abs(variance).max())
    )


@given(cases())
def test_draws_of_beta_are_the_mean_plus_a_square_root_of_the_variance(case):
    rows, Lambda, sigma, seed = case
    rng = np.random.default_rng(seed)
    mean, precision = rng.normal(size=2), rng.uniform(0.1, 2.0, size=2)
    kernel = MarginalLikelihood(rows.moments.patterns, mean)
    noise = np.vstack([np.zeros(2), np.eye(2)])
    draws = draw_coefficients(
        kernel, repeated(Lambda, 3), np.full(3, sigma), repeated(precision, 3), np.empty((3, 0)), FixedNoise(noise)
    )
    V = dense.covariance(rows.Z, rows.group, sigma**2 * Lambda @ Lambda.T, sigma, rows.weights)
    P = rows.X.T @ np.linalg.solve(V, rows.X) + np.diag(precision)
    h = rows.X.T @ np.linalg.solve(V, rows.y) + precision * mean
    np.testing.assert_allclose(draws[0], np.linalg.solve(P, h), rtol=1e-8, atol=1e-8)
    root = (draws[1:] - draws[0]).T
    np.testing.assert_allclose(root @ root.T, np.linalg.inv(P), rtol=1e-8, atol=1e-9)


def test_explicit_coefficients_are_taken_from_y():
    rows = random_rows(p=3, q=2, seed=31)
    Lambda, sigma, explicit = random_Lambda(2, 31), 0.8, np.array([[0.5]])
    kernel = MarginalLikelihood(rows.moments.patterns, np.zeros(2), 1)
    draws = draw_coefficients(
        kernel, Lambda[None], np.array([sigma]), np.zeros((1, 2)), explicit, FixedNoise(np.zeros((1, 2)))
    )
    V = dense.covariance(rows.Z, rows.group, sigma**2 * Lambda @ Lambda.T, sigma)
    expected, _ = dense.gls(rows.y - 0.5 * rows.X[:, 2], rows.X[:, :2], V)
    np.testing.assert_allclose(draws[0], expected, rtol=1e-10)


def test_each_draw_has_its_own_parameters():
    rows = random_rows(p=2, q=2, seed=32)
    rng = np.random.default_rng(32)
    Lambda = np.array([random_Lambda(2, k) for k in range(4)])
    sigma, gamma = rng.uniform(0.5, 2.0, 4), rng.normal(size=(4, 2))
    zeros = FixedNoise(np.zeros((4, len(rows.levels), 2)))
    draws = draw_group_effects(rows.moments, Lambda, sigma, gamma, zeros)
    for d in range(4):
        mean, _ = conditional_effects(rows.moments, Lambda[d], sigma[d], gamma[d])
        np.testing.assert_allclose(draws[d], mean, atol=1e-11)


@pytest.mark.parametrize("singular", [False, True])
def test_sampled_b_has_the_exact_joint_distribution(singular):
    rows = random_rows((3, 1, 4), p=2, q=2, seed=33)
    Lambda, sigma, beta = random_Lambda(2, 33), 0.8, np.array([0.3, -0.2])
    if singular:
        Lambda[:, 1] = 0.0
    draws = draw_group_effects(
        rows.moments,
        repeated(Lambda, 20_000),
        np.full(20_000, sigma),
        repeated(beta, 20_000),
        np.random.default_rng(1),
    )
    mean, covariance = dense_effects(rows, Lambda, sigma, beta)
    dense.assert_normal(draws.reshape(20_000, -1), mean.ravel(), covariance)


def test_sampled_beta_has_the_exact_joint_distribution():
    rows = random_rows((3, 1, 4), p=2, q=2, seed=34)
    Lambda, sigma = random_Lambda(2, 34), 0.8
    draws = draw_coefficients(
        MarginalLikelihood.flat(rows.moments),
        repeated(Lambda, 20_000),
        np.full(20_000, sigma),
        np.zeros((20_000, 2)),
        np.empty((20_000, 0)),
        np.random.default_rng(2),
    )
    V = dense.covariance(rows.Z, rows.group, sigma**2 * Lambda @ Lambda.T, sigma)
    dense.assert_normal(draws, *dense.gls(rows.y, rows.X, V))


@pytest.mark.parametrize("groups", [3, 64, 150])
def test_draws_of_b_do_not_depend_on_cores_and_every_lane_is_its_own_group(groups, monkeypatch):
    monkeypatch.setattr(effects, "BLOCK", 900)
    rows = random_rows([1 + k % 4 for k in range(groups)], p=2, q=2, seed=35)
    rng, draws = np.random.default_rng(35), 40
    Lambda, T_inverse = np.tril(rng.normal(size=(draws, 2, 2))), rng.normal(size=(2, 2))
    sigma, gamma = rng.uniform(0.5, 2.0, draws), rng.normal(size=(draws, 2))
    given = (rows.moments, Lambda, sigma, gamma)
    one, two = (draw_group_effects(*given, np.random.default_rng(1), T_inverse, cores) for cores in (1, 2))
    np.testing.assert_array_equal(one, two)
    assert len(np.unique(one)) == one.size
    for d in (0, 17, 39):
        mean, variance = conditional_effects(rows.moments, Lambda[d], sigma[d], gamma[d])
        off = one[d] - mean @ T_inverse.T
        own = np.linalg.inv(T_inverse @ variance @ T_inverse.T)
        squares = np.einsum("ji,jik,jk->j", off, own, off)
        assert abs(squares.mean() - 2.0) < 4.0 * 2.0 / np.sqrt(groups)


def test_draws_of_beta_do_not_depend_on_cores(monkeypatch):
    monkeypatch.setattr(effects, "WORK", 20)
    rows = random_rows(p=2, q=2, seed=36)
    rng, draws = np.random.default_rng(36), 30
    Lambda, sigma = np.tril(rng.normal(size=(draws, 2, 2))), rng.uniform(0.5, 2.0, draws)
    given = (MarginalLikelihood.flat(rows.moments), Lambda, sigma, np.zeros((draws, 2)), np.empty((draws, 0)))
    one, two = (draw_coefficients(*given, np.random.default_rng(1), cores) for cores in (1, 2))
    np.testing.assert_array_equal(one, two)
