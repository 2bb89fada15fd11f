"""Seeds, engines and settings of a run, and where it starts."""

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.density import Density
from bayesmixed.engines import compiled, nutpie_runs
from bayesmixed.engines.settings import SamplerSettings
from bayesmixed.sampling import sample as sampling
from bayesmixed.sampling.sample import starting_point
from tests.fits import QUICK, fit, model

SHORT = {**QUICK, "draws": 30, "tune": 30}


def posterior(found):
    return found.idata["posterior"]


# ---------------------------------------------------------------- seeds
def test_the_same_seed_gives_the_same_draws():
    first, again = (model("slope").fit(random_seed=8, **SHORT) for _ in range(2))
    assert posterior(first).identical(posterior(again))
    for name in ("lp", "energy", "n_steps"):
        np.testing.assert_array_equal(first.idata["sample_stats"][name], again.idata["sample_stats"][name])


def test_the_number_of_cores_changes_nothing():
    options = {**SHORT, "chains": 4}
    one = model("slope").fit(random_seed=8, **{**options, "cores": 1})
    for cores in (2, 4, None):
        many = model("slope").fit(random_seed=8, **{**options, "cores": cores})
        assert posterior(one).identical(posterior(many))


def test_different_seeds_and_chains_differ():
    first, other = (model("intercept").fit(random_seed=seed, **SHORT) for seed in (1, 2))
    for name in ("sigma", "Intercept", "1|Batch"):
        assert not np.isclose(posterior(first)[name], posterior(other)[name]).any()
        assert not np.isclose(posterior(first)[name][0], posterior(first)[name][1]).any()


def test_without_a_seed_every_run_differs():
    first, other = (model("intercept").fit(**SHORT) for _ in range(2))
    assert not np.isclose(posterior(first)["sigma"], posterior(other)["sigma"]).any()


def test_a_seed_sequence_is_the_integer_that_it_was_made_from():
    first = model("intercept").fit(random_seed=9, **SHORT)
    sequence = np.random.SeedSequence(9)
    second = model("intercept").fit(random_seed=sequence, **SHORT)
    third = model("intercept").fit(random_seed=sequence, **SHORT)
    assert posterior(first).identical(posterior(second))
    assert posterior(first).identical(posterior(third))
    assert sequence.n_children_spawned == 0


def test_a_generator_gives_reproducible_draws_and_moves_on():
    first = model("intercept").fit(random_seed=np.random.default_rng(4), **SHORT)
    rng = np.random.default_rng(4)
    second = model("intercept").fit(random_seed=rng, **SHORT)
    third = model("intercept").fit(random_seed=rng, **SHORT)
    assert posterior(first).identical(posterior(second))
    assert not posterior(first).identical(posterior(third))


@pytest.mark.parametrize("seed", [-1, 1.5, "one", [1, -2], object()])
def test_what_is_no_seed_is_refused(seed):
    with pytest.raises(bm.SamplingError, match="random_seed must be an int of at least 0"):
        model("intercept").fit(random_seed=seed, **SHORT)


# ---------------------------------------------------------------- settings and engines
@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"draws": 0}, "draws must be a whole number of at least 1, not 0"),
        ({"draws": 10.5}, r"draws must be a whole number of at least 1, not 10\.5"),
        ({"draws": True}, "draws must be a whole number"),
        ({"tune": -1}, "tune must be a whole number of at least [01], not -1"),
        ({"tune": 0}, "tune must be a whole number of at least 1, not 0"),
        ({"chains": 0}, "chains must be a whole number of at least 1, not 0"),
        ({"cores": 0}, "cores must be a whole number of at least 1, not 0"),
        ({"target_accept": 1.0}, r"target_accept must lie between 0 and 1, not 1\.0"),
        ({"target_accept": -0.5}, "target_accept must lie between 0 and 1"),
        ({"engine": "nuts"}, "engine must be .*, not 'nuts'"),
    ],
)
def test_settings_that_make_no_sense_are_refused_in_one_line(options, text):
    with pytest.raises(bm.SamplingError, match=text) as caught:
        model("intercept").fit(random_seed=1, **{**SHORT, **options})
    assert "\n" not in str(caught.value)


def test_numbers_of_numpy_are_whole_numbers():
    found = model("intercept").fit(random_seed=1, **{**SHORT, "draws": np.int64(5), "chains": np.int32(3)})
    assert found.shape == (3, 5)


@pytest.mark.parametrize("tune", [1, 2, 5])
def test_one_chain_and_one_draw_are_enough_to_run(tune):
    """nutpie panics where it has no tuning steps, and prints a trace of its own."""
    found = model("slope").fit(random_seed=1, draws=1, tune=tune, chains=1, progressbar=False)
    assert found.shape == (1, 1)
    assert np.isfinite(found.beta).all()
    assert not found.verdict.ok


def test_the_compiled_engine_refuses_a_pymc_prior(sleepstudy):
    import pymc as pm

    found = bm.MixedModel("Reaction ~ Days + (1 | Subject)", sleepstudy, priors={"sigma": pm.Gamma.dist(2.0, 0.1)})
    assert found.priors.resolved.needs_pymc
    with pytest.raises(bm.SamplingError, match="needs engine='pymc'"):
        found.fit(engine="compiled", random_seed=1, **SHORT)


@pytest.mark.parametrize("key", ["intercept", "third slope", "uncorrelated", "weighted"])
def test_the_starting_point_has_a_density(key):
    density = Density(model(key).posterior)
    start = starting_point(model(key), density)
    value, gradient = density.value_and_gradient(start)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


def test_sampling_starts_where_reml_does_not_exist():
    table = {"y": [1.0, 2, 4, 3, 7, 5, 6, 9, 1, 3], "t": [0.0, 1] * 5, "g": list("aabbccddee")}
    found = bm.MixedModel("y ~ t + (t | g)", table)
    with pytest.raises(bm.RemlError):
        found.reml()
    with pytest.warns(bm.BayesmixedWarning, match="rests on its prior"):
        draws = found.fit(random_seed=1, **SHORT)
    assert np.isfinite(draws.draws_of("sigma")).all()


def test_a_singular_reml_fit_is_no_place_to_start_at(dyestuff2):
    found = bm.MixedModel("Yield ~ 1 + (1 | Batch)", dyestuff2)
    assert found.reml().singular
    start = starting_point(found, Density(found.posterior))
    assert np.exp(start[0]) > 0.01 * found.reml().sigma


# ---------------------------------------------------------------- seconds
class Clock:
    """Stands for the module `time`: moves on only where something is told to take seconds."""

    def __init__(self):
        self.now = 50.0

    def perf_counter(self):
        return self.now

    def slow(self, function, seconds):
        """The function, which takes so many seconds of this clock."""

        def call(*arguments, **options):
            self.now += seconds
            return function(*arguments, **options)

        return call


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(sampling, "time", clock)
    return clock


SETTINGS = SamplerSettings(30, 40, 2, 1, np.random.SeedSequence(1), False, 0.85)


def test_seconds_of_the_compiled_engine_are_those_of_the_sampler_alone(clock, monkeypatch):
    monkeypatch.setattr(sampling, "starting_point", clock.slow(starting_point, 100.0))
    monkeypatch.setattr(Density, "constrain", clock.slow(Density.constrain, 1000.0))
    monkeypatch.setattr(compiled, "sample_compiled", clock.slow(compiled.sample_compiled, 7.0))
    found = sampling.sample(model("slope"), SETTINGS)
    assert clock.now == 1157.0
    assert (found.seconds, found.engine, found.library) == (7.0, "compiled", "nutpie")
    assert (found.tune, found.target_accept) == (40, 0.85)


def test_seconds_of_the_graph_are_those_of_the_sampler_alone(clock, monkeypatch):
    from bayesmixed.graph import compilation

    tree = fit("slope").idata
    monkeypatch.setattr(compilation, "compiled_graph", clock.slow(lambda graph: None, 100.0))
    monkeypatch.setattr(sampling, "covariance_draws", clock.slow(sampling.covariance_draws, 1000.0))
    monkeypatch.setattr(nutpie_runs, "run_nutpie", clock.slow(lambda model, settings: tree, 7.0))
    found = sampling.sample(model("slope"), SETTINGS, "pymc")
    assert clock.now == 1157.0
    assert (found.seconds, found.engine, found.library) == (7.0, "pymc", "nutpie")
