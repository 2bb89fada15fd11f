"""Averages over stand-ins against those over all values."""

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.encoding.column import Column
from bayesmixed.streaming.cells import CELLS, SHARES, Grid
from bayesmixed.streaming.slopes import SlopeTable

RNG = np.random.default_rng(0)
VALUES = {
    "normal": RNG.normal(size=50_000),
    "uniform": RNG.uniform(0.0, 10.0, 50_000),
    "exponential": RNG.exponential(size=50_000),
    "years": 2000.0 + RNG.integers(0, 3000, 50_000) / 100.0,
    "Cauchy": RNG.standard_cauchy(50_000),
    "lognormal": np.exp(2.0 * RNG.normal(size=50_000)),
    "far out": np.append(RNG.normal(size=50_000), 1000.0 * RNG.normal(size=12)),
}


def counted(values, parts=1):
    grid = Grid(values.min(), values.max(), values.mean())
    cells = np.zeros((CELLS, 3))
    for part in np.array_split(values, parts):
        cells = grid.tally(part, np.empty(0), cells)
    return grid, cells


def icc(t, sd):
    between = 0.5 + sd**2 * t**2 + 0.3 * sd * t
    return between / (between + 1.0)


@pytest.mark.parametrize("sd", [0.01, 0.1, 1.0, 10.0])
@pytest.mark.parametrize("name", VALUES)
def test_an_average_icc(name, sd):
    values = VALUES[name]
    grid, cells = counted(values)
    points = grid.stand_ins(cells)
    error = abs(icc(points, sd).mean() - icc(values, sd).mean())
    assert error < (1e-4 if name in ("Cauchy", "lognormal", "far out") else 1e-7)
    assert len(np.unique(points)) <= 1000  # what an average takes without sampling
    assert len(points) == 2 * SHARES
    assert values.min() <= points.min() <= points.max() <= values.max()


@pytest.mark.parametrize("name", VALUES)
def test_cells_add_up_and_keep_mean_and_spread(name):
    values = VALUES[name]
    grid, whole = counted(values)
    _, parts = counted(values, 7)
    np.testing.assert_allclose(parts, whole, rtol=1e-9, atol=1e-9 * np.abs(whole).max())
    means, counts = grid.means(whole)
    assert counts.sum() == len(values)
    assert (means * counts).sum() / counts.sum() == pytest.approx(values.mean(), rel=1e-9, abs=1e-12)


def test_counts_stand_for_repeated_values():
    values, counts = np.array([0.0, 1.0, 4.0]), np.array([2.0, 1.0, 5.0])
    grid = Grid(0.0, 4.0, 1.0)
    once = grid.tally(np.repeat(values, counts.astype(int)), np.empty(0), np.zeros((CELLS, 3)))
    np.testing.assert_allclose(grid.tally(values, counts, np.zeros((CELLS, 3))), once, rtol=1e-12)


def test_the_average_icc_of_a_streamed_slope_is_that_over_all_rows():
    rng = np.random.default_rng(4)
    g = np.arange(6000) % 30
    t = rng.gamma(2.0, 2.0, 6000)
    y = 2.0 * rng.normal(size=30)[g] + rng.normal(size=30)[g] * t + 3.0 * rng.normal(size=6000)
    found = bm.MixedModel.stream("y ~ t + (t | g)", pd.DataFrame({"y": y, "t": t, "g": g}), batch_rows=500).reml()
    Z = np.column_stack([np.ones(6000), t])
    between = np.einsum("nk,kl,nl->n", Z, found.covariance.G, Z)
    exact = (between / (between + found.sigma**2)).mean()
    assert found.icc()["estimate"].iloc[-1] == pytest.approx(exact, abs=1e-7)
    assert not found.design.facts.slopes.exact


def test_many_values_are_counted_in_cells_at_once(rng):
    """As if they had been sorted and counted first."""
    frame = pd.DataFrame({"t": rng.normal(size=6000)})
    column = Column("t", "number", low=float(frame["t"].min()), high=float(frame["t"].max()))
    whole = SlopeTable.empty([column], origin=0.0).of_rows(frame)
    parts = SlopeTable.empty([column], origin=0.0)
    for start in range(0, 6000, 600):
        parts = parts.of_rows(frame.iloc[start : start + 600])
    assert not whole.exact
    np.testing.assert_allclose(whole.cells, parts.cells, rtol=1e-9, atol=1e-9)
    more = whole.of_rows(frame.iloc[:4500])
    assert more.cells[:, 0].sum() == 10_500
