"""Chunks cover everything once, and their results do not depend on the number of threads."""

from itertools import pairwise

import numpy as np
import pytest

from bayesmixed import chunks, parallel
from bayesmixed.chunks import chunk_edges, in_chunks, sum_in_chunks, whole_groups


@pytest.mark.parametrize("n", [0, 1, 9, 10, 19, 20, 21, 105])
def test_chunks_cover_all_rows_once(n):
    edges = chunk_edges(n, 10)
    assert (edges[0], edges[-1]) == (0, n)
    assert all(b - a >= 10 for a, b in pairwise(edges)) or len(edges) == 2
    assert max(np.diff(edges)) < 20


@pytest.mark.parametrize("sizes", [[3, 0, 50, 1, 1, 9], [100], [1] * 45, [0, 0, 30, 0]])
def test_groups_stay_whole(sizes):
    start = np.concatenate([[0], np.cumsum(sizes)])
    edges = whole_groups(start, 10)
    assert (edges[0], edges[-1]) == (0, len(sizes))
    assert (np.diff(edges) > 0).all()


def test_results_come_in_the_order_of_the_chunks():
    assert in_chunks(lambda a, b: (a, b), [0, 2, 5, 6]) == [(0, 2), (2, 5), (5, 6)]


def test_sums_are_the_same_on_any_number_of_cores(monkeypatch):
    values = np.random.default_rng(1).normal(size=5 * chunks.ROWS + 3)
    sums = []
    for cores in (1, 2, 5):
        monkeypatch.setattr(parallel.os, "cpu_count", lambda cores=cores: cores)
        sums.append(sum_in_chunks(lambda a, b: values[a:b].sum(keepdims=True), len(values)))
    assert len({float(one[0]) for one in sums}) == 1
    np.testing.assert_allclose(sums[0], values.sum(), rtol=1e-11, atol=1e-9)
