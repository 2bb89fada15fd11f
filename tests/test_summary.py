"""Sums of draws and verdicts, against ArviZ and against NumPy."""

import arviz as az
import numpy as np
import pytest
import xarray as xr

from bayesmixed.errors import SamplingError
from bayesmixed.summary import convergence, describe, interval, interval_names, judge
from tests import fits


@pytest.mark.parametrize("label", ["Days", "sigma", "1|Subject_sigma"])
def test_summary_agrees_with_arviz(label):
    fit = fits.fit("slope")
    ours = fit.summary().loc[label]
    theirs = az.summary(fit.idata, var_names=[label], ci_kind="eti", ci_prob=0.95, round_to="none").loc[label]
    assert ours["mean"] == pytest.approx(theirs["mean"])
    assert ours["sd"] == pytest.approx(theirs["sd"], rel=2e-3)  # ArviZ divides by n
    assert ours["r_hat"] == pytest.approx(theirs["r_hat"], abs=1e-6)
    assert ours["ess_bulk"] == pytest.approx(theirs["ess_bulk"], rel=1e-6)
    # az.summary takes the tails at its own ci_prob; the paper, and posterior in R, at 5 % and 95 %
    tail = az.ess(fit.idata, var_names=[label], method="tail", prob=(0.05, 0.95))
    assert ours["ess_tail"] == pytest.approx(float(tail[label]), rel=1e-6)
    assert ours["mcse_mean"] == pytest.approx(theirs["mcse_mean"], rel=1e-6)


def test_equal_tailed_interval_is_two_quantiles(rng):
    values = rng.normal(size=1000)
    np.testing.assert_allclose(interval(values, 0.9), np.quantile(values, [0.05, 0.95]))


def test_shortest_interval_of_a_skewed_density_starts_at_its_mode(rng):
    low, high = interval(rng.exponential(size=50_000), 0.8, "hdi")
    assert low == pytest.approx(0.0, abs=0.02)
    assert high == pytest.approx(-np.log(0.2), abs=0.05)


def test_names_of_limits():
    assert interval_names(0.89, "hdi") == ("hdi89_lb", "hdi89_ub")
    for options in ((0.95, "quantile"), (1.0, "eti"), (0.0, "eti")):
        with pytest.raises(SamplingError):
            interval_names(*options)


def test_describe_one_draw():
    found = describe(np.array([2.0]))
    assert found["mean"] == found["median"] == 2.0
    assert np.isnan(found["sd"])


def test_constants_have_no_convergence():
    assert all(np.isnan(value) for value in convergence(np.ones((4, 100))).values())


@pytest.fixture
def good(rng):
    return {"a": rng.normal(size=(4, 1000)), "b": rng.normal(size=(4, 1000))}


def statistics(rng, diverging=0, frozen=False):
    energy = np.cumsum(rng.normal(size=(4, 1000)), axis=1) if frozen else rng.normal(size=(4, 1000))
    flags = np.arange(4000).reshape(4, 1000) < diverging
    return xr.Dataset({"diverging": (("chain", "draw"), flags), "energy": (("chain", "draw"), energy)})


def test_good_draws_are_good(good, rng):
    verdict = judge(good, statistics(rng))
    assert verdict.ok
    assert str(verdict) == f"good: {verdict.sentence}"
    assert verdict.sentence.startswith("0 divergences, max R-hat 1.0")
    assert set(verdict.numbers) == {"divergences", "max_rhat", "min_ess_bulk", "min_ess_tail", "min_bfmi"}
    assert all(value == getattr(verdict, name) for name, value in verdict.numbers.items())


def test_chains_that_disagree_are_named(good, rng):
    good["b"][0] += 3.0
    verdict = judge(good, statistics(rng))
    assert not verdict.ok
    assert any("R-hat of b" in reason for reason in verdict.reasons)


def test_slow_chains_are_named(good, rng):
    good["a"] = np.cumsum(rng.normal(size=(4, 1000)), axis=1) * 0.01
    assert any("ESS of a" in reason for reason in judge(good, statistics(rng)).reasons)


def test_divergences_are_counted(good, rng):
    verdict = judge(good, statistics(rng, diverging=3))
    assert verdict.divergences == 3
    assert "3 divergent transitions" in verdict.reasons[0]


def test_energy_that_hardly_moves_is_told(good, rng):
    assert any("E-BFMI" in reason for reason in judge(good, statistics(rng, frozen=True)).reasons)


def test_one_chain_cannot_be_judged(good, rng):
    one = {name: values[:1] for name, values in good.items()}
    assert any("one chain" in reason for reason in judge(one, None).reasons)


def test_one_chain_has_no_r_hat_to_speak_of(rng):
    verdict = judge({"x": rng.normal(size=(1, 500))}, None)
    assert "no R-hat of one chain" in verdict.sentence
    assert "nan" not in verdict.sentence
