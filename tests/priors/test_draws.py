"""Draws from the priors follow their families, in the coding that each is stated in."""

import numpy as np
import pytest
from scipy import stats

import bayesmixed as bm
from bayesmixed.errors import PriorError
from bayesmixed.priors.draws import draw_lkj_cholesky, draw_priors
from tests.designs import random_table

FORMULA = "y ~ t + f + (t + x | g) + (0 + f | g)"


def follows(draws, cdf):
    # The chance of less is one in a thousand for each call.
    return stats.kstest(draws, cdf).pvalue > 1e-3


def model_of(formula=FORMULA, priors=None):
    return bm.MixedModel(formula, random_table(), priors=priors)


def drawn(model, draws=4000, seed=1):
    return draw_priors(model.priors.resolved, model.names, draws, np.random.default_rng(seed))


# ---------------------------------------------------------------- correlations
@pytest.mark.parametrize("eta", [0.6, 1.0, 3.0])
@pytest.mark.parametrize("size", [1, 2, 4])
def test_each_correlation_of_lkj_is_a_scaled_beta(eta, size):
    chol = draw_lkj_cholesky(eta, size, 4000, np.random.default_rng(2))
    np.testing.assert_array_equal(np.triu(chol, 1), 0.0)
    assert (np.diagonal(chol, axis1=1, axis2=2) > 0).all()
    corr = chol @ np.swapaxes(chol, 1, 2)
    np.testing.assert_allclose(np.diagonal(corr, axis1=1, axis2=2), 1.0, rtol=1e-12)
    shape = eta + (size - 2) / 2
    for i in range(size):
        for j in range(i):
            assert follows(corr[:, i, j], stats.beta(shape, shape, loc=-1, scale=2).cdf)


def test_the_determinant_of_lkj_is_a_product_of_betas():
    """``1 - w`` of row i, squared diagonal of its Cholesky factor, is Beta(eta + (size - 1 - i) / 2, i / 2)."""
    eta, size = 1.4, 4
    chol = draw_lkj_cholesky(eta, size, 4000, np.random.default_rng(3))
    for i in range(1, size):
        assert follows(chol[:, i, i] ** 2, stats.beta(eta + (size - 1 - i) / 2, i / 2).cdf)


# ---------------------------------------------------------------- each parameter
def test_every_parameter_follows_its_family():
    model = model_of()
    priors, found = model.priors.resolved, drawn(model)
    beta = found.beta @ priors.fixed_coding.matrix.T
    G = priors.T @ found.covariance.G @ priors.T.T
    sd = np.sqrt(np.diagonal(G, axis1=1, axis2=2))
    for parameters, values in ((model.names.fixed, beta), (model.names.sd, sd)):
        for parameter in parameters:
            for k, column in enumerate(parameter.columns):
                assert follows(values[:, column], priors[parameter.name].entry(k).distribution().cdf), parameter
    assert follows(found.covariance.sigma, priors.sigma.distribution().cdf)
    corr = G / sd[:, :, None] / sd[:, None, :]
    beta_of_three = stats.beta(2.5, 2.5, loc=-1, scale=2).cdf
    for i, j in ((1, 0), (2, 0), (2, 1), (4, 3), (5, 3), (5, 4)):
        assert follows(corr[:, i, j], beta_of_three)
    assert np.abs(corr[:, :3, 3:]).max() < 1e-12


def test_draws_are_independent_of_one_another():
    model = model_of("y ~ t + f + (t | g)")
    priors, found = model.priors.resolved, drawn(model)
    beta = found.beta @ priors.fixed_coding.matrix.T
    G = priors.T @ found.covariance.G @ priors.T.T
    sd = np.sqrt(np.diagonal(G, axis1=1, axis2=2))
    columns = np.column_stack([beta, np.log(sd), np.log(found.covariance.sigma), G[:, 1, 0] / sd.prod(axis=1)])
    between = np.corrcoef(columns.T)[np.triu_indices(columns.shape[1], 1)]
    assert np.abs(between).max() < 4.5 / np.sqrt(4000)


def test_uncorrelated_effects_stay_so():
    found = drawn(model_of("y ~ t + (t || g)"))
    np.testing.assert_array_equal(found.covariance.corr, np.broadcast_to(np.eye(2), (4000, 2, 2)))


def test_priors_of_pymc_are_drawn_by_it():
    import pymc as pm

    model = model_of("y ~ t + f + (1 | g)", {"sigma": pm.Gamma.dist(2, 0.5), "f": pm.Laplace.dist(1, 2)})
    found = drawn(model)
    assert follows(found.covariance.sigma, stats.gamma(2, scale=2).cdf)
    assert follows(found.beta[:, 2], stats.laplace(1, 2).cdf)
    assert follows(found.beta[:, 3], stats.laplace(1, 2).cdf)
    assert abs(np.corrcoef(found.beta[:, 2], found.beta[:, 3])[0, 1]) < 4.5 / np.sqrt(4000)


# ---------------------------------------------------------------- shares of a total
def test_the_icc_and_the_total_that_a_prior_names():
    model = model_of("y ~ t + (t | g)", bm.Priors.icc(2, 8, nu=5, scale=3))
    found, T = drawn(model), model.priors.resolved.T
    variance = (T @ found.covariance.G @ T.T)[:, 0, 0]
    total = variance + found.covariance.sigma**2
    assert follows(variance / total, stats.beta(2, 8).cdf)
    assert follows(np.sqrt(total), bm.HalfStudentT(5, 3).distribution().cdf)


def test_coefficients_that_share_a_total_are_normal_given_their_variance():
    model = model_of("y ~ t + f + (t | g)", bm.Priors.r2d2m2(0.4, 3.0, 0.7))
    priors, found = model.priors.resolved, drawn(model)
    (joint,) = priors.joint
    weights = {(member.name, member.entry): member.weight for member in joint.members}
    beta = found.beta @ priors.fixed_coding.matrix.T
    G = priors.T @ found.covariance.G @ priors.T.T
    # E(sum w beta^2 + sum w sd^2) / sigma^2 is that of R2 / (1 - R2); of its logarithm the median is robust.
    a, b = joint.total.alpha, joint.total.beta
    odds = stats.beta(a, b).rvs(4000, random_state=4)
    odds /= 1 - odds
    shares = np.random.default_rng(5).dirichlet(joint.concentration, 4000) * odds[:, None]
    for parameter in model.names.fixed:
        for k, column in enumerate(parameter.columns):
            if (parameter.name, k) in weights:
                place = [(m.name, m.entry) for m in joint.members].index((parameter.name, k))
                normal = np.random.default_rng(6 + place).standard_normal(4000)
                expected = normal * np.sqrt(shares[:, place] / weights[parameter.name, k])
                assert stats.ks_2samp(beta[:, column] / found.covariance.sigma, expected).pvalue > 1e-3
    for parameter in model.names.sd:
        for k, column in enumerate(parameter.columns):
            place = [(m.name, m.entry) for m in joint.members].index((parameter.name, k))
            own = G[:, column, column] * weights[parameter.name, k] / found.covariance.sigma**2
            assert stats.ks_2samp(own, shares[:, place]).pvalue > 1e-3


# ---------------------------------------------------------------- what is refused
@pytest.mark.parametrize("draws", [0, -1, 2.0, True, "10", None])
def test_draws_are_counted_in_whole_numbers(draws):
    with pytest.raises(PriorError, match="draws must be a whole number of at least 1"):
        drawn(model_of("y ~ t + (1 | g)"), draws)


def test_one_draw_is_enough():
    found = drawn(model_of(), 1)
    assert found.beta.shape == (1, 4)
    assert found.covariance.G.shape == (1, 6, 6)


def test_a_flat_prior_has_no_draws():
    with pytest.raises(PriorError, match="'Intercept' is flat"):
        drawn(model_of("y ~ t + (1 | g)", {"Intercept": bm.Flat()}))


def test_what_was_stored_of_a_pymc_prior_has_no_draws():
    import pymc as pm

    model = model_of("y ~ t + (1 | g)", {"sigma": pm.Gamma.dist(2, 1)})
    priors = model.priors.resolved
    again = type(priors).from_dict(priors.to_dict())
    with pytest.raises(PriorError, match=r"'sigma'.* was not stored"):
        draw_priors(again, model.names, 10, np.random.default_rng(0))
