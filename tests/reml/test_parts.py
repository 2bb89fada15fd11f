"""The criterion of many patterns is added up in fixed parts, by as many threads as there are."""

import numpy as np
import pytest

from bayesmixed import parallel
from bayesmixed.moments import Moments
from bayesmixed.reml import criterion as module
from bayesmixed.reml.criterion import Criterion


@pytest.fixture
def patterns():
    rng = np.random.default_rng(1)
    sizes = rng.integers(2, 6, 60)
    group = np.repeat(np.arange(60), sizes)
    Z = np.column_stack([np.ones(len(group)), rng.normal(size=len(group))])
    return Moments.of_rows(rng.normal(size=len(group)), Z, Z, group, tuple(map(str, range(60)))).patterns


def test_parts_add_up_to_the_whole(patterns, monkeypatch):
    theta = np.array([0.7, 0.2, 0.4])
    whole = Criterion(patterns, ((0, 1),))
    assert len(whole.parts) == 1
    monkeypatch.setattr(module, "ROWS_OF_A_PART", 7)
    parts = Criterion(patterns, ((0, 1),))
    assert len(parts.parts) == 8
    assert parts.value(theta) == pytest.approx(whole.value(theta), rel=1e-13)
    one, other = parts.derivatives(theta), whole.derivatives(theta)
    np.testing.assert_allclose(one.gradient, other.gradient, rtol=1e-11, atol=1e-10)  # by sigma it is 0
    np.testing.assert_allclose(one.hessian, other.hessian, rtol=1e-11)


def test_the_number_of_cores_changes_no_digit(patterns, monkeypatch):
    theta, found = np.array([0.7, 0.2, 0.4]), []
    monkeypatch.setattr(module, "ROWS_OF_A_PART", 7)
    for cores in (1, 2, 4):
        monkeypatch.setattr(parallel.os, "cpu_count", lambda cores=cores: cores)
        here = Criterion(patterns, ((0, 1),)).derivatives(theta)
        found.append((here.value, *here.gradient, *here.hessian.ravel()))
    assert len(set(found)) == 1
