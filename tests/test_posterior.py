"""The kernel in the coding of the priors, and exact draws back in the user's: against dense formulas."""

import numpy as np
import pytest

from bayesmixed.parameters import CovarianceParameters
from bayesmixed.posterior import CovarianceDraws
from bayesmixed.priors import HalfNormal, Normal, StudentT
from tests import dense
from tests.designs import random_table, stages

CASES = {
    "default": ("y ~ t + x + (t | g)", None, None),
    "default weighted": ("y ~ t + offset(o) + (t | g)", None, "w"),
    "brms": ("y ~ t + x + (t | g)", "brms", None),
    "uncorrelated": ("y ~ t + (t || g)", None, None),
    "factors": ("y ~ 0 + f + t + (0 + f | g)", None, None),
    "three": ("y ~ t + u + (t + u | g)", None, None),
    "own": ("y ~ t + (t | g)", {"Intercept": Normal(40, 20), "1|g_sigma": HalfNormal(9)}, None),
    "student": ("y ~ t + f + (1 | g)", {"f": StudentT(4, 1, 2), "t": Normal(1, 3)}, None),
    "explicit": ("y ~ t + x + (t | g)", {"t": HalfNormal(5)}, None),
    "explicit in front": ("y ~ t + f + (1 | g)", {"Intercept": HalfNormal(90), "f": HalfNormal(4)}, "w"),
}


@pytest.fixture(params=CASES, ids=lambda name: name.replace(" ", "-"))
def model(request):
    formula, priors, weights = CASES[request.param]
    return stages(formula, random_table(), priors, weights)


def priors_root(model, covariance):
    """A square root of G_prior / sigma^2, by eigenvectors."""
    T = model.priors.T
    eigenvalues, vectors = np.linalg.eigh(T @ covariance.G @ T.T)
    return vectors * np.sqrt(eigenvalues)[:, None, :] / covariance.sigma[:, None, None]


def random_draws(model, n=3, seed=6):
    """Parameters in the user's coding, with a precision for each integrated coefficient."""
    rng = np.random.default_rng(seed)
    q = model.design.q
    corr = np.tile(np.eye(q), (n, 1, 1))
    for block in model.priors.blocks:
        root = rng.normal(size=(n, len(block), len(block) + 1))
        G = root @ np.swapaxes(root, 1, 2)
        corr[np.ix_(range(n), block, block)] = CovarianceParameters.from_G(G, np.ones(n)).corr
    covariance = CovarianceParameters(rng.uniform(0.5, 9.0, (n, q)), corr, rng.uniform(1, 6, n))
    coefficients = model.posterior.coefficients
    Lambda = priors_root(model, covariance)
    lambdas = np.where(coefficients.student, rng.uniform(0.4, 3.0, (n, len(coefficients.columns))), 1.0)
    explicit = rng.uniform(0.5, 4.0, (n, len(coefficients.explicit)))
    return CovarianceDraws(covariance, Lambda, coefficients.precision / lambdas, explicit)


def dense_model(model, draws, d):
    """y without explicit coefficients, the integrated columns in the coding of the priors, V."""
    design, coefficients = model.design, model.posterior.coefficients
    X = design.X @ model.priors.fixed_coding.inverse
    y = design.y - design.offset - X[:, list(coefficients.explicit)] @ draws.explicit[d]
    V = dense.covariance(
        design.Z_rows, design.group, draws.covariance.G[d], draws.covariance.sigma[d], design.weights
    )
    return y, X[:, list(coefficients.columns)], V


def test_the_kernel_is_the_dense_likelihood(model):
    draws = random_draws(model)
    posterior, coefficients = model.posterior, model.posterior.coefficients
    Lambda = draws.Lambda
    explicit = draws.explicit - posterior.shift[len(coefficients.columns) :]
    for d in range(3):
        precision = draws.precision[d]
        value = posterior.kernel.value(Lambda[d], draws.covariance.sigma[d], precision, explicit[d])
        flat = precision == 0
        variance = np.diag(1 / np.where(flat, 1.0, precision))
        expected = dense.log_likelihood(*dense_model(model, draws, d), coefficients.mean, variance, flat)
        assert value == pytest.approx(expected, abs=1e-9)


class UnitNoise:
    """Row d of the noise is unit vector d - 1; row 0 is zero."""

    def standard_normal(self, shape):
        noise = np.zeros(shape)
        size = int(np.prod(shape[1:]))
        noise.reshape(shape[0], -1)[1 : size + 1] = np.eye(size)
        return noise


def repeat(draws, d, n):
    def same(a):
        return np.repeat(a[d : d + 1], n, axis=0)

    c = draws.covariance
    covariance = CovarianceParameters(same(c.sd), same(c.corr), same(c.sigma))
    return CovarianceDraws(covariance, same(draws.Lambda), same(draws.precision), same(draws.explicit))


def test_beta_is_drawn_from_its_exact_conditional_in_the_users_coding(model):
    draws, coefficients = random_draws(model), model.posterior.coefficients
    n = len(coefficients.columns)
    beta = model.posterior.draw_beta(repeat(draws, 1, n + 1), UnitNoise())
    y, X, V = dense_model(model, draws, 1)
    precision = draws.precision[1]
    P = X.T @ np.linalg.solve(V, X) + np.diag(precision)
    mean = np.linalg.solve(P, X.T @ np.linalg.solve(V, y) + precision * coefficients.mean)
    stated, variance = np.empty(model.design.p), np.zeros((model.design.p,) * 2)
    stated[list(coefficients.columns)], stated[list(coefficients.explicit)] = mean, draws.explicit[1]
    variance[np.ix_(coefficients.columns, coefficients.columns)] = np.linalg.inv(P)
    back = model.priors.fixed_coding.inverse
    np.testing.assert_allclose(beta[0], back @ stated, rtol=1e-9)
    root = (beta[1:] - beta[0]).T
    np.testing.assert_allclose(root @ root.T, back @ variance @ back.T, rtol=1e-8, atol=1e-9)


def test_group_effects_are_drawn_from_their_exact_conditional_in_the_users_coding(model):
    draws, design = random_draws(model), model.design
    beta = np.random.default_rng(7).normal(size=design.p) + design.X.mean(axis=0)
    J, q = design.n_groups, design.q
    n = J * q + 1
    b = model.posterior.draw_effects(np.tile(beta, (n, 1)), repeat(draws, 2, n), UnitNoise())
    G, sigma = draws.covariance.G[2], draws.covariance.sigma[2]
    V = dense.covariance(design.Z_rows, design.group, G, sigma, design.weights)
    y = design.y - design.offset
    mean, variance = dense.effects(y, design.X, beta, design.Z_rows, design.group, G, V)
    np.testing.assert_allclose(b[0], mean, rtol=1e-8, atol=1e-8)
    root = (b[1:] - b[0]).reshape(J * q, J * q).T
    np.testing.assert_allclose(root @ root.T, variance, rtol=1e-8, atol=1e-8)


def test_moments_of_group_effects_average_the_exact_conditionals(model):
    draws, design = random_draws(model), model.design
    betas = np.random.default_rng(8).normal(size=(3, design.p)) + design.X.mean(axis=0)
    means, variances = [], []
    for d in range(3):
        G, sigma = draws.covariance.G[d], draws.covariance.sigma[d]
        V = dense.covariance(design.Z_rows, design.group, G, sigma, design.weights)
        y = design.y - design.offset
        mean, variance = dense.effects(y, design.X, betas[d], design.Z_rows, design.group, G, V)
        means.append(mean)
        variances.append(np.diag(variance).reshape(mean.shape))
    mean, sd = model.posterior.effect_moments(betas, draws)
    np.testing.assert_allclose(mean, np.mean(means, axis=0), rtol=1e-8, atol=1e-8)
    expected = np.mean(variances, axis=0) + np.var(means, axis=0)
    np.testing.assert_allclose(sd, np.sqrt(expected), rtol=1e-7)


def test_Lambda_and_covariance_are_inverses(model):
    draws = random_draws(model)
    posterior, T = model.posterior, model.priors.T
    Lambda, sigma = posterior.Lambda(draws.covariance), draws.sigma
    D = T @ draws.covariance.G @ T.T / sigma[:, None, None] ** 2
    np.testing.assert_allclose(Lambda @ np.swapaxes(Lambda, 1, 2), D, rtol=1e-10, atol=1e-10)
    back = posterior.covariance(Lambda * sigma[:, None, None], sigma)
    np.testing.assert_allclose(back.G, draws.covariance.G, rtol=1e-8, atol=1e-8)
    np.testing.assert_array_equal(back.sigma, sigma)


def test_gamma_is_beta_in_the_kernels_coding(model):
    """X beta is the same in both, but for the fit that was taken from y."""
    beta = np.random.default_rng(9).normal(size=(2, model.design.p))
    gamma = model.posterior.gamma(beta)
    X = (model.design.X @ model.priors.fixed_coding.inverse)[:, model.posterior.order]
    expected = beta @ model.design.X.T - X @ model.posterior.shift
    np.testing.assert_allclose(gamma @ X.T, expected, rtol=1e-9, atol=1e-9)


def test_order_puts_explicit_columns_last():
    model = stages(*CASES["explicit in front"][:1], random_table(), CASES["explicit in front"][1])
    assert model.posterior.order == [1, 0, 2, 3]
    assert model.posterior.kernel.n_explicit == 3


@pytest.mark.parametrize("corr", [1.0, -1.0])
def test_correlations_of_one_have_a_square_root(corr):
    model = stages("y ~ t + (t | g)", random_table())
    covariance = CovarianceParameters(
        np.array([[2.0, 3.0], [1.0, 1.0]]), np.array([[[1.0, corr], [corr, 1.0]], np.eye(2)]), np.ones(2)
    )
    Lambda = model.posterior.Lambda(covariance)
    T = model.priors.T
    np.testing.assert_allclose(Lambda @ np.swapaxes(Lambda, 1, 2), T @ covariance.G @ T.T, rtol=1e-12, atol=1e-12)


def test_effects_at_a_correlation_of_one_and_an_sd_of_zero():
    model = stages("y ~ t + (t | g)", random_table())
    design, beta = model.design, np.array([[50.0, 2.0]])
    for sd, corr in (([2.0, 3.0], 1.0), ([2.0, 0.0], 0.0), ([0.0, 0.0], 0.0)):
        covariance = CovarianceParameters(np.array([sd]), np.array([[[1.0, corr], [corr, 1.0]]]), np.array([4.0]))
        draws = CovarianceDraws(covariance, model.posterior.Lambda(covariance), np.zeros((1, 2)), np.zeros((1, 0)))
        mean, deviation = model.posterior.effect_moments(beta, draws)
        V = dense.covariance(design.Z_rows, design.group, covariance.G[0], 4.0)
        expected, full = dense.effects(
            design.y, design.X, beta[0], design.Z_rows, design.group, covariance.G[0], V
        )
        np.testing.assert_allclose(mean, expected, atol=1e-9)
        np.testing.assert_allclose(deviation.ravel(), np.sqrt(np.maximum(np.diag(full), 0)), atol=1e-7)
