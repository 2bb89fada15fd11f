"""The same density through nutpie's public interface for Python functions."""

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.engines import compiled
from tests.fits import model

SHORT = {"draws": 300, "tune": 300, "chains": 2, "progressbar": False, "random_seed": 1}


@pytest.fixture
def another_nutpie(monkeypatch):
    """One whose class for C callbacks takes other arguments."""

    def changed(*arguments):
        raise TypeError("unexpected keyword argument")

    monkeypatch.setattr(compiled, "compiled_model", changed)


def test_the_same_posterior(another_nutpie):
    found = model("slope").fit(**SHORT)
    assert found.shape == (2, 300)
    assert found.verdict.numbers["divergences"] == 0
    reml = model("slope").reml()
    z = (np.median(found.beta[:, 1]) - reml.beta[1]) / (np.std(found.beta[:, 1]) / np.sqrt(100))
    assert abs(z) < 4


def test_the_same_seed_gives_the_same_draws(another_nutpie):
    one, other = (model("intercept").fit(**SHORT) for _ in range(2))
    np.testing.assert_array_equal(one.beta, other.beta)


def test_an_interrupted_or_impossible_run_is_an_error_of_ours(another_nutpie):
    with pytest.raises(bm.SamplingError, match="tune must be"):
        model("intercept").fit(**(SHORT | {"tune": 0}))
