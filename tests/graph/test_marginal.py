"""The marginal graph: its variables, what hangs on what, and predictive draws."""

import numpy as np
import pymc as pm
import pytest
from pytensor.graph.traversal import ancestors

from bayesmixed.graph import marginal_graph
from bayesmixed.graph.marginal import _Replicate
from bayesmixed.posterior import CovarianceDraws
from bayesmixed.priors import Flat, Gamma, HalfNormal, Normal, StudentT
from tests import dense
from tests.designs import random_table, stages, take_apart
from tests.graphs import PYTHON, constrained_values, log_probability

SLOPE = "y ~ t + f + (t | g)"
COVARIANCE = ["1|g_sigma_centered", "t|g_sigma", "g_corr_chol", "sigma"]
CASES = {
    "default": (SLOPE, None, []),
    "brms": (SLOPE, "brms", ["Intercept_scale"]),
    "student": (SLOPE, {"f": StudentT(4, 0, 2), "t": StudentT(3, 0, 5)}, ["t_scale", "f_scale"]),
    "explicit": (SLOPE, {"t": HalfNormal(5)}, ["t"]),
    "explicit vector": (SLOPE, {"f": Gamma(2, 1), "Intercept": HalfNormal(90)}, ["Intercept", "f"]),
    "flat": (SLOPE, {"t": Flat(), "Intercept": Flat()}, []),
}


def graph_of(formula, priors, weights=None):
    model = stages(formula, random_table(), priors, weights)
    return model, marginal_graph(model.design, model.posterior, model.names)


@pytest.fixture(params=CASES, ids=lambda name: name.replace(" ", "-"))
def case(request):
    formula, priors, extra = CASES[request.param]
    return *graph_of(formula, priors), extra


def test_free_variables(case):
    model, graph, extra = case
    random = model.priors.T.tolist() != np.eye(2).tolist()
    first = COVARIANCE if random else ["1|g_sigma", *COVARIANCE[1:]]
    assert sorted(v.name for v in graph.free_RVs) == sorted([*first, *extra])
    assert [v.name for v in graph.deterministics] == (["1|g_sigma", "g_corr"] if random else ["g_corr"])
    assert [v.name for v in graph.observed_RVs] == ["y"]
    np.testing.assert_array_equal(graph.rvs_to_values[graph["y"]].data, model.design.y)


def test_dimensions(case):
    model, graph, extra = case
    assert graph.named_vars_to_dims["y"] == ("__obs__",)
    assert graph.coords["__obs__"] == tuple(range(model.design.n_obs))
    for name in extra:
        if name.startswith("f"):
            assert graph.named_vars_to_dims[name] == ("f_dim",)
            assert graph.coords["f_dim"] == ("B", "C")
        else:
            assert name not in graph.named_vars_to_dims


def test_every_free_variable_is_an_ancestor_of_the_likelihood(case):
    _, graph, _ = case
    likelihood = graph.logp(vars=graph.observed_RVs, jacobian=False)
    above = set(ancestors([likelihood]))
    assert {value.name for value in graph.continuous_value_vars if value not in above} == set()
    assert set(graph.free_RVs) <= set(ancestors([graph["y"]]))


def test_the_density_sums_priors_and_the_integrated_likelihood(case):
    """Against SciPy and dense algebra at one point, without the compiled density."""
    from bayesmixed.density import Density
    from tests.test_density import random_point, reference

    model, graph, _ = case
    density = Density(model.posterior)
    x = random_point(density, 3)
    found = log_probability(graph)(constrained_values(model.posterior, x))
    assert found == pytest.approx(reference(model, density, x), abs=3e-8)


def test_a_pymc_prior_in_the_graph():
    """sigma under Gamma(2, rate .3) is the same from PyMC and from us."""
    _, ours = graph_of(SLOPE, {"sigma": Gamma(2, 0.3), "t": Normal(0, 4)})
    model, theirs = graph_of(SLOPE, {"sigma": pm.Gamma.dist(2, 0.3), "t": Normal(0, 4)})
    rng = np.random.default_rng(3)
    x = np.array([2.0, 0.5, 0.3, 1.2]) + rng.normal(scale=0.1, size=4)
    values = constrained_values(model.posterior, x)
    assert log_probability(theirs)(values) == pytest.approx(log_probability(ours)(values), abs=1e-8)


def test_an_explicit_coefficient_under_a_pymc_prior():
    model, graph = graph_of(SLOPE, {"t": pm.Laplace.dist(0, 3)})
    assert "t" in [v.name for v in graph.free_RVs]
    assert model.posterior.coefficients.explicit == (1,)
    likelihood = graph.logp(vars=graph.observed_RVs, jacobian=False)
    assert graph.rvs_to_values[graph["t"]] in set(ancestors([likelihood]))


# ---------------------------------------------------------------- predictive draws
REPLICATED = {
    "default": ("y ~ t + (t | g)", None, None),
    "weights": ("y ~ t + offset(o) + (1 | g)", None, "w"),
    "student": ("y ~ t + f + (1 | g)", {"f": StudentT(4, 1, 2)}, None),
    "explicit": ("y ~ t + (t | g)", {"t": HalfNormal(5)}, None),
}


@pytest.mark.parametrize("given_y", [1.0, 0.0])
@pytest.mark.parametrize("name", REPLICATED)
def test_replicates_have_the_exact_mean_and_covariance(name, given_y):
    formula, priors, weights = REPLICATED[name]
    model = stages(formula, random_table((3, 2, 3)), priors, weights)
    design, posterior = model.design, model.posterior
    coefficients = posterior.coefficients
    x = np.random.default_rng(4).normal(scale=0.3, size=20)
    size = model.design.q + (1 if model.priors.corr else 0) + 1
    x = x[: size + len(coefficients.explicit) + int(coefficients.student.sum())]
    sd, chol, sigma, explicit, lambdas = take_apart(posterior, x)
    precision = coefficients.precision.copy()
    precision[coefficients.student] /= lambdas
    Lambda = sd[:, None] * chol / sigma
    replicate, rng = _Replicate(design, posterior), np.random.default_rng(5)
    arguments = (design.offset, Lambda, np.float64(sigma), precision, explicit, np.float64(given_y))
    draws = np.array([replicate(*arguments, rng=rng) for _ in range(4000)])
    root = model.priors.T_inverse @ (Lambda * sigma)
    V = dense.covariance(design.Z_rows, design.group, root @ root.T, sigma, design.weights)
    stated = design.X @ model.priors.fixed_coding.inverse
    X, known = stated[:, list(coefficients.columns)], stated[:, list(coefficients.explicit)] @ explicit
    y = design.y - design.offset - known
    P, h = np.diag(precision), precision * coefficients.mean
    if given_y:
        P, h = P + X.T @ np.linalg.solve(V, X), h + X.T @ np.linalg.solve(V, y)
    mean = design.offset + known + X @ np.linalg.solve(P, h)
    dense.assert_normal(draws, mean, V + X @ np.linalg.inv(P) @ X.T)


def test_a_flat_prior_has_no_prior_draws():
    model = stages("y ~ t + (1 | g)", random_table(), {"t": Flat()})
    replicate = _Replicate(model.design, model.posterior)
    precision = model.posterior.coefficients.precision
    with pytest.raises(ValueError, match="a flat prior of a coefficient has no draws"):
        replicate(model.design.offset, np.eye(1), 1.0, precision, np.zeros(0), 0.0, np.random.default_rng(1))


def test_the_graph_draws_through_the_simulator():
    model, graph = graph_of("y ~ t + (1 | g)", {"1|g_sigma": HalfNormal(3), "sigma": HalfNormal(2)})
    with graph:
        pm.set_data({"replicate_given_y": 0.0})
    draws = pm.draw(graph["y"], draws=5, random_seed=1, mode=PYTHON)
    assert draws.shape == (5, model.design.n_obs)
    again = pm.draw(graph["y"], draws=5, random_seed=1, mode=PYTHON)
    np.testing.assert_array_equal(draws, again)
    with graph:
        pm.set_data({"replicate_given_y": 1.0})
    given = pm.draw(graph["y"], draws=5, random_seed=1, mode=PYTHON)
    assert not np.allclose(given, draws)
    # Given y, the level is that of y, to within a few of the priors' small sd.
    assert np.abs(given.mean(axis=1) - model.design.y.mean()).max() < 20


def test_replicates_and_the_kernel_share_one_beta():
    """The simulator's beta for zero noise is what `draw_beta` centres on."""
    model = stages("y ~ t + (t | g)", random_table())
    posterior = model.posterior
    draws = CovarianceDraws(
        posterior.covariance(np.eye(2)[None], np.array([2.0])),
        np.eye(2)[None] / 2.0,
        posterior.coefficients.precision[None],
        np.zeros((1, 0)),
    )

    class Silent:
        def standard_normal(self, shape):
            return np.zeros(shape)

    beta = posterior.draw_beta(draws, Silent())[0]
    replicate = _Replicate(model.design, posterior)
    table = replicate(model.design.offset, draws.Lambda[0], 2.0, draws.precision[0], np.zeros(0), 1.0, Silent())
    np.testing.assert_allclose(table, model.design.X @ beta, rtol=1e-10)
