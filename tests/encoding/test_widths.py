"""Interactions with more columns than rows are refused before memory is filled."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from bayesmixed.errors import DesignError
from tests.designs import design_of


@pytest.fixture
def table():
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "y": rng.normal(size=40),
            "x": rng.normal(size=40),
            "z": rng.normal(size=40),
            "f": np.tile(list("abcde"), 8),
            "h": np.repeat(list("uvwx"), 10),
            "g": np.tile(list("pqrstuvw"), 5),
        }
    )


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (
            "y ~ bs(x, df=101):bs(z, df=101) + (1 | g)",
            r"bs\(x, df=101\):bs\(z, df=101\) has 10,201 columns or more",
        ),
        ("y ~ x + (bs(x, df=101):bs(z, df=101) | g)", "10,201 columns or more: leave a part of it out"),
        ("y ~ f:h:bs(x, df=900) + (1 | g)", "10,800 columns or more"),
        ("y ~ C(f, Sum):poly(x, 20):bs(x, df=200) + (1 | g)", "16,000 columns or more"),
        ("y ~ " + ":".join(f"bs(x, df={k})" for k in range(90, 100)) + " + (1 | g)", "columns or more"),
    ],
)
def test_what_is_too_wide(formula, text, table):
    tracemalloc.start()
    try:
        with pytest.raises(DesignError, match=text):
            design_of(formula, table)
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("formula", "p"), [("y ~ f:h + (1 | g)", 20), ("y ~ f * bs(x, df=3) + (1 | g)", 20)])
def test_what_fits(formula, p, table):
    assert design_of(formula, table).p == p
