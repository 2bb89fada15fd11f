"""Fits by importance sampling: weights, verdicts, fallback, seeds, files."""

import json

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.density import Density
from bayesmixed.engines import importance, weighted
from bayesmixed.engines.proposal import Mixture
from bayesmixed.report.records import fit_record
from bayesmixed.summary import convergence, effective_size
from tests.fits import model

OPTIONS = {"engine": "importance", "random_seed": 3, "progressbar": False}


@pytest.fixture(scope="module")
def fit():
    return model("slope").fit(**OPTIONS)


def test_the_weights_are_density_over_proposal_and_are_kept(fit):
    kept = fit.idata["importance"].to_dataset()
    weights = np.exp(kept["log_weight"].to_numpy())
    assert weights.sum() == pytest.approx(1.0)
    assert kept.attrs["ess"] == pytest.approx(1.0 / (weights**2).sum())
    assert kept.attrs["k_hat"] < 0.7
    density = Density(fit.model.posterior)
    draws = density.constrain(kept["unconstrained"].to_numpy())
    mean = weights @ draws.covariance.sigma
    own = fit.draws_of("sigma")
    assert own.mean() == pytest.approx(mean, abs=4.0 * own.std() / np.sqrt(len(own)))
    ancestor = fit.idata["sample_stats"]["ancestor"].to_numpy().ravel()
    np.testing.assert_allclose(own, draws.covariance.sigma[ancestor])


def test_the_effective_size_is_that_of_the_weights_of_the_copies(fit):
    ancestor = fit.ancestor.ravel()
    values = fit.scalars()["sigma"]
    found = fit.summary().loc["sigma"]
    _, first, copies = np.unique(ancestor, return_index=True, return_counts=True)
    W, f = copies / copies.sum(), values.ravel()[first]
    by_hand = (W @ (f - W @ f) ** 2) / (W**2 @ (f - W @ f) ** 2)
    assert found["ess_bulk"] == pytest.approx(by_hand)
    assert found["mcse_mean"] == pytest.approx(values.std(ddof=1) / np.sqrt(by_hand))
    assert np.isnan(found["r_hat"])
    assert found["ess_bulk"] >= 3000
    assert found["ess_bulk"] <= values.size * (1 + 1e-12)


def test_copies_are_no_new_draws(rng):
    values = np.repeat(rng.normal(size=100), 10)
    ancestor = np.repeat(np.arange(100), 10)
    assert effective_size(values, ancestor) == pytest.approx(100.0)
    assert effective_size(values, np.arange(1000)) == pytest.approx(1000.0)
    # what is drawn anew for each copy counts for more than the copies
    fresh = values + 3.0 * rng.normal(size=1000)
    assert 300.0 < effective_size(fresh, ancestor) < 1000.0
    assert convergence(values.reshape(4, 250), ancestor.reshape(4, 250))["ess_bulk"] == pytest.approx(100.0)


def test_the_verdict_speaks_of_weights(fit):
    assert fit.verdict.ok
    assert fit.verdict.divergences == 0
    assert np.isnan(fit.verdict.max_rhat)
    assert "k-hat" in str(fit.verdict)
    assert "R-hat" not in str(fit.verdict)


def test_the_record_has_null_where_there_is_nothing(fit):
    record = json.loads(json.dumps(fit_record(fit), allow_nan=False))
    sampler = record["sampler"]
    assert sampler["engine"] == "importance"
    assert sampler["max_rhat"] is None
    assert sampler["tune"] is None
    assert sampler["divergences"] == 0
    assert sampler["min_ess_bulk"] == pytest.approx(fit.verdict.min_ess_bulk)
    assert all(row["r_hat"] is None for row in record["posterior"])


def test_a_saved_fit_keeps_its_weights(fit, tmp_path):
    fit.save(tmp_path / "fit.nc")
    back = bm.load(tmp_path / "fit.nc")
    assert str(back.verdict) == str(fit.verdict)
    assert back.summary().equals(fit.summary())
    assert back.idata["importance"].to_dataset().equals(fit.idata["importance"].to_dataset())
    assert back.idata.attrs["log_evidence"] == fit.idata.attrs["log_evidence"]


@pytest.mark.slow
def test_the_report_does_not_call_it_nuts(fit, tmp_path):
    fit.report(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    assert "importance sampling" in text
    assert "Bayes (NUTS" not in text


@pytest.mark.parametrize("cores", [1, 2])
def test_the_same_seed_gives_the_same_draws_on_any_number_of_cores(fit, cores, monkeypatch):
    monkeypatch.setattr(importance, "WORK", 1000)
    again = model("slope").fit(**OPTIONS, cores=cores)
    assert again.idata["posterior"].to_dataset().identical(fit.idata["posterior"].to_dataset())
    other = model("slope").fit(**{**OPTIONS, "random_seed": 4})
    assert not np.isclose(other.draws_of("sigma"), fit.draws_of("sigma")).all()


def light_tails(monkeypatch):
    """A proposal much narrower than the posterior, without tails and without a guard."""

    def narrow(evaluate, mode, count, rng, plan, most):
        root = 0.5 * np.linalg.cholesky(mode.covariance)[None]
        return Mixture(np.ones(1), mode.x[None], root, 500.0), 0.1, most

    monkeypatch.setattr(weighted, "_proposal", narrow)
    monkeypatch.setattr(weighted, "_guarded", lambda proposal, share, width: proposal)
    monkeypatch.setattr(weighted, "_refitted", lambda proposal, found, steps: proposal)


def test_nuts_takes_over_where_weights_have_too_heavy_a_tail(monkeypatch):
    light_tails(monkeypatch)
    with pytest.warns(bm.BayesmixedWarning, match=r"k-hat = .* > 0\.7.*NUTS"):
        found = model("slope").fit(**OPTIONS, draws=300, tune=300)
    assert found.idata.attrs["engine"] == "compiled"
    assert "importance" not in found.idata.children
    assert any("k-hat" in text for text in found.warnings)
    assert np.isfinite(found.verdict.max_rhat)
    assert any("k-hat" in text for text in fit_record(found)["warnings"])


def test_where_the_posterior_is_nearly_normal_no_proposal_is_fitted(monkeypatch):
    def refused(*arguments):
        raise AssertionError("fitted a mixture")

    rng, group = np.random.default_rng(4), np.repeat(np.arange(300), 4)
    rows = {"y": rng.normal(size=1200) + rng.normal(size=300)[group], "t": rng.normal(size=1200), "g": group}
    found = bm.MixedModel("y ~ t + (1 | g)", rows)
    with monkeypatch.context() as patch:
        patch.setattr(weighted, "adapted", refused)
        fit = found.fit(**OPTIONS)
    assert fit.verdict.ok
    assert fit.verdict.min_ess_bulk > 3000
    exact = found.fit(engine="quadrature", random_seed=1, progressbar=False)
    ours, expected = fit.summary(), exact.summary()
    error = expected["sd"] * np.sqrt(1 / ours["ess_bulk"] + 1 / expected["ess_bulk"])
    assert ((ours["mean"] - expected["mean"]) / error).abs().max() < 4.0
    np.testing.assert_allclose(ours["sd"], expected["sd"], rtol=0.06)
    assert fit.idata.attrs["log_evidence"] == pytest.approx(exact.idata.attrs["log_evidence"], abs=0.03)


def test_few_draws_are_enough_to_run():
    found = model("intercept").fit(engine="importance", random_seed=1, draws=1, chains=1, progressbar=False)
    assert found.shape == (1, 1)
    assert not found.verdict.ok
