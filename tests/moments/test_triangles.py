"""Per-group triangles: cross-products by the definition, additivity, the coding of a design."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesmixed.coding import CodedMoments
from bayesmixed.errors import DesignError
from bayesmixed.moments.triangles import Triangles, coded_columns
from tests.designs import design_of, random_rows, random_table

sizes = st.lists(st.integers(1, 6), min_size=1, max_size=7)


def triangles_of(rows, index=slice(None), levels=None):
    weights = None if rows.weights is None else rows.weights[index]
    levels = rows.levels if levels is None else levels
    return Triangles.of_rows(rows.y[index], rows.X[index], rows.Z[index], rows.group[index], levels, weights)


def by_definition(rows):
    w = np.ones(len(rows.y)) if rows.weights is None else rows.weights
    columns = np.column_stack([rows.Z, rows.X, rows.y])
    return np.array(
        [(columns[own].T * w[own]) @ columns[own] for own in rows.group == np.arange(len(rows.levels))[:, None]]
    )


@given(sizes, st.integers(1, 3), st.integers(1, 4), st.integers(0, 10**6), st.booleans())
def test_cross_products_of_each_group(sizes, p, q, seed, weighted):
    rows = random_rows(sizes, p, q, seed, weighted)
    found = triangles_of(rows)
    np.testing.assert_allclose(found.cross_products(), by_definition(rows), atol=1e-10)
    np.testing.assert_array_equal(np.tril(found.R, -1), 0.0)
    assert found.n.tolist() == list(sizes)
    assert (found.p, found.q, found.R.shape) == (p, q, (len(sizes), q + p + 1, q + p + 1))
    assert found.Z.shape[1:] == (q + p, q)
    assert found.X.shape[1:] == (q + p, p)
    assert found.y.shape == (len(sizes), q + p)


def test_they_hold_the_moments():
    rows = random_rows((5, 6, 4), p=2, q=2, seed=3, weighted=True)
    found, moments = triangles_of(rows), rows.moments
    np.testing.assert_allclose(found.R[:, :2, :2], moments.Rzz, atol=1e-12)
    np.testing.assert_allclose(found.R[:, :2, 2:], moments.Rza, atol=1e-12)
    left = found.R[:, 2:, 2:]
    np.testing.assert_allclose(np.einsum("iab,iac->bc", left, left), moments.Raa.T @ moments.Raa, atol=1e-12)


@given(st.data(), st.integers(0, 10**6), st.booleans())
def test_triangles_of_parts_add_up(data, seed, weighted):
    rows = random_rows((4, 1, 6, 3), p=2, q=2, seed=seed, weighted=weighted)
    part = np.array(data.draw(st.lists(st.booleans(), min_size=len(rows.y), max_size=len(rows.y))))
    total, whole = triangles_of(rows, part) + triangles_of(rows, ~part), triangles_of(rows)
    np.testing.assert_allclose(total.cross_products(), whole.cross_products(), atol=1e-10)
    assert total.n.tolist() == whole.n.tolist()


def test_groups_of_parts_are_joined_by_name():
    rows = random_rows((4, 2), p=1, q=1, seed=4)
    first = triangles_of(rows, rows.group == 0, ("a", "b"))
    second = triangles_of(rows, rows.group == 1, ("c", "b"))
    total = first + second
    assert total.levels == ("a", "b", "c")
    assert total.n.tolist() == [4, 2, 0]
    np.testing.assert_allclose(total.cross_products()[:2], by_definition(rows), atol=1e-12)


def test_different_models_do_not_add_up():
    with pytest.raises(DesignError, match="triangles of different models do not add up: 1 and 2 fixed"):
        triangles_of(random_rows(p=1)) + triangles_of(random_rows(p=2))


@pytest.mark.parametrize("weights", [None, "w"])
def test_a_design_comes_in_the_coding_of_its_moments(weights):
    design = design_of("y ~ t + f + offset(o) + (t | g) + (0 + x | g)", random_table(), weights)
    coded = CodedMoments.of(design)
    found, q = Triangles.of(design, coded), design.q
    np.testing.assert_allclose(found.R[:, :q, :q], coded.moments.Rzz, atol=1e-12)
    np.testing.assert_allclose(found.R[:, :q, q:], coded.moments.Rza, atol=1e-11)
    X, Z = coded_columns(design, design.X[:3], design.Z_rows[:3])
    np.testing.assert_allclose(X, design.X[:3] @ coded.fixed.inverse, atol=1e-12)
    np.testing.assert_allclose(Z, design.Z_rows[:3] @ coded.T_inverse, atol=1e-12)
