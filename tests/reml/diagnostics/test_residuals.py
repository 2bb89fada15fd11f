"""Residuals against their definitions with matrices of all rows."""

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.reml.diagnostics.residuals import whitened
from tests import dense
from tests.designs import random_table

FORMULAS = ["y ~ t + offset(o) + (t | g)", "y ~ t + f + (1 | g)", "y ~ t + (t || g)", "y ~ t + (0 + x | g)"]


def fit(formula, weights=None, shuffled=True):
    table = random_table((4, 3, 5, 2, 6, 4, 3, 1), 2)
    if shuffled:
        table = table.sample(frac=1.0, random_state=1)
    return bm.MixedModel(formula, table, weights=weights).reml()


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("formula", FORMULAS)
def test_every_kind_by_its_definition(formula, weights):
    found = fit(formula, weights)
    design = found.design
    marginal = design.y - design.X @ found.beta - design.offset
    conditional = marginal - (design.Z_rows * found.effects[0][design.group]).sum(axis=1)
    V = dense.covariance(design.Z_rows, design.group, found.G, found.sigma, design.weights)
    np.testing.assert_allclose(found.residuals(), conditional, atol=1e-10)
    np.testing.assert_allclose(found.residuals("conditional"), conditional, atol=1e-10)
    np.testing.assert_allclose(found.residuals("marginal"), marginal, atol=1e-10)
    np.testing.assert_allclose(found.residuals("pearson"), conditional * np.sqrt(design.weights) / found.sigma)
    expected = np.linalg.solve(np.linalg.cholesky(V), marginal)
    np.testing.assert_allclose(found.residuals("normalized"), expected, atol=1e-10)


def test_the_first_row_of_a_group_is_scaled_by_its_own_variance():
    found = fit("y ~ t + (t | g)", shuffled=False)
    design = found.design
    _, first = np.unique(design.group, return_index=True)
    sd = np.sqrt(np.einsum("nk,kl,nl->n", design.Z_rows, found.G, design.Z_rows) + found.sigma**2)
    np.testing.assert_allclose(found.residuals("normalized")[first], (found.residuals("marginal") / sd)[first])


def test_whitening_keeps_its_digits_where_groups_differ_much():
    """A random intercept: the second row of a group given the first is nearly their difference."""
    group = np.repeat(np.arange(3), 2)
    residual = np.array([3e7, 3e7 + 1.0, 5e7, 5e7 - 2.0, 0.0, 1.0])
    F = np.full((6, 1), 1e7)
    result = whitened(F, residual, group, 3)
    variance = 1.0 + 1e14 / (1.0 + 1e14)
    np.testing.assert_allclose(result[1::2], np.array([1.0, -2.0, 1.0]) / np.sqrt(variance), rtol=1e-6)
    np.testing.assert_allclose(result[::2], residual[::2] / 1e7)


def test_normalized_residuals_of_a_right_model_are_white():
    rng = np.random.default_rng(4)
    group, t = np.repeat(np.arange(400), 5), np.tile(np.arange(5.0), 400)
    b = rng.normal(size=(400, 2)) @ np.array([[3.0, 0.5], [0.0, 1.0]])
    w = rng.uniform(0.5, 2.0, size=2000)
    y = 1.0 + t + b[group, 0] + b[group, 1] * t + rng.normal(size=2000) / np.sqrt(w)
    found = bm.MixedModel("y ~ t + (t | g)", {"y": y, "t": t, "g": group, "w": w}, weights="w").reml()
    covariance = np.cov(found.residuals("normalized").reshape(400, 5).T)
    np.testing.assert_allclose(covariance, np.eye(5), atol=4.5 * np.sqrt(2 / 400))


def test_other_kinds_are_refused():
    with pytest.raises(bm.RemlError, match="kind must be 'conditional', 'marginal', 'pearson' or 'normalized'"):
        fit(FORMULAS[0]).residuals("response")
