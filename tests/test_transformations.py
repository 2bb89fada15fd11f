"""Transformations refuse what NumPy would turn into NaN or infinity."""

import numpy as np
import pandas as pd
import pytest

from bayesmixed.errors import DesignError
from bayesmixed.transformations import TRANSFORMATIONS


@pytest.mark.parametrize("name", ["log", "log2", "log10", "exp", "sqrt", "abs"])
def test_equals_numpy(name):
    x = pd.Series([0.5, 1.0, 4.0], name="x")
    np.testing.assert_array_equal(TRANSFORMATIONS[name](x), getattr(np, name)(x.to_numpy()))


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("log", [1.0, 0.0, -1.0], r"log\(x\): values <= 0 in 2 rows"),
        ("log2", [0.0], r"log2\(x\): values <= 0"),
        ("log10", [-1.0], r"log10\(x\): values <= 0"),
        ("sqrt", [-1.0, 1.0], r"sqrt\(x\): values < 0 in 1 rows"),
        ("exp", [710.0], r"exp\(x\): values > 709 overflow"),
        ("abs", ["a"], r"abs\(x\): numbers are needed"),
        ("log", ["a"], r"log\(x\): numbers are needed"),
    ],
)
def test_refuses(name, values, message):
    with pytest.raises(DesignError, match=message):
        TRANSFORMATIONS[name](pd.Series(values, name="x"))


def test_takes_plain_numbers():
    assert TRANSFORMATIONS["sqrt"](4.0) == 2.0
