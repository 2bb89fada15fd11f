"""Closed-form densities of left-out units against dense multivariate normals, and in rational numbers."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import bayesmixed as bm
from bayesmixed.leaving_out.columns import KernelRows
from bayesmixed.leaving_out.densities import densities_of_groups, densities_of_rows
from bayesmixed.leaving_out.draws import group_densities, row_densities
from bayesmixed.leaving_out.refits import _log_likelihoods, bridged
from bayesmixed.moments.triangles import Triangles
from bayesmixed.parameters import CovarianceParameters
from bayesmixed.posterior import CovarianceDraws
from tests import dense
from tests.designs import random_Lambda, random_rows, random_table

SLOPE = "y ~ t + f + offset(o) + (t | g)"
CASES = {
    "default": (SLOPE, None, "w"),
    "flat": (SLOPE, {"Intercept": bm.Flat(), "t": bm.Flat(), "f": bm.Flat()}, "w"),
    "mixed": (SLOPE, {"Intercept": bm.StudentT(3, 40, 10), "t": bm.Flat(), "f": bm.StudentT(5, 0, 4)}, None),
    "explicit": ("y ~ t + f + (1 | g)", {"t": bm.HalfNormal(5), "f": bm.Normal(0, 3)}, "w"),
    "brms": ("y ~ t + (t || g)", "brms", None),
    "no coefficient": ("y ~ 0 + (1 | g)", None, "w"),
}


def some_draws(model, count=3, seed=2):
    """Arbitrary covariance parameters, scales and explicit coefficients."""
    rng, q, posterior = np.random.default_rng(seed), model.design.q, model.posterior
    corr = np.broadcast_to(np.eye(q), (count, q, q)).copy()
    if posterior.priors.corr is not None:
        corr[:, 0, 1] = corr[:, 1, 0] = rng.uniform(-0.9, 0.9, size=count)
    covariance = CovarianceParameters(rng.uniform(0.5, 9.0, size=(count, q)), corr, rng.uniform(1, 6, size=count))
    coefficients = posterior.coefficients
    precision = np.tile(coefficients.precision, (count, 1))
    precision[:, coefficients.student] *= rng.uniform(0.5, 2.0, size=(count, int(coefficients.student.sum())))
    explicit = rng.uniform(0.5, 3.0, size=(count, len(coefficients.explicit)))
    return CovarianceDraws(covariance, posterior.Lambda(covariance), precision, explicit)


def dense_log_density(model, draws, d, keep):
    """log p(y of some rows | draw d) with all rows at once, in the user's rows and the coding of the priors."""
    design, coefficients = model.design, model.posterior.coefficients
    X = design.X @ model.priors.resolved.fixed_coding.inverse
    y = design.y - design.offset - X[:, list(coefficients.explicit)] @ draws.explicit[d]
    X, flat = X[:, list(coefficients.columns)], draws.precision[d] == 0.0
    G, sigma = draws.covariance.G[d], draws.sigma[d]
    V = dense.covariance(design.Z_rows, design.group, G, sigma, design.weights)[np.ix_(keep, keep)]
    B = np.diag(1.0 / np.where(flat, 1.0, draws.precision[d]))
    return dense.log_likelihood(y[keep], X[keep], V, coefficients.mean, B, flat)


@pytest.mark.parametrize("case", CASES)
def test_conditionals_are_those_of_dense_normals(case):
    formula, priors, weights = CASES[case]
    model = bm.MixedModel(formula, random_table(sizes=(4, 3, 5, 2, 1)), priors=priors, weights=weights)
    draws, rows = some_draws(model), KernelRows.of(model)
    groups, singles = (
        group_densities(model.posterior, rows, draws)[0],
        row_densities(model.posterior, rows, draws)[0],
    )
    everything = np.ones(model.design.n_obs, dtype=bool)
    for d in range(3):
        whole = dense_log_density(model, draws, d, everything)
        for j in range(model.design.n_groups):
            expected = whole - dense_log_density(model, draws, d, model.design.group != j)
            np.testing.assert_allclose(groups[d, j], expected, rtol=1e-10, atol=1e-9)
        for k in range(model.design.n_obs):
            expected = whole - dense_log_density(model, draws, d, np.arange(model.design.n_obs) != k)
            np.testing.assert_allclose(singles[d, k], expected, rtol=1e-10, atol=1e-9)


def test_replicates_are_predicted_from_all_rows():
    model = bm.MixedModel(SLOPE, random_table(), weights="w")
    draws, rows, design = some_draws(model), KernelRows.of(model), model.design
    groups, singles = (
        group_densities(model.posterior, rows, draws)[1],
        row_densities(model.posterior, rows, draws)[1],
    )
    X = design.X @ model.priors.resolved.fixed_coding.inverse
    V = dense.covariance(design.Z_rows, design.group, draws.covariance.G[0], draws.sigma[0], design.weights)
    B, mean = np.diag(1.0 / draws.precision[0]), model.posterior.coefficients.mean
    y = design.y - design.offset - X @ mean
    total = V + X @ B @ X.T
    own = design.group == 2
    # A replicate of group 2 shares the coefficients with the data, one of row 7 its group's b as well.
    shared = X[own] @ B @ X.T
    centre, spread = (
        shared @ np.linalg.solve(total, y),
        total[np.ix_(own, own)] - shared @ np.linalg.solve(total, shared.T),
    )
    np.testing.assert_allclose(groups[0, 2], stats.multivariate_normal(centre, spread).logpdf(y[own]), rtol=1e-9)
    noise = draws.sigma[0] ** 2 / design.weights[7]
    shared = total[7] - noise * (np.arange(len(y)) == 7)
    centre, variance = shared @ np.linalg.solve(total, y), total[7, 7] - shared @ np.linalg.solve(total, shared)
    np.testing.assert_allclose(singles[0, 7], stats.norm(centre, np.sqrt(variance)).logpdf(y[7]), rtol=1e-9)


def left_out_exactly(rows, G, sigma, keep):
    own = rows.group[keep]
    own = np.unique(own, return_inverse=True)[1]
    whole = dense.exact_criterion(rows.y, rows.X, rows.Z, rows.group, G, sigma)
    return -0.5 * (whole - dense.exact_criterion(rows.y[keep], rows.X[keep], rows.Z[keep], own, G, sigma))


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("lonely", [False, True], ids=["", "one group tells nearly all"])
def test_no_digits_are_lost(scale, lonely):
    """Against rational numbers: sd/sigma of 1e6, singletons, a column that is nearly one group's own."""
    rows = random_rows(sizes=(3, 1, 4, 2), p=2, q=2, seed=3)
    if lonely:
        X = rows.X.copy()
        X[rows.group == 0, 1] *= 1e6
        rows = replace(rows, X=X)
    order = np.argsort(rows.group, kind="stable")
    rows = rows.take(order)
    Lambda = random_Lambda(2, seed=4, scale=scale)
    R = Triangles.of_rows(rows.y, rows.X, rows.Z, rows.group, rows.levels).R
    n = np.bincount(rows.group)
    start = np.concatenate([[0], np.cumsum(n)]).astype(np.intp)
    theta = (Lambda[None], np.ones(1), np.zeros((1, 2)), np.zeros(2), np.zeros((1, 0)))
    groups, singles = np.empty((1, 4)), np.empty((1, len(rows.y)))
    densities_of_groups(R, n.astype(float), np.zeros(4), *theta, groups, np.empty_like(groups))
    columns = np.column_stack([rows.Z, rows.X, rows.y])
    densities_of_rows(R, columns, start, np.zeros(len(rows.y)), *theta, singles, np.empty_like(singles))
    G = Lambda @ Lambda.T
    for j in range(4):
        expected = left_out_exactly(rows, G, 1.0, rows.group != j)
        np.testing.assert_allclose(groups[0, j], expected, rtol=1e-7)
    for k in range(len(rows.y)):
        expected = left_out_exactly(rows, G, 1.0, np.arange(len(rows.y)) != k)
        np.testing.assert_allclose(singles[0, k], expected, rtol=1e-7)


def test_offsets_and_units_of_the_response_change_nothing_but_the_unit():
    table = random_table()
    plain = bm.MixedModel("y ~ t + (1 | g)", table, priors={"Intercept": bm.Flat(), "t": bm.Flat()})
    far = table.assign(y=1e-6 * table["y"] + 1e3, t=table["t"] + 1e7)
    moved = bm.MixedModel("y ~ t + (1 | g)", far, priors={"Intercept": bm.Flat(), "t": bm.Flat()})
    found = []
    for model, unit in ((plain, 1.0), (moved, 1e-6)):
        covariance = CovarianceParameters(unit * np.array([[5.0]]), np.ones((1, 1, 1)), unit * np.array([3.0]))
        draws = CovarianceDraws(covariance, model.posterior.Lambda(covariance), np.zeros((1, 2)), np.empty((1, 0)))
        rows = KernelRows.of(model)
        groups = group_densities(model.posterior, rows, draws)[0] + rows.n * np.log(unit)
        found.append((groups, row_densities(model.posterior, rows, draws)[0] + np.log(unit)))
    # y keeps 7 of its digits: 1e3 and 1e-6 in one number.
    np.testing.assert_allclose(found[1][0], found[0][0], rtol=1e-6)
    np.testing.assert_allclose(found[1][1], found[0][1], rtol=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_refits_compute_the_same_from_moments(case):
    """Moments without a unit, and the kernel's difference: another way to the same densities."""
    formula, priors, weights = CASES[case]
    model = bm.MixedModel(formula, random_table(sizes=(4, 3, 5, 2, 1)), priors=priors, weights=weights)
    draws, rows = some_draws(model), KernelRows.of(model)
    whole, moments = _log_likelihoods(model.posterior, draws), model.posterior.moments
    groups, singles = (
        group_densities(model.posterior, rows, draws)[0],
        row_densities(model.posterior, rows, draws)[0],
    )
    for j in range(5):
        part = replace(model.posterior, moments=rows.moments_without_group(moments, j))
        assert part.moments.n_rows == (model.design.group != j).sum()
        np.testing.assert_allclose(whole - _log_likelihoods(part, draws), groups[:, j], rtol=1e-9)
    for k in range(model.design.n_obs):
        part = replace(model.posterior, moments=rows.moments_without_row(moments, k))
        assert part.moments.n_rows == model.design.n_obs - 1
        np.testing.assert_allclose(whole - _log_likelihoods(part, draws), singles[:, rows.order[k]], rtol=1e-8)


def test_a_bridge_finds_the_mean_that_few_draws_hold():
    """l = exp(a x) under N(0, 1) has mean exp(a^2 / 2); tilted by l, x is N(a, 1)."""
    rng, a = np.random.default_rng(1), 3.0
    rest, whole = a * rng.normal(size=4000), a * (a + rng.normal(size=4000))
    found = bridged(rest, np.full(4000, -np.log(4000)), whole, 4000.0, 4000.0)
    assert found == pytest.approx(a**2 / 2, abs=0.1)
    assert found == pytest.approx(bridged(rest, np.full(4000, -np.log(4000)), whole, 4000.0, 2000.0), abs=0.1)
