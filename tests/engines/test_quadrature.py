"""The posterior on a grid, against SciPy's integrals of the one-way density, and against the other engines."""

import numpy as np
import pytest
from scipy import integrate as scipy_integrate
from scipy import stats

import bayesmixed as bm
from bayesmixed.density import Density
from bayesmixed.engines.quadrature import integrate
from bayesmixed.sampling.sample import starting_point
from tests.fits import model, z_scores

OPTIONS = {"random_seed": 5, "progressbar": False}


def one_way(table):
    return bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset(table))


def grid(found):
    density = Density(found.posterior)
    return integrate(density, starting_point(found, density))


class OneWay:
    """Density of (sd, sigma) of a balanced one-way layout from (mean, SSB, SSW), the intercept's prior normal."""

    def __init__(self, found):
        y, group = np.asarray(found.design.y), found.design.group
        self.J, self.n = found.design.n_groups, found.design.n_obs // found.design.n_groups
        means = np.array([y[group == j].mean() for j in range(self.J)])
        self.mean, self.ssb = means.mean(), self.n * ((means - means.mean()) ** 2).sum()
        self.ssw = ((y - means[group]) ** 2).sum()
        self.priors = found.priors.resolved

    def log_density(self, sd, sigma):
        J, n, intercept = self.J, self.n, self.priors["Intercept"]
        between = sigma**2 + n * sd**2
        spread = np.sqrt(between / (J * n) + intercept.sigma**2)
        # chi-square densities of SSB and SSW and the normal of the mean, times the volume of the rotation
        value = -0.5 * (J - 1) * np.log(2 * np.pi * between) - 0.5 * self.ssb / between
        value += -0.5 * J * (n - 1) * np.log(2 * np.pi * sigma**2) - 0.5 * self.ssw / sigma**2
        value += stats.norm.logpdf(self.mean, intercept.mu, spread) - 0.5 * np.log(J * n)
        for name, x in (("1|Batch_sigma", sd), ("sigma", sigma)):
            prior = self.priors[name]
            value += np.log(2.0) + stats.t.logpdf(x, prior.nu, scale=prior.sigma)
        return value

    def integral(self, function, top):
        def inside(log_sigma, log_sd):
            sd, sigma = np.exp(log_sd), np.exp(log_sigma)
            return function(sd, sigma) * np.exp(self.log_density(sd, sigma) - top + log_sd + log_sigma)

        centre = np.log(np.sqrt(self.ssw / (self.J * (self.n - 1))))
        limits = (centre - 16.0, centre + 7.0, centre - 1.2, centre + 1.8)
        return scipy_integrate.dblquad(inside, *limits, epsabs=1e-11, epsrel=1e-9)[0]


@pytest.mark.slow
@pytest.mark.parametrize("table", ["Dyestuff", "Dyestuff2"])
def test_evidence_and_means_are_those_of_the_one_way_density(table):
    found = one_way(table)
    oracle, own = OneWay(found), grid(found)
    top = own.log_evidence
    total = oracle.integral(lambda sd, sigma: 1.0, top)
    assert np.log(total) + top == pytest.approx(own.log_evidence, abs=2e-6)
    points, weights = own.points()
    sd, sigma = np.exp(points).T
    for function in (lambda sd, _: sd, lambda sd, sigma: sd**2 / (sd**2 + sigma**2), lambda _, sigma: sigma):
        expected = oracle.integral(function, top) / total
        assert weights @ function(sd, sigma) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("key", ["intercept", "factor"])
def test_a_finer_and_wider_grid_gives_the_same(key):
    own = grid(model(key))
    points, weights = own.points()
    s, sd = np.meshgrid(np.linspace(-1.5, 2.0, 400), np.linspace(-25.0, 6.0, 1500))
    centre = weights @ points
    x = np.column_stack([sd.ravel() + centre[1], s.ravel() + centre[1]])
    log_density = Density(model(key).posterior).values(x)
    top = log_density.max()
    cell = (3.5 / 399) * (31.0 / 1499)
    assert top + np.log(np.exp(log_density - top).sum() * cell) == pytest.approx(own.log_evidence, abs=1e-5)
    mass = np.exp(log_density - top)
    np.testing.assert_allclose(mass @ x / mass.sum(), centre, atol=1e-4)


@pytest.mark.parametrize("key", ["intercept", "uncorrelated", pytest.param("slope", marks=pytest.mark.slow)])
def test_draws_are_those_of_the_grid(key, rng):
    own = grid(model(key))
    points, weights = own.points()
    x = own.draw(20_000, rng)
    mean = weights @ points
    spread = np.sqrt(weights @ (points - mean) ** 2)
    assert np.abs((x.mean(axis=0) - mean) / spread * np.sqrt(len(x))).max() < 4.0
    for k in range(points.shape[1]):
        order = np.argsort(points[:, k])
        cdf = np.cumsum(weights[order])
        for probability in (0.02, 0.3, 0.7, 0.98):
            limit = points[order[np.searchsorted(cdf, probability)], k]
            expected = weights[points[:, k] <= limit].sum() - 0.5 * weights[points[:, k] == limit].sum()
            assert (x[:, k] <= limit).mean() == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("table", ["Dyestuff", "Dyestuff2"])
def test_engines_agree_on_a_one_way_layout(table):
    found = one_way(table)
    fits = {engine: found.fit(engine=engine, **OPTIONS) for engine in ("compiled", "importance", "quadrature")}
    for engine in ("importance", "quadrature"):
        z = z_scores(fits[engine], fits["compiled"])
        assert z.abs().max() < 4.0, (engine, z)
    evidence = [fits[engine].idata.attrs["log_evidence"] for engine in ("importance", "quadrature")]
    assert evidence[0] == pytest.approx(evidence[1], abs=0.03)


@pytest.mark.slow
def test_engines_agree_on_sleepstudy():
    engines = ("compiled", "importance", "quadrature")
    fits = {engine: model("slope").fit(engine=engine, draws=4000, **OPTIONS) for engine in engines}
    for engine in ("importance", "quadrature"):
        z = z_scores(fits[engine], fits["compiled"])
        assert z.abs().max() < 4.0, (engine, z)
        sd = fits[engine].summary()["sd"] / fits["compiled"].summary()["sd"]
        assert (sd - 1.0).abs().max() < 0.06, (engine, sd)
    evidence = [fits[engine].idata.attrs["log_evidence"] for engine in ("importance", "quadrature")]
    assert evidence[0] == pytest.approx(evidence[1], abs=0.03)


def test_a_fit_by_quadrature_has_independent_draws(tmp_path):
    found = one_way("Dyestuff").fit(engine="quadrature", **OPTIONS)
    assert found.idata.attrs["engine"] == "quadrature"
    assert found.summary()["ess_bulk"].to_numpy() == pytest.approx(4000.0)
    assert found.verdict.ok, found.verdict
    assert "k-hat" not in str(found.verdict)
    found.save(tmp_path / "fit.nc")
    assert str(bm.load(tmp_path / "fit.nc").verdict) == str(found.verdict)
    again = one_way("Dyestuff").fit(engine="quadrature", cores=1, **OPTIONS)
    assert again.idata["posterior"].to_dataset().identical(found.idata["posterior"].to_dataset())


def test_what_has_too_many_dimensions_is_refused():
    with pytest.raises(bm.SamplingError, match=r"at most 2 random effects .* not 3: use engine='importance'"):
        model("third slope").fit(engine="quadrature", **OPTIONS)
    data = bm.load_dataset("Dyestuff")
    for prior in (bm.StudentT(3, 1500, 100), bm.Gamma(4, 0.003)):
        own = bm.MixedModel("Yield ~ 1 + (1 | Batch)", data, priors={"Intercept": prior})
        with pytest.raises(
            bm.SamplingError, match="adds a dimension: use engine='importance' or engine='compiled'"
        ):
            own.fit(engine="quadrature", **OPTIONS)
