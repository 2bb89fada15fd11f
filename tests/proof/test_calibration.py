"""The study behind docs/calibration.md, with few replicates; and what is kept of the full one."""

from pathlib import Path

import pandas as pd
import pytest

import bayesmixed as bm
from proof.calibration.__main__ import REPLICATES
from proof.calibration.designs import DESIGNS
from proof.calibration.page import ENGINES, write_page
from proof.calibration.results import Results

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def results(tmp_path):
    results = Results(tmp_path / "data")
    for engine in ENGINES:
        options = {"draws": 100, "random_seed": 1, "progressbar": False}
        found = bm.calibrate(DESIGNS[0].model(), 20, engine, **options)
        results.add(DESIGNS[0], engine, found)
        results.add(DESIGNS[0], engine, found)  # in place of the first
    return results


def test_designs_are_what_their_names_say():
    for design in DESIGNS:
        rows = design.table()
        assert rows.groupby("g").size().tolist() == [design.n] * design.groups
        assert rows["g"].nunique() == design.groups
        times = {tuple(own) for _, own in rows.groupby("g")["t"]}
        assert len(times) == design.groups  # unequal


def test_what_is_there_need_not_be_run_again(results):
    assert results.has(DESIGNS[0], "importance", 20)
    assert not results.has(DESIGNS[0], "importance", 21)
    assert not results.has(DESIGNS[1], "importance", 20)
    assert len(results.of(DESIGNS[0], "nuts")) == 10
    assert len(results.table) == 20
    differences = results.differences(DESIGNS[0], "nuts")
    assert {"lower", "upper", "sigma"} <= set(differences)


def test_the_page(results, tmp_path):
    page = tmp_path / "calibration.md"
    page.write_text("before\n<!-- calibration -->\nold\n<!-- end of calibration -->\nafter\n", encoding="utf-8")
    write_page(results, tmp_path)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert "old" not in text
    assert "| NUTS | 20 | 10 |" in text
    assert (tmp_path / "pictures" / "calibration-intercept-3-5.png").stat().st_size > 10_000


def test_the_full_study_is_kept_and_finds_every_posterior_calibrated():
    results = Results(DOCS / "data")
    for design in DESIGNS:
        for engine in ENGINES:
            assert results.has(design, engine, REPLICATES)
    assert results.calibrated


def test_the_page_shows_what_is_kept():
    table = pd.read_csv(DOCS / "data" / "calibration.csv")
    text = (DOCS / "calibration.md").read_text(encoding="utf-8")
    for (design, engine), rows in table.groupby(["design", "engine"]):
        line = f"| {ENGINES[str(engine)]} | 10,000 | {len(rows)} | {(~rows['within']).sum()} ("
        title = next(one.title for one in DESIGNS if one.name == design)
        assert line in text.split(f"### {title}")[1].split("###")[0]
