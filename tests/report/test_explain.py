"""The model on one screen: layouts of the teaching examples, cell by cell."""

import re
import warnings

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.report.explain import explain
from bayesmixed.report.symbols import compact, covariance_cell
from tests import fits


def model(formula, sizes, times=None, **options):
    group = np.repeat(np.arange(len(sizes)), sizes)
    t = np.concatenate([np.arange(n, dtype=float) for n in sizes]) if times is None else times
    y = np.array([1.0, 2.0, 2.5, 5.0, 4.0, 7.0, 8.0])[: len(group)]
    table = {"y": y, "t": t, "g": np.array(list("abc"))[group], "w": np.linspace(1.0, 2.0, len(group))}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bm.BayesmixedWarning)
        return bm.MixedModel(formula, table, **options)


def section(text, title):
    """Lines below a heading."""
    lines = text.splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith(title))
    return [line.split() for line in lines[start + 1 :][: (lines[start + 1 :] + [""]).index("")]]


@pytest.mark.parametrize("key", fits.FORMULAS)
def test_it_fits_the_screen(key):
    text = explain(fits.model(key))
    assert max(len(line) for line in text.splitlines()) <= 100
    assert len(text.splitlines()) <= 75
    for heading in ("Model", "Data", "X:", "Z:", "G:", "V:", "Priors"):
        assert re.search(rf"^{heading}", text, flags=re.MULTILINE)


def test_random_intercept_shows_all_of_z():
    found = model("y ~ t + (1 | g)", (3, 2, 2))
    text = explain(found)
    assert "Z: 7 x 3" in text
    cells = [[float(cell) for cell in line[3:]] for line in section(text, "Z:")[2:]]
    np.testing.assert_array_equal(cells, found.design.Z)


def test_random_intercept_shows_all_of_v():
    text = explain(model("y ~ t + (1 | g)", (3, 2, 2)))
    assert "V: 7 x 7" in text
    cells = [line[2:] for line in section(text, "V:")[:7]]
    group = [0, 0, 0, 1, 1, 2, 2]
    expected = [
        ["g00+sigma^2" if j == k else "g00" if group[j] == group[k] else "0" for k in range(7)] for j in range(7)
    ]
    assert cells == expected


def test_random_slope_shows_z_and_g():
    found = model("y ~ t + (t | g)", (3, 2))
    text = explain(found)
    assert "Z: 5 x 4" in text
    assert "G: 4 x 4" in text
    cells = [[float(cell) for cell in line[3:]] for line in section(text, "Z:")[2:]]
    np.testing.assert_array_equal(cells, found.design.Z)
    rows = [" ".join(line) for line in section(text, "G:")[:4]]
    assert rows == [
        "a Intercept sd0^2 rho01 sd0 sd1 0 0",
        "a t rho01 sd0 sd1 sd1^2 0 0",
        "b Intercept 0 0 sd0^2 rho01 sd0 sd1",
        "b t 0 0 rho01 sd0 sd1 sd1^2",
    ]


def test_sigma_stands_on_the_diagonal_only():
    text = explain(model("y ~ t + (t | g)", (3, 2)))
    rows = text[text.index("V: 5 x 5") :].splitlines()[1:4]
    assert [row.count("sigma^2") for row in rows] == [1, 1, 1]
    assert "g00 + 3 g01 + 2 g11" in rows[1]
    assert "sigma^2 stands on the diagonal only" in text


@pytest.mark.parametrize(
    "formula", ["y ~ t + (1 | g)", "y ~ t + (t | g)", "y ~ t + (t || g)", "y ~ t + (0 + t | g)"]
)
def test_symbols_of_v_are_its_numbers(formula):
    times = np.array([0.0, 1.5, -2.0, 1.0, 0.3, 2.0, -1.0])
    found = model(formula, (3, 2, 2), times, weights="w")
    params = {"1|g_sigma": 2.0, "t|g_sigma": 0.7, "sigma": 1.3}
    params = {name: value for name, value in params.items() if name in found.names.all_names}
    if "(t | g)" in formula:
        params["g_corr"] = np.array([[1.0, 0.4], [0.4, 1.0]])
    V, G = found.V(params), found.G(params)
    names = {f"g{k}{m}": G[k, m] for k in range(len(G)) for m in range(k, len(G))} | {"sigma": 1.3}

    def value(text):
        text = re.sub(r"([\d.]+) (g)", r"\1*\2", text).replace("^", "**")
        return eval(text, {}, names)

    found_cells = [[value(covariance_cell(found.design, j, k)) for k in range(7)] for j in range(7)]
    # the symbols print four digits
    np.testing.assert_allclose(found_cells, V, rtol=2e-2, atol=1e-3)


def test_large_designs_show_the_first_groups_only():
    text = explain(fits.model("slope"))
    assert "Z: 180 x 36" in text
    assert "G: 36 x 36: the block below for each of the 18 groups" in text
    assert "\n  ..." in text
    assert "310" not in section(text, "Z:")[0]


def test_units_and_priors_are_spelt_out():
    text = explain(fits.model("slope"))
    assert "ms/d" in text
    assert "at Days = 4.5" in text
    assert "HalfStudentT" in text
    assert "rho01 = Subject_corr[Intercept,Days]" in text


def test_dropped_rows_are_counted(sleepstudy):
    sleepstudy.loc[3, "Days"] = np.nan
    text = explain(bm.MixedModel("Reaction ~ Days + (1 | Subject)", sleepstudy))
    assert "179 rows in 18 groups" in text
    assert "1 of 180 rows was dropped for missing values in Days" in text


def test_weights_and_offset_are_in_the_symbols():
    text = explain(fits.model("weighted"))
    assert "sigma^2 / w" in text
    assert "+ offset" in text
    assert "W^-1" in text


def test_v_shows_a_group_of_two_rows_or_more():
    text = explain(model("y ~ 1 + (t | g)", (1, 3, 2)))
    heading = next(line for line in text.splitlines() if line.startswith("V:"))
    assert heading.endswith("the block of g b:")
    assert "row 2" in text.partition("V:")[2]
    assert "g00 + g01" in text.partition("V:")[2]


def test_numbers_of_calendar_years_are_readable():
    years = [2005.0, 2006, 2007, 2005, 2006, 2005, 2006]
    text = explain(model("y ~ 1 + (t | g)", (3, 2, 2), years)).partition("V:")[2]
    assert "g00+4011*g01+4022000*g11" in text
    assert not re.search(r"\de\+", text)


@pytest.mark.parametrize(
    ("cell", "text"),
    [("g00 + 0.25 g01 - 2 g11", "g00+0.25*g01-2*g11"), ("-2 g01 + sigma^2/3", "-2*g01+sigma^2/3"), ("0", "0")],
)
def test_cells_on_less_room(cell, text):
    assert compact(cell) == text
