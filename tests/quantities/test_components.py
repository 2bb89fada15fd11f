"""Variance components of draws, against the formulas applied to the draws."""

import numpy as np
import pytest

from bayesmixed.quantities.components import components
from tests import fits


def found(key):
    fit = fits.fit(key)
    return fit, {row[:3]: row.values for row in components(fit.model.design, fit.covariance)}


def test_slope():
    fit, rows = found("slope")
    first, second = fit.draws_of("1|Subject_sigma"), fit.draws_of("Days|Subject_sigma")
    rho, sigma = fit.draws_of("Subject_corr")[:, 0, 1], fit.draws_of("sigma")
    np.testing.assert_allclose(rows["Subject", "Intercept", "sd"], first)
    np.testing.assert_allclose(rows["Subject", "Days", "variance"], second**2)
    np.testing.assert_allclose(rows["Subject", "Intercept,Days", "covariance"], rho * first * second)
    np.testing.assert_allclose(rows["Subject", "Intercept,Days", "correlation"], rho)
    np.testing.assert_allclose(rows["Residual", "", "variance"], sigma**2)
    # mean of z'Gz over days 0 to 9
    between = first**2 + 2 * 4.5 * rho * first * second + 28.5 * second**2
    np.testing.assert_allclose(rows["Subject", "", "share of variance"], between / (between + sigma**2))


def test_shares_add_up_to_one():
    _, rows = found("weighted")
    np.testing.assert_allclose(rows["g", "", "share of variance"] + rows["Residual", "", "share of variance"], 1.0)


def test_random_intercept_share_is_the_icc():
    fit, rows = found("intercept")
    np.testing.assert_allclose(rows["Batch", "", "share of variance"], fit.icc_draws()[:, 0])


def test_uncorrelated_effects_have_no_covariance():
    _, rows = found("uncorrelated")
    assert not {"covariance", "correlation"} & {quantity for *_, quantity in rows}


def test_reml_and_posterior_have_the_same_rows():
    fit = fits.fit("slope")
    assert list(fit.variance_components().index) == list(fit.model.reml().variance_components().index)


def test_reml_estimates():
    reml = fits.model("slope").reml()
    table = reml.variance_components()["estimate"]
    assert table["Subject", "Days", "variance"] == pytest.approx(reml.G[1, 1])
    assert table["Residual", "", "sd"] == pytest.approx(reml.sigma)
