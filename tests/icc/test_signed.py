"""ICCs that may be negative in tables, and where they are offered."""

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.errors import BayesmixedError, PredictionError, PriorError, RemlError
from bayesmixed.icc.anova import AnovaIcc
from bayesmixed.icc.signed import negative_icc_hint
from bayesmixed.summary import describe
from tests import fits


@pytest.fixture(scope="module")
def negative():
    return bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff2"))


@pytest.fixture(scope="module")
def posterior(negative):
    return negative.fit(random_seed=1, **fits.QUICK)


def test_tables_of_estimates(negative):
    reml = negative.reml()
    anova = AnovaIcc.of(negative.design, negative.coded)
    found = reml.icc(method="anova", ci_prob=0.9).loc["Batch"]
    assert found.to_dict() == dict(
        zip(["estimate", "lower", "upper"], [anova.icc, *anova.interval(0.9)], strict=True)
    )
    symmetric = reml.compound_symmetry()
    found = reml.icc(method="cs").loc["Batch"]
    assert found.tolist() == [symmetric.icc, *symmetric.interval()]
    assert reml.icc()["estimate"].item() == 0.0


def test_tables_of_the_posterior(posterior):
    draws = posterior.compound_symmetry(500, (2.0, 2.0), random_seed=4).icc
    found = posterior.icc(method="cs", ci_prob=0.8, ci_kind="hdi", draws=500, shape=(2.0, 2.0), random_seed=4)
    assert found.loc["Batch"].to_dict() == pytest.approx(describe(draws, 0.8, "hdi"))
    anova = posterior.icc(method="anova").loc["Batch"]
    assert anova.tolist() == posterior.model.reml().icc(method="anova").loc["Batch"].tolist()
    assert posterior.icc()["mean"].item() > 0.0


def test_the_default_stays(posterior):
    np.testing.assert_array_equal(posterior.icc()["median"], np.median(posterior.icc_draws(), axis=0))


def test_the_hint_is_given_where_groups_are_less_alike(negative, posterior, dyestuff):
    (text,) = negative_icc_hint(negative.design, negative.coded)
    assert "less alike than rows of different groups (mean squares 8.336 between, 14.95 within)" in text
    assert text in negative.reml().warnings
    assert text in posterior.warnings
    assert negative.reml().singular
    other = bm.MixedModel("Yield ~ 1 + (1 | Batch)", dyestuff)
    assert negative_icc_hint(other.design, other.coded) == []
    assert other.reml().warnings == ()
    slope = fits.model("slope")
    assert negative_icc_hint(slope.design, slope.coded) == []


def test_no_hint_without_degrees_of_freedom():
    table = {"y": [1.0, 3.0, 5.0, 0.0, 4.0, 2.5], "arm": list("xxxyyy"), "g": list("aaabbb")}
    model = bm.MixedModel("y ~ arm + (1 | g)", table)
    assert negative_icc_hint(model.design, model.coded) == []


def test_refusals(negative, posterior):
    with pytest.raises(PredictionError, match="method must be None, 'anova' or 'cs', not 'wald'"):
        posterior.icc(method="wald")
    for fit in (posterior, negative.reml()):
        with pytest.raises(PredictionError, match="one number: omit at"):
            fit.icc(at={"Days": 0}, method="cs")
        with pytest.raises(RemlError, match="this method takes no 'replicates'"):
            fit.icc(method="anova", replicates=10)
        with pytest.raises(RemlError, match="this method takes no 'ci_probability'"):
            fit.icc(ci_probability=0.9)
        with pytest.raises(RemlError, match="this method takes no 'shapes'"):
            fit.icc(method="cs", shapes=(1, 1))
        with pytest.raises(BayesmixedError, match="ci_prob must lie between 0 and 1, not 'a'"):
            fit.icc(method="anova", ci_prob="a")
        with pytest.raises(BayesmixedError, match="ci_prob must lie between 0 and 1, not 'a'"):
            fit.icc(method="cs", ci_prob="a")
    for shape in (1, None, ("a", 1), (0, 1), (1, np.inf)):
        with pytest.raises(PriorError, match="shape must be the two positive numbers of a Beta"):
            posterior.compound_symmetry(shape=shape)


def test_a_streamed_table_is_enough(sleepstudy):
    formula = "Reaction ~ Days + (1 | Subject)"
    whole = bm.MixedModel(formula, sleepstudy)
    parts = bm.MixedModel.stream(formula, sleepstudy, batch_rows=50)
    for method in ("anova", "cs"):
        expected = whole.reml().icc(method=method)
        np.testing.assert_allclose(parts.reml().icc(method=method), expected, rtol=1e-6)
    assert negative_icc_hint(parts.design, parts.coded) == []
