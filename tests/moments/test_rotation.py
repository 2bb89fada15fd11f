"""Blocks of rows, group by group, give the triangles that rows give one at a time."""

import numpy as np
import pytest

from bayesmixed import chunks
from bayesmixed.moments import Moments
from bayesmixed.moments.rotation import inner_products, rotate_rows, rows_by_group


def table(sizes, p, q, seed, shuffled):
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    if shuffled:
        rng.shuffle(group)
    N = len(group)
    return rng.normal(size=N), rng.normal(size=(N, p)), rng.normal(size=(N, q)), group


def one_at_a_time(y, X, Z, group, J, root):
    q, p1 = Z.shape[1], X.shape[1] + 1
    by_group, overall = np.zeros((J, q, q + p1)), np.zeros((p1, p1))
    rotate_rows(y, X, Z, root, group, by_group, overall)
    return by_group[:, :, :q], by_group[:, :, q:], overall


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("sizes", [[4, 1, 0, 3, 2], [600, 5, 257], [1] * 30])
@pytest.mark.parametrize(("p", "q"), [(1, 1), (3, 2), (2, 3)])
def test_blocks_equal_single_rows(sizes, p, q, weighted, shuffled):
    y, X, Z, group = table(sizes, p, q, 3, shuffled)
    weights = np.random.default_rng(4).uniform(0.2, 5.0, len(y)) if weighted else None
    root = np.empty(0) if weights is None else np.sqrt(weights)
    expected = one_at_a_time(y, X, Z, group, len(sizes), root)
    found = Moments.of_rows(y, X, Z, group, tuple(map(str, range(len(sizes)))), weights)
    for one, other in zip((found.Rzz, found.Rza, found.Raa), expected, strict=True):
        # A last row that rounding alone fills may have either sign.
        np.testing.assert_allclose(np.abs(one), np.abs(other), rtol=1e-9, atol=1e-10)


def test_rows_of_a_triangle_that_a_small_group_does_not_fill_are_exactly_zero():
    y, X, Z, group = table([1, 2, 5], 2, 3, 5, False)
    found = Moments.of_rows(y, X, Z, group, ("a", "b", "c"))
    filled = (found.Rzz != 0.0).any(axis=2).sum(axis=1)
    assert filled.tolist() == [1, 2, 3]
    assert not found.Rza[0, 1:].any()
    assert not found.Rza[1, 2:].any()


@pytest.mark.parametrize("shuffled", [False, True])
def test_chunks_change_nothing_but_rounding(monkeypatch, shuffled):
    sizes = [7, 30, 1, 12, 9, 44, 3]
    y, X, Z, group = table(sizes, 2, 2, 6, shuffled)
    levels = tuple("abcdefg")
    whole = Moments.of_rows(y, X, Z, group, levels)
    monkeypatch.setattr(chunks.whole_groups, "__defaults__", (10,))
    parts = Moments.of_rows(y, X, Z, group, levels)
    np.testing.assert_allclose(parts.Rzz, whole.Rzz, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(parts.Rza, whole.Rza, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(parts.Raa.T @ parts.Raa, whole.Raa.T @ whole.Raa, rtol=1e-10)


def test_rows_in_order_need_no_sorting():
    group, n = np.array([0, 0, 1, 3]), np.array([2, 1, 0, 1])
    order, start = rows_by_group(group, n)
    assert order is None
    assert start.tolist() == [0, 2, 3, 3, 4]
    order, _ = rows_by_group(group[::-1].copy(), n)
    assert order.tolist() == [2, 3, 1, 0]


def test_inner_products():
    lines = np.random.default_rng(7).normal(size=(3, 11))
    np.testing.assert_allclose(inner_products(lines), lines @ lines.T, rtol=1e-13)
