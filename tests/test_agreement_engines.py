"""The evidence by quadrature against dense algebra; engines and graphs within Monte Carlo error of each other."""

import warnings

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.summary import convergence
from tests import dense
from tests.designs import random_table
from tests.fits import z_scores
from tests.test_agreement import sampled_by_pymc

RUN = {"random_seed": 11, "progressbar": False}


# ---------------------------------------------------------------- evidence
PRIORS = {
    "default": {},
    "half-normal and exponential": {"1|g_sigma": bm.HalfNormal(9), "sigma": bm.Exponential(0.2)},
    "gamma and half-cauchy": {"1|g_sigma": bm.Gamma(2, 0.3), "sigma": bm.HalfCauchy(4)},
    "exponential and gamma": {"1|g_sigma": bm.Exponential(0.1), "sigma": bm.Gamma(3, 0.5)},
    "half-t": {"1|g_sigma": bm.HalfStudentT(5, 6), "sigma": bm.HalfStudentT(2.5, 6), "t": bm.Normal(1, 2)},
}


def evidence_by_a_double_integral(model) -> float:
    """log of the double integral over log sd and log sigma; V is built densely."""
    design, priors = model.design, model.priors.resolved
    X = design.X @ priors.fixed_coding.inverse
    mean = np.array([priors[p.name].mu for p in model.names.fixed])
    covariance = np.diag([priors[p.name].sigma ** 2 for p in model.names.fixed])
    proper = np.zeros(design.p, dtype=bool)
    sd_prior, sigma_prior = priors["1|g_sigma"], priors["sigma"]

    def log_likelihood(log_sd, log_sigma):
        sd, sigma = np.exp(log_sd), np.exp(log_sigma)
        V = dense.covariance(design.Z_rows, design.group, np.array([[sd**2]]), sigma, design.weights)
        return dense.log_likelihood(design.y, X, V, mean, covariance, proper)

    centre = np.log(design.y.std())
    sds, sd_weights = panels(centre - 20.0, centre + 6.0, 16)
    sigmas, sigma_weights = panels(centre - 3.0, centre + 3.0, 6)
    values = np.array([[log_likelihood(sd, sigma) for sigma in sigmas] for sd in sds])
    values += (sd_prior.logpdf(np.exp(sds)) + sds)[:, None] + sigma_prior.logpdf(np.exp(sigmas)) + sigmas
    top = values.max()
    return float(np.log(sd_weights @ np.exp(values - top) @ sigma_weights) + top)


def panels(low: float, high: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of Gauss and Legendre, twelve in each of the panels."""
    nodes, weights = np.polynomial.legendre.leggauss(12)
    edges = np.linspace(low, high, count + 1)
    half = np.diff(edges)[:, None] / 2.0
    return (edges[:-1, None] + half * (1.0 + nodes)).ravel(), (half * weights).ravel()


@pytest.mark.slow
@pytest.mark.parametrize("name", PRIORS)
def test_evidence_by_quadrature_is_that_of_a_double_integral(name):
    table = random_table((4, 3, 5, 2, 4), seed=3)
    model = bm.MixedModel("y ~ t + (1 | g)", table, priors=PRIORS[name], weights="w")
    found = model.fit(engine="quadrature", draws=100, chains=2, **RUN)
    assert found.idata.attrs["log_evidence"] == pytest.approx(evidence_by_a_double_integral(model), abs=1e-5)


# ---------------------------------------------------------------- posteriors
DESIGNS = {
    "intercept": ("y ~ t + f + (1 | g)", {"t": bm.Normal(2, 1), "sigma": bm.Gamma(2, 0.4)}, None),
    "slope": ("y ~ t + (t | g)", {"g_corr": bm.LKJ(1.5), "sigma": bm.Exponential(0.2)}, "w"),
    "uncorrelated": ("y ~ t + offset(o) + (t || g)", {"t|g_sigma": bm.HalfNormal(2)}, None),
}


def spread_z(first, second) -> dict[str, float]:
    """z of the difference of the standard deviations, each with its own Monte Carlo error."""
    result = {}
    others = second.scalars()
    for name, draws in first.scalars().items():
        moments = []
        for values in (draws, others[name]):
            squared = (values - values.mean()) ** 2
            sd = np.sqrt(squared.mean())
            moments.append((sd, convergence(squared)["mcse_mean"] / (2 * sd)))
        (a, error_a), (b, error_b) = moments
        result[name] = (a - b) / np.hypot(error_a, error_b)
    return result


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")  # PyTensor's and PyMC's, about their own compilation
@pytest.mark.parametrize("name", DESIGNS)
def test_all_engines_and_both_graphs_have_one_posterior(name):
    formula, priors, weights = DESIGNS[name]
    table = random_table((5, 4, 6, 3, 6, 4, 7, 5, 6, 1), seed=7)
    model = bm.MixedModel(formula, table, priors=priors, weights=weights)
    run = {"draws": 3000, "tune": 1000, "chains": 4, "progressbar": False}
    first = model.fit(engine="compiled", random_seed=1, **run)
    others = {
        engine: model.fit(engine=engine, random_seed=seed, **run)
        for seed, engine in enumerate(("pymc", "quadrature"), start=2)
    }
    others["hierarchical"] = model.fit_from(sampled_by_pymc(model, "hierarchical"))
    for engine, found in others.items():
        z = z_scores(found, first)
        assert z.abs().max() < 4.0, (engine, z)
        spread = spread_z(found, first)
        assert max(map(abs, spread.values())) < 4.5, (engine, spread)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bm.BayesmixedWarning)
        weighted = model.fit(engine="importance", random_seed=5, **run)
    # Resampled draws repeat: their Monte Carlo error is that of the weights, about twice as wide here.
    z = z_scores(weighted, first)
    assert z.abs().max() < 8.0, z
    np.testing.assert_allclose(weighted.summary()["sd"], first.summary()["sd"], rtol=0.15)
