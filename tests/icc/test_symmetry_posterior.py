"""The posterior of compound symmetry: dense likelihood with negative D, adaptive quadrature, prior, draws."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import bayesmixed as bm
from bayesmixed.errors import PriorError, SamplingError
from bayesmixed.icc.symmetry_posterior import sample_symmetry, symmetric_density
from bayesmixed.parameters import CovarianceParameters
from tests import dense
from tests.icc.test_symmetry import negative_table

PRIORS = {"Intercept": bm.Normal(1.0, 3.0), "t": bm.Normal(-0.5, 2.0), "sigma": bm.Exponential(0.8)}


def small(priors=PRIORS):
    return bm.MixedModel("y ~ t + (1 | g)", negative_table(), priors=priors)


def dense_value(model, D, sigma, mean, sd):
    """log p(y | D, sigma), coefficients with infinite sd flat."""
    design = model.design
    V = sigma**2 * dense.covariance(np.ones((design.n_obs, 1)), design.group, np.array([[D]]), 1.0)
    flat = np.isinf(sd)
    prior = np.diag(np.where(flat, 1.0, np.square(sd)))
    return dense.log_likelihood(design.y, design.X, V, np.array(mean), prior, flat)


def test_cell_means_near_an_icc_of_one():
    """The columns of a factor add up to a constant, of which rows say ever less as D grows; the prior does not."""
    table = negative_table().assign(f=lambda rows: np.where(np.arange(len(rows)) % 2, "a", "b"))
    priors = {"f": bm.Normal(0.5, 2.0), "sigma": bm.Exponential(0.8)}
    model = bm.MixedModel("y ~ 0 + f + (1 | g)", table, priors=priors)
    density = symmetric_density(model)
    for D in (0.7, 1e3, 1e6):
        found = density.log_likelihood(density.sums.x_of(D), np.log([0.4, 0.7, 3.0]))[1]
        assert found == pytest.approx(dense_value(model, D, 0.7, [0.5, 0.5], np.array([2.0, 2.0])), rel=1e-7)
    assert np.isfinite(density.log_likelihood(80.0, np.log([0.4, 0.7, 3.0]))).all()


@pytest.mark.parametrize("D", [-0.15, 0.0, 1.3])
@pytest.mark.parametrize("flat", [False, True])
def test_dense_likelihood(D, flat):
    model = small(PRIORS | ({"t": bm.Flat()} if flat else {}))
    density = symmetric_density(model)
    found = density.log_likelihood(density.sums.x_of(D), np.array([np.log(0.7)]))
    expected = dense_value(model, D, 0.7, [1.0, -0.5], np.array([3.0, np.inf if flat else 2.0]))
    assert found.item() == pytest.approx(expected, abs=1e-9)


def test_the_kernel_of_other_models_where_D_is_positive(sleepstudy):
    model = bm.MixedModel("Reaction ~ Days + (1 | Subject)", sleepstudy)
    density, posterior = symmetric_density(model), model.posterior
    sigma, sd = 31.0, 37.0
    covariance = CovarianceParameters(np.array([sd]), np.eye(1), np.float64(sigma))
    expected = posterior.kernel.value(posterior.Lambda(covariance), sigma, posterior.coefficients.precision)
    x = density.sums.x_of((sd / sigma) ** 2)
    assert density.log_likelihood(x, np.array([np.log(sigma)])).item() == pytest.approx(expected)


@pytest.mark.parametrize("shape", [(1.0, 1.0), (2.0, 5.0)])
def test_the_prior_integrates_to_one(shape):
    density = symmetric_density(small(), shape)
    x = np.linspace(-40, 40, 4001)
    s = np.linspace(-25, 6, 4001)
    at_s, at_x = np.full_like(x, 0.3), np.full_like(s, 0.2)
    over_x, over_s = density.log_prior(x, at_s), density.log_prior(at_x, s)
    centre = density.log_prior(np.array([0.2]), np.array([0.3])).item()
    product = np.trapezoid(np.exp(over_x), x) * np.trapezoid(np.exp(over_s), s) / np.exp(centre)
    assert product == pytest.approx(1.0, abs=1e-8)


def test_adaptive_quadrature_in_rho_and_sigma():
    """Evidence, mean and spread of the ICC, with nothing shared but the model."""
    model = small()
    lowest = -0.25

    def density(rho, sigma):
        D = rho / (1 - rho)
        value = dense_value(model, D, sigma, [1.0, -0.5], np.array([3.0, 2.0])) + 30.0
        return np.exp(value + stats.expon.logpdf(sigma, scale=1 / 0.8)) / (1 - lowest)

    nodes, weights = np.polynomial.legendre.leggauss(48)
    unit = (nodes + 1) / 2
    rho = lowest + (0.8 - lowest) * unit**2  # the density rises steeply at the lower end
    sigma = 0.3 + 2.2 * (nodes + 1) / 2
    cells = np.outer(weights * 2 * unit, weights) * (0.8 - lowest) / 2 * 1.1
    table = np.array([[density(r, s) for s in sigma] for r in rho])
    evidence = (cells * table).sum()
    mean = (cells * table * rho[:, None]).sum() / evidence
    spread = np.sqrt((cells * table * (rho[:, None] - mean) ** 2).sum() / evidence)
    found = sample_symmetry(model, draws=40_000, random_seed=1)
    assert found.log_evidence == pytest.approx(np.log(evidence) - 30.0, abs=2e-4)
    assert found.icc.mean() == pytest.approx(mean, abs=5 * spread / 200)
    assert found.icc.std() == pytest.approx(spread, rel=0.03)
    assert found.icc.min() > lowest
    assert found.p_negative() > 0.9
    sigma_mean = (cells * table * sigma).sum() / evidence
    assert found.sigma.mean() == pytest.approx(sigma_mean, rel=0.005)


@pytest.mark.slow
def test_evidence_by_dblquad_of_a_balanced_table(dyestuff2):
    """From (mean, SSB, SSW) alone, mean flat: three independent sums."""
    model = bm.MixedModel(
        "Yield ~ 1 + (1 | Batch)", dyestuff2, priors={"Intercept": bm.Flat(), "sigma": bm.HalfNormal(5)}
    )
    y = dyestuff2.sort_values("Batch")["Yield"].to_numpy(float).reshape(6, 5)
    within = ((y - y.mean(axis=1, keepdims=True)) ** 2).sum()
    between = 5 * ((y.mean(axis=1) - y.mean()) ** 2).sum()

    def density(s, rho):
        factor = 1 + 5 * rho / (1 - rho)
        value = -0.5 * (29 * np.log(2 * np.pi * s**2) + 5 * np.log(factor) + np.log(30.0))
        value -= 0.5 * (within + between / factor) / s**2
        return np.exp(value + 90.0 + stats.halfnorm.logpdf(s, scale=5)) / 1.25

    expected, _ = integrate.dblquad(density, -0.25, 1.0, 0.5, 40.0, epsabs=1e-10, epsrel=1e-8)
    found = sample_symmetry(model, draws=10)
    assert found.log_evidence == pytest.approx(np.log(expected) - 90.0, abs=1e-5)


def test_draws_of_the_coefficients_given_the_rest():
    """Their mean and covariance over the draws by the laws of total expectation and variance, densely."""
    model = small()
    found = sample_symmetry(model, draws=20_000, random_seed=2)
    design, prior = model.design, np.diag([1 / 9.0, 1 / 4.0])
    means, covariances = [], []
    for rho, sigma in zip(found.icc[:300], found.sigma[:300], strict=True):
        D = rho / (1 - rho)
        V = sigma**2 * dense.covariance(np.ones((design.n_obs, 1)), design.group, np.array([[D]]), 1.0)
        P = design.X.T @ np.linalg.solve(V, design.X) + prior
        means.append(np.linalg.solve(P, design.X.T @ np.linalg.solve(V, design.y) + prior @ [1.0, -0.5]))
        covariances.append(np.linalg.inv(P))
    # Given its own (rho, sigma) each draw is standard normal after standardising.
    roots = [np.linalg.cholesky(covariance) for covariance in covariances]
    z = np.array([np.linalg.solve(r, b - m) for r, b, m in zip(roots, found.beta[:300], means, strict=True)])
    assert stats.kstest(z.ravel(), stats.norm.cdf).pvalue > 1e-3
    assert abs(np.corrcoef(z.T)[0, 1]) < 0.25
    np.testing.assert_allclose(found.beta.mean(axis=0), np.mean(means, axis=0), atol=0.02)


def test_coefficients_in_the_users_coding(sleepstudy):
    """Days counted from far away: the slope stays."""
    near = sample_symmetry(bm.MixedModel("Reaction ~ Days + (1 | Subject)", sleepstudy))
    far_table = sleepstudy.assign(Days=sleepstudy["Days"] + 1000.0)
    far = sample_symmetry(bm.MixedModel("Reaction ~ Days + (1 | Subject)", far_table))
    np.testing.assert_allclose(far.icc, near.icc, rtol=1e-6)
    np.testing.assert_allclose(far.beta[:, 1], near.beta[:, 1], rtol=1e-6)
    np.testing.assert_allclose(far.beta @ [1, 1000.0], near.beta[:, 0], rtol=1e-6)


def test_the_grid_follows_narrow_and_wide_posteriors(rng):
    """Many rows: the mean is that of the ANOVA estimate; few rows: the prior's shape is left."""
    group = np.repeat(np.arange(3000), 4)
    y = np.sqrt(0.2) * rng.normal(size=3000)[group] + np.sqrt(0.8) * rng.normal(size=12_000)
    model = bm.MixedModel("y ~ 1 + (1 | g)", {"y": y, "g": group.astype(str)})
    found = sample_symmetry(model)
    estimate = model.reml().icc(method="cs").loc["g"]
    assert found.icc.mean() == pytest.approx(estimate["estimate"], abs=0.001)
    assert np.quantile(found.icc, [0.025, 0.975]) == pytest.approx(estimate[["lower", "upper"]], abs=0.002)
    little = pd.DataFrame({"y": [0.3, 1.1, 0.2, 0.9, 0.7], "g": list("aabbc")})
    few = sample_symmetry(bm.MixedModel("y ~ 1 + (1 | g)", little), shape=(50.0, 50.0))
    assert few.icc.mean() == pytest.approx(0.0, abs=0.05)
    assert few.icc.std() == pytest.approx(2 * stats.beta(50, 50).std(), rel=0.1)


def test_seeds_and_shapes():
    model = small()
    one, two = (sample_symmetry(model, 50, random_seed=seed) for seed in (3, 3))
    np.testing.assert_array_equal(one.icc, two.icc)
    assert one.beta.shape == (50, 2)
    assert list(one.summary().index) == ["Intercept", "t", "ICC", "sigma", "total sd"]
    np.testing.assert_allclose(one.total_sd**2 * (1 - one.icc), one.sigma**2)


def test_refusals(sleepstudy):
    def of(formula="Reaction ~ Days + (1 | Subject)", priors=None, **options):
        return sample_symmetry(bm.MixedModel(formula, sleepstudy, priors=priors), **options)

    with pytest.raises(SamplingError, match="method='cs' is for a random intercept alone"):
        of("Reaction ~ Days + (Days | Subject)")
    with pytest.raises(PriorError, match="that of 'Days' is neither"):
        of(priors={"Days": bm.StudentT(4, 0, 10)})
    with pytest.raises(PriorError, match="shape must be the two positive numbers"):
        of(shape=(1.0, -1.0))
    with pytest.raises(SamplingError, match="draws must be a whole number"):
        of(draws=0)
