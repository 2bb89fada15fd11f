"""Spans of columns: when one model is a special case of another."""

import numpy as np
import pytest

from bayesmixed.errors import RemlError
from bayesmixed.reml import fit_reml
from bayesmixed.reml.comparison.nesting import Nesting, within
from tests.designs import random_table, stages

TABLE = random_table((6, 5, 7, 4, 6, 5, 3, 6), seed=2)


def fit(formula, table=TABLE):
    model = stages(formula, table)
    return fit_reml(model.design, model.coded, "ML")


def coded_columns(fit):
    """X and Z in the coding of the criterion."""
    return fit.design.X @ fit.coded.fixed.inverse, fit.design.Z_rows @ fit.coded.T_inverse


@pytest.mark.parametrize(
    ("small", "large"),
    [
        ("y ~ 1 + (1 | g)", "y ~ t + (t | g)"),
        ("y ~ t + (t || g)", "y ~ f*t + (t | g)"),
        ("y ~ 0 + f + (1 | g)", "y ~ f + x + (0 + f | g)"),
        ("y ~ 0 + x + (0 + t | g)", "y ~ t*x + (t + x | g)"),
    ],
)
def test_maps(small, large):
    one, two = fit(small), fit(large)
    nesting = Nesting.of(one, two)
    X_small, Z_small = coded_columns(one)
    X_large, Z_large = coded_columns(two)
    np.testing.assert_allclose(X_large @ nesting.X_map, X_small, atol=1e-10)
    np.testing.assert_allclose(Z_large @ nesting.Z_map, Z_small, atol=1e-10)
    assert nesting.same_means == (one.design.p == two.design.p)


def test_a_map_gives_the_same_covariance_matrix_of_y():
    """Z_B G Z_B' = Z_L (A G A') Z_L' for the smaller model's estimates."""
    one, two = fit("y ~ t + (t || g)"), fit("y ~ t + (t | g)")
    Lambda = Nesting.of(one, two).Z_map @ one.Lambda
    _, Z = coded_columns(two)
    ours = Z @ Lambda @ Lambda.T @ Z.T * one.sigma**2
    np.testing.assert_allclose(ours, one.design.Z_rows @ one.G @ one.design.Z_rows.T, atol=1e-8)


def test_a_block_must_lie_in_one_block():
    with pytest.raises(RemlError, match="one bracket"):
        Nesting.of(fit("y ~ t + (t | g)"), fit("y ~ t + (t || g)"))


def test_within(rng):
    others = rng.normal(size=(20, 3))
    A = rng.normal(size=(3, 2))
    np.testing.assert_allclose(within(others @ A, others), A, atol=1e-12)
    assert within(others @ A + 1e-5 * rng.normal(size=(20, 2)), others) is None
    assert within(np.empty((20, 0)), others).shape == (3, 0)
