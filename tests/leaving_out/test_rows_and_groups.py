"""`Fit.loo` and `Fit.logo`: against refits by brute force, and as ArviZ's own."""

import json
from functools import cache
from pathlib import Path

import arviz as az
import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.fit import Fit
from bayesmixed.leaving_out.smoothing import relative_efficiency
from tests.fits import fit

EXACT = json.loads((Path(__file__).parents[1] / "reference" / "left_out.json").read_text())


@cache
def independent(draws=1000):
    """Independent draws of sleepstudy's posterior, whose Monte Carlo error is known."""
    model = bm.MixedModel(EXACT["formula"], bm.load_dataset("sleepstudy"))
    return model.fit(draws=draws, engine="importance", random_seed=1, progressbar=False)


@pytest.mark.parametrize("unit", ["group", "row"])
def test_sleepstudy_is_as_integrated_anew_without_each_unit(unit):
    """All 18 groups and all 180 rows; tests/reference/make_left_out.py integrates on a grid, without draws."""
    found = independent().logo() if unit == "group" else independent().loo()
    exact = np.array(EXACT[unit])
    off = found.elpd_i.to_numpy() - exact
    assert np.abs(off).max() < 0.15
    assert np.sqrt(np.mean(off**2)) < 0.03
    assert found.elpd == pytest.approx(exact.sum(), abs=0.3)
    assert found.se == pytest.approx(np.sqrt(len(exact)) * exact.std(), abs=0.5)
    assert (found.pareto_k <= found.good_k).all()
    assert not found.warning


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["group", "row"])
def test_sleepstudy_by_nuts_and_with_every_unit_refitted(unit):
    model = bm.MixedModel(EXACT["formula"], bm.load_dataset("sleepstudy"))
    sampled = model.fit(random_seed=2, progressbar=False)
    for refit in ("auto", True):
        found = sampled.logo(refit) if unit == "group" else sampled.loo(refit)
        off = found.elpd_i.to_numpy() - EXACT[unit]
        assert np.abs(off).max() < 0.15
        assert np.sqrt(np.mean(off**2)) < 0.03
    assert found.refitted.all()
    assert (found.pareto_k == 0.0).all()


@pytest.mark.slow
def test_units_left_out_of_the_table_itself():
    """The reference made anew, for every group and each tenth row."""
    data = bm.load_dataset("sleepstudy")
    model = bm.MixedModel(EXACT["formula"], data)

    def log_evidence(one):
        found = one.fit(engine="quadrature", draws=100, chains=1, random_seed=1, progressbar=False)
        return found.idata.attrs["log_evidence"]

    def left_out(keep):
        part = bm.MixedModel._with_resolved(EXACT["formula"], data[keep], model.priors.resolved)
        return whole - log_evidence(part)

    whole = log_evidence(model)
    groups = [left_out((data["Subject"] != level).to_numpy()) for level in model.design.levels]
    np.testing.assert_allclose(groups, EXACT["group"], atol=2e-3)
    rows = [left_out(np.arange(180) != k) for k in range(0, 180, 10)]
    np.testing.assert_allclose(rows, EXACT["row"][::10], atol=2e-3)


@pytest.mark.filterwarnings("ignore:Estimated shape parameter:UserWarning")
def test_arviz_takes_the_results():
    found = independent().loo()
    given_b = az.loo(independent().idata, pointwise=True, reff=1.0)
    assert isinstance(found, az.ELPDDataLOO)
    assert found.elpd_i.dims == given_b.elpd_i.dims
    assert found.log_weights.dims == ("chain", "draw", "__obs__")
    np.testing.assert_allclose(np.exp(found.log_weights).sum(("chain", "draw")), 1.0)
    assert (found.n_samples, found.n_data_points, found.scale) == (4000, 180, "log")
    assert "elpd_loo" in str(found)
    assert "elpd_logo" in str(independent().logo())
    assert found.p == pytest.approx(float(found.p_loo_i.sum()))
    table = az.compare({"ours": found, "given b": given_b})
    assert set(table.index) == {"ours", "given b"}


@pytest.mark.filterwarnings("ignore:Estimated shape parameter:UserWarning")
@pytest.mark.filterwarnings("ignore::bayesmixed.errors.BayesmixedWarning")
def test_given_b_the_same_is_estimated_with_heavier_weights():
    found, given_b = independent().loo(), az.loo(independent().idata, pointwise=True, reff=1.0)
    good = (given_b.pareto_k < 0.5).to_numpy()
    assert good.sum() > 150
    np.testing.assert_allclose(found.elpd_i[good], given_b.elpd_i[good], atol=0.1)
    assert found.p == pytest.approx(given_b.p, abs=3.0)
    assert float(given_b.pareto_k.mean()) > float(independent().loo(refit=False).pareto_k.mean())


@pytest.mark.filterwarnings("ignore:1 of 6 groups have k-hat:bayesmixed.errors.BayesmixedWarning")
def test_few_groups_are_all_refitted():
    assert fit("intercept").model.design.n_groups == 6
    found = fit("intercept").logo()
    assert found.refitted.all()
    smoothed = fit("intercept").logo(refit=False)
    assert not smoothed.refitted.any()
    np.testing.assert_allclose(found.elpd_i, smoothed.elpd_i, atol=0.4)
    assert not fit("intercept").loo().refitted.all()


def test_the_seed_decides_and_the_cores_do_not():
    first, again = (fit("intercept").logo(random_seed=3, cores=cores) for cores in (1, 2))
    np.testing.assert_array_equal(first.elpd_i, again.elpd_i)
    other = fit("intercept").logo(random_seed=4)
    assert (first.elpd_i != other.elpd_i).any()
    np.testing.assert_allclose(first.elpd_i, other.elpd_i, atol=0.1)


def test_a_stored_fit_gives_the_same(tmp_path):
    fit("weighted").save(tmp_path / "fit.nc")
    stored = bm.load(tmp_path / "fit.nc")
    np.testing.assert_allclose(stored.logo(refit=False).elpd_i, fit("weighted").logo(refit=False).elpd_i)


def test_large_k_hat_without_refits_is_a_warning():
    with pytest.warns(bm.BayesmixedWarning, match=r"^1 of 18 groups have k-hat > 0\.\d\d: .* use refit='auto'$"):
        found = independent().logo(refit=False)
    assert found.warning


def test_refit_is_checked():
    with pytest.raises(bm.SamplingError, match="refit must be 'auto', True or False, not 'never'"):
        fit("intercept").loo(refit="never")


def test_copies_of_weighted_draws_count_once():
    model = fit("intercept").model
    quadrature = model.fit(draws=200, chains=2, engine="quadrature", random_seed=1, progressbar=False)
    assert relative_efficiency(quadrature) == pytest.approx(1.0)
    twice = quadrature.idata.isel(draw=np.repeat(np.arange(100), 2))
    assert relative_efficiency(Fit(model, twice)) == pytest.approx(0.5, rel=0.05)


@pytest.mark.slow
def test_nuts_takes_over_in_refits_of_pymc_priors():
    import pymc as pm

    data = bm.load_dataset("Dyestuff")
    own = bm.MixedModel("Yield ~ 1 + (1 | Batch)", data, priors={"sigma": pm.HalfNormal.dist(100.0)})
    same = bm.MixedModel("Yield ~ 1 + (1 | Batch)", data, priors={"sigma": bm.HalfNormal(100.0)})
    found = [model.fit(random_seed=1, progressbar=False).logo() for model in (own, same)]
    np.testing.assert_allclose(found[0].elpd_i, found[1].elpd_i, atol=0.1)


def test_a_model_without_fixed_effects():
    """A group's density is the multivariate normal one, averaged over the posterior without it."""
    from scipy import stats

    data = bm.load_dataset("Dyestuff").assign(y=lambda table: table["Yield"] - 1500.0)
    found = bm.MixedModel("y ~ 0 + (1 | Batch)", data)
    groups = found.fit(1000, engine="importance", random_seed=1, progressbar=False).logo()
    rest = data[data["Batch"] != "F"]
    draws = bm.MixedModel._with_resolved("y ~ 0 + (1 | Batch)", rest, found.priors.resolved).fit(
        1000, engine="quadrature", random_seed=2, progressbar=False
    )
    y = data.loc[data["Batch"] == "F", "y"].to_numpy()
    pairs = zip(draws.covariance.sd[:, 0], draws.covariance.sigma, strict=True)
    densities = [stats.multivariate_normal.pdf(y, cov=s**2 * np.eye(len(y)) + sd**2) for sd, s in pairs]
    assert float(groups.elpd_i.sel(Batch__factor_dim="F")) == pytest.approx(np.log(np.mean(densities)), abs=0.05)
