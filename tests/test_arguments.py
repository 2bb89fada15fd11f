"""Words that an argument knows, and probabilities: whatever else is given ends in one line."""

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.arguments import check_choice, check_probability
from bayesmixed.errors import RemlError, SamplingError

CHOICES = ("auto", "compiled", "importance", "quadrature")


@pytest.mark.parametrize("value", CHOICES)
def test_choices_pass(value):
    check_choice("engine", value, CHOICES, SamplingError)


@pytest.mark.parametrize("value", [None, True, False, "auto"])
def test_choices_that_are_no_texts_pass_by_identity(value):
    check_choice("refit", value, ("auto", True, False, None), SamplingError)


@pytest.mark.parametrize(
    "value", ["", "Auto", 1, 1.0, None, np.array(["auto", "compiled"]), np.array("auto"), ["auto"], {}, b""]
)
def test_all_else_is_refused(value):
    with pytest.raises(SamplingError, match=r"engine must be 'auto', 'compiled', .* or 'quadrature', not"):
        check_choice("engine", value, CHOICES, SamplingError)


def test_one_is_not_true():
    with pytest.raises(RemlError, match="refit must be 'auto' or True, not 1"):
        check_choice("refit", 1, ("auto", True), RemlError)


def test_a_slip_is_told_the_nearest():
    with pytest.raises(SamplingError, match="'importence'; did you mean 'importance'"):
        check_choice("engine", "importence", CHOICES, SamplingError)


@pytest.mark.parametrize("value", [0.5, np.float64(0.95), 1e-300])
def test_probabilities_pass(value):
    check_probability("ci_prob", value, RemlError)


@pytest.mark.parametrize(
    "value", [0, 1, 0.0, 1.0, -0.1, 95, np.nan, np.inf, True, "0.9", None, [0.9], np.array([0.5, 0.9]), 1j]
)
def test_what_is_no_probability_is_refused(value):
    with pytest.raises(RemlError, match="ci_prob must lie between 0 and 1, not"):
        check_probability("ci_prob", value, RemlError)


BOTH = np.array(["a", "b"])


@pytest.mark.parametrize(
    "call",
    [
        lambda model, reml: model.reml(BOTH),
        lambda model, reml: model.fit(engine=BOTH),
        lambda model, reml: model.fit(engine=None),
        lambda model, reml: model.fit(keep_groups=BOTH),
        lambda model, reml: model.to_pymc(BOTH),
        lambda model, reml: model.log_evidence(method=BOTH),
        lambda model, reml: model.refit(model.design.y[:, None], fallback=BOTH),
        lambda model, reml: reml.fixed_effects(df=BOTH),
        lambda model, reml: reml.fixed_effects(ci_prob=BOTH),
        lambda model, reml: reml.confint(method=BOTH),
        lambda model, reml: reml.anova(df=BOTH),
        lambda model, reml: reml.icc(method=BOTH),
        lambda model, reml: reml.residuals(kind=BOTH),
        lambda model, reml: reml.predict(groups=BOTH),
        lambda model, reml: reml.confint(ci_prob=BOTH),
    ],
)
def test_arrays_for_words_are_errors_of_ours(call, sleepstudy_model):
    with pytest.raises(bm.BayesmixedError, match=r"must (be|lie between)"):
        call(sleepstudy_model, sleepstudy_model.reml())


@pytest.fixture(scope="module")
def sleepstudy_model():
    return bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"))


@pytest.mark.parametrize("name", ["fixed_effects", "robust", "variance_components", "icc", "r2", "design_effect"])
@pytest.mark.parametrize("ci_prob", [0, 1.5, np.nan, "x"])
def test_tables_of_reml_refuse_what_is_no_probability(name, ci_prob, sleepstudy_model):
    with pytest.raises(RemlError, match="ci_prob must lie between 0 and 1"):
        getattr(sleepstudy_model.reml(), name)(ci_prob=ci_prob)
