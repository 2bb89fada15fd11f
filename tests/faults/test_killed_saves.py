"""Saves that are killed at random moments: the file is the old fit or the new one, and never anything else."""

import os
import re
import select
import signal
import time

import numpy as np
import pytest

import bayesmixed as bm
from tests.fits import copy_of, fit

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")

KILLS = 500
LEFT_OVER = re.compile(r"\.fit\.nc\.[0-9a-f]{16}\.part")


def shifted(found, by):
    """The same fit with other draws of sigma."""
    other = copy_of(found)
    other.idata["posterior"]["sigma"] = other.idata["posterior"]["sigma"] + by
    return other


@pytest.fixture(scope="module")
def fits():
    """The fit of the old file and the one that is saved over it, by their first draw of sigma."""
    old = fit("intercept")
    return {float(one.idata["posterior"]["sigma"][0, 0]): one for one in (old, shifted(old, 1.0))}


def start_saving(found, path):
    """A child that says when it begins, and saves for ever."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, b"!")
            while True:
                found.save(path)
        finally:
            os._exit(1)
    os.close(writing)
    assert select.select([reading], [], [], 60.0)[0], "the child does not begin"
    os.close(reading)
    return child


def kill(child):
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the child ended by itself"


def what_is_saved(path, fits):
    """The first draw of sigma, after a look at everything that a file should hold."""
    loaded = bm.load(path)
    name = float(loaded.idata["posterior"]["sigma"][0, 0])
    assert name in fits, "neither of the two fits"
    assert loaded.idata["posterior"].identical(fits[name].idata["posterior"])
    assert loaded.model.specification == fits[name].model.specification
    return name


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_save_that_is_killed_leaves_the_old_fit_or_the_new_one(fits, tmp_path):
    path = tmp_path / "fit.nc"
    first, second = fits
    rng = np.random.default_rng(1)
    start = time.perf_counter()
    fits[first].save(path)
    usual = time.perf_counter() - start
    contents = path.read_bytes()
    seen, known, parts = dict.fromkeys(fits, 0), {}, 0
    for round_ in range(KILLS):
        found = fits[second if round_ % 2 == 0 else first]
        if round_ % 2 == 0:  # the first save of the child writes over the other fit
            path.write_bytes(contents)
        child = start_saving(found, path)
        time.sleep(rng.uniform(0.0, 1.5 * usual))
        kill(child)
        written = path.read_bytes()
        if written not in known:  # the same bytes need no second look
            known[written] = what_is_saved(path, fits)
        seen[known[written]] += 1
        # At the most one part file, under a name that says whose it is; nothing else.
        left = [other for other in tmp_path.iterdir() if other != path]
        assert len(left) <= 1
        for other in left:
            assert LEFT_OVER.fullmatch(other.name)
            other.unlink()
        parts += len(left)
    assert min(seen.values()) > 0
    assert parts > 0, "no save was killed in the middle"
    fits[first].save(path)
    assert what_is_saved(path, fits) == first


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_loading_while_others_save(fits, tmp_path):
    """Two processes save over the file all the time; every load gives one of the fits as a whole."""
    path = tmp_path / "fit.nc"
    next(iter(fits.values())).save(path)
    children = [start_saving(found, path) for found in fits.values()]
    try:
        seen = {what_is_saved(path, fits) for _ in range(30)}
    finally:
        for child in children:
            kill(child)
    assert seen == set(fits)
