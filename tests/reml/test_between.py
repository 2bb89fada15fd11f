"""What fixed effects leave of the differences between groups."""

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.planning.layout import planned_table
from bayesmixed.reml.between import degrees_between


def model_of(formula, groups, n, rng, **columns):
    table = planned_table(formula, groups, n, **columns)
    return bm.MixedModel(formula, table.assign(y=rng.normal(size=len(table))))


CASES = [
    ("y ~ arm + (1 | g)", 2, 0),
    ("y ~ arm + (1 | g)", 3, 1),
    ("y ~ arm + x + (1 | g)", 4, 2),
    ("y ~ arm * x + (x | g)", 2, 0),
    ("y ~ arm + x + (x | g)", 2, 1),
    ("y ~ arm * x + (1 | g)", 5, 3),
]


@pytest.mark.parametrize(("formula", "groups", "expected"), CASES)
def test_ranks(formula, groups, expected, rng):
    within = ["x"] if "x" in formula else []
    model = model_of(formula, groups, 4, rng, between=["arm"], within=within)
    design = model.design
    Z = np.hstack([design.Z_rows * (design.group == j)[:, None] for j in range(design.n_groups)])
    rank = np.linalg.matrix_rank
    assert rank(np.hstack([design.X, Z])) - rank(design.X) == expected
    assert degrees_between(design, model.coded.moments) == expected
    warned = any("explain every difference" in text for text in model.reml().warnings)
    assert warned == (expected == 0)


def test_the_restricted_likelihood_is_flat_there(rng):
    fit = model_of("y ~ arm + (1 | g)", 2, 5, rng, between=["arm"]).reml()
    values = [fit.objective.value(np.array([theta])) for theta in (0.0, 0.5, 20.0)]
    np.testing.assert_allclose(values, values[0])


def test_groups_of_one_row(rng):
    table = {"y": rng.normal(size=7), "g": list("abcdeff")}
    model = bm.MixedModel("y ~ 1 + (1 | g)", table)
    assert degrees_between(model.design, model.coded.moments) == 5
