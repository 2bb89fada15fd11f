"""The hierarchical graph: its variables, and its equality with the marginal one by exact conditionals."""

import numpy as np
import pymc as pm
import pytest
from pytensor.graph.traversal import ancestors
from scipy import special, stats

from bayesmixed.errors import SamplingError
from bayesmixed.graph import hierarchical_graph, marginal_graph
from bayesmixed.parameters import stored_name
from bayesmixed.priors import Gamma, HalfNormal, StudentT
from tests import dense
from tests.designs import random_table, stages, take_apart
from tests.fits import fit
from tests.fits import model as fitted_model
from tests.graphs import PYTHON, constrained_values, log_probability

CASES = {
    "default": ("y ~ t + x + (t | g)", None, None),
    "weights and offset": ("y ~ t + offset(o) + (t | g)", None, "w"),
    "uncorrelated": ("y ~ t + (t || g)", None, None),
    "factor slopes": ("y ~ 0 + f + t + (0 + f + t | g)", None, None),
    "two blocks": ("y ~ t + (t | g) + (0 + f | g)", None, None),
    "explicit": ("y ~ t + f + (t | g)", {"t": HalfNormal(5), "f": Gamma(2, 1)}, None),
    "pymc": ("y ~ t + (1 | g)", {"sigma": lambda: pm.Gamma.dist(2, 0.3)}, None),
    "flat": ("y ~ t + (t | g)", "brms without student", None),
}


def stages_of(name):
    formula, priors, weights = CASES[name]
    if priors == "brms without student":
        from bayesmixed.priors import Normal, Priors

        priors = Priors.brms() | {"Intercept": Normal(0, 30)}
    elif priors:
        priors = {key: value() if callable(value) else value for key, value in priors.items()}
    return stages(formula, random_table((4, 3, 5, 1, 6, 4)), priors, weights)


def random_vector(posterior, seed=6):
    rng = np.random.default_rng(seed)
    sizes = [len(block) for block in posterior.priors.blocks]
    n_corr = sum(size * (size - 1) // 2 for size in sizes)
    coefficients = posterior.coefficients
    q, rest = posterior.moments.q, len(coefficients.explicit) + int(coefficients.student.sum())
    level = np.concatenate([np.full(q, 1.0), np.zeros(n_corr), [1.4], np.zeros(rest)])
    return level + rng.normal(scale=0.4, size=len(level))


def conditional(model, x, precision):
    """Exact joint normal of the integrated coefficients and all b, in the coding of the priors."""
    design, coefficients = model.design, model.posterior.coefficients
    sd, chol, sigma, explicit, _ = take_apart(model.posterior, x)
    root = sd[:, None] * chol
    X = design.X @ model.priors.fixed_coding.inverse
    Z = dense.group_blocks(design.Z_rows @ model.priors.T_inverse, design.group)
    y = design.y - design.offset - X[:, list(coefficients.explicit)] @ explicit
    A = np.hstack([X[:, list(coefficients.columns)], Z])
    J, n = design.n_groups, len(coefficients.columns)
    prior = np.zeros((A.shape[1],) * 2)
    prior[:n, :n] = np.diag(precision)
    prior[n:, n:] = np.kron(np.eye(J), np.linalg.inv(root @ root.T))
    weighted = A.T * design.weights / sigma**2
    P = weighted @ A + prior
    h = weighted @ y + np.concatenate([precision * coefficients.mean, np.zeros(J * design.q)])
    covariance = np.linalg.inv(P)
    return stats.multivariate_normal(covariance @ h, (covariance + covariance.T) / 2), root


def hierarchical_values(model, x, a, root, parametrisation):
    """Values of the hierarchical graph's free variables at coefficients and effects a."""
    posterior, design = model.posterior, model.design
    values = constrained_values(posterior, x)
    n = len(posterior.coefficients.columns)
    stated = np.empty(design.p)
    stated[list(posterior.coefficients.columns)] = a[:n]
    stated[list(posterior.coefficients.explicit)] = take_apart(posterior, x).explicit
    for parameter in model.names.fixed:
        values[stored_name(parameter.name)] = parameter.value(stated)
    b = a[n:].reshape(design.n_groups, design.q)
    values["g_effects"] = b
    values["g_offset"] = np.linalg.solve(root, b.T).T
    return values


#: Between them: both parametrisations, weights, factors, explicit coefficients.
FAST = [("weights and offset", "noncentered"), ("explicit", "centered"), ("factor slopes", "centered")]


def every_pair():
    for name in CASES:
        for parametrisation in ("noncentered", "centered"):
            marks = [] if (name, parametrisation) in FAST else [pytest.mark.slow]
            yield pytest.param(name, parametrisation, marks=marks)


@pytest.mark.parametrize(("name", "parametrisation"), [*every_pair()])
def test_bayes_theorem_at_a_random_point(name, parametrisation):
    """p(theta, y) p(beta, b | theta, y) = p(theta, beta, b, y): an identity that no sampling blurs."""
    model = stages_of(name)
    x = random_vector(model.posterior)
    normal, root = conditional(model, x, model.posterior.coefficients.precision)
    marginal = marginal_graph(model.design, model.posterior, model.names)
    graph = hierarchical_graph(model.design, model.priors, model.names, parametrisation)
    expected = log_probability(marginal)(constrained_values(model.posterior, x))
    log_p = log_probability(graph)
    for seed in range(2):
        a = normal.rvs(random_state=np.random.default_rng(seed)) + seed * 0.3
        found = log_p(hierarchical_values(model, x, a, root, parametrisation))
        jacobian = 0.0
        if parametrisation == "noncentered":
            jacobian = model.design.n_groups * np.linalg.slogdet(root)[1]
        assert found - jacobian == pytest.approx(expected + normal.logpdf(a), abs=1e-6)


@pytest.mark.parametrize(
    ("formula", "priors"),
    [
        ("y ~ t + (1 | g)", {"t": StudentT(4, 1, 2)}),
        pytest.param("y ~ t + (t | g)", "brms", marks=pytest.mark.slow),
    ],
)
def test_the_auxiliary_scale_integrates_to_the_student_t(formula, priors):
    """The same identity, summed over a grid of log lambda."""
    model = stages(formula, random_table((4, 3, 5, 1, 6, 4)), priors)
    x = random_vector(model.posterior)
    coefficients = model.posterior.coefficients
    log_marginal = log_probability(marginal_graph(model.design, model.posterior, model.names))
    graph = hierarchical_graph(model.design, model.priors, model.names, "centered")
    normal, root = conditional(model, x, coefficients.precision)
    a = normal.rvs(random_state=np.random.default_rng(1))
    grid = np.linspace(-6, 10, 161)
    terms = []
    for point in grid:
        moved = np.append(x[:-1], point)
        precision = coefficients.precision.copy()
        precision[coefficients.student] *= np.exp(-point)
        own, _ = conditional(model, moved, precision)
        terms.append(log_marginal(constrained_values(model.posterior, moved)) + own.logpdf(a))
    expected = special.logsumexp(terms) + np.log(grid[1] - grid[0])
    found = log_probability(graph)(hierarchical_values(model, x, a, root, "centered"))
    assert found == pytest.approx(expected, abs=1e-6)


# ---------------------------------------------------------------- names
@pytest.mark.parametrize(
    ("parametrisation", "effects"), [("noncentered", "g_offset"), ("centered", "g_effects_centered")]
)
def test_variables(parametrisation, effects):
    model = stages("y ~ t + f + (t | g)", random_table())
    graph = hierarchical_graph(model.design, model.priors, model.names, parametrisation)
    assert {v.name for v in graph.free_RVs} == {
        "Intercept_centered",
        "t",
        "f_centered",
        "1|g_sigma_centered",
        "t|g_sigma",
        "g_corr_chol",
        "sigma",
        effects,
    }
    assert {v.name for v in graph.deterministics} == {"Intercept", "f", "1|g_sigma", "g_corr", "1|g", "t|g"}
    assert graph.named_vars_to_dims["1|g"] == ("g__factor_dim",)
    assert graph.named_vars_to_dims["f"] == ("f_dim",)
    assert graph.named_vars_to_dims["y"] == ("__obs__",)
    assert graph.coords["g__factor_dim"] == model.design.levels


def test_variables_of_factor_slopes():
    model = stages("y ~ 0 + f + (0 + f | g)", random_table())
    graph = hierarchical_graph(model.design, model.priors, model.names)
    assert graph.named_vars_to_dims["f|g"] == ("f__expr_dim", "g__factor_dim")
    assert graph.coords["f__expr_dim"] == ("A", "B", "C")


@pytest.mark.parametrize("graph", ["marginal", "hierarchical"])
@pytest.mark.parametrize("key", ["third slope", "factor"])
def test_dims_are_those_of_the_draws_of_a_fit(key, graph):
    found = fitted_model(key).to_pymc(graph)
    posterior = fit(key).idata["posterior"]
    shared = set(posterior.data_vars) & set(found.named_vars)
    effects = {stored_name(parameter.name) for parameter in fitted_model(key).names.effects}
    assert effects <= shared if graph == "hierarchical" else not effects & shared
    assert {"sigma", "1|Subject_sigma"} <= shared
    for name in shared:
        assert tuple(found.named_vars_to_dims.get(name) or ()) == posterior[name].dims[2:]
        assert pm.draw(found[name], random_seed=1, mode=PYTHON).shape == posterior[name].shape[2:]
    for dim in posterior.dims:
        if dim in found.coords:
            assert [str(value) for value in found.coords[dim]] == posterior[dim].to_numpy().tolist()


def test_effects_of_factor_slopes_stand_in_their_places():
    found = stages("y ~ 0 + f + (0 + f | g)", random_table())
    graph = hierarchical_graph(found.design, found.priors, found.names, "centered")
    b, own = pm.draw([graph["g_effects_centered"], graph["f|g"]], random_seed=2, mode=PYTHON)
    np.testing.assert_allclose(own.T, b @ found.priors.T_inverse.T, rtol=1e-12)


def test_a_prior_of_the_intercept_at_zero_needs_no_second_name():
    model = stages("y ~ t + (1 | g)", random_table(), {"Intercept": HalfNormal(90)})
    graph = hierarchical_graph(model.design, model.priors, model.names)
    assert "Intercept" in {v.name for v in graph.free_RVs}


@pytest.mark.parametrize("parametrisation", ["noncentered", "centered"])
@pytest.mark.parametrize("name", CASES)
def test_every_free_variable_is_an_ancestor_of_the_likelihood(name, parametrisation):
    model = stages_of(name)
    graph = hierarchical_graph(model.design, model.priors, model.names, parametrisation)
    above = set(ancestors([graph["y"]]))
    # A centred b follows from root through its own prior: root is above b, and b above y.
    assert {v.name for v in graph.free_RVs if v not in above} == set()


def test_deterministics_are_in_the_users_coding():
    model = stages("y ~ t + (t | g)", random_table())
    graph = hierarchical_graph(model.design, model.priors, model.names, "centered")
    wanted = ["Intercept_centered", "t", "Intercept", "g_effects_centered", "1|g", "t|g"]
    drawn = pm.draw([graph[name] for name in wanted], random_seed=2, mode=PYTHON)
    values = dict(zip(wanted, drawn, strict=True))
    mean = model.design.X[:, 1].mean()
    assert values["Intercept"] == pytest.approx(values["Intercept_centered"] - mean * values["t"], rel=1e-10)
    b = values["g_effects_centered"]
    np.testing.assert_allclose(values["t|g"], b[:, 1], rtol=1e-12)
    np.testing.assert_allclose(values["1|g"], b[:, 0] - mean * b[:, 1], rtol=1e-10)


def test_other_parametrisations_are_refused():
    model = stages("y ~ t + (1 | g)", random_table())
    with pytest.raises(SamplingError, match="parametrisation must be"):
        hierarchical_graph(model.design, model.priors, model.names, "center")
