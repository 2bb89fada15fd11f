"""Satterthwaite's degrees of freedom: exact cases, and the definition with everything by differences."""

import numpy as np
import pytest

from bayesmixed.likelihood import MarginalLikelihood
from bayesmixed.reml import fit_reml
from bayesmixed.reml.satterthwaite import covariance_of_variance_parameters, satterthwaite_df
from tests import dense
from tests.designs import random_table, stages

TABLE = random_table((5, 4, 6, 3, 5, 7, 4, 5), 3)
INTERCEPT, SLOPE = "Reaction ~ Days + (1 | Subject)", "Reaction ~ Days + (Days | Subject)"


def fit(formula, table=TABLE, method="REML"):
    model = stages(formula, table)
    return fit_reml(model.design, model.coded, method)


def by_differences(found):
    """2 v^2 / (g' A g) from second differences of the dense criterion in (sd, corr's theta, sigma)."""
    design, profile = found.design, found.objective
    restricted = found.method == "REML"
    coded, y = found.coded, design.y - design.offset

    def V_of(parameters):
        root = coded.T_inverse @ profile.Lambda(parameters[:-1]) * parameters[-1]
        return dense.covariance(design.Z_rows, design.group, root @ root.T, parameters[-1], design.weights)

    def deviance(parameters):
        V = V_of(parameters)
        beta, covariance = dense.gls(y, design.X, V)
        residual = y - design.X @ beta
        value = np.linalg.slogdet(V)[1] + residual @ np.linalg.solve(V, residual)
        return value - restricted * np.linalg.slogdet(covariance)[1]

    at = np.append(found.optimum.theta, found.sigma)
    H = np.empty((len(at), len(at)))
    step = 1e-3
    for i in range(len(at)):
        for j in range(len(at)):
            a, b = np.zeros(len(at)), np.zeros(len(at))
            a[i], b[j] = step * max(1, abs(at[i])), step * max(1, abs(at[j]))
            corners = deviance(at + a + b) - deviance(at + a - b) - deviance(at - a + b) + deviance(at - a - b)
            H[i, j] = corners / (4 * a[i] * b[j])
    A = 2 * np.linalg.inv(H)
    result = []
    for k in range(design.p):

        def variance(parameters, k=k):
            return dense.gls(y, design.X, V_of(parameters))[1][k, k]

        gradient = dense.numerical_gradient(variance, at, 1e-4)
        result.append(2 * variance(at) ** 2 / (gradient @ A @ gradient))
    return result


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("formula", [INTERCEPT, SLOPE])
def test_the_definition_by_differences(formula, method, sleepstudy_unbalanced):
    found = fit(formula, sleepstudy_unbalanced, method)
    assert not found.singular
    np.testing.assert_allclose(found.df, by_differences(found), rtol=2e-4)


@pytest.mark.parametrize(("method", "extra"), [("REML", 0), ("ML", 1)])
def test_exact_in_a_balanced_one_way_layout(method, extra):
    """The variance of the mean is MSB / N, with J - 1 degrees of freedom (J under ML, which divides by J)."""
    rng = np.random.default_rng(6)
    J, n = 7, 5
    y = (rng.normal(size=(J, 1)) * 3 + rng.normal(size=(J, n))).ravel()
    found = fit("y ~ 1 + (1 | g)", {"y": y, "g": np.repeat(np.arange(J), n)}, method)
    assert found.df[0] == pytest.approx(J - 1 + extra, rel=1e-6)


def test_within_and_between_effects_of_a_balanced_design():
    rng = np.random.default_rng(7)
    J, n = 8, 6
    g, t = np.repeat(np.arange(J), n), np.tile(np.arange(n), J)
    y = rng.normal(size=J)[g] * 3 + rng.normal(size=J * n)
    found = fit("y ~ t + (1 | g)", {"y": y, "t": t, "g": g})
    # Within: N - J rows' worth minus one slope.
    assert found.df[1] == pytest.approx(J * n - J - 1, rel=1e-6)


def test_a_singular_fit_has_the_residual_degrees_of_freedom(dyestuff2):
    found = fit("Yield ~ 1 + (1 | Batch)", dyestuff2)
    assert found.df[0] == pytest.approx(29, abs=1e-6)
    A = covariance_of_variance_parameters(found.derivatives)
    # Nothing that theta does to the mean's variance at zero is of first order: sigma alone is left.
    assert A[0, 1] == pytest.approx(0, abs=1e-12)
    assert A[1, 1] == pytest.approx(found.sigma**2 / (2 * 29), rel=1e-6)


def test_any_contrast_and_its_multiples(sleepstudy_unbalanced):
    table = sleepstudy_unbalanced
    found = fit(SLOPE, table)
    back = found.coded.fixed.inverse
    contrasts = np.array([[1.0, 5.0], [2.0, 10.0]]) @ back
    df = satterthwaite_df(found.derivatives, contrasts)
    assert df[0] == pytest.approx(df[1], rel=1e-10)
    # The same contrast, asked for as a coefficient: time counted from 5.
    moved = fit(SLOPE, table.assign(Days=table["Days"] - 5))
    assert df[0] == pytest.approx(moved.df[0], rel=1e-6)


@pytest.mark.parametrize("unit", [1e-6, 1e-3, 1e3, 1e6])
def test_units_of_y_change_no_degrees_of_freedom(unit, sleepstudy_unbalanced):
    before = fit(SLOPE, sleepstudy_unbalanced)
    after = fit(SLOPE, sleepstudy_unbalanced.assign(Reaction=unit * sleepstudy_unbalanced["Reaction"]))
    np.testing.assert_allclose(after.df, before.df, rtol=1e-7)


def test_the_information_is_that_of_the_kernel():
    found = fit("y ~ t + (1 | g)")
    kernel = MarginalLikelihood.flat(found.coded.moments)
    at = np.append(found.optimum.theta, found.sigma)

    def deviance(parameters):
        return -2 * kernel.value(found.objective.Lambda(parameters[:-1]), parameters[-1])

    gradient = dense.numerical_gradient(deviance, at)
    np.testing.assert_allclose(gradient, 0, atol=1e-5)
    H = dense.numerical_gradient(lambda x: dense.numerical_gradient(deviance, x, 1e-3)[0], at, 1e-3)
    A = covariance_of_variance_parameters(found.derivatives)
    np.testing.assert_allclose(np.linalg.inv(A / 2)[0], H, rtol=1e-5)
