"""What priors imply: against priors on the ICC and R2 themselves, and closed forms."""

import numpy as np
import pytest
from scipy import stats

import bayesmixed as bm
from bayesmixed.errors import PriorError
from bayesmixed.priors.implied import implied_draws

SLOPE, INTERCEPT = "Reaction ~ Days + (Days | Subject)", "Reaction ~ Days + (1 | Subject)"


def draws(formula, table, priors, count=4000):
    model = bm.MixedModel(formula, table, priors=priors)
    return implied_draws(model.design, model.names, model.priors.resolved, count, 1)


def test_a_prior_on_the_icc_is_the_prior_of_the_icc(sleepstudy):
    found = draws(INTERCEPT, sleepstudy, bm.Priors.icc(2, 8))
    assert stats.kstest(found["ICC(Subject)"], stats.beta(2, 8).cdf).pvalue > 0.01
    total = np.hypot(found["1|Subject_sigma"], found["sigma"])
    spread = float(np.std(sleepstudy["Reaction"]))
    expected = bm.HalfStudentT(3, spread).distribution()
    assert stats.kstest(total, expected.cdf).pvalue > 0.01


def test_with_a_slope_it_is_the_icc_at_the_mean(sleepstudy):
    found = draws(SLOPE, sleepstudy, bm.Priors.icc(3, 3))
    assert stats.kstest(found["ICC(Subject | Days = 4.5)"], stats.beta(3, 3).cdf).pvalue > 0.01


def test_equal_half_normals_give_an_icc_with_a_known_distribution(dyestuff):
    """``sd^2 / (sd^2 + sigma^2)`` of equal half-normals is Beta(1/2, 1/2)."""
    priors = {"1|Batch_sigma": bm.HalfNormal(30), "sigma": bm.HalfNormal(30)}
    found = draws("Yield ~ 1 + (1 | Batch)", dyestuff, priors)
    assert stats.kstest(found["ICC(Batch)"], stats.beta(0.5, 0.5).cdf).pvalue > 0.01


@pytest.mark.parametrize("mean", [0.3, 0.7])
def test_r2d2m2_puts_its_prior_on_r2(sleepstudy, mean):
    """sd of the slope stated at the mean of Days, so that both sources are in the units of its sd."""
    model = bm.MixedModel(SLOPE, sleepstudy, priors=bm.Priors.r2d2m2(mean, 4.0))
    found = implied_draws(model.design, model.names, model.priors.resolved, 20_000, 1)
    # beta^2 scatters about its prior variance: the mean of R2 is near, not at, that of the total.
    assert np.mean(found["R2 (conditional)"]) == pytest.approx(mean, abs=0.05)
    (joint,) = model.priors.resolved.joint
    assert joint.names == ("Days", "1|Subject_sigma", "Days|Subject_sigma")
    assert joint.weights == pytest.approx([8.25, 1.0, 8.25])


def test_penalised_complexity_has_its_tail(sleepstudy):
    found = draws(INTERCEPT, sleepstudy, bm.Priors.penalised_complexity(20, 0.1), 20_000)
    assert np.mean(found["1|Subject_sigma"] > 20) == pytest.approx(0.1, abs=0.01)
    with pytest.raises(PriorError, match="between 0 and 1"):
        draws(INTERCEPT, sleepstudy, bm.Priors.penalised_complexity(20, 1.5))
    with pytest.raises(PriorError, match="must be a positive number"):
        draws(INTERCEPT, sleepstudy, bm.Priors.penalised_complexity(-1.0))


def test_flat_coefficients_have_no_r2(sleepstudy):
    found = draws(SLOPE, sleepstudy, "brms", 50)
    assert "sigma" in found
    assert not [label for label in found if label.startswith("R2")]


def test_the_table_has_quantiles(dyestuff):
    model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", dyestuff, priors={"sigma": bm.HalfNormal(10)})
    table = model.priors.implied(draws=20_000, random_seed=2)
    assert list(table.columns) == ["5 %", "25 %", "50 %", "75 %", "95 %"]
    expected = stats.halfnorm(scale=10).ppf([0.05, 0.25, 0.5, 0.75, 0.95])
    np.testing.assert_allclose(table.loc["sigma"], expected, rtol=0.06)


def test_a_prior_that_decides_about_the_icc_warns(dyestuff):
    formula = "Yield ~ 1 + (1 | Batch)"
    strong = bm.MixedModel(formula, dyestuff, priors={"1|Batch_sigma": bm.HalfNormal(5000)})
    assert any("mass on an ICC(Batch) above 0.9" in text for text in strong.warnings)
    weak = bm.MixedModel(formula, dyestuff, priors={"1|Batch_sigma": bm.HalfNormal(0.5)})
    assert any("mass on an ICC(Batch) below 0.01" in text for text in weak.warnings)
    assert bm.MixedModel(formula, dyestuff).warnings == ()
    import pymc as pm

    own = bm.MixedModel(formula, dyestuff, priors={"1|Batch_sigma": pm.HalfNormal.dist(5000)})
    assert own.warnings == ()


def test_the_picture_has_a_panel_for_each_number(sleepstudy):

    model = bm.MixedModel(SLOPE, sleepstudy, units={"Reaction": "ms"})
    axes = model.priors.plot(draws=500)
    assert [ax.get_title() for ax in axes] == list(model.priors.implied(draws=10).index)
    assert axes[-1].get_xlabel() == "ms"
