"""Moments drawn without rows have the distribution of the moments of drawn rows."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from bayesmixed.coding import CodedMoments
from bayesmixed.moments import Moments
from bayesmixed.reml.criterion import Criterion
from bayesmixed.reml.resampling.simulated import MomentSampler
from tests import dense
from tests.designs import design_of, random_Lambda, random_rows, random_table

SIGMA, DRAWS = 1.7, 1500
UNEVEN = {"sizes": (3, 1, 4, 2, 5, 1, 1), "p": 2, "q": 2}


def balanced_rows(groups=40):
    """Groups with the same Z, of which X differs: far more than a pattern keeps rows."""
    rows = random_rows((3,) * groups, p=3, q=2, seed=4)
    order = np.argsort(rows.group, kind="stable")
    rows = rows.take(order)
    rows.Z[:] = np.tile([[1.0, -1.0], [1.0, 0.0], [1.0, 2.0]], (groups, 1))
    rows.X[:, :2] = rows.Z
    return rows


def lone_rows():
    """Every group has one row, but there are two random effects."""
    return random_rows((1,) * 30, p=2, q=2, seed=5)


CASES = {
    "uneven": lambda: random_rows(**UNEVEN, seed=2),
    "weighted": lambda: random_rows(**UNEVEN, seed=3, weighted=True),
    "balanced": balanced_rows,
    "lone": lone_rows,
}


def summaries(patterns, q):
    """beta-hat, residual squares and criterion at two values of theta."""
    blocks, found = (tuple(range(q)),), []
    for seed in (7, 8):
        criterion = Criterion(patterns, blocks)
        theta = random_Lambda(q, seed)[criterion.entries]
        sigma, beta = criterion.estimates(theta)
        found += [*beta, np.log(sigma), criterion.value(theta)]
    # Without random effects too: what the directions outside Z hold.
    criterion = Criterion(patterns, blocks)
    return np.array([*found, criterion.estimates(np.zeros(len(theta)))[0], patterns.Raa[-1, -1] ** 2])


def from_rows(rows, Lambda, gamma, rng):
    """Moments of one simulated table."""
    J = len(rows.levels)
    w = np.ones(len(rows.y)) if rows.weights is None else rows.weights
    b = SIGMA * rng.standard_normal((J, Lambda.shape[1])) @ Lambda.T
    noise = SIGMA * rng.standard_normal(len(rows.y)) / np.sqrt(w)
    y = rows.X @ gamma + (rows.Z * b[rows.group]).sum(axis=1) + noise
    return Moments.of_rows(y, rows.X, rows.Z, rows.group, rows.levels, rows.weights)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_distribution_is_that_of_simulated_tables(case):
    rows, rng = CASES[case](), np.random.default_rng(11)
    Lambda, gamma = random_Lambda(2, seed=3), np.array([2.0, -1.0, 0.5])[: rows.X.shape[1]]
    sampler = MomentSampler.of(rows.moments, Lambda, SIGMA, gamma)
    ours = np.array([summaries(sampler.draw(rng), 2) for _ in range(DRAWS)])
    theirs = np.array([summaries(from_rows(rows, Lambda, gamma, rng).patterns, 2) for _ in range(DRAWS)])
    for one, other in zip(ours.T, theirs.T, strict=True):
        assert stats.ks_2samp(one, other).pvalue > 1e-3
    random = theirs.std(axis=0) > 0  # nothing is left outside Z where every group has one row
    np.testing.assert_allclose(np.corrcoef(ours.T[random]), np.corrcoef(theirs.T[random]), atol=0.15)


@pytest.mark.parametrize("case", CASES)
def test_coefficients_have_the_covariance_of_generalised_least_squares(case):
    rows, rng = CASES[case](), np.random.default_rng(12)
    Lambda, gamma = random_Lambda(2, seed=3), np.arange(rows.X.shape[1]) - 1.0
    V = dense.covariance(rows.Z, rows.group, SIGMA**2 * Lambda @ Lambda.T, SIGMA, rows.weights)
    _, covariance = dense.gls(rows.y, rows.X, V)
    sampler = MomentSampler.of(rows.moments, Lambda, SIGMA, gamma)
    criterion = Criterion(rows.moments.patterns, ((0, 1),))
    theta = Lambda[criterion.entries]
    found = [replace(criterion, patterns=sampler.draw(rng)).estimates(theta) for _ in range(DRAWS)]
    dense.assert_normal(np.array([beta for _, beta in found]), gamma, covariance)
    N, p = rows.X.shape
    squares = np.array([sigma for sigma, _ in found]) ** 2 * (N - p) / SIGMA**2
    assert stats.kstest(squares, stats.chi2(N - p).cdf).pvalue > 1e-3


def test_every_row_of_the_table_has_its_noise():
    for make in CASES.values():
        rows = make()
        sampler = MomentSampler.of(rows.moments, np.zeros((2, 0)))
        in_groups = sampler.patterns.count @ (sampler.patterns.Rzz != 0.0).any(axis=2).sum(axis=1)
        assert in_groups + sampler.filled.sum() + sampler.left == len(rows.y)


def test_balanced_groups_take_as_many_rows_as_a_few():
    sampler = MomentSampler.of(balanced_rows().moments, np.eye(2))
    assert sampler.patterns.Rza.shape == (2 * 3 + 2, 2, 4)
    assert sampler.others.tolist() == [40 - 6]


def test_a_design_with_weights_and_offset():
    """beta and sigma of refits at the true theta, in the user's coding, centre on the parameters."""
    design = design_of("y ~ t + f + offset(o) + (t | g)", random_table(), weights="w")
    coded = CodedMoments.of(design)
    criterion = Criterion.of(coded, ((0, 1),))
    Lambda, gamma = random_Lambda(2, seed=5), np.array([1.0, 2.0, -1.0, 0.5])
    sampler, rng = MomentSampler.of(coded.moments, Lambda, SIGMA, gamma), np.random.default_rng(13)
    theta = Lambda[criterion.entries]
    beta = [replace(criterion, patterns=sampler.draw(rng)).estimates(theta)[1] for _ in range(DRAWS)]
    G = SIGMA**2 * (coded.T_inverse @ Lambda) @ (coded.T_inverse @ Lambda).T
    V = dense.covariance(design.Z_rows, design.group, G, SIGMA, design.weights)
    _, covariance = dense.gls(design.y, design.X, V)
    back = coded.fixed.inverse
    dense.assert_normal(np.array(beta) @ back.T, back @ gamma, covariance)


def test_constant_slopes_leave_rounding_rows_apart_from_empty_ones():
    """Groups in which t is constant fill one row or, by rounding, two: each is drawn as it is filled."""
    rng = np.random.default_rng(14)
    group = np.repeat(np.arange(12), 3)
    t = np.where(group % 3 == 0, 0.1 * group, rng.normal(size=36))
    t[group % 3 == 1] = 0.0
    Z = np.column_stack([np.ones(36), t])
    X = np.column_stack([np.ones(36), rng.normal(size=36)])
    moments = Moments.of_rows(rng.normal(size=36), X, Z, group, tuple("abcdefghijkl"))
    sampler = MomentSampler.of(moments, np.zeros((2, 0)))
    total = np.array([np.sum(sampler.draw(rng).Rza[:, :, -1] ** 2) for _ in range(DRAWS)])
    filled = (moments.Rzz != 0.0).any(axis=2).sum()
    assert stats.kstest(total, stats.chi2(filled).cdf).pvalue > 1e-3
