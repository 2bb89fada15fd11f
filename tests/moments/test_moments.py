"""Sufficient statistics: dense algebra, additivity, patterns, and the digits that they keep."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesmixed.errors import DesignError
from bayesmixed.likelihood import MarginalLikelihood
from bayesmixed.moments import Moments, Patterns
from bayesmixed.moments import patterns as patterns_module
from tests import dense
from tests.designs import Rows, random_Lambda, random_rows

sizes = st.lists(st.integers(1, 6), min_size=1, max_size=7)


def cross_products_by_group(rows: Rows):
    """S_i and C_i by the definition."""
    w = np.ones(len(rows.y)) if rows.weights is None else rows.weights
    A = np.column_stack([rows.X, rows.y])
    for j in range(len(rows.levels)):
        own = rows.group == j
        Z = rows.Z[own] * w[own, None]
        yield Z.T @ rows.Z[own], Z.T @ A[own]


def assert_same_statistics(moments: Moments, expected: Moments, rtol=1e-10):
    assert moments.n_rows == expected.n_rows
    assert set(moments.levels) == set(expected.levels)
    order = [moments.levels.index(level) for level in expected.levels]
    assert moments.n[order].tolist() == expected.n.tolist()
    for part in ("Rzz", "Rza"):
        left = np.swapaxes(moments.Rzz[order], 1, 2) @ getattr(moments, part)[order]
        right = np.swapaxes(expected.Rzz, 1, 2) @ getattr(expected, part)
        np.testing.assert_allclose(left, right, rtol=rtol, atol=rtol * np.abs(right).max())
    assert moments.Raa.shape == expected.Raa.shape
    np.testing.assert_allclose(moments.cross_products(), expected.cross_products(), rtol=rtol, atol=1e-9)
    assert moments.sum_log_weights == pytest.approx(expected.sum_log_weights, abs=1e-12)


# ---------------------------------------------------------------- dense algebra
@given(sizes, st.integers(1, 3), st.integers(1, 4), st.integers(0, 10**6), st.booleans())
def test_cross_products_of_the_rows(sizes, p, q, seed, weighted):
    rows = random_rows(sizes, p, q, seed, weighted)
    moments = rows.moments
    for j, (S, C) in enumerate(cross_products_by_group(rows)):
        np.testing.assert_allclose(moments.Rzz[j].T @ moments.Rzz[j], S, atol=1e-11)
        np.testing.assert_allclose(moments.Rzz[j].T @ moments.Rza[j], C, atol=1e-10)
    w = np.ones(len(rows.y)) if rows.weights is None else rows.weights
    A = np.column_stack([rows.X, rows.y])
    np.testing.assert_allclose(moments.cross_products(), A.T @ (A * w[:, None]), atol=1e-10)
    assert moments.n.tolist() == list(sizes)
    assert (moments.n_rows, moments.n_groups, moments.p, moments.q) == (sum(sizes), len(sizes), p, q)


def test_what_is_left_are_the_residual_products_within_groups():
    rows = random_rows((5, 6, 4), p=2, q=2, seed=5)
    A = np.column_stack([rows.X, rows.y])
    expected = np.zeros((3, 3))
    for j in range(3):
        own = rows.group == j
        residual = A[own] - rows.Z[own] @ np.linalg.lstsq(rows.Z[own], A[own], rcond=None)[0]
        expected += residual.T @ residual
    np.testing.assert_allclose(rows.moments.Raa.T @ rows.moments.Raa, expected, atol=1e-12)


def test_the_statistics_are_triangles():
    moments = random_rows((5, 6, 4), p=2, q=3, seed=5).moments
    np.testing.assert_array_equal(np.tril(moments.Rzz, -1), 0)
    np.testing.assert_array_equal(np.tril(moments.Raa, -1), 0)
    triangle = moments.triangle()
    np.testing.assert_array_equal(np.tril(triangle, -1), 0)
    np.testing.assert_allclose(triangle.T @ triangle, moments.cross_products(), rtol=1e-12)


def test_weights_scale_the_rows():
    rows = random_rows(p=2, q=2, seed=6, weighted=True)
    root = np.sqrt(rows.weights)
    scaled = Rows(rows.y * root, rows.X * root[:, None], rows.Z * root[:, None], rows.group).moments
    np.testing.assert_allclose(rows.moments.Rza, scaled.Rza, atol=1e-13)
    np.testing.assert_allclose(rows.moments.Raa, scaled.Raa, atol=1e-13)
    assert rows.moments.sum_log_weights == pytest.approx(np.log(rows.weights).sum(), abs=1e-13)
    assert scaled.sum_log_weights == 0.0


def test_a_group_of_one_row_and_one_of_none():
    rows = random_rows((1, 2), p=1, q=2, seed=7)
    moments = Moments.of_rows(rows.y, rows.X, rows.Z, rows.group, ("a", "b", "empty"))
    assert moments.n.tolist() == [1, 2, 0]
    assert np.linalg.matrix_rank(moments.Rzz[0]) == 1
    assert not moments.Rzz[2].any()
    assert not moments.Rza[2].any()
    Lambda = random_Lambda(2)
    with_empty = MarginalLikelihood.flat(moments).value(Lambda, 0.7)
    assert with_empty == pytest.approx(MarginalLikelihood.flat(rows.moments).value(Lambda, 0.7), abs=1e-12)


def test_a_random_column_that_is_constant_within_groups():
    rows = random_rows((4, 3, 5), p=1, q=2, seed=8)
    rows = Rows(rows.y, rows.X, np.column_stack([rows.Z[:, 0], rows.group + 1.0]), rows.group)
    G, sigma = np.array([[2.0, 0.3], [0.3, 0.5]]), 0.8
    V = dense.covariance(rows.Z, rows.group, G, sigma)
    value = MarginalLikelihood.flat(rows.moments).value(np.linalg.cholesky(G) / sigma, sigma)
    assert value == pytest.approx(dense.log_likelihood(rows.y, rows.X, V), abs=1e-11)


# ---------------------------------------------------------------- additivity
@given(st.data(), st.integers(0, 10**6), st.booleans())
def test_moments_of_parts_add_up(data, seed, weighted):
    rows = random_rows((4, 1, 6, 3), p=2, q=2, seed=seed, weighted=weighted)
    N = len(rows.y)
    part = np.array(data.draw(st.lists(st.integers(0, 2), min_size=N, max_size=N)))
    chunks = [rows.chunk(part == k) for k in range(3) if (part == k).any()]
    total = chunks[0]
    for chunk in chunks[1:]:
        total = total + chunk
    assert_same_statistics(total, rows.moments)
    Lambda = random_Lambda(2, seed)
    value, expected = (MarginalLikelihood.flat(m).value(Lambda, 0.9) for m in (total, rows.moments))
    assert value == pytest.approx(expected, rel=1e-11, abs=1e-9)


def test_parts_of_whole_groups_add_up_in_any_order():
    rows = random_rows((4, 1, 6, 3), p=2, q=2, seed=2)
    first, second = rows.chunk(rows.group < 2), rows.chunk(rows.group >= 2)
    assert (first + second).levels == rows.levels
    assert (second + first).levels == ("g2", "g3", "g0", "g1")
    assert_same_statistics(second + first, rows.moments)


@pytest.mark.parametrize(("p", "q"), [(3, 2), (2, 1)])
def test_moments_of_different_models_do_not_add_up(p, q):
    with pytest.raises(DesignError, match=f"2 and {p} fixed, 2 and {q} random columns"):
        random_rows(p=2, q=2).moments + random_rows(p=p, q=q).moments


def test_moments_with_and_without_a_header_do_not_add_up():
    plain = random_rows().moments
    known = replace(plain, header="what streamed rows bring along")
    for first, second in ((plain, known), (known, plain)):
        with pytest.raises(DesignError, match="nobody could tell"):
            first + second


@given(st.integers(0, 10**6))
def test_the_order_of_rows_does_not_matter(seed):
    rows = random_rows((4, 1, 6, 3), p=2, q=3, seed=seed)
    shuffled = rows.take(np.random.default_rng(seed).permutation(len(rows.y)))
    assert_same_statistics(shuffled.moments, rows.moments)


# ---------------------------------------------------------------- other columns
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("p_new", [2, 3, 4])
def test_recoding_equals_the_moments_of_recoded_rows(weighted, p_new):
    rows = random_rows(p=3, q=2, seed=9, weighted=weighted)
    rng = np.random.default_rng(10)
    X_map, Z_map = rng.normal(size=(3, p_new)), rng.normal(size=(2, 2))
    shift = rng.normal(size=p_new)
    X = rows.X @ X_map
    recoded = Rows(rows.y - X @ shift, X, rows.Z @ Z_map, rows.group, rows.weights).moments
    result = rows.moments.recode(X_map, Z_map, shift)
    assert_same_statistics(result, recoded)
    Lambda = random_Lambda(2, 3)
    # Proper priors, because four columns made of three are dependent.
    kernels = [MarginalLikelihood(m.patterns, np.zeros(p_new)) for m in (result, recoded)]
    values = [kernel.value(Lambda, 1.3, np.ones(p_new)) for kernel in kernels]
    assert values[0] == pytest.approx(values[1], abs=1e-10)


def test_recoding_without_a_shift_leaves_y():
    rows = random_rows(p=2, q=1, seed=9)
    result = rows.moments.recode(np.eye(2)[:, ::-1], np.eye(1))
    assert_same_statistics(result, Rows(rows.y, rows.X[:, ::-1], rows.Z, rows.group).moments)


# ---------------------------------------------------------------- patterns
def uncollapsed(moments: Moments) -> Patterns:
    J = moments.n_groups
    return Patterns(moments.Rzz, np.ones(J), np.arange(J + 1), moments.Rza, moments.Raa, moments.n_rows, 0.0)


def test_a_random_intercept_has_one_pattern_for_each_group_size():
    sizes = [3, 2, 3, 3, 1, 2, 7] * 4
    rows = random_rows(sizes, p=2, q=1, seed=11)
    patterns = rows.moments.patterns
    assert sorted(patterns.count.tolist()) == [4.0, 4.0, 8.0, 12.0]
    np.testing.assert_allclose(np.sort(patterns.Rzz.ravel() ** 2), [1, 2, 3, 7], rtol=1e-12)


def test_a_balanced_design_has_one_pattern_in_whatever_order_its_rows_come():
    rng = np.random.default_rng(12)
    J, t = 40, np.arange(5.0)
    group, t = np.repeat(np.arange(J), 5), np.tile(t, J)
    order = rng.permutation(5 * J)
    group, t = group[order], t[order]
    Z = np.column_stack([np.ones(5 * J), t])
    patterns = Rows(rng.normal(size=5 * J), Z, Z, group).moments.patterns
    assert patterns.count.tolist() == [40.0]
    # At most q (p + 1) rows stand for all groups.
    assert patterns.Rza.shape == (6, 2, 3)
    assert patterns.start.tolist() == [0, 6]


def test_groups_of_different_columns_are_patterns_of_their_own():
    rows = random_rows((3, 3, 3, 3), p=1, q=2, seed=13)
    assert rows.moments.patterns.count.tolist() == [1.0] * 4


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize(("difference", "count"), [(1e-15, 1), (1e-9, 2)])
def test_only_groups_that_are_equal_up_to_rounding_are_one_pattern_in_any_unit(difference, count, unit):
    rng = np.random.default_rng(19)
    group, t = np.repeat([0, 1], 4), np.tile(np.arange(4.0), 2)
    t[4:] *= 1 + difference
    Z = unit * np.column_stack([np.ones(8), t])
    assert len(Rows(rng.normal(size=8), Z, Z, group).moments.patterns.count) == count


@pytest.mark.parametrize(("q", "kinds"), [(1, (2, 3, 5)), (2, (4,)), (3, (3, 6))])
def test_patterns_and_single_groups_give_one_likelihood(q, kinds):
    rng = np.random.default_rng(14)
    group = np.repeat(np.arange(30), np.resize(kinds, 30))
    within = np.concatenate([np.arange(n) for n in np.bincount(group)])
    Z = np.vander(within, q, increasing=True).astype(float)
    X = np.column_stack([Z[:, 0], rng.normal(size=len(Z))])
    moments = Rows(rng.normal(size=len(Z)), X, Z, group).moments
    assert len(moments.patterns.count) == len(kinds)
    Lambda = random_Lambda(q, 15)
    kernels = [MarginalLikelihood(part, np.zeros(2)) for part in (moments.patterns, uncollapsed(moments))]
    collapsed, whole = (kernel.value_and_gradient(Lambda, 0.8) for kernel in kernels)
    assert collapsed.value == pytest.approx(whole.value, rel=1e-13)
    np.testing.assert_allclose(collapsed.Lambda, whole.Lambda, rtol=1e-10, atol=1e-10)
    assert collapsed.sigma == pytest.approx(whole.sigma, rel=1e-11)


@pytest.mark.parametrize(("balanced", "count"), [(True, [80.0]), (False, [1.0] * 80)])
def test_a_sample_tells_whether_very_many_groups_are_worth_sorting(monkeypatch, balanced, count):
    monkeypatch.setattr(patterns_module, "SAMPLE", 10)
    group, t = np.repeat(np.arange(80), 3), np.random.default_rng(22).normal(size=240)
    Z = np.vander(np.tile(t[:3], 80) if balanced else t, 2)
    moments = Rows(t**2, Z, Z, group).moments
    assert patterns_module._all_different(moments.Rzz.reshape(-1, 4)) is not balanced
    assert moments.patterns.count.tolist() == count
    if not balanced:
        for found, expected in zip(moments.patterns, uncollapsed(moments), strict=True):
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("q", [1, 2])
@pytest.mark.parametrize("size", [1, 4, 7])
def test_parts_of_patterns_add_up_and_keep_every_row(q, size):
    patterns = random_rows([1, 2, 3, 4, 5, 6, 7] * 3, p=2, q=q, seed=20).moments.patterns
    parts = patterns.split(size)
    assert len(parts) > 1
    assert all(len(part.start) == len(part.count) + 1 == len(part.Rzz) + 1 for part in parts)
    np.testing.assert_array_equal(np.concatenate([part.count for part in parts]), patterns.count)
    Lambda = random_Lambda(q, 21)
    found = [MarginalLikelihood(part, np.zeros(2)).cross_products(Lambda) for part in parts]
    log_det, Q = MarginalLikelihood(patterns, np.zeros(2)).cross_products(Lambda)
    assert sum(value for value, _ in found) == pytest.approx(log_det, rel=1e-13)
    np.testing.assert_allclose(sum(part for _, part in found), Q, rtol=1e-12)


def test_patterns_of_less_than_two_parts_stay_whole():
    patterns = random_rows([1, 2, 3, 4], p=2, q=1, seed=20).moments.patterns
    rows = int(patterns.start[-1])
    assert patterns.split(rows // 2 + 1) == (patterns,)
    assert len(patterns.split(rows // 2)) == 2


# ---------------------------------------------------------------- digits
def raw_moment_criterion(rows: Rows, G, sigma):
    """The same likelihood from S, C and A'A: a difference of large numbers."""
    A = np.column_stack([rows.X, rows.y])
    Q, log_det, D = A.T @ A, 0.0, G / sigma**2
    for S, C in cross_products_by_group(rows):
        inner = np.eye(len(D)) + S @ D
        Q = Q - C.T @ D @ np.linalg.solve(inner, C)
        log_det += np.linalg.slogdet(inner)[1]
    p, N = rows.X.shape[1], len(rows.y)
    profile = Q[p, p] - Q[p, :p] @ np.linalg.solve(Q[:p, :p], Q[:p, p])
    return (
        N * np.log(2 * np.pi * sigma**2)
        + log_det
        + np.linalg.slogdet(Q[:p, :p] / sigma**2)[1]
        - p * np.log(2 * np.pi)
        + profile / sigma**2
    )


@pytest.mark.parametrize("q", [1, 2])
def test_digits_are_kept_when_groups_differ_a_hundred_thousand_times_more_than_rows(q):
    rng = np.random.default_rng(16)
    rows = random_rows((3, 4, 2, 5), p=2, q=q, seed=17)
    G = 1e10 * np.array([[1.0, 0.2], [0.2, 0.7]])[:q, :q]
    b = rng.multivariate_normal(np.zeros(q), G, size=4)
    y = rows.y + (rows.Z * b[rows.group]).sum(axis=1)
    rows = Rows(y, rows.X, rows.Z, rows.group)
    expected = dense.exact_criterion(y, rows.X, rows.Z, rows.group, G, 1.0)
    value = -2 * MarginalLikelihood.flat(rows.moments).value(np.linalg.cholesky(G), 1.0)
    assert value == pytest.approx(expected, abs=1e-9)
    assert abs(raw_moment_criterion(rows, G, 1.0) - expected) > 1e-7


def test_the_exact_criterion_agrees_with_the_dense_one():
    rows = random_rows((3, 4, 2), p=2, q=2, seed=18)
    G, sigma = np.array([[1.0, 0.2], [0.2, 0.7]]), 0.5
    V = dense.covariance(rows.Z, rows.group, G, sigma)
    exact = dense.exact_criterion(rows.y, rows.X, rows.Z, rows.group, G, sigma)
    assert exact == pytest.approx(-2 * dense.log_likelihood(rows.y, rows.X, V), abs=1e-11)
