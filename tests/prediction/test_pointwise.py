"""Pointwise log likelihoods against SciPy's dense normal densities."""

import arviz as az
import numpy as np
import pytest
from scipy import stats

import bayesmixed as bm
from bayesmixed.prediction import pointwise
from bayesmixed.prediction.pointwise import log_likelihood_of_groups, log_likelihood_of_rows
from tests import fits


@pytest.mark.parametrize("key", ["slope", "intercept", "weighted"])
def test_groups_are_the_dense_normal_density(key):
    fit = fits.fit(key)
    design = fit.model.design
    found = log_likelihood_of_groups(fit)
    for d in (0, 17, -1):
        cov = fit.covariance
        mean = design.X @ fit.beta[d] + design.offset
        for j in (0, design.n_groups - 1):
            rows = np.flatnonzero(design.group == j)
            Z = design.Z_rows[rows]
            V = Z @ cov.G[d] @ Z.T + np.diag(cov.sigma[d] ** 2 / design.weights[rows])
            expected = stats.multivariate_normal(mean[rows], V).logpdf(design.y[rows])
            assert found[d, j] == pytest.approx(expected, abs=1e-9)


def test_rows_are_normal_given_the_group_effects():
    fit = fits.fit("slope")
    design, d = fit.model.design, 5
    mean = design.X @ fit.beta[d] + (design.Z_rows * fit.effects[d][design.group]).sum(axis=1)
    expected = stats.norm(mean, fit.covariance.sigma[d]).logpdf(design.y)
    np.testing.assert_allclose(log_likelihood_of_rows(fit)[d], expected, rtol=1e-12)


def test_arviz_finds_them():
    """ArviZ's leave-one-out, given b, runs on the DataTree."""
    model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"))
    fit = model.fit(draws=200, tune=200, random_seed=1, progressbar=False)
    idata = fit.log_likelihood()
    assert idata["log_likelihood"]["Yield"].dims == ("chain", "draw", "__obs__")
    assert idata["log_likelihood_group"]["Yield"].dims == ("chain", "draw", "Batch__factor_dim")
    with pytest.warns(UserWarning, match="Pareto"):
        loo = az.loo(idata, var_name="Yield")
    assert -170 < loo.elpd < -150


def test_without_draws_of_b_nothing_is_added_and_an_error_says_so():
    fit = fits.copy_of(fits.fit_without_groups("slope"))
    assert "log_likelihood" not in fit.idata.children
    before = set(fit.idata.children)
    with pytest.raises(bm.SamplingError, match="were not kept: fit with keep_groups=True") as caught:
        fit.log_likelihood()
    assert "\n" not in str(caught.value)
    assert set(fit.idata.children) == before


def test_small_fits_have_them_from_the_start(monkeypatch):
    assert "log_likelihood" in fits.fit("slope").idata.children
    monkeypatch.setattr(pointwise, "SMALL", 400 * 180 - 1)
    tree = fits.fit("slope").idata
    assert "log_likelihood" not in fits.model("slope").fit_from(tree).idata.children
    monkeypatch.setattr(pointwise, "SMALL", 400 * 180)
    assert "log_likelihood" in fits.model("slope").fit_from(tree).idata.children
