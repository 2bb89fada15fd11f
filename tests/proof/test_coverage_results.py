"""Counting what intervals did, and keeping it so that a run can go on."""

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from proof.coverage.cells import Cell
from proof.coverage.results import Results
from proof.coverage.study import Found, run, summary

ROOT = Path(__file__).parents[2]
CELL = Cell("intercept", 3, 5, 0.1, True)


def test_what_became_of_intervals_is_counted():
    lower, upper = np.array([0.0, 2.0, -3.0, np.nan]), np.array([2.0, 4.0, 0.0, np.nan])
    estimate, median = np.array([1.0, 3.0, -1.0, 2.0]), np.array([1.0, 2.0, 0.0, 1.0])
    row = summary(Found("sd", "Wald", lower, upper, estimate, median), 1.0)
    assert row["coverage"] == pytest.approx(1 / 3)
    assert row["truth_below"] == row["truth_above"] == pytest.approx(1 / 3)
    assert row["error"] == pytest.approx(np.sqrt(2 / 27))
    assert (row["data_sets"], row["without"]) == (4, 0.25)
    assert (row["mean_width"], row["median_width"]) == (pytest.approx(7 / 3), 2.0)
    assert (row["bias"], row["bias_of_median"]) == (0.25, 0.0)
    assert row["rmse"] == pytest.approx(np.sqrt((0 + 4 + 4 + 1) / 4))


def test_finished_cells_are_known_and_others_are_not(tmp_path):
    results = Results(tmp_path)
    assert not results.has(CELL, 20)
    results.add(CELL, run(CELL, 20))
    again = Results(tmp_path)
    assert again.has(CELL, 20)
    assert not again.has(CELL, 21)
    assert not again.has(Cell("intercept", 3, 5, 0.1, False), 20)


def test_cells_are_kept_in_the_order_of_the_grid_and_replaced(tmp_path):
    other = Cell("treatment", 3, 5, 0.1, True)
    results = Results(tmp_path)
    for cell in (CELL, other, CELL):
        results.add(cell, run(cell, 20))
    cells = pd.read_csv(tmp_path / "coverage-cells.csv")
    assert cells["design"].tolist() == ["treatment", "intercept"]
    intervals = pd.read_csv(tmp_path / "coverage.csv.gz")
    assert not intervals.duplicated(["design", "quantity", "method"]).any()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["coverage-cells.csv", "coverage.csv.gz"]


def test_the_same_seeds_give_the_same_file(tmp_path):
    for name in ("a", "b"):
        Results(tmp_path / name).add(CELL, run(CELL, 20))
    first, second = ((tmp_path / name / "coverage.csv.gz").read_bytes() for name in ("a", "b"))
    assert first == second
    assert gzip.decompress(first).startswith(b"design,groups,rows,icc,balanced,quantity,method,data_sets")


@pytest.mark.slow
def test_a_run_that_was_stopped_goes_on(tmp_path):
    command = [sys.executable, "-m", "proof.coverage", "--replications", "10", "--out", str(tmp_path)]
    command += ["--cores", "1", "--cells", "intercept-3-5", "unbalanced"]
    first, second = (
        subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stderr for _ in range(2)
    )
    assert "6 cells of 10 data sets, 0 of them done before" in first
    assert "6/6 intercept-3-5-0.9-unbalanced" in first
    assert "6 cells of 10 data sets, 6 of them done before" in second
    assert len(pd.read_csv(tmp_path / "coverage-cells.csv")) == 6
