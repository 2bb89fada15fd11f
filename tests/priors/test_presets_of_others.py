"""Presets of rstanarm and Bambi: the numbers that those packages print."""

import warnings

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.errors import PriorError
from bayesmixed.priors import LKJ, Exponential, Gamma, Normal
from bayesmixed.priors.joint import Shared
from tests.reference import table_path

TABLES = {
    "sleepstudy": "Reaction ~ Days + (Days | Subject)",
    "Dyestuff": "Yield ~ 1 + (1 | Batch)",
    "ergoStool": "effort ~ Type + (1 | Subject)",
}


@pytest.mark.parametrize("name", TABLES)
def test_rstanarm_has_the_numbers_that_it_prints(name, rstanarm):
    model = bm.MixedModel(TABLES[name], bm.load_dataset(name), priors="rstanarm")
    priors, theirs = model.priors.resolved, rstanarm["priors"][name]
    intercept = theirs["intercept"]
    assert priors["Intercept"].mu == pytest.approx(intercept["location"][0], rel=1e-11)
    assert priors["Intercept"].sigma == pytest.approx(intercept["adjusted_scale"], rel=1e-11)
    scales = [value for p in model.names.fixed[1:] for value in np.atleast_1d(priors[p.name].sigma)]
    assert scales == pytest.approx(theirs["coefficients"].get("adjusted_scale", []), rel=1e-11)
    assert theirs["aux"]["dist"] == "exponential"
    assert isinstance(priors["sigma"], Exponential)
    assert priors["sigma"].lam == pytest.approx(1 / theirs["aux"]["adjusted_scale"], rel=1e-11)
    decov = {"dist": "decov", "regularization": 1, "concentration": 1, "shape": 1, "scale": 1}
    assert theirs["covariance"] == decov
    (joint,) = priors.joint
    assert joint.total == Gamma(1, 1)
    assert joint.relative
    assert set(joint.concentration) == {1.0}
    assert joint.weights == pytest.approx(1 / len(joint.members))
    assert priors.corr == (LKJ(1) if model.design.q > 1 else None)
    # The intercept is that of the centred predictors; Z is as typed.
    assert priors.fixed_coding.centre[1:] == pytest.approx(model.design.X[:, 1:].mean(axis=0))
    assert np.array_equal(priors.T, np.eye(model.design.q))


def test_each_block_has_its_own_total(sleepstudy):
    model = bm.MixedModel("Reaction ~ Days + (Days || Subject)", sleepstudy, priors="rstanarm")
    first, second = model.priors.resolved.joint
    assert (first.names, second.names) == (("1|Subject_sigma",), ("Days|Subject_sigma",))
    assert first.weights == second.weights == [1.0]


def test_far_times_warn(sleepstudy):
    model = bm.MixedModel(
        "Reaction ~ Days + (Days | Subject)", sleepstudy.assign(Days=sleepstudy["Days"] + 1000), priors="rstanarm"
    )
    assert any("rstanarm priors act at Days = 0, which is far from the data" in text for text in model.warnings)


FORMULAS = [
    ("sleepstudy", "Reaction ~ Days + (Days | Subject)"),
    ("sleepstudy", "Reaction ~ 0 + Days + (0 + Days | Subject)"),
    ("ergoStool", "effort ~ Type + (1 | Subject)"),
    ("ergoStool", "effort ~ Type + (Type | Subject)"),
    ("sleepstudy", "Reaction ~ Days + I(Days ** 2) + (1 | Subject)"),
]


@pytest.mark.parametrize(("name", "formula"), FORMULAS)
def test_bambi_has_the_numbers_of_bambi(name, formula):
    import bambi

    table = bm.load_dataset(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Bambi's own, about pandas
        theirs = bambi.Model(formula, table)
        taken = bm.from_bambi(theirs, correlated=True).priors.resolved
    ours = bm.MixedModel(formula, table, priors="bambi").priors.resolved
    assert list(ours) == list(taken)
    for key in ours:
        assert type(ours[key]) is type(taken[key])
        for number, value in ours[key].parameters.items():
            np.testing.assert_allclose(value, taken[key].parameters[number], rtol=1e-12, err_msg=f"{key} {number}")
    np.testing.assert_allclose(ours.fixed_coding.matrix, taken.fixed_coding.matrix, rtol=1e-12)
    np.testing.assert_allclose(ours.T, taken.T)


@pytest.mark.parametrize("preset", ["rstanarm", "bambi"])
def test_they_need_the_rows(preset, sleepstudy):
    model = bm.MixedModel("Reaction ~ Days + (1 | Subject)", sleepstudy)
    streamed = bm.MixedModel.from_moments("Reaction ~ Days + (1 | Subject)", model.moments, priors=preset)
    with pytest.raises(PriorError, match="takes its numbers from the rows, which were streamed"):
        streamed.priors.resolved  # noqa: B018


def test_a_constant_column_has_no_scale_to_divide_by():
    import pandas as pd

    table = pd.read_csv(table_path("sleepstudy_unbalanced")).assign(one=2.0)
    model = bm.MixedModel("Reaction ~ 0 + one + (1 | Subject)", table, priors="rstanarm")
    assert isinstance(model.priors.resolved["one"], Normal)
    assert np.isfinite(model.priors.resolved["one"].sigma)
    assert isinstance(model.priors.resolved["1|Subject_sigma"], Shared)
