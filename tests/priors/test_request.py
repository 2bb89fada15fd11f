"""What the user asks of the priors: presets, names, and priors of other packages."""

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.errors import PriorError
from bayesmixed.priors import HalfNormal, HalfStudentT, Normal, Priors, PymcPrior, StudentT
from bayesmixed.priors.request import as_prior


def test_presets():
    assert Priors().preset == "default"
    assert Priors.default() == Priors("default")
    assert Priors.brms() == Priors("brms")
    assert dict(Priors.brms().given) == {}


def test_an_unknown_preset_suggests_the_nearest():
    with pytest.raises(PriorError, match=r"no prior preset 'brsm'; .* did you mean 'brms'\?"):
        Priors("brsm")
    with pytest.raises(PriorError, match=r"there are default, brms, rstanarm, bambi, .*icc, r2d2m2$"):
        Priors("qqqq")


def test_whatever_a_model_takes():
    mine = {"Days": Normal(0, 10)}
    assert Priors.of(None) == Priors()
    assert Priors.of("brms") == Priors.brms()
    assert Priors.of(mine) == Priors("default", mine)
    asked = Priors.brms() | mine
    assert Priors.of(asked) is asked
    with pytest.raises(PriorError, match=r"a preset's name, a dict by parameter names or bm\.Priors, not int"):
        Priors.of(3)


def test_later_overrides_win_and_the_preset_stays():
    first = Priors.brms() | {"Days": Normal(0, 10), "sigma": HalfNormal(3)}
    second = first | {"Days": StudentT(3, 0, 1)}
    assert second.preset == "brms"
    assert second.given == {"Days": StudentT(3, 0, 1), "sigma": HalfNormal(3)}
    assert first.given["Days"] == Normal(0, 10)


@pytest.mark.parametrize("value", [3.0, "Normal(0, 1)", None, Normal, np.zeros(2)])
def test_what_is_no_prior_is_refused_by_the_parameters_name(value):
    with pytest.raises(PriorError, match=f"the prior of 'Days' must be .* not {type(value).__name__}"):
        Priors.of({"Days": value})


def test_a_pymc_distribution_keeps_its_variable_and_its_text():
    import pymc as pm

    variable = pm.Gamma.dist(2, 1)
    prior = as_prior(variable, "sigma")
    assert isinstance(prior, PymcPrior)
    assert prior.variable is variable
    assert str(prior).startswith("Gamma(2, ")


def test_a_pytensor_constant_is_no_prior():
    import pytensor.tensor as pt

    with pytest.raises(PriorError, match="the prior of 'sigma' must be"):
        as_prior(pt.constant(1.0), "sigma")


@pytest.mark.slow  # Bambi takes eight seconds to import
def test_bambis_priors_become_ours():
    import bambi

    assert as_prior(bambi.Prior("Normal", mu=0, sigma=10), "Days") == Normal(0, 10)
    assert as_prior(bambi.Prior("HalfStudentT", nu=4, sigma=2), "sigma") == HalfStudentT(4, 2)
    vector = as_prior(bambi.Prior("Normal", mu=np.zeros(2), sigma=np.array([1.0, 2.0])), "Type")
    assert vector == Normal((0.0, 0.0), (1.0, 2.0))


@pytest.mark.slow
def test_bambis_other_priors_become_pymcs():
    import bambi
    import pymc as pm

    prior = as_prior(bambi.Prior("Laplace", mu=1, b=2), "Days")
    assert isinstance(prior, PymcPrior)
    assert str(prior).startswith("Laplace(")
    value = float(pm.logp(prior.variable, 3.0).eval())
    assert value == pytest.approx(-np.log(4) - 1, abs=1e-8)


@pytest.mark.slow
def test_bambis_hyperpriors_and_unknown_names_are_refused():
    import bambi

    hyper = bambi.Prior("Normal", mu=0, sigma=bambi.Prior("HalfNormal", sigma=1))
    with pytest.raises(PriorError, match="the prior of 'Days' has a hyperprior"):
        as_prior(hyper, "Days")
    with pytest.raises(PriorError, match="PyMC has no distribution 'Quux'"):
        as_prior(bambi.Prior("Quux", sigma=1), "Days")


def test_keys_that_are_no_names_are_refused():
    with pytest.raises(PriorError, match="by the names of parameters, such as 'sigma'; 5 is no name"):
        Priors.of({5: Normal(0, 1)})


@pytest.mark.parametrize("given", ["default", None, Priors.default()])
def test_only_a_dict_overrides(given):
    with pytest.raises(PriorError, match=f"must be followed by a dict .* not by {type(given).__name__}"):
        Priors.brms() | given


def test_the_name_of_a_preset_has_the_numbers_of_its_method(dyestuff):
    """A prior on the ICC without numbers is uniform, and says so."""
    by_name, by_method, numbers = (
        bm.MixedModel("Yield ~ 1 + (1 | Batch)", dyestuff, priors=priors).priors
        for priors in ("icc", bm.Priors.icc(), bm.Priors.icc(1, 1))
    )
    assert str(by_name) == str(by_method) == str(numbers)
    assert "ICC Beta(1, 1), 95 % between 0.025 and 0.97; total median" in str(by_name)
