"""Gelman's Bayesian R2, against variances of rows written out."""

import numpy as np
import pytest

from bayesmixed.errors import SamplingError
from bayesmixed.quantities.bayesian_r2 import bayesian_r2
from bayesmixed.summary import describe
from tests import fits


@pytest.mark.parametrize("key", ["slope", "factor", pytest.param("weighted", marks=pytest.mark.slow)])
def test_written_out(key):
    fit = fits.fit(key)
    design, draws = fit.model.design, fit.bayesian_r2_draws()
    assert draws.shape == (len(fit.beta), 2)
    for k in (0, 17, 399):
        rows = design.X @ fit.beta[k] + np.array(
            [design.Z_rows[i] @ fit.effects[k, design.group[i]] for i in range(design.n_obs)]
        )
        explained = np.var(rows, ddof=1)
        said = np.mean(fit.covariance.sigma[k] ** 2 / design.weights)
        left = np.var(design.y - design.offset - rows, ddof=1)
        np.testing.assert_allclose(draws[k], [explained / (explained + v) for v in (said, left)], rtol=1e-9)


def test_the_table():
    fit = fits.fit("slope")
    table, draws = fit.bayesian_r2(0.8, "hdi"), fit.bayesian_r2_draws()
    assert list(table.index) == ["sigma", "residuals"]
    assert table.loc["sigma"].to_dict() == pytest.approx(describe(draws[:, 0], 0.8, "hdi"))
    # Of these subjects and of subjects like them: the same order of size.
    assert table.loc["sigma", "mean"] == pytest.approx(fit.r2().loc["conditional", "mean"], abs=0.05)


def test_blocks_of_draws_make_no_difference(monkeypatch):
    fit = fits.fit("intercept")
    whole = fit.bayesian_r2_draws()
    monkeypatch.setattr("bayesmixed.quantities.bayesian_r2._HELD", 1000)
    np.testing.assert_array_equal(fit.bayesian_r2_draws(), whole)


def test_ordinary_regression_has_its_own_r2(rng):
    """With the least-squares fit as the only draw, the version by residuals is the usual R2."""
    X = np.column_stack([np.ones(30), rng.normal(size=(30, 2))])
    y = X @ [1.0, 2.0, -1.0] + rng.normal(size=30)
    fitted = X @ np.linalg.lstsq(X, y, rcond=None)[0]
    expected = 1 - ((y - fitted) ** 2).sum() / ((y - y.mean()) ** 2).sum()
    assert bayesian_r2(fitted[None], y, np.ones(1))[0, 1] == pytest.approx(expected)


def test_it_needs_draws_of_b():
    with pytest.raises(SamplingError, match="fit with keep_groups=True"):
        fits.fit_without_groups("slope").bayesian_r2()
