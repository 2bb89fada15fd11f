"""Smaller models from the moments of larger ones, against designs of their own."""

from dataclasses import replace

import numpy as np
import pytest

from bayesmixed.reml import fit_reml
from bayesmixed.reml.comparison.nesting import Nesting
from bayesmixed.reml.comparison.submodel import submodel
from bayesmixed.reml.optimize import minimise
from tests.designs import random_table, stages

TABLE = random_table((6, 5, 7, 4, 6, 5, 3, 1, 6, 5))
PAIRS = [
    ("y ~ t + (1 | g)", "y ~ t + (t | g)"),
    ("y ~ t + (t || g)", "y ~ t + (t | g)"),
    ("y ~ t + (0 + t | g)", "y ~ t + (t | g)"),
    ("y ~ 1 + (1 | g)", "y ~ t + f + (t | g)"),
    ("y ~ x + (1 | g)", "y ~ x*f + (0 + f | g)"),
    ("y ~ x + offset(o) + (t | g)", "y ~ t + x + offset(o) + (t | g)"),
]


def fit(formula, method="ML"):
    model = stages(formula, TABLE, weights="w")
    return fit_reml(model.design, model.coded, method)


@pytest.mark.parametrize(("small", "large"), PAIRS)
def test_criterion_of_a_submodel(small, large):
    one, two = fit(small), fit(large)
    nesting = Nesting.of(one, two)
    # y of the larger model has its own least-squares fit taken off: put it back in the smaller one's terms.
    patterns = two.objective.patterns
    shifted = with_shift(patterns, two.coded.shift - nesting.X_map @ one.coded.shift)
    reduced = replace(one.objective, patterns=submodel(shifted, nesting.Z_map, nesting.X_map))
    theta = one.optimum.theta + 0.1
    assert reduced.value(theta) == pytest.approx(one.objective.value(theta), rel=1e-10)
    np.testing.assert_allclose(reduced.cross_products(theta), one.objective.cross_products(theta), atol=1e-8)
    assert minimise(reduced).value == pytest.approx(one.criterion, abs=1e-8)


def with_shift(patterns, shift):
    """Patterns of ``y + X shift``."""
    Rza, Raa = patterns.Rza.copy(), patterns.Raa.copy()
    Rza[:, :, -1] += Rza[:, :, :-1] @ shift
    Raa[:, -1] += Raa[:, :-1] @ shift
    return patterns._replace(Rza=Rza, Raa=Raa)


def test_more_columns_than_the_larger_model():
    """Blocks that overlap: Z_small repeats a direction of Z."""
    large = fit("y ~ t + (t | g)")
    Z_map = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    small = replace(large.objective, patterns=submodel(large.objective.patterns, Z_map), blocks=((0,), (1, 2)))
    theta = np.array([0.0, 0.7, 0.2, 0.4])
    assert small.value(theta) == pytest.approx(large.objective.value(theta[1:]), rel=1e-12)
