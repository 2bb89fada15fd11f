"""Posteriors of many responses: the same as a fit of each, on any number of cores."""

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.density import Density, log_density
from bayesmixed.engines import refits
from bayesmixed.engines.responses import ResponsePatterns
from tests.designs import random_table
from tests.fits import FORMULAS, OPTIONS, model, table


def responses_like(found, count, rng):
    y = np.asarray(found.design.y)
    return y + y.std() * rng.normal(size=(count, len(y)))


@pytest.mark.parametrize("key", ["slope", "intercept", "factor slope", "uncorrelated", "weighted"])
def test_the_density_of_a_response_is_that_of_a_model_of_it(key, rng):
    found = model(key)
    responses = responses_like(found, 3, rng)
    patterns = ResponsePatterns.of_rows(found, responses)
    priors, mean = Density(found.posterior).prior_arrays, found.posterior.coefficients.mean
    rows, name = table(key), found.design.response_name
    for k, y in enumerate(responses):
        other = bm.MixedModel._with_resolved(
            FORMULAS[key], rows.assign(**{name: y}), found.priors.resolved, **OPTIONS.get(key, {})
        )
        density = Density(other.posterior)
        x = density.unconstrain(np.full(found.design.q, 3.0), 2.0) + rng.normal(size=density.size)
        own = priors._replace(mean=mean - patterns.shift[k][: len(mean)], shift=patterns.shift[k][len(mean) :])
        gradient = np.empty(density.size)
        value, expected = density.value_and_gradient(x)
        assert log_density(x, gradient, own, patterns.of(k)) == pytest.approx(value, rel=1e-10)
        np.testing.assert_allclose(gradient, expected, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("sizes", [(1, 1, 3, 2, 1, 4), (5,) * 20, (1, 2) * 15])
def test_small_and_equal_groups(sizes, rng):
    found = bm.MixedModel("y ~ t + (t | g)", random_table(sizes, seed=2))
    responses = np.vstack([found.design.y, responses_like(found, 2, rng)])
    patterns = ResponsePatterns.of_rows(found, responses)
    density = Density(found.posterior)
    x, n = density.unconstrain(np.full(2, 2.0), 3.0) + 0.3, density.size
    mean = found.posterior.coefficients.mean
    own = density.prior_arrays._replace(mean=mean - patterns.shift[0])
    value = log_density(x, np.empty(n), own, patterns.of(0))
    assert value == pytest.approx(density.value_and_gradient(x)[0], rel=1e-11)


@pytest.mark.parametrize("key", ["slope", "intercept", "weighted"])
def test_a_refit_agrees_with_a_fit(key):
    found = model(key)
    fit = found.fit(engine="importance", random_seed=2, progressbar=False)
    refits = found.refit(np.asarray(found.design.y)[None], draws=4000, random_seed=1)
    expected, ours = fit.summary(), refits.means().iloc[0]
    error = expected["sd"] * np.sqrt(1 / expected["ess_bulk"] + 1 / refits.ess[0])
    assert list(ours.index) == list(expected.index)
    assert ((ours - expected["mean"]) / error).abs().max() < 4.0
    np.testing.assert_allclose(refits.sds().iloc[0], expected["sd"], rtol=0.1)
    assert refits.log_evidence[0] == pytest.approx(fit.idata.attrs["log_evidence"], abs=0.1)
    median = refits.quantiles(0.5).iloc[0]
    assert ((median - expected["median"]) / expected["sd"]).abs().max() < 0.12
    assert refits.reliable.all()
    sizes = refits.effective_sizes().iloc[0]
    assert (sizes > 0.3 * 4000).all()
    assert (sizes <= 1.5 * 4000).all()


def test_refits_do_not_depend_on_cores_or_on_each_other(rng):
    found = model("intercept")
    responses = responses_like(found, 5, rng)
    first, second = (found.refit(responses, 200, random_seed=1, cores=cores) for cores in (1, 3))
    np.testing.assert_array_equal(first.beta, second.beta)
    np.testing.assert_array_equal(first.weights, second.weights)
    fewer = found.refit(responses[:2], 200, random_seed=1)
    np.testing.assert_allclose(fewer.covariance.sigma, first.covariance.sigma[:2], rtol=1e-9)


@pytest.mark.slow
def test_truths_from_the_prior_have_uniform_posterior_probabilities():
    """Simulation-based calibration of a random intercept, all parameters from their priors."""
    rng, n = np.random.default_rng(8), 600
    group = np.repeat(np.arange(8), 5)
    rows = {"y": rng.normal(size=40), "g": [f"g{j}" for j in group]}
    priors = {"Intercept": bm.Normal(0, 2), "1|g_sigma": bm.HalfNormal(1), "sigma": bm.Exponential(1)}
    found = bm.MixedModel("y ~ 1 + (1 | g)", rows, priors=priors)
    beta, sd, sigma = 2 * rng.normal(size=n), np.abs(rng.normal(size=n)), rng.exponential(size=n)
    noise = sigma[:, None] * rng.normal(size=(n, 40)) + (sd[:, None] * rng.normal(size=(n, 8)))[:, group]
    refits = found.refit(beta[:, None] + noise, random_seed=1)
    assert refits.reliable.mean() > 0.99
    ranks = refits.probability_below({"Intercept": beta, "1|g_sigma": sd, "sigma": sigma})
    for label in ranks:
        counts = np.histogram(ranks[label], bins=10, range=(0, 1))[0]
        assert ((counts - n / 10) ** 2 / (n / 10)).sum() < 30.0, (label, counts)


@pytest.mark.parametrize(
    ("responses", "options", "text"),
    [
        (np.zeros(30), {}, r"responses must be an array \(n, 30\)"),
        (np.zeros((2, 29)), {}, r"responses must be an array \(n, 30\)"),
        (np.full((1, 30), np.nan), {}, "must not hold missing"),
        (np.zeros((1, 30)), {"draws": 10}, "draws must be a whole number of at least 100"),
        (np.zeros((1, 30)), {"cores": 0}, "cores must be a whole number of at least 1"),
        (np.zeros((1, 30)), {"fallback": "no"}, "fallback must be 'nuts' or 'warn'"),
    ],
)
def test_what_cannot_be_refitted_is_refused(responses, options, text):
    with pytest.raises(bm.SamplingError, match=text):
        model("intercept").refit(responses, **options)


def test_an_unknown_quantity_is_refused(rng):
    found = model("intercept").refit(responses_like(model("intercept"), 2, rng), random_seed=1)
    assert repr(found) == "Refits(2 responses, 500 weighted draws of each)"
    with pytest.raises(bm.SamplingError, match="no quantity 'sd'; there are Intercept"):
        found.probability_below({"sd": 1.0})
    with pytest.raises(bm.SamplingError, match="between 0 and 1"):
        found.quantiles(1.0)


def test_nuts_takes_over_where_weights_are_not_to_be_trusted(rng, monkeypatch):
    found = model("intercept")
    responses = np.vstack([found.design.y, responses_like(found, 2, rng)])
    true, worst = refits.weighted_draws, iter([0.2, 0.9, 0.9, 0.3])
    monkeypatch.setattr(refits, "weighted_draws", lambda *arguments: true(*arguments)._replace(k_hat=next(worst)))
    with pytest.warns(bm.BayesmixedWarning, match=r"1 of 3 refits have .* k-hat > 0\.7: .*NUTS"):
        ours = found.refit(responses, 2000, random_seed=1, cores=1)
    np.testing.assert_array_equal(ours.by_nuts, [False, True, False])
    assert ours.reliable.all()
    assert np.isnan(ours.ess[1])
    assert np.isnan(ours.log_evidence[1])
    assert ours.effective_sizes().iloc[1].isna().all()
    np.testing.assert_allclose(ours.weights[1], np.full(2000, 1 / 2000), rtol=1e-12)
    monkeypatch.undo()
    importance = found.refit(responses, 4000, random_seed=1)
    assert not importance.by_nuts.any()
    difference = (ours.means().iloc[1] - importance.means().iloc[1]) / importance.sds().iloc[1]
    assert difference.abs().max() < 0.15
    np.testing.assert_allclose(ours.sds().iloc[1], importance.sds().iloc[1], rtol=0.15)


def test_doubtful_refits_may_be_left_as_they_are(rng, monkeypatch):
    found = model("intercept")
    true = refits.weighted_draws
    monkeypatch.setattr(refits, "weighted_draws", lambda *arguments: true(*arguments)._replace(k_hat=0.9))
    with pytest.warns(bm.BayesmixedWarning, match="leave them out"):
        ours = found.refit(responses_like(found, 2, rng), random_seed=1, fallback="warn")
    assert not ours.by_nuts.any()
    assert not ours.reliable.any()


@pytest.mark.parametrize("key", ["slope", "intercept", "weighted", "uncorrelated"])
def test_reml_of_a_response_is_that_of_a_model_of_it(key, rng):
    found, rows = model(key), table(key)
    responses = responses_like(found, 3, rng)
    estimates = found.refit(responses, 100, random_seed=1).reml
    for k, y in enumerate(responses):
        rows = rows.assign(**{found.design.response_name: y})
        own = bm.MixedModel(FORMULAS[key], rows, **OPTIONS.get(key, {})).reml()
        ours = estimates.iloc[k]
        assert ours["sigma"] == pytest.approx(own.sigma, rel=1e-5)
        sd = ours[[label for label in estimates if label.endswith("_sigma")]].to_numpy()
        np.testing.assert_allclose(sd, own.covariance.sd, atol=1e-4 * own.sigma, rtol=1e-4)
        np.testing.assert_allclose(ours[list(found.design.fixed_labels)], own.beta, rtol=1e-4, atol=1e-4)
    again = found.reml().refit(responses, cores=2)
    np.testing.assert_array_equal(again, estimates)


def test_what_reml_cannot_refit_is_refused():
    with pytest.raises(bm.RemlError, match=r"responses must be an array \(n, 30\)"):
        model("intercept").reml().refit(np.zeros(30))
    with pytest.raises(bm.RemlError, match="missing"):
        model("intercept").reml().refit(np.full((1, 30), np.nan))


def test_responses_of_a_streamed_table_are_refused():
    found = bm.MixedModel.stream("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"))
    with pytest.raises(bm.SamplingError, match="which row each"):
        found.refit(np.zeros((1, 30)))
    with pytest.raises(bm.RemlError, match="which row each"):
        found.reml().refit(np.zeros((1, 30)))


def test_responses_of_a_model_without_fixed_effects(rng):
    found = bm.MixedModel("y ~ 0 + (1 | g)", random_table())
    responses = responses_like(found, 2, rng)
    patterns, priors = ResponsePatterns.of_rows(found, responses), Density(found.posterior).prior_arrays
    for k, y in enumerate(responses):
        other = bm.MixedModel._with_resolved("y ~ 0 + (1 | g)", random_table().assign(y=y), found.priors.resolved)
        density = Density(other.posterior)
        x = rng.normal(size=density.size)
        mine = log_density(x, np.empty(density.size), priors, patterns.of(k))
        assert mine == pytest.approx(density.value_and_gradient(x)[0], rel=1e-9)


@pytest.mark.parametrize("wrong", ["x", [["a"] * 180]])
def test_responses_are_numbers(wrong):
    with pytest.raises(bm.SamplingError, match=r"responses must be an array \(n, 180\) of numbers"):
        model("slope").refit(wrong)
