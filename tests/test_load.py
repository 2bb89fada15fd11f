"""Many fits at once and one after another: the same draws, and no memory that is never given back."""

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bayesmixed as bm

ROOT = Path(__file__).parents[1]
SLOPE = "Reaction ~ Days + (Days | Subject)"
QUICK: dict[str, Any] = {"draws": 150, "tune": 200, "chains": 2, "progressbar": False}
TASKS = [(engine, seed) for engine in ("compiled", "importance") for seed in range(4)]

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::bayesmixed.BayesmixedWarning")]


def digest(*arrays):
    found = hashlib.sha256()
    for array in arrays:
        found.update(np.ascontiguousarray(array, dtype=float).tobytes())
    return found.hexdigest()


def fitted(task, cores=1):
    """A digest of all draws of a fit, of its own model."""
    engine, seed = task
    model = bm.MixedModel(SLOPE, bm.load_dataset("sleepstudy"))
    fit = model.fit(engine=engine, random_seed=seed, cores=cores, **QUICK)
    return digest(fit.beta, fit.effects, fit.covariance.sd, fit.covariance.corr, fit.covariance.sigma)


def estimated(seed):
    """A digest of a REML fit with profile limits and a bootstrap, and of refits."""
    model = bm.MixedModel(SLOPE, bm.load_dataset("sleepstudy"))
    reml = model.reml()
    replicates = reml.bootstrap(20, random_seed=seed)
    refits = model.refit(model.design.y + np.arange(3.0)[:, None], 100, random_seed=seed)
    return digest(reml.beta, reml.confint("profile"), replicates.draws, refits.beta, refits.weights)


@pytest.fixture(scope="module")
def alone():
    return [fitted(task) for task in TASKS]


def test_eight_fits_at_once_in_threads(alone):
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(fitted, TASKS)) == alone
    assert len(set(alone)) == len(TASKS)


def test_eight_fits_at_once_in_processes(alone):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert list(pool.map(fitted, TASKS)) == alone


def test_one_model_in_eight_threads():
    """Cached properties that are made by several threads at once are made alike."""
    expected = fitted(TASKS[0])
    model = bm.MixedModel(SLOPE, bm.load_dataset("sleepstudy"))

    def fit(_):
        found = model.fit(engine="compiled", random_seed=0, cores=1, **QUICK)
        return digest(
            found.beta, found.effects, found.covariance.sd, found.covariance.corr, found.covariance.sigma
        )

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(fit, range(8))) == {expected}


def test_reml_and_refits_in_threads():
    expected = [estimated(seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(estimated, range(4))) == expected


@pytest.mark.parametrize("cores", [2, 4])
def test_cores_do_not_matter(alone, cores):
    assert [fitted(task, cores) for task in TASKS[::4]] == alone[::4]


@pytest.mark.parametrize("threads", ["1", "2"])
def test_threads_of_libraries_do_not_matter(alone, threads):
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS")
    program = "from tests.test_load import TASKS, fitted; print(*[fitted(task) for task in TASKS[::4]])"
    environment = os.environ | dict.fromkeys(names, threads) | {"PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == alone[::4]


MEMORY = """
import resource, sys, warnings
warnings.simplefilter("ignore")
import bayesmixed as bm

def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024

data, kind, count = bm.load_dataset("Dyestuff"), sys.argv[1], int(sys.argv[2])
def once(seed):
    model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", data)
    if kind == "reml":
        model.reml().fixed_effects()
    else:
        model.fit(100, 100, 2, cores=1, random_seed=seed, progressbar=False, engine=kind).summary()
for seed in range(count // 4):
    once(seed)
before = resident()
for seed in range(count // 4, count):
    once(seed)
print(resident() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@pytest.mark.parametrize(("kind", "count"), [("reml", 1000), ("importance", 1000), ("compiled", 400)])
def test_memory_does_not_grow(kind, count):
    """Megabytes that the last three quarters of the fits add to those of the first."""
    command = [sys.executable, "-c", MEMORY, kind, str(count)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 12.0
