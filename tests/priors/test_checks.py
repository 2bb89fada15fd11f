"""PyMC distributions that cannot be the prior of a parameter are refused when the model is made."""

import numpy as np
import pytest

from bayesmixed.errors import PriorError
from bayesmixed.priors import PymcPrior
from bayesmixed.priors.checks import check_pymc_positive, check_pymc_shape
from bayesmixed.priors.resolved import SIGMA
from tests.designs import random_table, stages


def with_prior(name, variable):
    return stages("y ~ t + f + (f | g)", random_table(), {name: variable}).priors


@pytest.mark.parametrize("name", ["t", "f", "sigma", "f|g_sigma"])
def test_a_discrete_prior_is_refused(name):
    import pymc as pm

    with pytest.raises(PriorError, match=r"must be continuous; Bernoulli.* is discrete"):
        with_prior(name, pm.Bernoulli.dist(0.5))


@pytest.mark.parametrize("name", ["t", "f", "sigma", "f|g_sigma"])
def test_a_multivariate_prior_is_refused(name):
    import pymc as pm

    with pytest.raises(PriorError, match=r"multivariate: give one scalar distribution for '") as e:
        with_prior(name, pm.MvNormal.dist(np.zeros(2), np.eye(2)))
    assert repr(name) in str(e.value)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("t", "distribution$"), ("sigma", "distribution$"), ("f", "distribution, or a vector of 2$")],
)
def test_a_vector_of_the_wrong_length_is_refused(name, wanted):
    import pymc as pm

    with pytest.raises(PriorError, match=f"has 3 values; give one scalar {wanted}"):
        with_prior(name, pm.HalfNormal.dist(np.ones(3)))


def test_a_scalar_and_a_vector_of_the_right_length_are_taken():
    import pymc as pm

    assert isinstance(with_prior("f", pm.Normal.dist(0, [1.0, 2.0]))["f"], PymcPrior)
    assert isinstance(with_prior("f|g_sigma", pm.HalfNormal.dist([1.0, 2.0]))["f|g_sigma"], PymcPrior)
    assert isinstance(with_prior("f", pm.Normal.dist(0, 1))["f"], PymcPrior)


@pytest.mark.parametrize("name", ["sigma", "1|g_sigma", "f|g_sigma"])
def test_the_prior_of_an_sd_must_be_positive(name):
    import pymc as pm

    with pytest.raises(PriorError, match=f"the prior of '{name.replace('|', '.')}' must be positive, such as"):
        with_prior(name, pm.Normal.dist(100, 1))


def test_positive_is_decided_by_the_density():
    import pymc as pm

    for variable in (pm.Uniform.dist(0, 5), pm.Gamma.dist(2, 1), pm.Truncated.dist(pm.Normal.dist(0, 1), lower=0)):
        check_pymc_positive(PymcPrior(variable, "mine"), "sigma")
    for variable in (
        pm.Uniform.dist(-1, 5),
        pm.Laplace.dist(0, 1),
        pm.Truncated.dist(pm.Normal.dist(0, 1), upper=9),
    ):
        with pytest.raises(PriorError, match="mine is not"):
            check_pymc_positive(PymcPrior(variable, "mine"), "sigma")


def test_a_stored_prior_is_not_checked_again():
    check_pymc_shape(PymcPrior(None, "Gamma(2, 1)"), SIGMA)
    check_pymc_positive(PymcPrior(None, "Gamma(2, 1)"), "sigma")


def test_an_expression_is_no_distribution():
    import pymc as pm

    with pytest.raises(PriorError, match="the prior of 't' must be a family"):
        with_prior("t", pm.Normal.dist(0, 1) + 1)
