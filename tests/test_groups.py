"""Code of one and two random effects against the code of any number, and against dense algebra at extremes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesmixed.compiled import compiled
from bayesmixed.likelihood.groups import add_effects, effects_gradient, integrate_groups, integrate_groups_gradient
from bayesmixed.likelihood.triangular import solve_lower_vector, solve_upper_vector
from bayesmixed.likelihood.views import integer_matrix, integers, matrix, stack, vector
from tests.designs import random_Lambda, random_rows


def lower_of_raa(patterns):
    return np.tril(patterns.Raa.T @ patterns.Raa)


@given(
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=8),
    q=st.integers(1, 2),
    p=st.integers(0, 3),
    seed=st.integers(0, 10**6),
    scale=st.sampled_from([0.0, 1e-6, 1e-2, 1.0, 30.0, 1e4]),
)
def test_few_effects_are_those_of_the_general_code(sizes, q, p, seed, scale):
    patterns = random_rows(sizes, p, q, seed, weighted=bool(seed % 2)).moments.patterns
    Lambda = scale * random_Lambda(q, seed, scale=1.0)
    expected = lower_of_raa(patterns)
    log_det = add_effects(Lambda, patterns, expected)
    Q = np.empty_like(expected)
    assert integrate_groups(Lambda, patterns, Q) == pytest.approx(log_det, rel=1e-12, abs=1e-12)
    np.testing.assert_array_equal(Q, Q.T)
    np.testing.assert_allclose(np.tril(Q), expected, rtol=1e-9, atol=1e-10 * np.abs(Q).max())
    E = np.random.default_rng(seed).normal(size=(2 * p + 2, p + 1))
    E = E.T @ E
    one, other = np.empty((q, q)), np.empty((q, q))
    integrate_groups_gradient(Lambda, patterns, -0.5, E, one)
    effects_gradient(Lambda, patterns, -0.5, E, other)
    np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-10 * max(np.abs(other).max(), 1.0))


@pytest.mark.parametrize("q", [1, 2])
@pytest.mark.parametrize("scale", [1.0, 1e30, 1e60])
def test_products_of_determinants_do_not_overflow(q, scale):
    sizes = np.random.default_rng(q).integers(2, 30, size=400)
    patterns = random_rows(sizes, 1, q, 1).moments.patterns
    Lambda, Q = scale * np.eye(q), np.empty((2, 2))
    # log|M| = log|F F'| where I is nothing beside it.
    M = np.eye(q) + np.swapaxes(patterns.Rzz @ np.eye(q), 1, 2) @ patterns.Rzz
    if scale > 1.0:
        each = 2 * np.log(np.abs(np.linalg.det(patterns.Rzz))) + 2 * q * np.log(scale)
    else:
        each = np.linalg.slogdet(M)[1]
    assert integrate_groups(Lambda, patterns, Q) == pytest.approx(patterns.count @ each, rel=1e-11)


def test_a_nearly_singular_pair_of_effects_keeps_its_digits():
    """In rational numbers: M with a correlation of 1 - 1e-14 and a huge first entry."""
    from fractions import Fraction

    patterns = random_rows((4,), 0, 2, 3).moments.patterns
    Lambda = np.array([[1e6, 0.0], [1e6, 0.1]])
    Q = np.empty((1, 1))
    log_det = integrate_groups(Lambda, patterns, Q)
    R, L = ([[Fraction(v) for v in row] for row in a] for a in (patterns.Rzz[0], Lambda))
    F = [[sum(R[i][k] * L[k][j] for k in range(2)) for j in range(2)] for i in range(2)]
    M = [[(i == j) + sum(F[i][k] * F[j][k] for k in range(2)) for j in range(2)] for i in range(2)]
    det = M[0][0] * M[1][1] - M[0][1] ** 2
    assert log_det == pytest.approx(float(np.log(float(det))), rel=1e-14)
    x = [Fraction(v) for v in patterns.Rza[0, :, 0]]
    rest = Fraction(float(patterns.Raa[0, 0])) ** 2
    inner = (M[1][1] * x[0] ** 2 - 2 * M[0][1] * x[0] * x[1] + M[0][0] * x[1] ** 2) / det
    assert Q[0, 0] == pytest.approx(float(rest + inner), rel=1e-9)


def test_vectors_are_solved_like_columns():
    rng = np.random.default_rng(1)
    lower = np.tril(rng.normal(size=(4, 4))) + 3 * np.eye(4)
    x = rng.normal(size=4)
    y = x.copy()
    solve_lower_vector(lower, y)
    np.testing.assert_allclose(lower @ y, x, atol=1e-13)
    solve_upper_vector(lower, y)
    np.testing.assert_allclose(lower @ lower.T @ y, x, atol=1e-12)


@compiled
def fill_views(flat):
    vector(flat, 0, 3)[1] = 7.0
    integers(flat, 3, 2)[1] = 5
    integer_matrix(flat, 5, 2, 2)[1, 0] = 6
    matrix(flat, 9, 2, 3)[1, 2] = 8.0
    stack(flat, 15, 2, 2, 2)[1, 0, 1] = 9.0


def test_views_are_of_the_array_itself():
    flat = np.zeros(23)
    fill_views(flat)
    bits = flat.view(np.int64)
    assert (flat[1], bits[4], bits[7], flat[14], flat[20]) == (7.0, 5, 6, 8.0, 9.0)
    assert np.count_nonzero(flat) == 5
