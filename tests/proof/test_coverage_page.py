"""The page of the study of coverage: its numbers, and that it is written from whatever there is."""

import numpy as np
import pytest
from scipy import stats

from proof.coverage.cells import Cell
from proof.coverage.facts import known_width, markdown, number, percent, zeros
from proof.coverage.page import page, write_page
from proof.coverage.results import Results
from proof.coverage.study import run


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    found = Results(tmp_path_factory.mktemp("tables"))
    for cell in (
        Cell("treatment", 3, 20, 0.1, True),
        Cell("intercept", 3, 20, 0.6, True),
        Cell("covariate", 5, 5, 0.0, False),
    ):
        found.add(cell, run(cell, 20))
    return found


@pytest.mark.parametrize("cell", [Cell("treatment", 5, 5, 0.3, False), Cell("covariate", 3, 5, 0.1, True)])
def test_known_variances_give_the_width_of_least_squares(cell):
    V = cell.sd**2 * (cell.group[:, None] == cell.group) + np.eye(len(cell.X))
    variance = np.linalg.inv(cell.X.T @ np.linalg.solve(V, cell.X))[1, 1]
    assert known_width(cell) == pytest.approx(2 * stats.norm.ppf(0.975) * np.sqrt(variance))


def test_ranges_are_short():
    assert percent([0.8216, 0.91]) == "82.2–91.0"
    assert percent([1.0, 1.0]) == "100"
    assert percent([0.9996]) == "100.0"  # not quite all
    assert percent([]) == number([]) == "–"
    assert number([0.981, 14.2]) == "0.98–14"
    assert markdown(["J", "z"], [["3", "95"]]) == "| J | z |\n| --- | ---: |\n| 3 | 95 |"


def test_zeros_are_measured_in_standard_errors(results):
    found = zeros(results)
    assert found["design"].tolist() == ["intercept"]
    exact, share = found["exact_zeros"].item(), found["reml_zeros"].item()
    assert found["z"].item() == pytest.approx((share - exact) / np.sqrt(exact * (1 - exact) / 20))


def test_every_place_of_the_page_is_filled(results):
    text = page(results)
    assert "{" not in text
    assert "in each of 3 cells" in text
    assert "| sd 2.5 s | 3 |" in text


def test_page_and_pictures_are_written(results, tmp_path):
    write_page(results, tmp_path)
    text = (tmp_path / "coverage.md").read_text(encoding="utf-8")
    pictures = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    assert len(pictures) == 5
    assert all(f"(pictures/{name})" in text for name in pictures)
