"""Log evidence: grid against bridge, against the one-way density, and against plain means over the priors."""

from dataclasses import replace
from itertools import pairwise
from math import exp, log, pi, sqrt
from typing import cast

import numpy as np
import pytest
from scipy import integrate as scipy_integrate
from scipy import stats

import bayesmixed as bm
from bayesmixed.density import Density
from bayesmixed.engines.quadrature import integrate
from bayesmixed.evidence.bridge import bridge, bridged
from bayesmixed.evidence.marginal import LogEvidence, Target, log_evidence
from bayesmixed.evidence.null import Collapsed
from bayesmixed.moments.moments import Moments, Patterns
from tests import dense
from tests.designs import random_table
from tests.fits import model

SLOPE = "Reaction ~ Days + (Days | Subject)"


@pytest.mark.slow
@pytest.mark.parametrize("key", ["intercept", "slope", "uncorrelated", "weighted", "factor"])
def test_bridge_and_quadrature_agree(key):
    grid, bridged_ = (model(key).log_evidence(method) for method in ("quadrature", "bridge"))
    assert (grid.method, bridged_.method) == ("quadrature", "bridge")
    assert bridged_.value == pytest.approx(grid.value, abs=0.02)
    assert bridged_.error < 0.01
    assert abs(bridged_.value - grid.value) < 4.0 * bridged_.error


def test_quadrature_is_that_of_the_engine():
    fit = model("intercept").fit(draws=20, chains=1, engine="quadrature", random_seed=1, progressbar=False)
    assert fit.log_evidence().value == fit.idata.attrs["log_evidence"]


@pytest.mark.slow
def test_three_effects_and_student_t_coefficients_take_the_bridge():
    """There are no grids for them; importance sampling, which shares no draws with the bridge, agrees."""
    student = bm.MixedModel(
        SLOPE,
        bm.load_dataset("sleepstudy"),
        priors={"Days": bm.StudentT(3, 0, 10), "Intercept": bm.Gamma(4, 0.02)},
    )
    for found in (model("third slope"), student):
        own = found.log_evidence()
        assert own.method == "bridge"
        assert own.error < 0.02
        weighted = found.fit(draws=2000, random_seed=3, engine="importance", progressbar=False)
        assert own.value == pytest.approx(weighted.idata.attrs["log_evidence"], abs=0.06)


@pytest.mark.slow
def test_the_error_is_that_of_independent_runs():
    exact = model("slope").log_evidence("quadrature").value
    found = [model("slope").log_evidence("bridge", random_seed=seed) for seed in range(100, 116)]
    values, errors = np.array([(one.value, one.error) for one in found]).T
    spread = np.sqrt(np.mean((values - exact) ** 2))
    assert 0.3 < spread / errors.mean() < 1.5
    assert abs(values.mean() - exact) < 4.0 * spread / 4.0


def test_seeds_decide():
    one, again, other = (model("slope").log_evidence("bridge", random_seed=seed) for seed in (1, 1, 2))
    assert one.value == again.value != other.value


@pytest.mark.parametrize("table", ["Dyestuff", "Dyestuff2"])
def test_evidence_and_bayes_factor_are_those_of_the_one_way_density(table):
    """From (mean, SSB, SSW) by SciPy's dblquad, the intercept flat; the null's by its quad over sigma."""
    priors = {"Intercept": bm.Flat(), "1|Batch_sigma": bm.HalfNormal(60), "sigma": bm.Exponential(0.02)}
    found = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset(table), priors=priors)
    y, group, J, n = np.asarray(found.design.y), found.design.group, 6, 5
    means = np.array([y[group == j].mean() for j in range(J)])
    ssb, ssw = n * ((means - means.mean()) ** 2).sum(), ((y - means[group]) ** 2).sum()

    def log_density(sd, sigma):
        between = sigma**2 + n * sd**2
        value = -0.5 * (J - 1) * log(2 * pi * between) - 0.5 * ssb / between
        value += -0.5 * J * (n - 1) * log(2 * pi * sigma**2) - 0.5 * ssw / sigma**2
        return value - 0.5 * log(J * n) - sigma / 50.0 - log(50.0)

    s = sqrt(ssw / (J * (n - 1)))
    top, limits = log_density(0.5 * s, s), (0.4 * s, 3.0 * s)

    def full(sigma, sd):
        return exp(log_density(sd, sigma) - top - 0.5 * (sd / 60.0) ** 2) * sqrt(2.0 / pi) / 60.0

    edges = [0.0, 1.5 * s, 6.0 * s, 400.0]
    total = sum(scipy_integrate.dblquad(full, a, b, *limits, epsrel=1e-8)[0] for a, b in pairwise(edges))
    null = scipy_integrate.quad(lambda sigma: exp(log_density(0.0, sigma) - top), *limits, epsrel=1e-10)[0]
    evidence = found.log_evidence()
    assert evidence.flat == ("Intercept",)
    assert evidence.value == pytest.approx(np.log(total) + top, abs=1e-5)
    assert bm.bayes_factor(found, "1|Batch").log_bf == pytest.approx(np.log(total / null), abs=1e-5)


@pytest.mark.slow
def test_evidence_of_a_slope_model_is_the_mean_likelihood_over_the_prior(rng):
    """Draws of SciPy's families, dense normal densities: constants of half-t and LKJ and all Jacobians at once."""
    table = random_table((4, 3, 4), seed=4)
    priors = {
        "Intercept": bm.Normal(50, 10),
        "t": bm.Normal(2, 1),
        "1|g_sigma": bm.HalfStudentT(4, 8),
        "t|g_sigma": bm.HalfNormal(1.5),
        "g_corr": bm.LKJ(1.5),
        "sigma": bm.Gamma(4, 1),
    }
    found = bm.MixedModel("y ~ t + (t | g)", table, priors=priors)
    X, Z, group, y = found.design.X, found.design.Z_rows, found.design.group, found.design.y
    count = 40_000
    sd0, sd1 = np.abs(stats.t(4, scale=8).rvs(count, random_state=rng)), np.abs(rng.normal(scale=1.5, size=count))
    r, sigma = 2.0 * rng.beta(1.5, 1.5, size=count) - 1.0, rng.gamma(4, size=count)
    G = np.array([[sd0**2, r * sd0 * sd1], [r * sd0 * sd1, sd1**2]]).transpose(2, 0, 1)
    same = group[:, None] == group[None, :]
    V = np.where(same, Z @ G @ Z.T, 0.0) + sigma[:, None, None] ** 2 * np.eye(len(y))
    V += X @ np.diag([100.0, 1.0]) @ X.T
    L = np.linalg.cholesky(V)
    white = np.linalg.solve(L, np.broadcast_to((y - X @ [50.0, 2.0])[:, None], (count, len(y), 1)))[..., 0]
    log_det = 2.0 * np.log(np.diagonal(L, axis1=1, axis2=2)).sum(axis=1)
    values = -0.5 * ((white**2).sum(axis=1) + log_det + len(y) * np.log(2 * np.pi))
    assert values[0] == pytest.approx(stats.multivariate_normal(X @ [50.0, 2.0], V[0]).logpdf(y))
    relative = np.exp(values - values.max())
    error = relative.std() / relative.mean() / np.sqrt(count)
    expected = values.max() + np.log(relative.mean())
    assert error < 0.02
    assert abs(found.log_evidence().value - expected) < 4.0 * error


SLEEP = {"1|Subject_sigma": bm.HalfStudentT(3, 40), "Days|Subject_sigma": bm.HalfNormal(10)}
PRIORS = {
    "default": (SLOPE, None),
    "half-t, half-normal, LKJ, gamma": (SLOPE, SLEEP | {"Subject_corr": bm.LKJ(3), "sigma": bm.Gamma(3, 0.1)}),
    "half-Cauchy, exponential": (
        SLOPE,
        {"1|Subject_sigma": bm.HalfCauchy(20), "Days|Subject_sigma": bm.Exponential(0.2)},
    ),
    "three effects": ("Reaction ~ Third + (Third | Subject)", None),
    "Student-t coefficients": (SLOPE, {"Days": bm.StudentT(4, 0, 10), "Intercept": bm.StudentT(3, 250, 50)}),
    "explicit coefficient": (SLOPE, {"Days": bm.Gamma(2, 0.2)}),
    "decov": (SLOPE, bm.Priors.rstanarm()),
    "icc": ("Reaction ~ Days + (1 | Subject)", bm.Priors.icc(2, 8)),
    "r2d2m2": ("Reaction ~ Days + (1 | Subject)", bm.Priors.r2d2m2(0.4, 3.0, 0.7)),
}


@pytest.mark.parametrize("name", PRIORS)
def test_priors_integrate_to_one_where_samplers_see_them(name):
    """Without any rows the likelihood is 1, and the evidence the integral of the prior."""
    formula, priors = PRIORS[name]
    table = model("third slope").design.frame if "Third" in formula else bm.load_dataset("sleepstudy")
    if "Third" in formula:
        rows = bm.load_dataset("sleepstudy")
        table = rows.assign(Third=np.array(["a", "b", "c"])[np.minimum(rows["Days"] // 4, 2)])
    full = Target.of(bm.MixedModel(formula, table, priors=priors))
    p = full.density.patterns
    nothing = Patterns(
        np.zeros_like(p.Rzz), p.count, p.start, np.zeros_like(p.Rza), np.zeros_like(p.Raa), 0.0, 0.0
    )
    moments = cast(Moments, Collapsed(nothing, p.Rzz.shape[1], p.Rza.shape[2] - 1))
    empty = Target(Density(replace(full.posterior, moments=moments)), full.start)
    found = log_evidence(empty, "bridge")
    assert found.error < 0.03
    assert abs(found.value) < max(4.0 * found.error, 0.01)


def test_a_bridge_of_equal_densities_is_exact():
    """l is constant, and r that constant, whatever the draws."""
    found = bridged(np.full(500, 1.25), np.full(500, -np.log(500)), np.full(300, 1.25), 500.0, 300.0)
    assert found == pytest.approx(1.25, abs=1e-12)


def test_a_single_evidence_says_that_a_flat_prior_leaves_a_constant():
    found = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"), priors={"Intercept": bm.Flat()})
    assert "up to a constant: flat prior of Intercept" in repr(found.log_evidence())
    assert repr(LogEvidence(-1.5, 1e-5, "quadrature")) == "LogEvidence(-1.5000 +- 1e-05 by quadrature)"


def test_flat_coefficients_have_the_density_of_dense_algebra():
    """At one sd and sigma the integrand is the restricted likelihood of dense algebra, and so is its integral."""
    found = model("intercept")
    own = Density(found.posterior)
    point = np.log([30.0, 45.0])
    priors = found.priors.resolved
    V = dense.covariance(found.design.Z_rows, found.design.group, np.array([[900.0]]), 45.0)
    normal = priors["Intercept"]
    expected = dense.log_likelihood(
        found.design.y, found.design.X, V, [normal.mu], [[normal.sigma**2]], [False]
    ) + sum(float(priors[k].logpdf(v)) + np.log(v) for k, v in (("1|Batch_sigma", 30.0), ("sigma", 45.0)))
    assert own.values(point[None])[0] == pytest.approx(expected, abs=1e-9)


def test_what_cannot_be_done_is_refused():
    import pymc as pm

    with pytest.raises(bm.SamplingError, match="method must be 'auto', 'quadrature' or 'bridge'"):
        model("intercept").log_evidence("laplace")
    with pytest.raises(bm.SamplingError, match="repeats must be a whole number of at least 2"):
        model("intercept").log_evidence("bridge", repeats=1)
    with pytest.raises(bm.SamplingError, match="at most 2 random effects"):
        model("third slope").log_evidence("quadrature")
    own = bm.MixedModel(
        "Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"), priors={"sigma": pm.Gamma.dist(2, 0.1)}
    )
    with pytest.raises(bm.PriorError, match="built-in families, whose constants are known"):
        own.log_evidence()
    target = Target.of(model("slope"))
    with pytest.raises(bm.SamplingError, match="too few for bridge sampling of 4 parameters"):
        bridge(target.density, np.zeros((1, 5, 4)), 2, np.random.default_rng(1))


def test_the_grid_of_a_null_without_groups_is_the_engines():
    assert integrate(Density(model("intercept").posterior), Target.of(model("intercept")).start).log_evidence == (
        model("intercept").log_evidence().value
    )
