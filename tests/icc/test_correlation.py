"""Correlations of two rows of one group: V of all rows, draws one by one, what may be asked."""

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.errors import PredictionError
from bayesmixed.icc import icc_values
from bayesmixed.icc.correlation import correlation_values, places
from bayesmixed.parameters import CovarianceParameters
from tests import fits


def test_the_correlations_of_V():
    model = fits.model("slope")
    reml = model.reml()
    V = model.V(reml)
    rows = np.flatnonzero(model.design.group == 0)
    sd = np.sqrt(np.diag(V))[rows]
    expected = V[np.ix_(rows, rows)] / np.outer(sd, sd)
    days = model.design.frame["Days"].to_numpy()[rows]
    found = reml.correlation(list(days)).to_numpy()
    off = ~np.eye(len(rows), dtype=bool)
    np.testing.assert_allclose(found[off], expected[off], rtol=1e-12)
    # V has the variance on its diagonal; two rows at one time have the ICC.
    np.testing.assert_allclose(np.diag(found), reml.icc({"Days": list(days)})["estimate"], rtol=1e-12)


def test_by_hand():
    g00, g01, g11, variance = 600.0, 10.0, 35.0, 650.0
    covariance = CovarianceParameters.from_G(np.array([[g00, g01], [g01, g11]]), np.sqrt(variance))
    t, s = 2.0, 7.0
    between = g00 + (t + s) * g01 + t * s * g11
    V = [g00 + 2 * x * g01 + x * x * g11 + variance for x in (t, s)]
    found = correlation_values(covariance, np.array([[1.0, t], [1.0, s]]))
    assert found[0, 1] == found[1, 0] == pytest.approx(between / np.sqrt(V[0] * V[1]))


def test_draws_are_taken_one_by_one():
    fit = fits.fit("slope")
    draws = fit.correlation_draws([0.0, 4.0, 9.0])
    covariance = fit.covariance
    one = CovarianceParameters(covariance.sd[5], covariance.corr[5], covariance.sigma[5])
    rows = np.array([[1.0, 0.0], [1.0, 4.0], [1.0, 9.0]])
    np.testing.assert_allclose(draws[5], correlation_values(one, rows))
    assert draws[5, 1, 1] == pytest.approx(icc_values(one, rows[1:2]).item())
    for point, summed in (("median", np.median), ("mean", np.mean)):
        np.testing.assert_allclose(fit.correlation([0, 4, 9], point), summed(draws, axis=0))
    assert list(fit.correlation().index) == list(np.arange(10.0))
    assert fit.correlation().columns.name == "Days"


def test_levels_of_a_factor_and_many_values(sleepstudy):
    assert fits.fit("third slope").correlation().shape == (3, 3)
    fine = sleepstudy.assign(Days=sleepstudy["Days"] + np.linspace(0, 0.5, len(sleepstudy)))
    found = places(bm.MixedModel("Reaction ~ Days + (Days | Subject)", fine).design)
    assert len(found.values) == 12
    assert (found.values[0], found.values[-1]) == (fine["Days"].min(), fine["Days"].max())


def test_a_streamed_table(sleepstudy):
    formula = "Reaction ~ Days + (Days | Subject)"
    whole = bm.MixedModel(formula, sleepstudy).reml().correlation([0, 9])
    parts = bm.MixedModel.stream(formula, sleepstudy, batch_rows=50).reml()
    np.testing.assert_allclose(parts.correlation([0, 9]), whole, rtol=1e-6)
    assert parts.correlation().shape == (12, 12)


def test_refusals(sleepstudy):
    fit = fits.fit("slope")
    with pytest.raises(PredictionError, match="all pairs of rows of a group have one correlation"):
        fits.fit("intercept").correlation()
    with pytest.raises(PredictionError, match="does not depend on 'Hours'"):
        fit.correlation({"Hours": [0, 1]})
    with pytest.raises(PredictionError, match="along one variable, not along 2"):
        fit.correlation({"Days": [0], "Hours": [1]})
    with pytest.raises(PredictionError, match="point must be 'median' or 'mean', not 'mode'"):
        fit.correlation(point="mode")
    two = bm.MixedModel("Reaction ~ Days + (Days + w || Subject)", sleepstudy.assign(w=np.arange(180.0) % 7))
    with pytest.raises(PredictionError, match="say which variable at is of, such as"):
        two.reml().correlation([0, 1])
    assert two.reml().correlation({"w": [0, 1]}).index.name == "w"
