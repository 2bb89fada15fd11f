"""True size and coverage where clusters are ignored: checked values, simulation, closed forms."""

import doctest

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import bayesmixed as bm
import bayesmixed.planning.size
from bayesmixed.errors import DesignError


@pytest.mark.parametrize(
    ("groups", "n", "icc", "expected"),
    [(2, 10, 0.10, 0.1654), (3, 10, 0.30, 0.5379), (5, 10, 0.50, 0.9175), (2, 100, 0.01, 0.1658)],
)
def test_checked_values(groups, n, icc, expected):
    assert bm.type_one_error(groups, n, icc) == pytest.approx(expected, abs=5e-5)
    cut = stats.f.ppf(0.95, groups - 1, groups * (n - 1)) * (1 - icc) / (1 + (n - 1) * icc)
    assert bm.type_one_error(groups, n, icc) == pytest.approx(stats.f.sf(cut, groups - 1, groups * (n - 1)))


@pytest.mark.parametrize(("groups", "clusters", "n"), [(2, 1, 7), (3, 4, 5), (5, 2, 1)])
def test_independent_rows_have_the_claimed_size(groups, clusters, n):
    for alpha in (0.01, 0.05, 0.3):
        assert bm.type_one_error(groups, n, 0.0, alpha, clusters) == pytest.approx(alpha, rel=1e-9)
        assert bm.interval_coverage(groups, n, 0.0, 1 - alpha, clusters) == pytest.approx(1 - alpha, rel=1e-9)


def test_clusters_of_one_row_are_rows():
    assert bm.type_one_error(3, 1, 0.6, clusters=8) == pytest.approx(0.05, rel=1e-9)


@pytest.mark.parametrize(
    ("groups", "clusters", "n", "icc"), [(2, 10, 10, 0.1), (3, 2, 5, 0.4), (4, 3, 7, -0.1), (2, 500, 3, 0.2)]
)
def test_several_clusters_by_adaptive_quadrature(groups, clusters, n, icc):
    df, error = groups - 1, groups * (clusters * n - 1)
    inflation = (1 + (n - 1) * icc) / (1 - icc)
    share = stats.beta(groups * (clusters - 1) / 2, groups * clusters * (n - 1) / 2)
    cut = stats.f.ppf(0.95, df, error)

    def integrand(u):
        return share.pdf(u) * stats.f.sf(cut * (u + (1 - u) / inflation), df, error)

    middle = share.mean()
    expected, _ = integrate.quad(integrand, 0, 1, points=[middle], epsabs=1e-12, limit=400)
    assert bm.type_one_error(groups, n, icc, clusters=clusters) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(
    ("groups", "clusters", "n", "icc"), [(2, 1, 5, 0.3), (3, 2, 5, 0.4), (2, 10, 4, 0.1), (3, 2, 4, -0.15)]
)
def test_simulated_tables(groups, clusters, n, icc, rng):
    tables = 40_000
    rows = rng.normal(size=(tables, groups, clusters, n))
    mean = rows.mean(axis=-1, keepdims=True)
    scale = np.sqrt(1 + (n - 1) * icc)  # of a cluster's mean, which is independent of what is left
    y = (np.sqrt(1 - icc) * (rows - mean) + scale * mean).reshape(tables, groups, -1)
    rejected = stats.f_oneway(*np.moveaxis(y, 1, 0), axis=1).pvalue < 0.05
    size = bm.type_one_error(groups, n, icc, clusters=clusters)
    assert rejected.mean() == pytest.approx(size, abs=4 * np.sqrt(size * (1 - size) / tables) + 1e-12)
    per_arm = clusters * n
    half = stats.t.ppf(0.975, groups * (per_arm - 1)) * np.sqrt(y.var(axis=2, ddof=1).mean(axis=1) / per_arm)
    coverage = bm.interval_coverage(groups, n, icc, clusters=clusters)
    error = 4 * np.sqrt(coverage * (1 - coverage) / tables)
    for estimate, factor in ((y[:, 0].mean(axis=1), 1.0), ((y[:, 0] - y[:, 1]).mean(axis=1), np.sqrt(2))):
        assert (np.abs(estimate) < factor * half).mean() == pytest.approx(coverage, abs=error)


def test_an_interval_of_a_difference_is_the_test_of_two_groups():
    found = bm.interval_coverage(2, 12, 0.2, 0.9, 3)
    assert found == pytest.approx(1 - bm.type_one_error(2, 12, 0.2, 0.1, 3))


def test_it_grows_with_n_groups_and_icc():
    table = bm.type_one_error([2, 3, 5], [2, 10, 100], [0.01, 0.1, 0.5])
    for by in (["groups", "n"], ["groups", "icc"], ["n", "icc"]):
        rest = next(name for name in ("groups", "n", "icc") if name not in by)
        for _, part in table.groupby(by):
            assert part.sort_values(rest)["type_one_error"].is_monotonic_increasing


def test_sequences_give_a_table_of_all_combinations():
    found = bm.interval_coverage([1, 2], np.array([5, 10]), 0.1, clusters=[2, 4])
    assert isinstance(found, pd.DataFrame)
    assert list(found.columns) == ["groups", "n", "icc", "ci_prob", "clusters", "coverage"]
    assert len(found) == 8
    row = found.iloc[-1]
    assert row["coverage"] == bm.interval_coverage(2, 10, 0.1, clusters=4)
    assert (found.dtypes[["groups", "n", "clusters"]] == np.int64).all()
    assert isinstance(bm.type_one_error(2, 10, 0.1), float)


def test_the_ends_of_the_range():
    assert bm.type_one_error(2, 5, -0.25) == 0.0
    assert bm.type_one_error(2, 5, -0.25, clusters=3) == 0.0
    assert bm.type_one_error(3, 1000, 0.999999) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"groups": 1}, "an F test compares at least 2 groups, not 1"),
        ({"n": 2.5}, "n must be a whole number of at least 1, not 2.5"),
        ({"n": 1}, "with clusters=1, n must be at least 2"),
        ({"icc": 1.0}, "icc must lie between -0.111"),
        ({"icc": -0.2}, "which is -1 / \\(n - 1\\)"),
        ({"alpha": 5}, "alpha must lie between 0 and 1, not 5"),
        ({"alpha": 1.0}, "alpha must lie between 0 and 1, not 1.0"),
        ({"n": 10**400}, "n must be a number"),
        ({"icc": "high"}, "icc must be a number or a sequence of numbers, not 'high'"),
        ({"icc": []}, "icc must be a number or a sequence of numbers"),
    ],
)
def test_refusals(arguments, text):
    with pytest.raises(DesignError, match=text):
        bm.type_one_error(**({"groups": 2, "n": 10, "icc": 0.1} | arguments))


@pytest.mark.parametrize("plot", [bm.plot_type_one_error, bm.plot_interval_coverage])
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"groups": "a"}, "groups must be a number or a sequence"),
        ({"n": []}, "n must be a number or a sequence"),
        ({"clusters": [2, 3]}, "clusters must be one number in a picture"),
        ({"icc_max": "a"}, "icc_max must lie between 0 and 1"),
        ({"groups": 2.5}, "groups must be a whole number"),
    ],
)
def test_refusals_of_the_pictures(plot, arguments, text):
    with pytest.raises(DesignError, match=text):
        plot(**arguments)


def test_a_very_small_level_is_not_rounded_to_zero():
    cut = stats.f.isf(1e-18, 1, 18)
    expected = stats.f.sf(cut * 0.9 / 1.9, 1, 18)
    assert bm.type_one_error(2, 10, 0.1, 1e-18) == pytest.approx(expected, rel=1e-6)


def test_the_examples_of_the_docstrings():
    assert doctest.testmod(bayesmixed.planning.size).failed == 0
