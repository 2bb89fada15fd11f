"""Joint priors in the density: against the PyMC graph, between engines, and against 40,000 draws of rstanarm."""

import numpy as np
import pytest
from pytensor.scalar.basic import autocast_float_as

import bayesmixed as bm
from bayesmixed.density import Density
from bayesmixed.graph import hierarchical_graph, marginal_graph
from tests import dense
from tests.graphs import flat_values, logp_and_gradient

SLOPE, INTERCEPT = "Reaction ~ Days + (Days | Subject)", "Reaction ~ Days + (1 | Subject)"
CASES = {
    "decov": (SLOPE, "sleepstudy", bm.Priors.rstanarm()),
    "decov of one": (INTERCEPT, "sleepstudy", bm.Priors.rstanarm()),
    "decov twice": ("Reaction ~ Days + (Days || Subject)", "sleepstudy", bm.Priors.rstanarm()),
    "icc": (INTERCEPT, "sleepstudy", bm.Priors.icc(2, 8)),
    "icc with a slope": (SLOPE, "sleepstudy", bm.Priors.icc(1, 3, nu=5, scale=40)),
    "r2d2m2": (SLOPE, "sleepstudy", bm.Priors.r2d2m2(0.4, 3.0, 0.7)),
    "r2d2m2 of a factor": ("effort ~ Type + (1 | Subject)", "ergoStool", bm.Priors.r2d2m2()),
}


def model_of(name):
    formula, table, priors = CASES[name]
    return bm.MixedModel(formula, bm.load_dataset(table), priors=priors)


def point(density, seed):
    start = density.unconstrain(np.full(density.posterior.moments.q, 20.0), 25.0)
    return start + np.random.default_rng(seed).normal(scale=0.6, size=density.size)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_value_and_gradient_are_those_of_the_pymc_graph(name):
    model = model_of(name)
    density = Density(model.posterior)
    with autocast_float_as("float64"):
        graph = marginal_graph(model.design, model.posterior, model.names)
        evaluate = logp_and_gradient(graph)
        for seed in range(2):
            x = point(density, seed)
            value, gradient = density.value_and_gradient(x)
            flat = flat_values(graph, model.posterior, x)
            expected, by_pymc = evaluate(flat)
            assert value == pytest.approx(expected, rel=1e-11, abs=1e-8)
            order = [int(np.argmin(np.abs(x - number))) for number in flat]
            assert sorted(order) == list(range(density.size))
            np.testing.assert_allclose(gradient[order], by_pymc, rtol=1e-8, atol=1e-8)
            assert density.values(x[None])[0] == pytest.approx(value, rel=1e-13)


@pytest.mark.parametrize("name", CASES)
def test_gradient_by_central_differences(name):
    density = Density(model_of(name).posterior)
    x = point(density, 3)
    numeric = dense.numerical_gradient(lambda v: density.value_and_gradient(v)[0], x, 1e-4)
    np.testing.assert_allclose(density.value_and_gradient(x)[1], numeric, rtol=1e-6, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["icc", "decov of one", "decov"])
def test_quadrature_and_importance_agree(name):
    model = model_of(name)
    run = {"draws": 1000, "random_seed": 1, "progressbar": False}
    grid, weighted = (model.fit(engine=engine, **run) for engine in ("quadrature", "importance"))
    ours, theirs = grid.idata.attrs["log_evidence"], weighted.idata.attrs["log_evidence"]
    assert ours == pytest.approx(theirs, abs=0.05)
    for label, values in grid.scalars().items():
        other = weighted.scalars()[label]
        error = np.hypot(values.std(), other.std()) / np.sqrt(4000)
        assert abs(values.mean() - other.mean()) < 5 * error


def test_a_fit_is_stored_with_its_joint_prior(tmp_path):
    fit = model_of("r2d2m2").fit(draws=50, random_seed=1, progressbar=False, engine="importance")
    fit.save(tmp_path / "fit.nc")
    again = bm.load(tmp_path / "fit.nc")
    assert again.model.priors.resolved.joint == fit.model.priors.resolved.joint
    assert "sd of all that is explained / sigma" in str(again.model.priors)
    x = point(Density(fit.model.posterior), 1)
    assert Density(again.model.posterior).values(x[None]) == pytest.approx(
        Density(fit.model.posterior).values(x[None])
    )


def test_draws_of_the_compiled_engine_are_those_of_importance():
    model = model_of("r2d2m2 of a factor")
    nuts = model.fit(draws=1000, random_seed=1, progressbar=False)
    assert nuts.idata.attrs["engine"] == "compiled"
    weighted = model.fit(draws=1000, random_seed=2, progressbar=False, engine="importance")
    for label, values in nuts.scalars().items():
        ess = nuts.convergence(values)["ess_bulk"]
        other = weighted.scalars()[label]
        assert abs(values.mean() - other.mean()) < 5 * np.hypot(values.std() / np.sqrt(ess), other.std() / 55)


def test_the_hierarchical_graph_has_the_same_priors():
    """Its joint prior alone, without the rows, at the values of the marginal one."""
    model = model_of("r2d2m2")
    with autocast_float_as("float64"):
        marginal = marginal_graph(model.design, model.posterior, model.names)
        hierarchical = hierarchical_graph(model.design, model.priors.resolved, model.names)
    (ours,), (theirs,) = marginal.potentials, hierarchical.potentials
    assert ours.name == theirs.name == "joint_prior_1"
    values = {
        "1|Subject_sigma_centered": 20.0,
        "Days|Subject_sigma": 5.0,
        "sigma": 25.0,
        "Days_scale": 90.0,
    }
    found = [_at(graph, graph.potentials[0], values) for graph in (marginal, hierarchical)]
    assert found[0] == pytest.approx(found[1], rel=1e-12)
    (joint,) = model.priors.resolved.joint
    by_hand = joint.logpdf(np.sqrt([90.0, 20.0**2, 5.0**2]), 25.0) - np.log(2 * np.sqrt(90.0))
    assert found[0] == pytest.approx(by_hand, rel=1e-12)


def _at(graph, expression, values):
    from pytensor.graph.replace import graph_replace

    swap = {graph[name]: graph[name].type.filter_variable(np.float64(value)) for name, value in values.items()}
    return float(graph_replace([expression], swap, strict=False)[0].eval())


# ---------------------------------------------------------------- rstanarm
LABELS = {
    "(Intercept)": lambda f: f.beta[:, 0],
    "Days": lambda f: f.beta[:, 1],
    "sigma": lambda f: f.covariance.sigma,
    "Sigma[Subject:(Intercept),(Intercept)]": lambda f: f.covariance.G[:, 0, 0],
    "Sigma[Subject:Days,(Intercept)]": lambda f: f.covariance.G[:, 0, 1],
    "Sigma[Subject:Days,Days]": lambda f: f.covariance.G[:, 1, 1],
    "Sigma[Batch:(Intercept),(Intercept)]": lambda f: f.covariance.G[:, 0, 0],
}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:the priors put:bayesmixed.errors.BayesmixedWarning")
@pytest.mark.parametrize(("name", "formula"), [("sleepstudy", SLOPE), ("Dyestuff", "Yield ~ 1 + (1 | Batch)")])
def test_the_posterior_is_rstanarms(name, formula, rstanarm):
    """decov, sigma and coefficients at once: means, medians and sd of every parameter that it prints."""
    model = bm.MixedModel(formula, bm.load_dataset(name), priors="rstanarm")
    fit = model.fit(draws=10_000, random_seed=1, progressbar=False, engine="quadrature", keep_groups=False)
    rows = rstanarm["posterior"][name]
    assert {row["name"] for row in rows} <= set(LABELS)
    for row in rows:
        draws = LABELS[row["name"]](fit)
        error = np.hypot(row["mcse"], draws.std() / np.sqrt(len(draws)))
        assert abs(draws.mean() - row["mean"]) < 4 * error, row["name"]
        assert draws.std() == pytest.approx(row["sd"], rel=0.06)
        # The density at a quantile is about 0.05 per sd in the tails.
        assert np.median(draws) == pytest.approx(row["50%"], abs=5 * error)
        for key, share in (("2.5%", 0.025), ("97.5%", 0.975)):
            assert np.mean(draws < row[key]) == pytest.approx(share, abs=0.004)
