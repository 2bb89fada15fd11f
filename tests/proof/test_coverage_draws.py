"""The cells of the study of coverage, and the data sets drawn for them."""

import numpy as np
import pytest

from proof.coverage.cells import DESIGNS, GROUPS, Cell, grid
from proof.coverage.draws import Layout, _rotation, draw, moments_of_rows, rows_of

CELLS = [
    Cell("treatment", 3, 5, 0.3, False),
    Cell("covariate", 5, 5, 0.1, False),
    Cell("covariate", 3, 20, 0.05, True),
    Cell("intercept", 8, 5, 0.0, True),
]


def test_the_grid_is_complete_and_begins_with_what_matters():
    cells = list(grid())
    assert len(cells) == len({cell.key for cell in cells}) == len({cell.name for cell in cells}) == 360
    assert max(cell.icc for cell in cells[:240]) == 0.3
    assert {(cell.design, cell.groups) for cell in cells[:48]} == {("treatment", J) for J in (3, 5, 8)}


@pytest.mark.parametrize("groups", GROUPS)
@pytest.mark.parametrize("rows", [5, 20])
@pytest.mark.parametrize("balanced", [True, False])
def test_sizes_have_their_mean_and_half_of_the_groups_are_treated(groups, rows, balanced):
    cell = Cell("treatment", groups, rows, 0.1, balanced)
    assert cell.sizes.sum() == groups * rows == len(cell.X)
    assert (cell.sizes.max() >= 2 * cell.sizes.min()) != balanced
    treated = np.array([cell.X[cell.group == i, 1] for i in range(groups)], dtype=object)
    assert all(np.ptp(own) == 0 for own in treated)
    assert sum(own[0] for own in treated) == groups // 2


def test_an_icc_is_what_sd_and_sigma_give():
    for cell in grid():
        assert cell.sd**2 / (cell.sd**2 + 1.0) == pytest.approx(cell.icc)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_rotated_rows_have_the_covariance_that_draws_have(cell):
    """Against V of the rows, built densely."""
    layout, rotation = Layout.of(cell), _rotation(cell)
    V = cell.sd**2 * (cell.group[:, None] == cell.group) + np.eye(layout.N)
    np.testing.assert_allclose(rotation @ V @ rotation.T, np.diag(1.0 + layout.m * cell.sd**2), atol=1e-12)
    # In all directions that are left V is the identity, and there is nothing of X.
    left = np.eye(layout.N) - rotation.T @ rotation
    np.testing.assert_allclose(left @ V @ left, left, atol=1e-12)
    np.testing.assert_allclose(left @ cell.X, 0.0, atol=1e-12)
    assert np.trace(left) == pytest.approx(layout.others)
    np.testing.assert_allclose(rotation @ cell.X @ layout.contrasts, layout.X, atol=1e-12)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_draws_have_the_moments_of_rows(cell):
    layout = Layout.of(cell)
    data = draw(cell, layout, 4000)
    back = moments_of_rows(cell, rows_of(cell, layout, data.part(slice(5)), np.random.default_rng(1)))
    np.testing.assert_allclose(back.y, data.y[:5], atol=1e-10)
    np.testing.assert_allclose(back.rest, data.rest[:5])
    expected = layout.X @ np.linalg.solve(layout.contrasts, cell.beta)
    z = (data.y.mean(axis=0) - expected) / np.sqrt((1.0 + layout.m * cell.sd**2) / 4000)
    ratio = data.y.var(axis=0) / (1.0 + layout.m * cell.sd**2)
    assert np.abs(z).max() < 4.5
    assert np.abs(ratio - 1.0).max() < 4.5 * np.sqrt(2.0 / 4000)
    assert data.rest.mean() == pytest.approx(layout.others, abs=4.5 * np.sqrt(2 * layout.others / 4000))


def test_a_data_set_depends_on_its_cell_and_place_only():
    cell = CELLS[1]
    layout = Layout.of(cell)
    few, many = draw(cell, layout, 3), draw(cell, layout, 5)
    np.testing.assert_array_equal(few.y, many.y[:3])
    np.testing.assert_array_equal(few.rest, many.rest[:3])
    seeds = [cell.seed.generate_state(2).tobytes() for cell in grid()]
    assert len(set(seeds)) == len(seeds)
    assert len(DESIGNS) == 3


def test_standardised_responses_have_mean_zero_and_sd_one():
    cell = CELLS[0]
    layout = Layout.of(cell)
    data = draw(cell, layout, 3)
    y = rows_of(cell, layout, data, np.random.default_rng(2))
    unit, mean, spread = data.standardised(layout)
    np.testing.assert_allclose(mean, y.mean(axis=1))
    np.testing.assert_allclose(spread, y.std(axis=1))
    again = moments_of_rows(cell, (y - y.mean(axis=1)[:, None]) / y.std(axis=1)[:, None])
    np.testing.assert_allclose(again.y, unit.y, atol=1e-12)
    np.testing.assert_allclose(again.rest, unit.rest)
