"""What a model's priors say of themselves."""

import numpy as np
import pymc as pm
import pytest

import bayesmixed as bm
from bayesmixed.priors.shown import ModelPriors
from tests import fits


@pytest.fixture
def rows():
    return {name: (prior, meaning) for name, prior, meaning in fits.model("slope").priors.rows()}


def test_every_parameter_has_a_row(rows):
    assert list(rows) == [
        "Intercept at Days = 4.5",
        "Days",
        "1|Subject_sigma at Days = 4.5",
        "Days|Subject_sigma",
        "Subject_corr at Days = 4.5",
        "sigma",
    ]


def test_numbers_are_quantiles_with_units(rows):
    prior = fits.model("slope").priors.resolved["sigma"].distribution()
    assert rows["sigma"][1] == f"median {prior.ppf(0.5):.4g} ms, 95 % below {prior.ppf(0.95):.4g} ms"
    slope = fits.model("slope").priors.resolved["Days"]
    half = 1.959964 * slope.sigma
    assert rows["Days"][1] == f"95 % between {-half:.4g} and {half:.4g} ms/d"


def test_lkj_speaks_of_one_correlation(rows, rng):
    # eta = 2: rho = 2 Beta(2, 2) - 1
    half = np.quantile(2.0 * rng.beta(2, 2, size=200_000) - 1.0, 0.975)
    assert rows["Subject_corr at Days = 4.5"][1].startswith(f"95 % between -{half:.2f} and {half:.2f}")


def test_flat_and_own_priors(sleepstudy):
    model = bm.MixedModel(
        "Reaction ~ Days + (1 | Subject)", sleepstudy, priors={"Days": bm.Flat(), "sigma": pm.Gamma.dist(2, 0.1)}
    )
    meanings = {name: meaning for name, _, meaning in model.priors.rows()}
    assert meanings["Days"] == "improper: every value counts alike"
    assert meanings["sigma"] == "a PyMC distribution of your own"
    assert "set by you: Days, sigma" in str(model.priors)


def test_html_is_escaped():
    model = fits.model("slope")
    names = model.names
    units = bm.MixedModel(
        "Reaction ~ Days + (1 | Subject)", fits.table("slope"), units={"Reaction": "<b>ms"}
    ).units
    priors = ModelPriors(model.priors.resolved, names, units, model.design)
    html = priors._repr_html_()
    assert "&lt;b&gt;ms" in html
    assert "<b>" not in html
