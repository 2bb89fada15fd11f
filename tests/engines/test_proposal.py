"""Modes, mixtures of t distributions and their refits."""

import numpy as np
import pytest
from scipy import stats

from bayesmixed.density import Density
from bayesmixed.engines.mode import Mode, find_mode
from bayesmixed.engines.proposal import Mixture
from bayesmixed.engines.weighted import weighted_draws
from bayesmixed.sampling.sample import starting_point
from tests.fits import FORMULAS, model

KEYS = [key for key in FORMULAS if key != "slash"]


@pytest.mark.parametrize("key", KEYS)
def test_the_mode_is_a_maximum_with_the_curvature_of_finite_differences(key):
    density = Density(model(key).posterior)
    found = find_mode(starting_point(model(key), density), density.prior_arrays, density.patterns)
    value, gradient = density.value_and_gradient(found.x)
    assert found.value == value
    assert np.abs(gradient).max() < 1e-3
    h, size = 1e-3, density.size
    hessian = np.empty((size, size))
    for i in range(size):
        for k in range(size):
            e, f = h * np.eye(size)[i], h * np.eye(size)[k]
            corners = np.array([found.x + e + f, found.x + e - f, found.x - e + f, found.x - e - f])
            hessian[i, k] = density.values(corners) @ [1, -1, -1, 1] / (4 * h * h)
    np.testing.assert_allclose(-hessian @ found.covariance, np.eye(size), atol=0.02)


@pytest.mark.parametrize("key", KEYS)
def test_many_points_at_once_have_the_same_density(key, rng):
    density = Density(model(key).posterior)
    points = starting_point(model(key), density) + 0.5 * rng.normal(size=(20, density.size))
    points[3] = 1e4
    one_by_one = [density.value_and_gradient(x)[0] for x in points]
    np.testing.assert_allclose(density.values(points), one_by_one, rtol=1e-13)
    assert density.values(points)[3] == -np.inf


def mixture():
    root = np.array([[[1.0, 0.0], [0.5, 0.7]], [[0.3, 0.0], [0.0, 2.0]]])
    return Mixture(np.array([0.3, 0.7]), np.array([[0.0, 1.0], [4.0, -2.0]]), root)


def test_the_density_of_a_mixture_is_that_of_scipy(rng):
    found, x = mixture(), rng.normal(scale=4.0, size=(50, 2))
    each = [
        share * stats.multivariate_t.pdf(x, loc=location, shape=root @ root.T, df=found.degrees)
        for share, location, root in zip(found.share, found.location, found.root, strict=True)
    ]
    np.testing.assert_allclose(found.log_density(x), np.log(np.sum(each, axis=0)), rtol=1e-10)


def test_draws_of_a_mixture_have_its_moments_and_density(rng):
    found = mixture()
    x = found.draw(200_000, rng)
    np.testing.assert_allclose(x.mean(axis=0), found.share @ found.location, atol=0.03)
    lower = np.array([3.5, -3.0])
    inside = np.all((x > lower) & (x < lower + [1.0, 2.0]), axis=1).mean()
    grid = np.stack(np.meshgrid(np.linspace(3.5, 4.5, 201), np.linspace(-3, -1, 201)), axis=-1).reshape(-1, 2)
    assert inside == pytest.approx(2.0 * np.exp(found.log_density(grid)).mean(), rel=0.03)


def test_a_refit_comes_nearer_to_the_draws(rng):
    x, weights = mixture().draw(5000, rng), np.full(5000, 1 / 5000)
    found = Mixture.around(Mode(np.zeros(2), 0.0, np.eye(2))).split(x, weights, 2, rng)
    before = found.log_density(x).mean()
    for _ in range(40):
        found = found.refitted(x, weights, 1e-6 * np.eye(2))
        assert found.log_density(x).mean() > before - 1e-6
        before = found.log_density(x).mean()
    assert before == pytest.approx(mixture().log_density(x).mean(), abs=0.02)


def test_weighted_draws_of_a_known_density(rng):
    """A skewed density: independent gammas by their logarithms, which integrate to one."""
    shape = np.array([0.8, 5.0])

    def log_gammas(x):
        return (shape * x - np.exp(x)).sum(axis=1) + 2.5

    mode = Mode(np.log(shape), 0.0, np.diag(1.0 / shape))
    found = weighted_draws(log_gammas, mode, 40_000, rng)
    from scipy.special import digamma, gammaln, polygamma

    assert found.log_evidence == pytest.approx(gammaln(shape).sum() + 2.5, abs=0.02)
    mean = found.weights @ found.points
    np.testing.assert_allclose(mean, digamma(shape), atol=0.03)
    variance = found.weights @ (found.points - mean) ** 2
    np.testing.assert_allclose(variance, polygamma(1, shape), rtol=0.05)
    assert found.k_hat < 0.7
    assert found.ess > 0.8 * 40_000
