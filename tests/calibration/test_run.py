"""A right posterior is found to be right, and each planted error is found."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.calibration.joint import Joint
from bayesmixed.calibration.posteriors import Posterior, Posteriors
from bayesmixed.engines import refits
from bayesmixed.errors import DesignError, PriorError, SamplingError
from bayesmixed.posterior import MarginalPosterior
from bayesmixed.priors.draws import draw_priors

MODULE = "bayesmixed.calibration.run"
INTERCEPT, SLOPE = "y ~ 1 + (1 | g)", "y ~ t + (t | g)"


def table(groups=6, n=4, seed=3):
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(groups), n)
    t = rng.uniform(0.0, 4.0, groups * n)
    y = 10.0 + rng.normal(0.0, 1.0, groups)[g] + t + rng.normal(size=groups * n)
    return pd.DataFrame({"y": y, "t": t, "g": [f"g{k}" for k in g]})


@pytest.fixture
def intercept():
    return bm.MixedModel(INTERCEPT, table())


@pytest.fixture
def slope():
    return bm.MixedModel(SLOPE, table())


def right(found):
    """A right posterior fails this once in a hundred seeds; the errors planted below all do."""
    return found.table["p"].min() > 0.001


def run(model, replicates=600, engine="importance", draws=1000, **options):
    return bm.calibrate(model, replicates, engine, draws=draws, random_seed=20261122, progressbar=False, **options)


def test_a_small_one(intercept):
    found = run(intercept, 300)
    assert right(found)
    assert found.calibrated
    assert ((found.ranks > 0.0) & (found.ranks < 1.0)).all().all()
    assert found.ranks.shape == (300, len(found.table))
    assert "300 replicates by importance, 1000 draws of each" in str(found)
    assert "no sign of an error" in str(found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("formula", "engine", "replicates"),
    [
        (INTERCEPT, "importance", 1000),
        (SLOPE, "importance", 1000),
        (INTERCEPT, "nuts", 200),
        (SLOPE, "nuts", 200),
        (INTERCEPT, "quadrature", 300),
    ],
)
def test_engines_are_calibrated(formula, engine, replicates):
    draws = 400 if engine == "nuts" else 1000
    found = run(bm.MixedModel(formula, table()), replicates, engine, draws)
    assert right(found), str(found)


@pytest.mark.slow
@pytest.mark.parametrize(
    "priors",
    [
        {"y": 0},
        bm.Priors.icc(2.0, 5.0),
        {"1|g_sigma": bm.Exponential(1.0), "sigma": bm.Gamma(2.0, 2.0), "Intercept": bm.StudentT(3, 8.0, 4.0)},
        {"Intercept": bm.Gamma(4.0, 0.5)},
    ],
    ids=["defaults", "ICC", "Student-t", "explicit"],
)
def test_priors_of_all_kinds(priors):
    priors = None if priors == {"y": 0} else priors
    found = run(bm.MixedModel(INTERCEPT, table(), priors=priors), 500)
    assert right(found), str(found)


@pytest.mark.slow
def test_weights_offset_and_a_factor():
    rows = table(5, 6)
    rows = rows.assign(w=np.tile([0.5, 1.0, 2.0], 10), f=np.tile(["a", "b"], 15), o=rows["t"] ** 2)
    model = bm.MixedModel("y ~ f + offset(o) + (f | g)", rows, weights="w")
    found = run(model, 500)
    assert right(found), str(found)


@pytest.mark.slow
class TestPlanted:
    """Errors that each would spoil inference, and that calibration must see."""

    @pytest.fixture(params=[INTERCEPT, SLOPE])
    def model(self, request):
        return bm.MixedModel(request.param, table())

    def test_jacobian_of_an_sd_counted_twice(self, intercept, monkeypatch):
        own = refits.log_densities

        def wrong(points, priors, patterns, values):
            own(points, priors, patterns, values)
            values += points[:, 0]  # log sd of the intercepts

        monkeypatch.setattr(refits, "log_densities", wrong)
        found = run(intercept)
        assert not found.calibrated
        assert not right(found)
        assert found.table.loc[["1|g_sigma", "ICC(g)"], "p"].max() < 1e-6

    def test_prior_of_another_scale(self, model, monkeypatch):
        def wrong(priors, names, draws, rng):
            found = draw_priors(priors, names, draws, rng)
            return found._replace(covariance=replace(found.covariance, sd=3.0 * found.covariance.sd))

        monkeypatch.setattr(f"{MODULE}.draw_priors", wrong)
        found = run(model)
        assert not right(found)

    def test_sign_of_the_conditional_of_b(self, model, monkeypatch):
        own = MarginalPosterior.draw_effects
        monkeypatch.setattr(MarginalPosterior, "draw_effects", lambda *args, **options: -own(*args, **options))
        found = run(model, 300)
        assert not found.calibrated
        assert not right(found)
        # The parameters themselves are right, and calibration says so.
        assert found.table.loc[["sigma", "1|g_sigma"], "p"].min() > 0.001

    def test_sd_of_the_conditional_of_b(self, model, monkeypatch):
        own = MarginalPosterior.draw_effects

        def wrong(self, beta, draws, rng, cores=None):
            first, second = (own(self, beta, draws, rng, cores) for _ in range(2))
            return (first + second) / 2.0  # right mean, too little spread

        monkeypatch.setattr(MarginalPosterior, "draw_effects", wrong)
        found = run(model)
        assert not right(found)

    def test_a_posterior_that_does_not_look_at_the_data(self, model, monkeypatch):
        """Its ranks are uniform for every parameter: only a quantity that depends on y can tell."""

        def prior(self, batch, responses):
            found = []
            for k in batch:
                rng = np.random.default_rng([k, 9])
                draws = draw_priors(self.model.priors.resolved, self.model.names, self.draws, rng)
                each = [Joint.of_prior(self.model, draws, d, rng).b[0] for d in range(self.draws)]
                joint = Joint.with_new_group(draws.beta, draws.covariance, np.stack(each), rng)
                found.append(Posterior(joint, np.full(self.draws, 1.0 / self.draws), False))
            return found

        monkeypatch.setattr(Posteriors, "of_batch", prior)
        found = run(model, 300)
        assert found.table["p"].idxmin() == "log likelihood"
        assert not found.calibrated
        assert not right(found)

    def test_scales_taken_from_each_response(self, slope, monkeypatch):
        def anew(self, batch, responses):
            fresh = []
            for k, y in zip(batch, responses, strict=True):
                own = type(self.model)._of_design(replace(self.model.design, y=y), None, {}, None)
                again = type(self)(own, self.engine, self.draws, self.seed, 1)
                fresh += again._original(range(k, k + 1), y[None])
            return fresh

        monkeypatch.setattr(Posteriors, "_original", Posteriors.of_batch, raising=False)
        monkeypatch.setattr(Posteriors, "of_batch", anew)
        found = run(slope, 300)
        assert not found.calibrated
        assert not right(found)
        assert "NOT calibrated" in str(found)


def test_the_seed_decides_on_any_number_of_cores(intercept):
    one, two = run(intercept, 60, draws=100, cores=1), run(intercept, 60, draws=100, cores=2)
    pd.testing.assert_frame_equal(one.ranks, two.ranks)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["nuts", "quadrature"])
def test_the_seed_decides_for_fits(intercept, engine):
    one, two = run(intercept, 12, engine, 100, cores=1), run(intercept, 12, engine, 100, cores=2)
    pd.testing.assert_frame_equal(one.ranks, two.ranks)


@pytest.mark.parametrize(
    ("model", "options", "error", "words"),
    [
        (INTERCEPT, {}, PriorError, "MixedModel, whose priors are numbers"),
        (bm.parse_formula(INTERCEPT), {}, PriorError, "got a Specification"),
        (None, {"replicates": 5}, SamplingError, "replicates must be a whole number of at least 10"),
        (None, {"replicates": 20, "engine": "stan"}, SamplingError, "engine must be .*, not 'stan'"),
    ],
)
def test_what_is_refused(intercept, model, options, error, words):
    with pytest.raises(error, match=words):
        bm.calibrate(intercept if model is None else model, **options)


def test_improper_priors_have_no_truth():
    model = bm.MixedModel(INTERCEPT, table(), priors={"Intercept": bm.Flat()})
    with pytest.raises(PriorError, match="flat, so it has no draws"):
        bm.calibrate(model)


def test_streamed_tables_have_no_rows():
    model = bm.MixedModel.stream(INTERCEPT, table())
    with pytest.raises(DesignError, match="table in memory"):
        bm.calibrate(model)


def test_progress_is_told_on_standard_error(intercept, capsys):
    bm.calibrate(intercept, 20, draws=100, random_seed=1)
    shown = capsys.readouterr()
    assert "100 %" in shown.err
    assert not shown.out
