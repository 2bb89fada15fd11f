"""Tables, golden numbers and seeds that many tests share."""

import gc
import os
import sys

os.environ.setdefault("MPLBACKEND", "Agg")

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

from bayesmixed.datasets import load_dataset
from tests.reference import load_reference, table_path

# The same examples in every run: a failure is never a matter of luck.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def pytest_collection_finish(session):
    """The libraries that were imported stay: looking through them for garbage took a seventh of all time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_figure_stays_open():
    """pyplot keeps every figure until it is closed, and warns at the twenty-first, whichever test drew it."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture
def rng():
    return np.random.default_rng(20261122)


@pytest.fixture
def teaching():
    return load_dataset("teaching")


@pytest.fixture
def sleepstudy():
    return load_dataset("sleepstudy")


@pytest.fixture
def dyestuff():
    return load_dataset("Dyestuff")


@pytest.fixture
def dyestuff2():
    return load_dataset("Dyestuff2")


@pytest.fixture
def ergostool():
    return load_dataset("ergoStool")


@pytest.fixture
def sleepstudy_unbalanced():
    """117 rows of sleepstudy: 3 to 9 a subject."""
    return pd.read_csv(table_path("sleepstudy_unbalanced"), dtype={"Subject": "str"})


@pytest.fixture
def pastes():
    return pd.read_csv(table_path("Pastes"))


@pytest.fixture
def penicillin():
    return pd.read_csv(table_path("Penicillin"))


@pytest.fixture(scope="session")
def lme4():
    return load_reference("lme4")


@pytest.fixture(scope="session")
def nlme():
    return load_reference("nlme")


@pytest.fixture(scope="session")
def brms():
    return load_reference("brms_sleepstudy")


@pytest.fixture(scope="session")
def rstanarm():
    return load_reference("rstanarm")
