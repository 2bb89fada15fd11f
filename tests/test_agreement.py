"""The whole line against numbers that other routes give: brms, PyMC's own sampling of both graphs, quadrature."""

import itertools
import warnings

import numpy as np
import pytest
from scipy import stats

import bayesmixed as bm
from tests.dense import covariance
from tests.fits import FORMULAS, copy_of, z_scores

LONG = {"draws": 10_000, "tune": 1000, "chains": 4, "random_seed": 20, "progressbar": False}


# ---------------------------------------------------------------- brms
BRMS_NAMES = {
    "b_Intercept": "Intercept",
    "b_Days": "Days",
    "sd_Subject__Intercept": "1|Subject_sigma",
    "sd_Subject__Days": "Days|Subject_sigma",
    "cor_Subject__Intercept__Days": "Subject_corr[Intercept,Days]",
    "sigma": "sigma",
}


@pytest.fixture(scope="module")
def like_brms():
    model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), priors="brms")
    with pytest.warns(bm.BayesmixedWarning, match="66 % of their mass on an ICC"):
        return model.fit(**LONG)


def scalars_and_effects(found):
    """Draws (chains, draws) under brms's names."""
    draws = {theirs: found.scalars()[ours] for theirs, ours in BRMS_NAMES.items()}
    for k, term in enumerate(["Intercept", "Days"]):
        for j, level in enumerate(found.model.design.levels):
            draws[f"r_Subject[{level},{term}]"] = found.effects[:, j, k].reshape(found.shape)
    return draws


@pytest.mark.slow
def test_sleepstudy_agrees_with_brms(like_brms, brms):
    from bayesmixed.summary import convergence

    assert like_brms.verdict.divergences == 0
    draws = scalars_and_effects(like_brms)
    theirs = {row["variable"]: row for row in brms["draws"]}
    assert set(draws) == set(theirs) - {"lp__", "lprior", "Intercept"}
    worst = {}
    for name, values in draws.items():
        row = theirs[name]
        worst[name] = (values.mean() - row["mean"]) / np.hypot(convergence(values)["mcse_mean"], row["mcse_mean"])
    assert max(map(abs, worst.values())) < 4.0, worst
    for name, values in draws.items():
        row = theirs[name]
        assert values.std() == pytest.approx(row["sd"], rel=0.05), name
        found = np.quantile(values, [0.025, 0.5, 0.975])
        assert found == pytest.approx([row["2.5%"], row["median"], row["97.5%"]], abs=0.08 * row["sd"]), name


# ---------------------------------------------------------------- no divergence on any bundled table
CASES = [
    ("Dyestuff", "Yield ~ 1 + (1 | Batch)"),
    ("Dyestuff2", "Yield ~ 1 + (1 | Batch)"),
    ("ergoStool", "effort ~ Type + (1 | Subject)"),
    ("sleepstudy", "Reaction ~ Days + (Days | Subject)"),
    ("sleepstudy", "Reaction ~ Days + (Days || Subject)"),
    ("sleepstudy", "Reaction ~ Days + (1 | Subject)"),
    ("teaching", "y ~ time + (1 | ID)"),
]


@pytest.mark.parametrize("priors", ["default", "brms"])
@pytest.mark.parametrize(("table", "formula"), CASES)
@pytest.mark.filterwarnings("ignore::bayesmixed.BayesmixedWarning")
def test_default_settings_are_enough_for_every_bundled_table(table, formula, priors):
    found = bm.MixedModel(formula, bm.load_dataset(table), priors=priors).fit(random_seed=1, progressbar=False)
    assert found.verdict.divergences == 0
    assert found.verdict.ok, found.verdict


# ---------------------------------------------------------------- quadrature
class Quadrature:
    """Posterior of a one-way layout on a grid of (log sd, log sigma), with V built densely and SciPy's densities.

    y ~ N(m 1, V + w^2 1 1'): the intercept's normal prior N(m, w^2) is integrated out by hand.
    """

    def __init__(self, y, group, priors, points=(160, 70)):
        location, width = priors["Intercept"].mu, priors["Intercept"].sigma
        ones, spread = np.ones(len(y)), y.std()
        self.sd = np.exp(np.linspace(np.log(1e-3 * spread), np.log(60 * spread), points[0]))
        self.sigma = np.exp(np.linspace(np.log(0.2 * spread), np.log(4 * spread), points[1]))
        log_density, mean, variance = (np.empty(points) for _ in range(3))
        for i, k in itertools.product(*map(range, points)):
            V = covariance(ones[:, None], group, np.array([[self.sd[i] ** 2]]), self.sigma[k])
            marginal = stats.multivariate_normal(location * ones, V + width**2)
            log_density[i, k] = marginal.logpdf(y)
            solved = np.linalg.solve(V, np.column_stack([ones, y]))
            precision = ones @ solved[:, 0] + width**-2
            mean[i, k] = (ones @ solved[:, 1] + location / width**2) / precision
            variance[i, k] = 1.0 / precision
        half_t = {name: (priors[name].nu, priors[name].sigma) for name in ("1|Batch_sigma", "sigma")}
        for axis, values, name in ((0, self.sd, "1|Batch_sigma"), (1, self.sigma, "sigma")):
            nu, scale = half_t[name]
            prior = stats.t.logpdf(values, nu, scale=scale) + np.log(values)  # the grid is even in the logarithm
            log_density += prior[:, None] if axis == 0 else prior
        weight = np.exp(log_density - log_density.max())
        self.weight, self.intercept = weight / weight.sum(), (mean, variance)

    def mean_and_sd(self, values):
        mean = (self.weight * values).sum()
        return mean, np.sqrt((self.weight * (values - mean) ** 2).sum())


@pytest.mark.slow
@pytest.mark.parametrize("table", ["Dyestuff", "Dyestuff2"])
def test_a_one_way_layout_agrees_with_quadrature(table):
    model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset(table))
    priors = model.priors.resolved
    grid = Quadrature(model.design.y, model.design.group, priors)
    sd, sigma = np.meshgrid(grid.sd, grid.sigma, indexing="ij")
    expected = {
        "1|Batch_sigma": grid.mean_and_sd(sd),
        "sigma": grid.mean_and_sd(sigma),
        "ICC": grid.mean_and_sd(sd**2 / (sd**2 + sigma**2)),
        "small": grid.mean_and_sd(sd < 0.3 * model.design.y.std()),
    }
    mean, variance = grid.intercept
    location, between = grid.mean_and_sd(mean)
    expected["Intercept"] = location, np.sqrt(between**2 + (grid.weight * variance).sum())

    fit = model.fit(draws=5000, tune=1000, chains=4, random_seed=4, progressbar=False)
    from bayesmixed.summary import convergence

    scalars = fit.scalars()
    scalars["ICC"] = fit.icc_draws()[:, 0].reshape(fit.shape)
    scalars["small"] = (scalars["1|Batch_sigma"] < 0.3 * model.design.y.std()).astype(float)
    z = {}
    for name, (mean, spread) in expected.items():
        z[name] = (scalars[name].mean() - mean) / convergence(scalars[name])["mcse_mean"]
        if name != "small":
            assert scalars[name].std() == pytest.approx(spread, rel=0.1), name
    assert max(map(abs, z.values())) < 4.0, z


# ---------------------------------------------------------------- PyMC's own sampling of the graphs
def sampled_by_pymc(model, graph, **options):
    """Draws by plain ``pm.sample``; what PyMC and PyTensor warn of while compiling is theirs."""
    import pymc as pm
    import pytensor

    pytensor.config.blas__ldflags = ""  # none here; looking for one warns
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with model.to_pymc(graph, **options):
            return pm.sample(1500, tune=1000, chains=2, cores=2, random_seed=3, progressbar=False)


GRAPHS = {
    "default": ("Reaction ~ Days + (Days | Subject)", {}),
    "student and half-normal": (
        "Reaction ~ Days + (Days || Subject)",
        {"Intercept": bm.StudentT(3, 250, 20), "Days": bm.HalfNormal(8), "sigma": bm.Exponential(1 / 30)},
    ),
}


@pytest.mark.filterwarnings("ignore:the priors put:bayesmixed.errors.BayesmixedWarning")
@pytest.mark.slow
@pytest.mark.parametrize("priors", GRAPHS)
def test_pymc_samples_both_graphs_to_the_same_posterior(priors, sleepstudy):
    formula, given = GRAPHS[priors]
    model = bm.MixedModel(formula, sleepstudy, priors=given)
    own = model.fit(draws=4000, tune=1000, chains=4, random_seed=2, progressbar=False)
    graphs = {graph: sampled_by_pymc(model, graph) for graph in ("marginal", "hierarchical")}
    fits = {graph: model.fit_from(tree, random_seed=5) for graph, tree in graphs.items()}
    for graph, found in fits.items():
        z = z_scores(found, own)
        assert z.abs().max() < 4.0, (graph, z)
        np.testing.assert_allclose(found.summary()["sd"], own.summary()["sd"], rtol=0.25)
        assert found.verdict.divergences == 0
        assert found.shape == (2, 1500)
    # The hierarchical graph's own coefficients and random effects, against the exact draws.
    from bayesmixed.summary import convergence

    posterior = graphs["hierarchical"]["posterior"]
    for name in ("Intercept", "Days"):
        theirs, ours = posterior[name].to_numpy(), own.scalars()[name]
        error = np.hypot(convergence(theirs)["mcse_mean"], convergence(ours)["mcse_mean"])
        assert abs(theirs.mean() - ours.mean()) < 4.0 * error, name
    for name in ("1|Subject", "Days|Subject"):
        theirs = posterior[name].to_numpy()
        ours = own.idata["posterior"][name].to_numpy()
        for j in range(18):
            error = np.hypot(convergence(theirs[..., j])["mcse_mean"], convergence(ours[..., j])["mcse_mean"])
            assert abs(theirs[..., j].mean() - ours[..., j].mean()) < 4.5 * error, (name, j)
    assert ("Intercept_scale" in graphs["marginal"]["posterior"]) is bool(given)
    assert "Intercept_scale" not in posterior


@pytest.mark.slow
def test_a_fit_of_pymc_draws_is_a_full_fit(sleepstudy, tmp_path):
    model = bm.MixedModel(FORMULAS["slope"], sleepstudy)
    found = model.fit_from(sampled_by_pymc(model, "hierarchical", parametrisation="centered"))
    assert found.compare_reml()["shift"].abs().max() < 2.0
    assert found.predict().shape == (180, 5)
    assert found.posterior_predictive(draws=20)["posterior_predictive"]["Reaction"].shape == (2, 10, 180)
    found.save(tmp_path / "fit.nc")
    again = bm.load(tmp_path / "fit.nc")
    assert again.summary().equals(found.summary())
    assert again.verdict == found.verdict


@pytest.mark.slow
def test_pymc_draws_replicates_from_the_marginal_graph(sleepstudy):
    """For new groups, from our own draws: mean, spread and the covariance within groups."""
    import pymc as pm
    import pytensor

    pytensor.config.blas__ldflags = ""
    model = bm.MixedModel("Reaction ~ Days + (1 | Subject)", sleepstudy)
    fit = model.fit(draws=500, tune=1000, chains=2, random_seed=1, progressbar=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        graph = model.to_pymc("marginal")
        free = [variable.name for variable in graph.free_RVs]
        assert set(free) <= set(fit.idata["posterior"].data_vars)
        tree = pm.sample_posterior_predictive(fit.idata, model=graph, random_seed=1, progressbar=False)
    theirs = tree["posterior_predictive"]["Reaction"]
    assert theirs.dims == ("chain", "draw", "__obs__")
    ours = copy_of(fit).posterior_predictive("new", random_seed=2)["posterior_predictive"]["Reaction"]
    theirs, ours = (draws.to_numpy().reshape(1000, 180) for draws in (theirs, ours))
    spread = ours.std(axis=0)
    assert np.abs((theirs.mean(axis=0) - ours.mean(axis=0)) / spread).max() < 5.0 * np.sqrt(2 / 1000)
    np.testing.assert_allclose(theirs.std(axis=0), spread, rtol=5.0 * np.sqrt(1 / 1000))
    sd2 = (fit.draws_of("1|Subject_sigma") ** 2).mean()
    within, between = np.cov(theirs[:, 0], theirs[:, 5])[0, 1], np.cov(theirs[:, 0], theirs[:, 15])[0, 1]
    assert within == pytest.approx(sd2, rel=0.3)
    assert abs(between) < 0.15 * sd2


@pytest.mark.slow
def test_a_user_density_of_pymc_agrees_with_the_same_family_of_ours(sleepstudy):
    import pymc as pm

    formula = "Reaction ~ Days + (1 | Subject)"
    ours = bm.MixedModel(formula, sleepstudy, priors={"sigma": bm.Gamma(2.0, 0.1), "Days": bm.Normal(5, 1)})
    theirs = bm.MixedModel(
        formula, sleepstudy, priors={"sigma": pm.Gamma.dist(2.0, 0.1), "Days": pm.Normal.dist(5.0, 1.0)}
    )
    options = {"draws": 2000, "tune": 1000, "chains": 2, "progressbar": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        second = theirs.fit(random_seed=2, **options)
    first = ours.fit(random_seed=1, **options)
    assert second.idata.attrs["engine"] == "pymc"
    assert z_scores(first, second).abs().max() < 4.0
    np.testing.assert_allclose(first.summary()["sd"], second.summary()["sd"], rtol=0.2)
