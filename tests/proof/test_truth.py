"""The page of truth: numbers of other software, ours, and that a wrong one is told."""

import re
from pathlib import Path

import pytest

from proof.truth import __main__ as program
from proof.truth.numbers import Number, compared, worst
from proof.truth.page import summary, tables
from proof.truth.reml import of_lme4, of_nlme

PAGE = Path(__file__).parents[2] / "docs" / "truth.md"


@pytest.fixture(scope="module")
def numbers():
    return [*of_lme4(), *of_nlme()]


def test_every_number_agrees(numbers):
    assert len(numbers) > 700
    assert [one for one in numbers if not one.agrees] == []


def test_the_page_is_what_the_program_writes(numbers):
    """Up to rounding in the last digits, and the draws of brms and rstanarm, which take long."""
    page = PAGE.read_text(encoding="utf-8")
    for line in summary(numbers).splitlines()[2:]:
        source, kind, count = (cell.strip() for cell in line.split("|")[1:4])
        assert f"| {source} | {kind} | {count} |" in page
    for line in tables(numbers).splitlines():
        if line.startswith("| ") and "furthest off" not in line:
            what, label, theirs = line.replace("\\|", "!").split("|")[1:4]
            assert f"|{what}|{label}|{theirs}|".replace("!", "\\|") in page
    assert "brms 2.18.0" in page
    assert "rstanarm" in page


def test_every_table_has_as_many_cells_as_its_head():
    page = PAGE.read_text(encoding="utf-8")
    for block in re.findall(r"(?:^\|.*\n)+", page, flags=re.MULTILINE):
        cells = {len(re.split(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(cells) == 1, block[:200]


def test_differences_are_relative_to_the_larger_of_number_and_scale():
    one, two = compared("lme4", "m", "sd", {"a": (0.0, 0.5), "b": (-10.0, -9.0)}, 0.2, scale=2.0)
    assert one.difference == pytest.approx(0.25)
    assert two.difference == pytest.approx(0.1)
    assert (one.agrees, two.agrees) == (False, True)
    assert worst([two, one]) is one


def test_a_wrong_number_is_told(monkeypatch, tmp_path, capsys):
    page = tmp_path / "truth.md"
    page.write_text("<!-- summary -->\n<!-- end of summary -->\n<!-- numbers -->\n<!-- end of numbers -->\n")
    monkeypatch.setattr(program, "PAGE", page)
    wrong = Number("lme4 1", "y ~ 1 + (1 | g)", "sd", "1|g_sigma", 1.0, 1.1, 1.0, 1e-4)
    monkeypatch.setattr(program, "of_lme4", lambda: [wrong])
    for name in ("of_nlme", "of_brms", "of_rstanarm"):
        monkeypatch.setattr(program, name, list)
    assert program.main() == 1
    shown = capsys.readouterr()
    assert "1 further off" in shown.out
    assert "sd 1|g_sigma 1.0 1.1" in shown.err
    assert "| sd (lme4 1) | 1\\|g_sigma | 1 | 1.1 | 1e-01 |" in page.read_text()


@pytest.mark.slow
def test_posterior_means_of_other_packages():
    from proof.truth.bayes import of_brms, of_rstanarm

    found = [*of_brms(), *of_rstanarm()]
    assert len(found) == 48
    assert [one for one in found if not one.agrees] == []
