"""The kernel against SciPy's multivariate normal, closed forms, rational numbers, lme4 and differences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesmixed.likelihood import MarginalLikelihood, cholesky, solve_lower, solve_upper, views
from tests import dense
from tests.designs import Rows, random_Lambda, random_rows, random_table

FLAT, PROPER, EXPLICIT = "flat", "proper", "explicit"


@st.composite
def cases(draw):
    """Rows, a square root of D, sigma, and what becomes of each coefficient: integrated ones first."""
    sizes = draw(st.lists(st.integers(1, 5), min_size=2, max_size=6))
    q = draw(st.integers(1, 4))
    seed = draw(st.integers(0, 10**6))
    kinds = draw(st.lists(st.sampled_from([FLAT, PROPER, EXPLICIT]), min_size=1, max_size=3))
    kinds = sorted(kinds, key=lambda kind: kind == EXPLICIT)
    kinds = [kind if k < sum(sizes) - 1 else PROPER for k, kind in enumerate(kinds)]
    kinds = sorted(kinds, key=lambda kind: kind == EXPLICIT)
    rows = random_rows(sizes, len(kinds), q, seed, weighted=draw(st.booleans()))
    Lambda = random_Lambda(q, seed, scale=draw(st.sampled_from([1e-6, 1e-2, 1.0, 30.0])))
    for k in draw(st.sets(st.integers(0, q - 1), max_size=q)):
        Lambda[:, k] = 0.0
    return rows, Lambda, draw(st.sampled_from([0.02, 1.0, 50.0])), kinds, seed


def priors_of(kinds, seed):
    rng = np.random.default_rng(seed)
    integrated = [kind for kind in kinds if kind != EXPLICIT]
    n = len(integrated)
    precision = np.where([kind == FLAT for kind in integrated], 0.0, rng.uniform(0.1, 4.0, n))
    return rng.normal(size=n), precision, rng.normal(size=len(kinds) - n)


def dense_value(rows, Lambda, sigma, mean, precision, explicit):
    n = len(mean)
    V = dense.covariance(rows.Z, rows.group, sigma**2 * Lambda @ Lambda.T, sigma, rows.weights)
    y = rows.y - rows.X[:, n:] @ explicit
    flat = precision == 0
    return dense.log_likelihood(y, rows.X[:, :n], V, mean, np.diag(1 / np.where(flat, 1.0, precision)), flat)


# ---------------------------------------------------------------- values
@given(cases())
def test_value_is_the_multivariate_normal_density(case):
    rows, Lambda, sigma, kinds, seed = case
    mean, precision, explicit = priors_of(kinds, seed)
    kernel = MarginalLikelihood(rows.moments.patterns, mean, len(explicit))
    value = kernel.value(Lambda, sigma, precision, explicit)
    expected = dense_value(rows, Lambda, sigma, mean, precision, explicit)
    assert value == pytest.approx(expected, rel=1e-9, abs=1e-8)
    assert kernel.value_and_gradient(Lambda, sigma, precision, explicit).value == pytest.approx(
        value, rel=1e-14, abs=1e-12
    )


@given(st.integers(0, 10**6), st.sampled_from([1e-5, 1e-3, 1e3, 1e5]), st.sampled_from([1e-6, 1.0, 1e6]))
def test_value_at_extreme_scales_in_rational_numbers(seed, ratio, sigma):
    rows = random_rows((2, 3, 1, 3), p=2, q=2, seed=seed)
    Lambda = random_Lambda(2, seed, ratio)
    rows = Rows(rows.y * sigma, rows.X, rows.Z, rows.group)
    root = Lambda * sigma
    expected = dense.exact_criterion(rows.y, rows.X, rows.Z, rows.group, root @ root.T, sigma)
    value = -2 * MarginalLikelihood.flat(rows.moments).value(Lambda, sigma)
    # root @ root.T is rounded, which at a ratio of 1e5 moves the determinant by 1e-16 of 1e10 at most.
    assert value == pytest.approx(expected, rel=1e-9, abs=1e-7 if ratio > 1e4 else 1e-9)


@pytest.mark.parametrize("ratio", [0.0, 0.3, 40.0])
def test_one_way_layout_in_closed_form(ratio):
    J, n, sigma = 6, 5, 0.7
    rng = np.random.default_rng(3)
    table = rng.normal(size=(J, n)) + rng.normal(size=(J, 1))
    group, ones = np.repeat(np.arange(J), n), np.ones((J * n, 1))
    kernel = MarginalLikelihood.flat(Rows(table.ravel(), ones, ones, group).moments)
    within = ((table - table.mean(axis=1, keepdims=True)) ** 2).sum()
    between = n * ((table.mean(axis=1) - table.mean()) ** 2).sum()
    large = sigma**2 * (1 + n * ratio**2)
    N = J * n
    expected = (
        (N - 1) * np.log(2 * np.pi)
        + J * (n - 1) * np.log(sigma**2)
        + (J - 1) * np.log(large)
        + np.log(N)
        + within / sigma**2
        + between / large
    )
    assert -2 * kernel.value([[ratio]], sigma) == pytest.approx(expected, abs=1e-12)


LME4 = ["sleepstudy_slope", "sleepstudy_uncorrelated", "sleepstudy_intercept", "sleepstudy_unbalanced_slope"]


@pytest.mark.parametrize("name", LME4)
def test_the_restricted_criterion_at_lme4s_estimates(name, lme4, sleepstudy, sleepstudy_unbalanced):
    table = sleepstudy_unbalanced if "unbalanced" in name else sleepstudy
    days, y = table["Days"].to_numpy(float), table["Reaction"].to_numpy(float)
    group = np.unique(table["Subject"].astype(str), return_inverse=True)[1]
    X = np.column_stack([np.ones(len(days)), days])
    fit = lme4[name]["REML"]
    sd = {(row["var1"], row["var2"]): row["sdcor"] for row in fit["varcorr"]}
    q = 1 if "intercept" in name else 2
    scales = [sd["(Intercept)", None], sd.get(("Days", None), 0.0)][:q]
    correlation = sd.get(("(Intercept)", "Days"), 0.0)
    corr = np.array([[1.0, correlation], [correlation, 1.0]])[:q, :q]
    root = np.diag(scales) @ np.linalg.cholesky(corr)
    kernel = MarginalLikelihood.flat(Rows(y, X, X[:, :q], group).moments)
    value = -2 * kernel.value(root / fit["sigma"], fit["sigma"])
    assert value == pytest.approx(fit["criterion"], abs=1e-7)


def test_any_square_root_of_D_gives_the_same():
    rows = random_rows(p=2, q=3, seed=21)
    Lambda = random_Lambda(3, 21)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    kernel = MarginalLikelihood.flat(rows.moments)
    assert kernel.value(Lambda @ turn, 0.6) == pytest.approx(kernel.value(Lambda, 0.6), abs=1e-11)


def test_a_flat_prior_is_the_limit_of_wide_ones():
    rows = random_rows(p=2, q=1, seed=22)
    kernel = MarginalLikelihood.flat(rows.moments)
    wide = 1e-10
    expected = kernel.value([[0.8]], 0.9)
    # A normal of precision k is sqrt(k / 2 pi) times flat, for each coefficient.
    value = kernel.value([[0.8]], 0.9, np.full(2, wide)) - np.log(wide / (2 * np.pi))
    assert value == pytest.approx(expected, abs=1e-7)


# ---------------------------------------------------------------- where it does not exist
def test_no_value_where_X_lacks_rank_under_flat_priors():
    rows = random_rows(p=2, q=1, seed=23)
    rows = Rows(rows.y, rows.X * [1.0, 0.0], rows.Z, rows.group)
    kernel, Lambda = MarginalLikelihood.flat(rows.moments), np.array([[0.8]])
    assert np.isnan(kernel.value(Lambda, 1.0))
    found = kernel.value_and_gradient(Lambda, 1.0)
    assert np.isnan(found.value)
    assert found.sigma == 0.0
    assert not found.Lambda.any()
    assert not found.precision.any()
    # A proper prior on that coefficient is enough.
    precision = np.array([0.0, 2.0])
    expected = dense_value(rows, Lambda, 1.0, np.zeros(2), precision, np.zeros(0))
    assert kernel.value(Lambda, 1.0, precision) == pytest.approx(expected, abs=1e-11)


# ---------------------------------------------------------------- gradients
@given(cases())
def test_gradient_by_central_differences(case):
    rows, Lambda, sigma, kinds, seed = case
    mean, precision, explicit = priors_of(kinds, seed)
    kernel = MarginalLikelihood(rows.moments.patterns, mean, len(explicit))
    found = kernel.value_and_gradient(Lambda, sigma, precision, explicit)
    size = max(1.0, abs(found.value))

    def close(actual, function, at, scale=1.0):
        numeric = dense.numerical_gradient(lambda v: function(v * scale), np.asarray(at) / scale, 1e-4)
        np.testing.assert_allclose(np.asarray(actual) * scale, numeric, rtol=1e-5, atol=2e-8 * size)

    spread = max(float(np.abs(Lambda).max()), 1e-2)
    close(found.Lambda, lambda v: kernel.value(v, sigma, precision, explicit), Lambda, spread)
    close(found.sigma, lambda v: kernel.value(Lambda, float(v), precision, explicit), sigma, sigma)
    close(found.explicit, lambda v: kernel.value(Lambda, sigma, precision, v), explicit, sigma)
    proper = precision > 0

    def by_precision(values):
        inside = precision.copy()
        inside[proper] = values
        return kernel.value(Lambda, sigma, inside, explicit)

    close(found.precision[proper], by_precision, precision[proper])


def test_gradient_by_Lambda_of_collapsed_groups():
    rng = np.random.default_rng(24)
    group = np.repeat(np.arange(40), 4)
    Z = np.column_stack([np.ones(160), np.tile(np.arange(4.0), 40)])
    kernel = MarginalLikelihood.flat(Rows(rng.normal(size=160), Z, Z, group).moments)
    assert len(kernel.patterns.count) == 1
    Lambda = random_Lambda(2, 25)
    numeric = dense.numerical_gradient(lambda v: kernel.value(v, 0.9), Lambda)
    np.testing.assert_allclose(kernel.value_and_gradient(Lambda, 0.9).Lambda, numeric, rtol=1e-6, atol=1e-6)


# ---------------------------------------------------------------- cross-products and small linear algebra
@given(cases())
def test_cross_products_are_those_of_the_inverse_covariance(case):
    rows, Lambda, *_ = case
    log_det, Q = MarginalLikelihood.flat(rows.moments).cross_products(Lambda)
    M = dense.covariance(rows.Z, rows.group, Lambda @ Lambda.T, 1.0, rows.weights)
    A = np.column_stack([rows.X, rows.y])
    np.testing.assert_allclose(Q, A.T @ np.linalg.solve(M, A), rtol=1e-9, atol=1e-8)
    assert log_det - rows.moments.sum_log_weights == pytest.approx(np.linalg.slogdet(M)[1], abs=1e-9)


@pytest.mark.parametrize("q", [1, 2])
@pytest.mark.parametrize("scale", [1e4, 1e60])
def test_determinants_whose_product_no_number_holds(q, scale):
    """Of 60 groups, all different, and of 60 alike; M_i is I + F F' of one group, whatever the others."""
    rng = np.random.default_rng(26)
    group, t = np.repeat(np.arange(60), 3), rng.normal(size=180)
    for Z in (np.vander(t, 2), np.vander(np.tile(t[:3], 60), 2)):
        rows = Rows(rng.normal(size=180), np.ones((180, 1)), np.ascontiguousarray(Z[:, :q]), group)
        Lambda = random_Lambda(q, 27, scale)
        log_det, _ = MarginalLikelihood.flat(rows.moments).cross_products(Lambda)
        logs = [np.log1p(np.linalg.svd(rows.Z[group == j] @ Lambda)[1] ** 2).sum() for j in range(60)]
        assert log_det == pytest.approx(sum(logs), rel=1e-12)


def test_small_arrays_are_carved_out_of_one():
    flat = np.random.default_rng(28).normal(size=40)
    np.testing.assert_array_equal(views.vector(flat, 3, 4), flat[3:7])
    np.testing.assert_array_equal(views.matrix(flat, 5, 2, 3), flat[5:11].reshape(2, 3))
    np.testing.assert_array_equal(views.stack(flat, 7, 2, 3, 4), flat[7:31].reshape(2, 3, 4))
    np.testing.assert_array_equal(views.integers(flat, 6, 5), flat.view(np.int64)[6:11])
    np.testing.assert_array_equal(views.integer_matrix(flat, 9, 4, 2), flat.view(np.int64)[9:17].reshape(4, 2))
    views.vector(flat, 2, 1)[0] = 7.0
    assert flat[2] == 7.0


@pytest.mark.parametrize("size", [1, 2, 5])
def test_cholesky_and_triangular_solves(size):
    rng = np.random.default_rng(size)
    root = rng.normal(size=(size, size + 2))
    matrix, lower = root @ root.T, np.full((size, size), np.nan)
    assert cholesky(matrix, lower) == pytest.approx(np.linalg.slogdet(matrix)[1], abs=1e-12)
    np.testing.assert_allclose(lower, np.linalg.cholesky(matrix), atol=1e-13)
    columns = rng.normal(size=(size, 3))
    result = columns.copy()
    solve_lower(lower, result)
    np.testing.assert_allclose(lower @ result, columns, atol=1e-12)
    solve_upper(lower, result)
    np.testing.assert_allclose(matrix @ result, columns, atol=1e-11)


@pytest.mark.parametrize("matrix", [[[0.0]], [[1.0, 2.0], [2.0, 1.0]], [[np.nan]], [[-1.0]]])
def test_cholesky_of_what_is_not_positive_definite_is_nan(matrix):
    matrix = np.array(matrix)
    assert np.isnan(cholesky(matrix, np.empty_like(matrix)))


def test_a_model_without_fixed_effects():
    table = random_table()
    group = np.unique(table["g"], return_inverse=True)[1]
    N = len(table)
    y = table["y"].to_numpy() - 50
    rows = Rows(y, np.empty((N, 0)), np.ones((N, 1)), group)
    V = dense.covariance(rows.Z, group, np.array([[9.0]]), 4.0)
    expected = dense.log_likelihood(y, rows.X, V, np.zeros(0), np.zeros((0, 0)), np.zeros(0, dtype=bool))
    value = MarginalLikelihood.flat(rows.moments).value([[0.75]], 4.0)
    assert value == pytest.approx(expected, abs=1e-10)


# ---------------------------------------------------------------- priors far sharper than the data
@pytest.mark.parametrize("precision", [1e-3, 1.0, 1e6, 1e14, 1e24, 1e40])
def test_a_sharp_prior_is_a_known_coefficient(precision):
    """As the prior of one coefficient narrows about m, the density tends to the one given beta = m."""
    rows = random_rows([4, 3, 5, 2], 2, 1, seed=3)
    Lambda, sigma, mean = np.array([[0.7]]), 0.9, np.array([0.3, -7.0])
    kernel = MarginalLikelihood(rows.moments.patterns, mean, 0)
    own = np.array([0.5, precision])
    found = kernel.value_and_gradient(Lambda, sigma, own, np.zeros(0))
    V = dense.covariance(rows.Z, rows.group, sigma**2 * Lambda @ Lambda.T, sigma, rows.weights)
    expected = dense.log_likelihood(rows.y, rows.X, V, mean, np.diag(1.0 / own), np.zeros(2, dtype=bool))
    assert found.value == pytest.approx(expected, rel=1e-9)
    assert kernel.value(Lambda, sigma, own, np.zeros(0)) == pytest.approx(expected, rel=1e-9)
