"""The profiled criterion: dense algebra, gradients, estimates, constants."""

import numpy as np
import pytest

from bayesmixed.likelihood import MarginalLikelihood
from bayesmixed.reml.criterion import Criterion
from tests import dense
from tests.designs import random_table, stages

FORMULAS = [
    "y ~ t + (1 | g)",
    "y ~ t + x + (t | g)",
    "y ~ t + (t || g)",
    "y ~ 0 + f + t + (t + u | g)",
    "y ~ t + offset(o) + (t | g) + (0 + u | g)",
]


def criterion_of(formula, restricted=True, weights=None, table=None):
    model = stages(formula, random_table() if table is None else table, weights=weights)
    return model, Criterion.of(model.coded, model.priors.blocks, restricted)


def random_theta(criterion, seed=0):
    rng = np.random.default_rng(seed)
    return np.where(criterion.diagonal, rng.uniform(0.2, 1.5, len(criterion.diagonal)), rng.normal(scale=0.5))


def dense_deviance(model, criterion, theta, restricted):
    """-2 log likelihood with beta by GLS and sigma^2 by its closed form, in the user's columns."""
    design = model.design
    root = model.coded.T_inverse @ criterion.Lambda(theta)
    M = dense.covariance(design.Z_rows, design.group, root @ root.T, 1.0, design.weights)
    y = design.y - design.offset
    beta, inverse = dense.gls(y, design.X, M)
    residual = y - design.X @ beta
    N, p = design.X.shape
    degrees = N - p if restricted else N
    variance = residual @ np.linalg.solve(M, residual) / degrees
    value = degrees * (1 + np.log(2 * np.pi * variance)) + np.linalg.slogdet(M)[1]
    if restricted:
        value -= np.linalg.slogdet(inverse)[1]
    return value, np.sqrt(variance), beta


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("formula", FORMULAS)
def test_value_and_estimates_are_the_dense_ones(formula, restricted, weights):
    model, criterion = criterion_of(formula, restricted, weights)
    theta = random_theta(criterion)
    value, sigma, beta = dense_deviance(model, criterion, theta, restricted)
    assert criterion.value(theta) == pytest.approx(value, abs=1e-9)
    found_sigma, coded_beta = criterion.estimates(theta)
    assert found_sigma == pytest.approx(sigma, rel=1e-11)
    found = model.coded.fixed.inverse @ (coded_beta + model.coded.shift)
    np.testing.assert_allclose(found, beta, rtol=1e-9)


def test_the_restricted_criterion_is_the_integrated_likelihood_at_its_own_sigma():
    model, criterion = criterion_of("y ~ t + (t | g)")
    theta = random_theta(criterion, 2)
    sigma, _ = criterion.estimates(theta)
    kernel = MarginalLikelihood.flat(model.coded.moments)
    expected = -2 * kernel.value(criterion.Lambda(theta), sigma) + 2 * model.coded.fixed.log_det
    assert criterion.value(theta) == pytest.approx(expected, abs=1e-10)
    for other in (0.99 * sigma, 1.01 * sigma):
        assert -2 * kernel.value(criterion.Lambda(theta), other) > expected - 2 * model.coded.fixed.log_det


def test_theta_fills_each_block_column_by_column():
    _, criterion = criterion_of("y ~ t + (t + u | g) + (0 + x | g)")
    Lambda = criterion.Lambda(np.arange(1.0, 8.0))
    expected = [[1, 0, 0, 0], [2, 4, 0, 0], [3, 5, 6, 0], [0, 0, 0, 7]]
    np.testing.assert_array_equal(Lambda, expected)
    assert criterion.diagonal.tolist() == [True, False, False, True, False, True, True]


def test_at_theta_zero_it_is_ordinary_least_squares():
    model, criterion = criterion_of("y ~ t + (t | g)")
    design = model.design
    beta, (rss,), *_ = np.linalg.lstsq(design.X, design.y, rcond=None)
    N, p = design.X.shape
    expected = (N - p) * (1 + np.log(2 * np.pi * rss / (N - p))) + np.linalg.slogdet(design.X.T @ design.X)[1]
    value, gradient = criterion.value(np.zeros(3)), criterion.derivatives(np.zeros(3)).profile_gradient
    assert value == pytest.approx(expected, abs=1e-10)
    # D = Lambda Lambda' is flat at zero, whichever the sign of Lambda.
    np.testing.assert_allclose(gradient, 0, atol=1e-12)
    sigma, _ = criterion.estimates(np.zeros(3))
    assert sigma == pytest.approx(np.sqrt(rss / (N - p)), rel=1e-12)
    _, coded_beta = criterion.estimates(np.zeros(3))
    np.testing.assert_allclose(model.coded.fixed.inverse @ (coded_beta + model.coded.shift), beta, rtol=1e-10)
