"""Log priors and log likelihoods of draws against dense algebra and Bayes's theorem; known sensitivities."""

import numpy as np
import pytest
from scipy import stats

import bayesmixed as bm
from bayesmixed.errors import SamplingError
from bayesmixed.sensitivity import log_likelihood, log_prior, power_scaling, power_scaling_data

INTERCEPT, SLOPE = "Yield ~ 1 + (1 | Batch)", "Reaction ~ Days + (Days | Subject)"


def fitted(formula, table, priors=None, draws=40, **options):
    model = bm.MixedModel(formula, table, priors=priors, **options)
    return model.fit(draws=draws, chains=2, random_seed=1, progressbar=False, engine="importance")


def parameters(fit, d):
    covariance = fit.covariance
    return bm.parameters.CovarianceParameters(covariance.sd[d], covariance.corr[d], covariance.sigma[d])


def dense_V(fit, d):
    design, G = fit.model.design, fit.covariance.G[d]
    same = design.group[:, None] == design.group[None, :]
    return (design.Z_rows @ G @ design.Z_rows.T) * same + np.diag(fit.covariance.sigma[d] ** 2 / design.weights)


@pytest.mark.parametrize("weights", [None, "w"])
def test_the_likelihood_has_only_b_integrated_out(sleepstudy, weights):
    table = sleepstudy.assign(w=np.linspace(0.5, 2.0, 180))
    fit = fitted("Reaction ~ Days + offset(Days) + (Days | Subject)", table, weights=weights)
    design, values = fit.model.design, log_likelihood(fit)
    for d in (0, 33, 79):
        mean = design.X @ fit.beta[d] + design.offset
        expected = stats.multivariate_normal(mean, dense_V(fit, d)).logpdf(design.y)
        assert values[d] == pytest.approx(expected, rel=1e-11)


def test_the_prior_is_that_of_every_parameter(dyestuff):
    """At the raw parameters, by SciPy."""
    priors = {
        "Intercept": bm.StudentT(3, 1500, 40),
        "1|Batch_sigma": bm.HalfNormal(30),
        "sigma": bm.Exponential(0.02),
    }
    fit = fitted(INTERCEPT, dyestuff, priors)
    found = log_prior(fit)
    assert list(found) == ["Intercept", "1|Batch_sigma", "sigma"]
    np.testing.assert_allclose(found["Intercept"], stats.t(3, 1500, 40).logpdf(fit.beta[:, 0]))
    np.testing.assert_allclose(found["1|Batch_sigma"], stats.halfnorm(scale=30).logpdf(fit.covariance.sd[:, 0]))
    np.testing.assert_allclose(found["sigma"], stats.expon(scale=50).logpdf(fit.covariance.sigma))


def test_priors_speak_where_they_are_stated(sleepstudy):
    """The default intercept and its sd at the mean of Days, 4.5; LKJ(2) is 3/4 (1 - r^2) there."""
    fit = fitted(SLOPE, sleepstudy)
    found, priors = log_prior(fit), fit.model.priors.resolved
    at_mean = fit.beta @ [1.0, 4.5]
    expected = stats.norm(priors["Intercept"].mu, priors["Intercept"].sigma).logpdf(at_mean)
    np.testing.assert_allclose(found["Intercept"], expected)
    T = np.array([[1.0, 4.5], [0.0, 1.0]])
    G = T @ fit.covariance.G @ T.T
    sd = np.sqrt(np.diagonal(G, axis1=1, axis2=2))
    r = G[:, 0, 1] / sd.prod(axis=1)
    np.testing.assert_allclose(found["1|Subject_sigma"], priors["1|Subject_sigma"].logpdf(sd[:, 0]))
    np.testing.assert_allclose(found["Subject_corr"], np.log(0.75 * (1 - r**2)), rtol=1e-9)


def test_prior_likelihood_and_conditional_make_the_marginal(sleepstudy):
    """Bayes's theorem: p(beta) p(y | beta, .) = p(y | .) p(beta | y, .), whatever beta."""
    fit = fitted(SLOPE, sleepstudy)
    posterior, covariance = fit.model.posterior, fit.covariance
    prior = log_prior(fit)
    left = prior["Intercept"] + prior["Days"] + log_likelihood(fit)
    precision = posterior.coefficients.precision
    for d in (0, 50):
        Lambda = posterior.Lambda(parameters(fit, d))
        marginal = posterior.kernel.value(Lambda, float(covariance.sigma[d]), precision)
        V, X = dense_V(fit, d), fit.model.design.X
        K = fit.model.priors.resolved.fixed_coding.matrix
        P = X.T @ np.linalg.solve(V, X) + K.T @ np.diag(precision) @ K
        mean = posterior.coefficients.mean
        h = X.T @ np.linalg.solve(V, fit.model.design.y) + K.T @ (precision * mean)
        conditional = stats.multivariate_normal(np.linalg.solve(P, h), np.linalg.inv(P)).logpdf(fit.beta[d])
        assert left[d] == pytest.approx(marginal + conditional, rel=1e-9)


@pytest.mark.filterwarnings("ignore:the priors put:bayesmixed.errors.BayesmixedWarning")
def test_flat_priors_are_left_out(sleepstudy):
    fit = fitted(SLOPE, sleepstudy, "brms")
    assert list(log_prior(fit)) == ["Intercept", "1|Subject_sigma", "Days|Subject_sigma", "Subject_corr", "sigma"]


@pytest.mark.slow
def test_a_prior_of_pymc_has_pymcs_density(dyestuff):
    import pymc as pm

    model = bm.MixedModel(INTERCEPT, dyestuff, priors={"1|Batch_sigma": pm.Gamma.dist(2, 0.05)})
    fit = model.fit(draws=50, tune=200, chains=1, random_seed=1, progressbar=False)
    expected = stats.gamma(2, scale=20).logpdf(fit.covariance.sd[:, 0])
    np.testing.assert_allclose(log_prior(fit)["1|Batch_sigma"], expected, rtol=1e-6)


def test_a_strong_prior_shows(dyestuff):
    """A prior on one coefficient that fights the data, and one so wide that it says nothing."""
    fights = fitted(INTERCEPT, dyestuff, {"Intercept": bm.Normal(1400, 15)}, draws=2000)
    silent = fitted(INTERCEPT, dyestuff, {"Intercept": bm.Normal(1500, 1e6)}, draws=2000)
    strong, weak = power_scaling(fights), power_scaling(silent)
    assert strong.loc["Intercept", "prior"] > 0.05
    assert strong.loc["Intercept", "reading"].startswith("prior and data pull")
    assert weak.loc["Intercept", "prior"] < 0.05
    assert weak.loc["Intercept", "likelihood"] > 0.05
    assert weak.loc["Intercept", "reading"] == ""
    assert (strong[["k_hat_prior", "k_hat_likelihood"]] < 0.7).all(axis=None)
    assert list(strong.index) == ["Intercept", "1|Batch_sigma", "sigma", "ICC(Batch)"]


def test_too_few_draws_cannot_tell(dyestuff):
    """Powers far from 1 weight a handful of draws."""
    table = power_scaling(fitted(INTERCEPT, dyestuff), alphas=(0.05, 40.0))
    assert table["k_hat_likelihood"].iloc[0] > 0.7
    assert set(table["reading"]) == {"the draws are too few to tell"}


def test_wrong_calls(dyestuff):
    fit = fitted(INTERCEPT, dyestuff)
    with pytest.raises(SamplingError, match="on both sides of 1"):
        fit.sensitivity(alphas=(1.1, 1.2))


def test_arviz_takes_the_data(dyestuff):
    import arviz_stats

    fit = fitted(INTERCEPT, dyestuff, draws=500)
    theirs = arviz_stats.psense_summary(power_scaling_data(fit), round_to=12)
    ours = fit.sensitivity()
    np.testing.assert_allclose(theirs["prior"], ours["prior"])
    np.testing.assert_allclose(theirs["likelihood"], ours["likelihood"])


def test_scales_of_a_joint_prior_are_found(sleepstudy):
    """R2D2M2: the log prior of coefficients is that of N(0, lambda), lambda a share of the total."""
    fit = fitted("Reaction ~ Days + (1 | Subject)", sleepstudy, "r2d2m2")
    scale = fit.idata["auxiliary"]["Days_scale"].to_numpy().ravel()
    expected = stats.norm(0.0, np.sqrt(scale)).logpdf(fit.draws_of("Days"))
    np.testing.assert_allclose(log_prior(fit)["Days"], expected, rtol=1e-10)
    assert np.isfinite(fit.sensitivity()["prior"]).all()


def test_an_icc_that_is_constant_is_left_out(sleepstudy):
    """Without a random intercept the ICC is 0 at Days = 0, whatever the parameters."""
    fit = fitted("Reaction ~ Days + (0 + Days | Subject)", sleepstudy)
    labels = list(fit.sensitivity().index)
    assert "ICC(Subject | Days = 0)" not in labels
    assert "ICC(Subject | Days = 9)" in labels


def test_k_hat_is_of_the_weights_themselves(rng):
    """Not of their reciprocals: weights exp(0.8 E), E exponential, have k = 0.8; their reciprocals are bounded."""
    from bayesmixed.sensitivity.power_scaling import _k_hat

    logarithms = 0.8 * rng.exponential(size=20_000)
    assert _k_hat(logarithms) == pytest.approx(0.8, abs=0.15)
    assert _k_hat(-logarithms) < 0.0


@pytest.mark.parametrize(
    "options",
    [{"alphas": ("a", "b")}, {"alphas": (None, 1.1)}, {"alphas": (0.5, np.inf)}, {"threshold": np.nan},
     {"threshold": -1}, {"threshold": True}, {"threshold": "a"}, {"alphas": 0.9}],
)  # fmt: skip
def test_wrong_numbers_are_refused(dyestuff, options):
    with pytest.raises(SamplingError, match=r"must lie on both sides of 1|must be a number of at least 0"):
        fitted(INTERCEPT, dyestuff).sensitivity(**options)


def test_only_fits_are_scaled(dyestuff):
    with pytest.raises(SamplingError, match=r"takes a fit that model.fit\(\) gave, not MixedModel"):
        power_scaling_data(bm.MixedModel(INTERCEPT, dyestuff))
