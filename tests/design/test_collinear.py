"""Collinear whatever the units, and nothing else is."""

import numpy as np
import pytest

from bayesmixed.design import collinear
from bayesmixed.errors import DesignError
from tests.design.example import build, make_table


@pytest.mark.parametrize("shift", [0, 2_000, 1e6, -1e8])
def test_a_far_away_zero_is_not_collinear(shift):
    table = make_table().assign(t=lambda d: d["t"] + shift)
    build("y ~ t*f + (t | g)", table)
    build("y ~ 0 + f + t + (1 | g)", table)
    with pytest.raises(DesignError, match="collinear"):
        build("y ~ t + I(3*t + 5) + (1 | g)", table)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_collinear_does_not_depend_on_units_or_rows(scale):
    rng = np.random.default_rng(3)
    X = np.column_stack([np.ones(10_000), rng.normal(size=(10_000, 3))])
    X[:, 3] *= scale
    labels = ["Intercept", "a", "b", "c"]
    assert collinear(X, labels) is None
    X[:, 2] = X[:, 1] - X[:, 3] / scale
    assert collinear(X, labels) == ("c", ("a", "b"))
    assert collinear(X[:, :0], []) is None
