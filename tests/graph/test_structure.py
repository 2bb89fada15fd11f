"""Which graphs share one compilation."""

import pymc as pm
import pytensor
import pytest

from bayesmixed.graph import sampling_graph
from bayesmixed.graph.structure import structure
from bayesmixed.priors import LKJ, Gamma, HalfNormal, Normal, StudentT
from tests.designs import random_table, stages

SLOPE = "y ~ t + f + (t | g)"
TABLE = random_table()


def key(formula=SLOPE, table=TABLE, priors=None, weights=None):
    model = stages(formula, table, priors, weights)
    return structure(sampling_graph(model.posterior, model.names))


def other_table():
    """Other numbers in other groups of other sizes, time counted from elsewhere."""
    table = random_table((3, 2, 5, 6, 6), seed=4)
    return table.assign(y=table["y"] * 7 - 100, t=table["t"] + 3)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {"table": other_table()}),
        ({}, {"weights": "w"}),
        # Integrated coefficients are no variables of the graph.
        ({}, {"formula": "y ~ t + (t | g)"}),
        ({}, {"table": TABLE[TABLE["f"] != "C"]}),
        ({}, {"formula": "y ~ t + f + offset(o) + (t | g)"}),
        ({"priors": {"t": Normal(0, 1)}}, {"priors": {"t": Normal(2, 5)}}),
        ({"priors": {"t": StudentT(3, 0, 1)}}, {"priors": {"t": StudentT(4, 1, 2)}}),
        ({"priors": {"t": HalfNormal(1)}}, {"priors": {"t": HalfNormal(2)}}),
        ({"priors": {"g_corr": LKJ(2)}}, {"priors": {"g_corr": LKJ(1)}}),
        (
            {"priors": {"sigma": lambda: pm.Gamma.dist(2, 0.1)}},
            {"priors": {"sigma": lambda: pm.Gamma.dist(2, 0.1)}, "table": other_table()},
        ),
        (
            {"priors": {"sigma": lambda: pm.Truncated.dist(pm.Logistic.dist(2, 3), lower=0)}},
            {"priors": {"sigma": lambda: pm.Truncated.dist(pm.Logistic.dist(2, 3), lower=0)}},
        ),
    ],
)
def test_numbers_of_tables_and_of_our_families_are_no_structure(first, second):
    one, other = (key(**given(arguments)) for arguments in (first, second))
    assert one == other
    assert hash(one) == hash(other)


def given(arguments):
    """PyMC's distributions are made anew for every model."""
    priors = arguments.get("priors", {})
    made = {name: prior() if callable(prior) else prior for name, prior in priors.items()}
    return arguments | {"priors": made or None}


@pytest.mark.parametrize(
    "changed",
    [
        {"formula": "y ~ u + f + (u | g)"},
        {"formula": "y ~ t + f + (t || g)"},
        {"formula": "y ~ t + f + (1 | g)"},
        {"priors": "brms"},
        {"priors": {"t": StudentT(3, 0, 1)}},
        {"priors": {"t": HalfNormal(1)}},
        {"priors": {"sigma": Gamma(2, 0.1)}},
        {"priors": {"f": Normal(0, (1.0, 2.0)), "t|g_sigma": HalfNormal(1)}},
        {"priors": {"sigma": pm.Gamma.dist(2, 0.1)}},
    ],
)
def test_terms_families_and_lengths_are_structure(changed):
    assert key(**changed) != key()


@pytest.mark.parametrize(
    "prior",
    [
        lambda number: {"sigma": pm.Gamma.dist(2, number)},
        lambda number: {"sigma": pm.Truncated.dist(pm.Logistic.dist(2, number), lower=0)},
        lambda number: {"t": pm.Mixture.dist([0.5, 0.5], [pm.Normal.dist(0, 1), pm.Normal.dist(0, number)])},
    ],
)
def test_constants_of_a_users_own_prior_are_structure(prior):
    assert key(priors=prior(3.0)) == key(priors=prior(3.0))
    assert key(priors=prior(3.0)) != key(priors=prior(3.5))


def test_a_users_own_log_density_is_shared_by_the_models_that_it_was_given_to():
    one, other = (pm.CustomDist.dist(scale, logp=lambda value, scale: -abs(value) / scale) for scale in (3.0, 3.0))
    assert key(priors={"t": one}) == key(priors={"t": one})
    assert key(priors={"t": one}) != key(priors={"t": other})


def test_a_prior_on_a_shared_variable_has_no_key():
    assert key(priors={"sigma": pm.Gamma.dist(2, pytensor.shared(0.1))}) is None
