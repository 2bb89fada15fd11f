"""Settings of a run: ranges, seeds, which engine."""

import os

import numpy as np
import pytest

from bayesmixed.engines.settings import SamplerSettings, choose_engine
from bayesmixed.errors import SamplingError


def settings(**options):
    values = {
        "draws": 10,
        "tune": 5,
        "chains": 2,
        "cores": 1,
        "seed": np.random.SeedSequence(3),
        "progressbar": False,
        "target_accept": 0.8,
    }
    return SamplerSettings(**{**values, **options})


def test_settings_are_kept():
    found = settings(draws=np.int64(7))
    assert (found.draws, found.tune, found.chains, found.cores, found.target_accept) == (7, 5, 2, 1, 0.8)
    assert settings(tune=0).tune == 0
    with pytest.raises(AttributeError):
        found.draws = 3


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("draws", 0, "draws must be a whole number of at least 1, not 0"),
        ("draws", 10.0, r"draws must be a whole number of at least 1, not 10\.0"),
        ("draws", True, "draws must be a whole number of at least 1, not True"),
        ("draws", None, "draws must be a whole number"),
        ("tune", -1, "tune must be a whole number of at least 0, not -1"),
        ("chains", 0, "chains must be a whole number of at least 1"),
        ("chains", "4", "chains must be a whole number of at least 1, not '4'"),
        ("cores", 0, "cores must be a whole number of at least 1"),
        ("target_accept", 0.0, r"target_accept must lie between 0 and 1, not 0\.0"),
        ("target_accept", 1.0, "target_accept must lie between 0 and 1"),
        ("target_accept", float("nan"), "target_accept must lie between 0 and 1"),
    ],
)
def test_values_out_of_range_are_refused(option, value, message):
    with pytest.raises(SamplingError, match=message):
        settings(**{option: value})


def test_cores_are_at_most_the_machines_and_the_chains():
    assert settings(cores=None, chains=1).cores == 1
    assert settings(cores=None, chains=10_000).cores == (os.cpu_count() or 1)
    assert settings(cores=3, chains=1).cores == 3


# ---------------------------------------------------------------- seeds
def test_each_use_of_a_run_has_a_seed_of_its_own():
    run = settings()
    seeds = [run.integer_seed(key) for key in range(20)]
    assert len(set(seeds)) == 20
    assert all(0 <= seed < 2**32 for seed in seeds)
    assert seeds == [settings().integer_seed(key) for key in range(20)]
    assert seeds != [settings(seed=np.random.SeedSequence(4)).integer_seed(key) for key in range(20)]


def test_generators_repeat_and_differ_between_uses():
    run = settings()
    first, again, other = (run.generator(key).normal(size=5) for key in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.isclose(first, other).any()


def test_spawned_seeds_stay_apart():
    children = np.random.SeedSequence(3).spawn(2)
    seeds = [settings(seed=child).integer_seed(0) for child in children]
    assert len({*seeds, settings().integer_seed(0)}) == 3


def test_asking_for_a_seed_does_not_use_it_up():
    run = settings()
    before = run.integer_seed(0)
    run.generator(5).normal(size=100)
    run.integer_seed(1)
    assert run.integer_seed(0) == before


# ---------------------------------------------------------------- engines
@pytest.mark.parametrize(
    ("engine", "needs_pymc", "expected"),
    [
        ("auto", False, "compiled"),
        ("auto", True, "pymc"),
        ("compiled", False, "compiled"),
        ("pymc", False, "pymc"),
        ("pymc", True, "pymc"),
        ("importance", False, "importance"),
        ("quadrature", False, "quadrature"),
    ],
)
def test_engines(engine, needs_pymc, expected):
    assert choose_engine(engine, needs_pymc) == expected


@pytest.mark.parametrize(
    ("engine", "needs_pymc", "message"),
    [
        ("compiled", True, "a prior is a PyMC distribution, which needs engine='pymc'"),
        ("quadrature", True, "a prior is a PyMC distribution, which needs engine='pymc'"),
        ("importance", True, "a prior is a PyMC distribution, which needs engine='pymc'"),
        ("stan", False, "engine must be 'auto', 'compiled', 'pymc', 'importance' or 'quadrature', not 'stan'"),
    ],
)
def test_engines_that_cannot_be_used(engine, needs_pymc, message):
    with pytest.raises(SamplingError, match=message):
        choose_engine(engine, needs_pymc)
