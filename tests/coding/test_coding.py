"""Centred and scaled columns, and the maps between them and the user's."""

import numpy as np
import pytest

from bayesmixed.coding.coding import Coding, block_diagonal


def columns(seed=3, n=30):
    rng = np.random.default_rng(seed)
    return np.column_stack([np.ones(n), rng.normal(5, 2, n), rng.normal(-1, 0.01, n)]), rng.uniform(0.5, 2, n)


def test_means_and_root_mean_squares_are_weighted():
    X, w = columns()
    coding = Coding.of_columns(X, w, np.array([1.0, 0, 0]))
    mean = np.average(X, axis=0, weights=w)
    np.testing.assert_allclose(coding.centre, [0, mean[1], mean[2]], rtol=1e-14)
    spread = np.sqrt(np.average((X - mean) ** 2, axis=0, weights=w))
    np.testing.assert_allclose(coding.scale, [1, spread[1], spread[2]], rtol=1e-12)


def test_without_the_constant_columns_are_only_scaled():
    X, w = columns()
    coding = Coding.of_columns(X[:, 1:], w, np.zeros(2))
    assert not coding.centre.any()
    np.testing.assert_allclose(coding.scale, np.sqrt(np.average(X[:, 1:] ** 2, axis=0, weights=w)), rtol=1e-14)


def test_a_column_of_zeros_keeps_its_scale():
    coding = Coding.of_columns(np.zeros((4, 1)), np.ones(4), np.zeros(1))
    assert coding.scale.tolist() == [1.0]


@pytest.mark.parametrize("constant", [[1.0, 0, 0, 0], [0, 1.0, 1.0, 0], [0, 0, 0, 0]])
def test_matrix_inverse_determinant_and_apply_agree(constant):
    rng = np.random.default_rng(8)
    constant = np.array(constant)
    centre = np.where(constant == 0, rng.normal(size=4), 0.0) * constant.any()
    coding = Coding(constant, centre, rng.uniform(0.5, 2, 4))
    # Rows on which the constant is what the coding says.
    X = rng.normal(size=(6, 4))
    K = coding.matrix
    np.testing.assert_allclose(K @ coding.inverse, np.eye(4), atol=1e-14)
    assert coding.log_det == pytest.approx(np.linalg.slogdet(K)[1], abs=1e-13)
    np.testing.assert_allclose(coding.apply(X), X @ coding.inverse, atol=1e-13)
    beta = rng.normal(size=4)
    np.testing.assert_allclose(coding.apply(X) @ (K @ beta), X @ beta, atol=1e-13)


def test_centred_columns_have_mean_zero_and_unit_spread():
    X, w = columns()
    coded = Coding.of_columns(X, w, np.array([1.0, 0, 0])).apply(X)
    np.testing.assert_allclose(np.average(coded, axis=0, weights=w), [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(np.average(coded**2, axis=0, weights=w), 1.0, rtol=1e-12)


def test_indicators_of_a_factor_stand_for_the_constant():
    f, t = np.array([0, 1, 2, 0, 1, 2]), np.array([1.0, 2, 3, 4, 5, 9])
    X = np.column_stack([np.eye(3)[f], t])
    coding = Coding.of_columns(X, np.ones(6), np.array([1.0, 1, 1, 0]))
    assert coding.centre.tolist() == [0, 0, 0, 4]
    np.testing.assert_allclose(coding.apply(X)[:, 3] * coding.scale[3], t - 4, atol=1e-14)


def test_no_digit_is_lost_far_from_zero():
    t = np.arange(8.0)
    far, near = np.column_stack([np.ones(8), t + 2.0**40]), np.column_stack([np.ones(8), t])
    constant = np.array([1.0, 0])
    coded = [Coding.of_columns(X, np.ones(8), constant).apply(X) for X in (far, near)]
    np.testing.assert_array_equal(*coded)


def test_unscaled_keeps_the_centres():
    X, w = columns()
    coding = Coding.of_columns(X, w, np.array([1.0, 0, 0]))
    np.testing.assert_array_equal(coding.unscaled.centre, coding.centre)
    assert coding.unscaled.log_det == 0.0
    assert (coding.unscaled.scale == 1.0).all()


def test_identity_changes_nothing():
    X, _ = columns()
    coding = Coding.identity(3)
    np.testing.assert_array_equal(coding.apply(X), X)
    np.testing.assert_array_equal(coding.matrix, np.eye(3))
    np.testing.assert_array_equal(coding.inverse, np.eye(3))


def test_block_diagonal_takes_columns_in_any_order():
    blocks = [np.array([[1.0, 2], [3, 4]]), np.array([[5.0]])]
    result = block_diagonal(blocks, [np.array([0, 2]), np.array([1])], 3)
    np.testing.assert_array_equal(result, [[1, 0, 2], [0, 5, 0], [3, 0, 4]])


def test_block_diagonal_needs_one_matrix_for_each_set():
    with pytest.raises(ValueError, match="zip"):
        block_diagonal([np.eye(1)], [np.array([0]), np.array([1])], 2)


def nearly_dependent(n=40):
    """Columns 1, t, f and t f with t far from zero."""
    rng = np.random.default_rng(5)
    t, f = 1e6 + rng.uniform(0, 9, n), rng.integers(0, 2, n).astype(float)
    return np.column_stack([np.ones(n), t, f, t * f]), rng.uniform(0.5, 2, n)


def test_nearly_dependent_columns_are_rotated_apart():
    X, w = nearly_dependent()
    plain = Coding.of_columns(X, w, np.array([1.0, 0, 0, 0]))
    coding = plain.rotated(X, w)
    coded = coding.apply(X)
    np.testing.assert_allclose((coded * w[:, None]).T @ coded / w.sum(), np.eye(4), atol=1e-8)
    np.testing.assert_allclose(coding.matrix @ coding.inverse, np.eye(4), atol=1e-9)
    np.testing.assert_allclose(coded @ coding.matrix, X, rtol=1e-9, atol=1e-9)
    assert coding.log_det == pytest.approx(np.linalg.slogdet(coding.matrix)[1], rel=1e-9)
    assert coding.unscaled.rotation is None


def test_columns_that_can_be_told_apart_stay_as_they_are():
    X, w = columns()
    coding = Coding.of_columns(X, w, np.array([1.0, 0, 0]))
    assert coding.rotated(X, w) is coding


def test_columns_that_depend_on_one_another_stay_as_they_are():
    X = np.column_stack([np.arange(6.0), 2 * np.arange(6.0)])
    coding = Coding.of_columns(X, np.ones(6), np.zeros(2))
    assert coding.rotated(X, np.ones(6)) is coding
