"""A design's moments in centred and scaled columns say the same of the same rows."""

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.coding import CodedMoments
from bayesmixed.errors import DesignError
from bayesmixed.likelihood import MarginalLikelihood
from tests import dense
from tests.designs import design_of, random_table, stages

FORMULAS = [
    "y ~ t + (t | g)",
    "y ~ t + x + (1 | g)",
    "y ~ t + (t || g)",
    "y ~ 0 + f + t + (0 + t | g)",
    "y ~ f + u + (1 | g) + (0 + u | g)",
    "y ~ 0 + t + (0 + f | g)",
    "y ~ t + offset(o) + (t + u | g)",
]


def criterion(coded, G, sigma):
    """-2 log restricted likelihood of the user's rows, from the coded ones."""
    root = coded.T @ np.linalg.cholesky(G)
    return -2 * MarginalLikelihood.flat(coded.moments).value(root / sigma, sigma) + 2 * coded.fixed.log_det


def random_G(design, seed=4):
    rng = np.random.default_rng(seed)
    G = np.zeros((design.q, design.q))
    for block in design.blocks:
        lower = np.tril(rng.normal(size=(block.size, block.size))) + np.eye(block.size)
        G[np.ix_(block.columns, block.columns)] = lower @ lower.T
    return G


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("formula", FORMULAS)
def test_the_coded_criterion_is_that_of_the_users_rows(formula, weights):
    design = design_of(formula, random_table(), weights)
    G, sigma = random_G(design), 3.0
    V = dense.covariance(design.Z_rows, design.group, G, sigma, design.weights)
    expected = -2 * dense.log_likelihood(design.y - design.offset, design.X, V)
    assert criterion(CodedMoments.of(design), G, sigma) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("formula", FORMULAS)
def test_coefficients_come_back_to_the_users_columns(formula, weights):
    design = design_of(formula, random_table(), weights)
    coded = CodedMoments.of(design)
    G, sigma = random_G(design), 3.0
    _, Q = MarginalLikelihood.flat(coded.moments).cross_products(coded.T @ np.linalg.cholesky(G) / sigma)
    p = design.p
    beta = coded.fixed.inverse @ (np.linalg.solve(Q[:p, :p], Q[:p, p]) + coded.shift)
    V = dense.covariance(design.Z_rows, design.group, G, sigma, design.weights)
    expected, covariance = dense.gls(design.y - design.offset, design.X, V)
    np.testing.assert_allclose(beta, expected, rtol=1e-10)
    inverse = coded.fixed.inverse
    np.testing.assert_allclose(
        sigma**2 * inverse @ np.linalg.inv(Q[:p, :p]) @ inverse.T, covariance, rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_shift_is_the_least_squares_fit(formula):
    design = design_of(formula, random_table(), "w")
    coded = CodedMoments.of(design)
    root = np.sqrt(design.weights)
    X, y = design.X * root[:, None], (design.y - design.offset) * root
    expected = np.linalg.lstsq(X, y, rcond=None)[0]
    np.testing.assert_allclose(coded.fixed.inverse @ coded.shift, expected, rtol=1e-10)
    # What remains of y is orthogonal to X, and as small as it can be.
    products = coded.moments.cross_products()
    residual = y - X @ expected
    np.testing.assert_allclose(products[:-1, -1], 0, atol=1e-9)
    assert products[-1, -1] == pytest.approx(residual @ residual, rel=1e-12)


@pytest.mark.parametrize("formula", FORMULAS)
def test_T_is_block_diagonal_and_inverts(formula):
    design = design_of(formula, random_table())
    coded = CodedMoments.of(design)
    np.testing.assert_allclose(coded.T @ coded.T_inverse, np.eye(design.q), atol=1e-13)
    between = np.ones((design.q, design.q), dtype=bool)
    for block in design.blocks:
        between[np.ix_(block.columns, block.columns)] = False
    assert not coded.T[between].any()
    Z = design.Z_rows @ coded.T_inverse
    scale = np.sqrt((Z**2).mean(axis=0))
    np.testing.assert_allclose(scale, 1.0, rtol=1e-10)


def test_time_is_centred_only_beside_the_constant():
    table = random_table()
    together, apart, alone = (
        CodedMoments.of(design_of(formula, table))
        for formula in ("y ~ t + (t | g)", "y ~ t + (t || g)", "y ~ t + (0 + t | g)")
    )
    assert together.T[0, 1] == pytest.approx(table["t"].mean(), rel=1e-14)
    assert apart.T[0, 1] == 0.0
    spread = np.sqrt((table["t"] ** 2).mean())
    assert apart.T[1, 1] == pytest.approx(spread, rel=1e-14)
    assert alone.T[0, 0] == pytest.approx(spread, rel=1e-14)


def test_equal_weights_of_one_are_no_weights():
    table = random_table().assign(w=1.0)
    assert CodedMoments.of(design_of("y ~ t + (t | g)", table, "w")).moments.sum_log_weights == 0.0
    table["w"] = 2.0
    weighted = CodedMoments.of(design_of("y ~ t + (t | g)", table, "w"))
    assert weighted.moments.sum_log_weights == pytest.approx(len(table) * np.log(2), rel=1e-14)


def test_no_digit_is_lost_a_million_units_away():
    near = random_table()
    # Binary fractions, so that the shift itself is exact.
    near["t"], near["y"] = near["t"] / 4, np.round(near["y"] * 64) / 64
    far = near.assign(t=near["t"] + 2.0**20, y=near["y"] + 2.0**20)
    coded = [CodedMoments.of(design_of("y ~ t + (t | g)", table)) for table in (near, far)]
    # The same G_c about the means of the columns.
    root = np.array([[8.0, 0.0], [1.0, 3.0]]) / 3.0
    values = [MarginalLikelihood.flat(part.moments).value(root, 3.0) for part in coded]
    assert values[1] == pytest.approx(values[0], abs=1e-9)
    np.testing.assert_allclose(coded[1].shift[1], coded[0].shift[1], rtol=1e-10)


@pytest.mark.parametrize(
    ("response", "formula"),
    [
        (lambda t, g: g * 1.0, "y ~ 1 + (1 | g)"),
        (lambda t, g: g * 1.0, "y ~ t + (1 | g)"),
        (lambda t, g: 2 * t, "y ~ t + (1 | g)"),
        (lambda t, g: 2 * t + g, "y ~ 1 + (t | g)"),
        (lambda t, g: 1e6 + g * t, "y ~ 1 + (t | g)"),
    ],
)
def test_a_response_that_the_columns_fit_exactly_is_refused(response, formula):
    g = np.repeat(np.arange(9), [1, 2, 3, 4, 5, 6, 7, 8, 6])
    t = np.random.default_rng(1).normal(size=len(g))
    with pytest.raises(DesignError, match="fit 'y' exactly"):
        stages(formula, {"y": response(t, g), "t": t, "g": g})


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e5])
def test_little_noise_beside_large_differences_is_no_exact_fit(scale):
    rng = np.random.default_rng(2)
    g = np.repeat(np.arange(6), 4)
    y = 1e6 * rng.normal(size=6)[g] + scale * rng.normal(size=24)
    assert stages("y ~ 1 + (1 | g)", {"y": y, "g": g}).coded.moments.n_rows == 24


def test_as_many_columns_as_rows_are_no_exact_fit():
    g = np.repeat(np.arange(5), 2)
    rng = np.random.default_rng(3)
    table = {"y": rng.normal(size=10), "t": rng.normal(size=10), "g": g}
    assert stages("y ~ 1 + (t | g)", table).coded.moments.n_rows == 10


def test_a_column_that_groups_determine_hides_no_residual():
    """`arm` is constant within groups: what is left of it, rounding error, must not swallow what is left of y."""
    import pandas as pd

    table = pd.DataFrame({"y": [1.0, 3.0, 0.0, 4.0], "arm": list("xxyy"), "g": list("aabb")})
    model = bm.MixedModel("y ~ arm + (1 | g)", table)
    # Within groups y differs by 2 and 4: 2 + 8 is the sum of squares; the groups are the arms.
    Raa = model.coded.moments.Raa
    assert Raa[:, -1] @ Raa[:, -1] == pytest.approx(10.0)
    with pytest.raises(DesignError, match="fit 'y' exactly"):
        bm.MixedModel("y ~ arm + (1 | g)", table.assign(y=[1.0, 1.0, 3.0, 3.0])).coded  # noqa: B018
