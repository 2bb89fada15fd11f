"""Parameters of graphs: free variables and deterministics, their dimensions, coordinates and values."""

import numpy as np
import pymc as pm
import pytensor
import pytest

from bayesmixed.graph.parameters import covariance_variables, prior_variable
from bayesmixed.parameters import CovarianceParameters, stored_name
from bayesmixed.priors import LKJ, HalfNormal, Normal, PymcPrior
from tests.designs import random_table, stages
from tests.graphs import PYTHON

CASES = {
    "y ~ t + (1 | g)": (["1|g_sigma", "sigma"], []),
    "y ~ t + (t | g)": (
        ["1|g_sigma_centered", "t|g_sigma", "g_corr_chol", "sigma"],
        ["1|g_sigma", "g_corr"],
    ),
    "y ~ t + (t || g)": (["1|g_sigma", "t|g_sigma", "sigma"], ["g_corr"]),
    "y ~ 0 + f + (0 + f | g)": (["f|g_sigma", "g_corr_chol", "sigma"], ["g_corr"]),
    "y ~ 0 + f + (0 + f + t | g)": (
        ["f|g_sigma_centered", "t|g_sigma", "g_corr_chol", "sigma"],
        ["f|g_sigma", "g_corr"],
    ),
    "y ~ t + (t | g) + (0 + f | g)": (
        ["1|g_sigma_centered", "t|g_sigma", "f|g_sigma", "g_corr_chol_1", "g_corr_chol_2", "sigma"],
        ["1|g_sigma", "g_corr"],
    ),
    "y ~ t + (I(t / 2) | g)": (
        ["1|g_sigma_centered", "I(t \u2215 2)|g_sigma", "g_corr_chol", "sigma"],
        ["1|g_sigma", "g_corr"],
    ),
}


def graph_of(formula, priors=None):
    model = stages(formula, random_table(), priors)
    with pm.Model(coords=model.names.coords()) as graph:
        variables = covariance_variables(model.priors, model.names)
    return model, graph, variables


@pytest.mark.parametrize("formula", CASES)
def test_names(formula):
    free, computed = CASES[formula]
    _, graph, _ = graph_of(formula)
    assert [variable.name for variable in graph.free_RVs] == free
    assert [variable.name for variable in graph.deterministics] == computed


@pytest.mark.parametrize("formula", CASES)
def test_dimensions_and_coordinates(formula):
    model, graph, _ = graph_of(formula)
    names = model.names
    for parameter in names.sd:
        dims = graph.named_vars_to_dims.get(stored_name(parameter.name), ())
        assert dims == (() if parameter.dim is None else (stored_name(parameter.dim),))
        for dim in dims:
            assert graph.coords[dim] == parameter.coords
    if names.has_corr:
        assert graph.named_vars_to_dims["g_corr"] == names.corr_dims
        for dim in names.corr_dims:
            assert graph.coords[dim] == names.random_labels


@pytest.mark.parametrize("formula", CASES)
def test_root_and_deterministics_from_drawn_parameters(formula):
    model, graph, variables = graph_of(formula)
    names, priors = model.names, model.priors
    asked = [*graph.free_RVs, *graph.deterministics, variables.root, variables.sigma]
    drawn = pm.draw(asked, draws=1, random_seed=4, mode=PYTHON)
    *values, root, sigma = drawn
    by_name = dict(zip([v.name for v in asked[:-2]], values, strict=True))
    # The root by hand from sd and Cholesky factors.
    sd = np.empty(len(names.random_labels))
    for parameter in names.sd:
        name = stored_name(parameter.name)
        sd[list(parameter.columns)] = by_name.get(f"{name}_centered", by_name.get(name))
    chol = np.eye(len(sd))
    wide = [block for block in priors.blocks if len(block) > 1]
    for number, block in enumerate(wide, start=1):
        suffix = f"_{number}" if len(wide) > 1 else ""
        chol[np.ix_(block, block)] = by_name[f"g_corr_chol{suffix}"]
    np.testing.assert_allclose(root, sd[:, None] * chol, rtol=1e-12)
    assert sigma == by_name["sigma"]
    own = priors.T_inverse @ root
    expected = CovarianceParameters.from_G(own @ own.T, sigma)
    for parameter in names.sd:
        found = by_name[stored_name(parameter.name)]
        np.testing.assert_allclose(found, parameter.value(expected.sd), rtol=1e-10)
    if names.has_corr:
        np.testing.assert_allclose(by_name["g_corr"], expected.corr, atol=1e-10)
        assert (np.diag(by_name["g_corr"]) == 1).all()
        between = np.ones(expected.corr.shape, dtype=bool)
        for block in priors.blocks:
            between[np.ix_(block, block)] = False
        assert not by_name["g_corr"][between].any()


def test_a_prior_at_zero_needs_no_second_name():
    _, graph, _ = graph_of("y ~ t + (t | g)", {"1|g_sigma": HalfNormal(9), "g_corr": LKJ(3)})
    assert [v.name for v in graph.free_RVs] == ["1|g_sigma", "t|g_sigma", "g_corr_chol", "sigma"]
    assert [v.name for v in graph.deterministics] == ["g_corr"]


def test_a_variable_under_a_family():
    with pm.Model(coords={"f_dim": ["B", "C"]}) as graph:
        scalar = prior_variable("a", Normal(1, 0.5), None, None)
        vector = prior_variable("f", Normal((1.0, 5.0), 0.5), ("f_dim",), 2)
    assert scalar.type.ndim == 0
    logp = graph.logp([scalar, vector], sum=False)
    values = {variable.name: v for variable, v in zip(graph.value_vars, (1.5, [1.5, 6.0]), strict=True)}
    found = pytensor.function(graph.value_vars, logp, mode=PYTHON)(values["a"], np.array(values["f"]))
    np.testing.assert_allclose(found[0], Normal(1, 0.5).logpdf(1.5), rtol=1e-7)
    np.testing.assert_allclose(found[1], Normal((1.0, 5.0), 0.5).logpdf([1.5, 6.0]), rtol=1e-7)


def test_a_variable_under_a_pymc_distribution_takes_the_size_of_the_parameter():
    prior = PymcPrior(pm.Gamma.dist(2, 1), "Gamma(2, 1)")
    with pm.Model(coords={"f_dim": ["B", "C", "D"]}) as graph:
        scalar = prior_variable("a", prior, None, None)
        vector = prior_variable("f", prior, ("f_dim",), 3)
    assert (scalar.name, vector.name) == ("a", "f")
    assert graph.named_vars_to_dims["f"] == ("f_dim",)
    assert pm.draw(scalar, mode=PYTHON).shape == ()
    assert pm.draw(vector, mode=PYTHON).shape == (3,)


def test_a_pymc_distribution_serves_several_graphs():
    prior = PymcPrior(pm.Gamma.dist(2, 1), "Gamma(2, 1)")
    for name in ("first", "second"):
        with pm.Model() as graph:
            prior_variable(name, prior, None, None)
        assert [v.name for v in graph.free_RVs] == [name]
        # Positive: sampled on the log scale.
        assert [v.name for v in graph.value_vars] == [f"{name}_log__"]
