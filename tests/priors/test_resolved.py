"""Resolved priors: overrides and the coding that they act in, what is integrated, plain data."""

import json

import numpy as np
import pytest

from bayesmixed.errors import PriorError
from bayesmixed.priors import (
    LKJ,
    Exponential,
    Flat,
    Gamma,
    HalfNormal,
    HalfStudentT,
    Normal,
    PymcPrior,
    ResolvedPriors,
    StudentT,
)
from tests.designs import random_table, stages

SLOPE = "y ~ t + f + (t | g)"


def resolved(formula=SLOPE, priors=None, table=None):
    return stages(formula, random_table() if table is None else table, priors).priors


# ---------------------------------------------------------------- a mapping
def test_a_mapping_from_names_to_families():
    priors = resolved()
    assert list(priors) == ["Intercept", "t", "f", "1|g_sigma", "t|g_sigma", "g_corr", "sigma"]
    assert len(priors) == 7
    assert priors["g_corr"] == priors.corr == LKJ(2)
    assert priors["sigma"] is priors.sigma
    assert priors["t|g_sigma"] is priors.sd["t|g_sigma"]
    with pytest.raises(KeyError):
        priors["nothing"]
    assert "g_corr" not in resolved("y ~ t + (1 | g)")
    assert "g_corr" not in resolved("y ~ t + (t || g)")


# ---------------------------------------------------------------- overrides and their coding
def centres(priors):
    return priors.fixed_coding.centre.tolist(), [coding.centre.tolist() for coding in priors.block_codings]


def test_defaults_act_at_the_means():
    t = random_table()["t"].mean()
    f = [(random_table()["f"] == level).mean() for level in "BC"]
    fixed, blocks = centres(resolved())
    np.testing.assert_allclose(fixed, [0, t, *f])
    np.testing.assert_allclose(blocks, [[0, t]])


def test_where_each_prior_is_stated():
    found = stages(SLOPE, random_table())
    stated = {p.name: found.priors.stated_at(p) for p in (*found.names.fixed, *found.names.sd)}
    means = found.design.X.mean(axis=0)
    assert stated["Intercept"] == pytest.approx(dict(enumerate(means[1:], start=1)))
    assert stated["1|g_sigma"] == pytest.approx({1: found.design.Z_rows[:, 1].mean()})
    assert stated["t"] == stated["f"] == stated["t|g_sigma"] == {}


@pytest.mark.parametrize(
    ("formula", "given", "moved", "turned"),
    [
        (SLOPE, {}, {"Intercept", "f", "1|g_sigma"}, {"f"}),
        ("y ~ t + (0 + t | g) + (f | g)", {}, {"Intercept", "f|g_sigma"}, {"f|g_sigma"}),
        ("y ~ t * f + (t || g)", {}, {"Intercept", "t", "f", "t:f"}, {"t", "f", "t:f"}),
        ("y ~ t + f + (f | g)", {"f": Normal(0, 1), "f|g_sigma": HalfNormal(1)}, {"Intercept"}, set()),
    ],
)
def test_which_priors_are_of_something_else_than_the_coefficient_at_zero(formula, given, moved, turned):
    found = stages(formula, random_table(), given)
    for parameter in (*found.names.fixed, *found.names.sd):
        assert found.priors.is_moved(parameter) == (parameter.name in moved), parameter.name
        assert found.priors.is_turned(parameter) == (parameter.name in turned), parameter.name
        if parameter.name not in moved:
            assert found.priors.reach(parameter) == set(parameter.columns)
    assert found.priors.reach(found.names.fixed[0]) == set(range(found.design.p))


@pytest.mark.parametrize(
    ("given", "fixed_moves", "random_moves"),
    [
        ({"Intercept": Normal(0, 10)}, True, False),
        ({"t": Normal(0, 10)}, False, False),
        ({"f": StudentT(3, 0, 1)}, False, False),
        ({"1|g_sigma": HalfNormal(10)}, False, True),
        ({"t|g_sigma": HalfNormal(10)}, False, False),
        ({"g_corr": LKJ(1)}, False, True),
        ({"sigma": HalfNormal(1)}, False, False),
    ],
)
def test_a_prior_by_name_acts_at_x_zero(given, fixed_moves, random_moves):
    before, after = resolved(), resolved(priors=given)
    assert after.given == tuple(given)
    ((name, prior),) = given.items()
    assert after[name] == prior
    for other in before:
        if other != name:
            assert after[other] == before[other]
    assert (after.fixed_coding.centre == 0).all() == fixed_moves
    assert (after.block_codings[0].centre == 0).all() == random_moves
    if not fixed_moves:
        np.testing.assert_array_equal(after.fixed_coding.centre, before.fixed_coding.centre)
    if not random_moves:
        np.testing.assert_array_equal(after.T, before.T)


def test_a_prior_of_the_factor_that_holds_the_constant_moves_too():
    priors = resolved("y ~ 0 + f + t + (0 + f + t | g)", {"f": Normal(0, 9), "f|g_sigma": HalfNormal(3)})
    assert not priors.fixed_coding.centre.any()
    assert not priors.block_codings[0].centre.any()
    untouched = resolved("y ~ 0 + f + t + (0 + f + t | g)")
    assert untouched.fixed_coding.centre[3] == pytest.approx(random_table()["t"].mean())


def test_only_the_block_of_that_parameter_moves():
    formula = "y ~ t + u + (t | g) + (0 + u | g)"
    priors = resolved(formula, {"u|g_sigma": HalfNormal(3)})
    np.testing.assert_array_equal(priors.T, resolved(formula).T)


def test_T_maps_the_users_G_to_the_means():
    """The variance at the mean of t is the first entry of ``T G T'``."""
    priors = resolved()
    t = random_table()["t"].mean()
    G = np.array([[4.0, -0.7], [-0.7, 0.5]])
    at_mean = priors.T @ G @ priors.T.T
    z = np.array([1.0, t])
    assert at_mean[0, 0] == pytest.approx(z @ G @ z, rel=1e-13)
    assert at_mean[1, 1] == pytest.approx(0.5, rel=1e-13)
    np.testing.assert_allclose(priors.T @ priors.T_inverse, np.eye(2), atol=1e-13)


# ---------------------------------------------------------------- what is refused
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"T": Normal(0, 1)}, r"no parameter 'T' to set a prior for; there are Intercept, t, f, "),
        ({"1|g_sigm": HalfNormal(1)}, r"did you mean '1\|g_sigma'\?"),
        ({"g_cor": LKJ(1)}, r"did you mean 'g_corr'\?"),
        ({"sigma": Normal(0, 1)}, r"the prior of 'sigma' must be positive, .*Normal\(mu=0, sigma=1\) is not"),
        ({"t|g_sigma": StudentT(3, 0, 1)}, r"the prior of 't\|g_sigma' must be positive"),
        ({"sigma": LKJ(2)}, "is a prior of correlations, not of 'sigma'"),
        ({"sigma": HalfNormal((1.0, 2.0))}, "the prior of 'sigma' has 2 values of sigma; it needs one or 1"),
        ({"g_corr": Normal(0, 1)}, r"the prior of 'g_corr' must be bm\.LKJ\(eta\), not Normal"),
        ({"t": LKJ(2)}, "is a prior of correlations, not of 't'"),
        ({"f": Normal((0.0, 1.0, 2.0), 1)}, "the prior of 'f' has 3 values of mu; it needs one or 2"),
        ({"t": Normal((0.0, 1.0), 1)}, "the prior of 't' has 2 values of mu; it needs one or 1"),
    ],
)
def test_wrong_priors_are_refused(given, message):
    with pytest.raises(PriorError, match=message):
        resolved(priors=given)


@pytest.mark.parametrize("formula", ["y ~ t + (t || g)", "y ~ t + (1 | g) + (0 + t | g)"])
def test_uncorrelated_effects_have_no_prior_of_correlations(formula):
    with pytest.raises(PriorError, match="'g_corr' has no prior here: all random effects are uncorrelated"):
        resolved(formula, {"g_corr": LKJ(2)})


def test_a_random_intercept_has_no_correlations_to_name():
    with pytest.raises(PriorError, match="no parameter 'g_corr'"):
        resolved("y ~ t + (1 | g)", {"g_corr": LKJ(2)})


def test_one_number_for_each_coordinate_of_a_factor():
    priors = resolved(priors={"f": Normal((0.0, 1.0), (2.0, 3.0))})
    assert priors["f"].entry(1) == Normal(1, 3)


# ---------------------------------------------------------------- PyMC's distributions
def test_a_pymc_distribution_fits_everywhere_but_correlations():
    import pymc as pm

    priors = resolved(priors={"sigma": pm.Gamma.dist(2, 1), "t": pm.Laplace.dist(0, 1)})
    assert priors.needs_pymc
    assert not resolved().needs_pymc
    with pytest.raises(PriorError, match=r"must be bm\.LKJ"):
        resolved(priors={"g_corr": pm.Gamma.dist(2, 1)})


# ---------------------------------------------------------------- integrated coefficients
def test_normal_student_and_flat_coefficients_are_integrated():
    given = {"Intercept": Flat(), "t": HalfNormal(2), "f": StudentT(4, (1.0, 2.0), 3)}
    model = stages(SLOPE, random_table(), given)
    found = model.priors.integrated(model.names)
    assert found.columns == (0, 2, 3)
    assert found.explicit == (1,)
    assert found.mean.tolist() == [0, 1, 2]
    np.testing.assert_allclose(found.precision, [0, 1 / 9, 1 / 9])
    assert found.nu.tolist() == [np.inf, 4, 4]
    assert found.student.tolist() == [False, True, True]
    assert [p.name for p in found.explicit_terms] == ["t"]
    assert [p.name for p in found.student_terms] == ["f"]


def test_a_pymc_prior_of_a_coefficient_keeps_it_explicit():
    import pymc as pm

    model = stages(SLOPE, random_table(), {"f": pm.Laplace.dist(0, 1)})
    assert model.priors.integrated(model.names).explicit == (2, 3)


# ---------------------------------------------------------------- plain data
ROUND_TRIPS = {
    "default": None,
    "brms": "brms",
    "own": {
        "Intercept": StudentT(3, 1.5, 2),
        "f": Normal((0.0, 1.0), 2),
        "t": Gamma(2, 0.3),
        "1|g_sigma": Exponential(0.1),
        "t|g_sigma": HalfStudentT(3, 0.1 + 0.2),
        "g_corr": LKJ(1.25),
        "sigma": HalfNormal(1 / 3),
    },
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_through_json_and_back(name):
    priors = resolved(priors=ROUND_TRIPS[name])
    back = ResolvedPriors.from_dict(json.loads(json.dumps(priors.to_dict(), allow_nan=False)))
    assert dict(back) == dict(priors)
    assert (back.preset, back.given, back.blocks, back.warnings, back.corr_name) == (
        priors.preset,
        priors.given,
        priors.blocks,
        priors.warnings,
        priors.corr_name,
    )
    for mine, other in zip(
        (priors.fixed_coding, *priors.block_codings), (back.fixed_coding, *back.block_codings), strict=True
    ):
        for part in ("constant", "centre", "scale"):
            np.testing.assert_array_equal(getattr(mine, part), getattr(other, part))
    assert back.to_dict() == priors.to_dict()


def test_without_correlations_through_json_and_back():
    priors = resolved("y ~ t + (1 | g)")
    back = ResolvedPriors.from_dict(json.loads(json.dumps(priors.to_dict())))
    assert back.corr is None
    assert dict(back) == dict(priors)


def test_a_pymc_prior_comes_back_as_its_text():
    import pymc as pm

    priors = resolved(priors={"sigma": pm.Gamma.dist(2, 1)})
    back = ResolvedPriors.from_dict(json.loads(json.dumps(priors.to_dict())))
    assert isinstance(back.sigma, PymcPrior)
    assert str(back.sigma) == str(priors.sigma)
    assert back.sigma.variable is None
