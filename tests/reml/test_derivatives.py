"""Exact first and second derivatives of the criterion, against differences of values that use none."""

import numpy as np
import pytest

from tests import dense
from tests.reml.test_criterion import FORMULAS, criterion_of, random_theta


def differences(function, at, step=1e-4):
    """Derivatives of a function of arrays by central differences, extrapolated once; one row a coordinate."""
    rows = []
    for k in range(len(at)):
        unit = np.zeros(len(at))
        unit[k] = step * max(1.0, abs(at[k]))
        wide = (function(at + unit) - function(at - unit)) / (2 * unit[k])
        half = (function(at + unit / 2) - function(at - unit / 2)) / unit[k]
        rows.append((4 * half - wide) / 3)
    return np.array(rows)


def everything(criterion, x):
    return criterion.derivatives(x[:-1], x[-1])


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("formula", FORMULAS)
def test_gradient_and_hessian_at_any_theta_and_sigma(formula, restricted, weights):
    _, criterion = criterion_of(formula, restricted, weights)
    x = np.append(random_theta(criterion, 1), 1.3)
    here = everything(criterion, x)
    gradient = differences(lambda x: everything(criterion, x).value, x)
    np.testing.assert_allclose(here.gradient, gradient, rtol=1e-6, atol=1e-6)
    hessian = differences(lambda x: everything(criterion, x).gradient, x)
    np.testing.assert_allclose(here.hessian, hessian, rtol=1e-7, atol=1e-7 * np.abs(hessian).max())


@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("formula", FORMULAS)
def test_with_sigma_at_its_best(formula, restricted):
    _, criterion = criterion_of(formula, restricted)
    theta = random_theta(criterion, 2)
    here = criterion.derivatives(theta)
    assert here.value == pytest.approx(criterion.value(theta), abs=1e-10)
    assert here.gradient[-1] == pytest.approx(0.0, abs=1e-9)
    numeric = dense.numerical_gradient(criterion.value, theta, 1e-4)
    np.testing.assert_allclose(here.profile_gradient, numeric, rtol=1e-7, atol=1e-7)
    hessian = differences(lambda t: criterion.derivatives(t).profile_gradient, theta)
    np.testing.assert_allclose(here.profile_hessian, hessian, rtol=1e-7, atol=1e-7 * np.abs(hessian).max())


@pytest.mark.parametrize("restricted", [True, False])
def test_variance_of_contrasts(restricted):
    model, criterion = criterion_of("y ~ t + x + (t | g)", restricted)
    design, coded = model.design, model.coded
    x = np.append(random_theta(criterion, 3), 0.8)
    L = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, -1.0]]) @ coded.fixed.inverse

    def dense_variance(x):
        root = coded.T_inverse @ criterion.Lambda(x[:-1]) * x[-1]
        V = dense.covariance(design.Z_rows, design.group, root @ root.T, x[-1], design.weights)
        user = L @ coded.fixed.matrix
        return user @ dense.gls(design.y, design.X, V)[1] @ user.T

    covariance, derivatives = everything(criterion, x).contrast_variance(L)
    np.testing.assert_allclose(covariance, dense_variance(x), rtol=1e-10)
    np.testing.assert_allclose(derivatives, differences(dense_variance, x), rtol=1e-6, atol=1e-9)


def test_patterns_of_many_groups_count_each_of_them():
    """A balanced design is one pattern: its determinant counts once for every group."""
    rng = np.random.default_rng(4)
    table = {"y": rng.normal(size=120), "t": np.tile(np.arange(4.0), 30), "g": np.repeat(np.arange(30), 4)}
    _, criterion = criterion_of("y ~ t + (t | g)", table=table)
    assert len(criterion.patterns.count) == 1
    theta = random_theta(criterion, 4)
    hessian = differences(lambda t: criterion.derivatives(t).profile_gradient, theta)
    np.testing.assert_allclose(criterion.derivatives(theta).profile_hessian, hessian, rtol=1e-7, atol=1e-6)
