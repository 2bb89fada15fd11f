"""Random effects with shrinkage, against regressions of single groups."""

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.report.effects import no_pooling
from tests import fits


def test_no_pooling_is_each_groups_own_regression():
    fit = fits.fit("slope")
    beta = fit.beta.mean(axis=0)
    design = fit.model.design
    for j in (0, 7, 17):
        own = design.group == j
        line = np.polyfit(design.X[own, 1], design.y[own], 1)[::-1]
        np.testing.assert_allclose(no_pooling(fit.model, beta)[j], line - beta, rtol=1e-8)


def test_weights_count():
    fit = fits.fit("weighted")
    beta, design = fit.beta.mean(axis=0), fit.model.design
    j = int(np.argmax(design.group_sizes))
    own = design.group == j
    residual = (design.y - design.offset - design.X @ beta)[own]
    root = np.sqrt(design.weights[own])
    expected = np.linalg.lstsq(design.Z_rows[own] * root[:, None], residual * root, rcond=None)[0]
    np.testing.assert_allclose(no_pooling(fit.model, beta)[j], expected, rtol=1e-7)


def test_groups_that_do_not_determine_their_effects_are_nan():
    fit = fits.fit("weighted")
    alone = no_pooling(fit.model, fit.beta.mean(axis=0))
    assert np.isnan(alone[fit.model.design.group_sizes == 1]).all()


def test_shrinkage_is_the_share_that_pooling_took():
    table = fits.fit("intercept").random_effects()
    np.testing.assert_allclose(table["shrinkage"], 1.0 - table["mean"] / table["no_pooling"])
    # batch B lies at the mean itself: its share is a ratio of two numbers near zero
    others = table["shrinkage"].drop("B", level="Batch")
    assert others.between(0.0, 1.0).all()


def test_posterior_of_b_is_that_of_its_draws():
    fit = fits.fit("slope")
    row = fit.random_effects().loc[("310", "Days")]
    draws = fit.idata.posterior["Days|Subject"].sel(Subject__factor_dim="310").to_numpy().ravel()
    assert row["mean"] == pytest.approx(draws.mean())
    assert row["eti95_ub"] == pytest.approx(np.quantile(draws, 0.975))


def test_moments_give_nearly_the_same_table():
    kept = fits.fit("slope").random_effects()
    moments = fits.fit_without_groups("slope").random_effects()
    assert list(kept.columns) == list(moments.columns)
    assert list(kept.index) == list(moments.index)
    # 400 draws: five Monte Carlo errors
    assert (np.abs(kept["mean"] - moments["mean"]) < 0.25 * moments["sd"]).all()
    np.testing.assert_allclose(kept["sd"], moments["sd"], rtol=0.2)


def test_reml_modes_stand_beside_the_same_columns():
    table = fits.model("slope").reml().random_effects()
    assert {"mode", "sd", "prediction_se", "no_pooling", "shrinkage"} == set(table.columns)


def test_blups_of_a_balanced_intercept_shrink_alike(dyestuff):
    reml = bm.MixedModel("Yield ~ 1 + (1 | Batch)", dyestuff).reml()
    share = reml.sigma**2 / (reml.sigma**2 + 5 * reml.G[0, 0])
    np.testing.assert_allclose(reml.random_effects()["shrinkage"], share, rtol=1e-6)
