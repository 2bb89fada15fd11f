"""Models ranked by what they predict of units that they have not seen."""

from functools import cache

import arviz as az
import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.leaving_out.comparison import _conclusion
from tests.fits import QUICK, fit


@cache
def without_days():
    data = bm.load_dataset("sleepstudy")
    return bm.MixedModel("Reaction ~ 1 + (Days | Subject)", data).fit(random_seed=1, **QUICK)


@pytest.mark.parametrize("by", ["group", "row"])
def test_the_table_is_that_of_arviz(by):
    fits = {"without": without_days(), "with": fit("slope")}
    found = bm.compare_models(fits, by=by)
    results = {name: one.logo() if by == "group" else one.loo() for name, one in fits.items()}
    expected = az.compare(results, round_to="none")
    assert list(found.columns) == [*expected.columns, "warning", "conclusion"]
    assert list(found.index) == ["with", "without"]
    for column in ("elpd", "elpd_diff", "se", "dse", "p"):
        np.testing.assert_allclose(found[column], expected[column], rtol=1e-9)
    np.testing.assert_allclose(found["weight"], expected["weight"], atol=1e-3)
    difference = results["without"].elpd_i.to_numpy() - results["with"].elpd_i.to_numpy()
    assert found.loc["without", "elpd_diff"] == pytest.approx(difference.sum())
    assert found.loc["without", "dse"] == pytest.approx(np.sqrt(len(difference)) * difference.std())
    assert found.loc["with", "conclusion"] == "best"


@pytest.mark.parametrize(
    ("row", "by", "units", "text"),
    [
        ({"rank": 0, "elpd_diff": 0.0, "dse": 0.0, "warning": False}, "row", 90, "best"),
        ({"rank": 1, "elpd_diff": -9.0, "dse": 2.0, "warning": False}, "row", 90, "worse"),
        ({"rank": 1, "elpd_diff": -9.0, "dse": 2.0, "warning": False}, "row", 5, "worse"),
        (
            {"rank": 1, "elpd_diff": -3.9, "dse": 0.1, "warning": False},
            "row",
            90,
            "cannot tell: a difference below 4",
        ),
        (
            {"rank": 1, "elpd_diff": -9.0, "dse": 6.0, "warning": False},
            "row",
            90,
            "cannot tell: the difference is 1.5",
        ),
        (
            {"rank": 1, "elpd_diff": -9.0, "dse": 2.0, "warning": False},
            "group",
            7,
            "cannot tell: 7 groups are too few",
        ),
        ({"rank": 1, "elpd_diff": -9.0, "dse": 2.0, "warning": True}, "row", 90, "cannot tell: k-hat"),
    ],
)
def test_conclusions(row, by, units, text):
    assert _conclusion(row, by, units).startswith(text)


def test_large_groups_do_not_underflow():
    """exp of the density of 2,000 rows is zero; the weights are still those of stacking."""
    rng = np.random.default_rng(1)
    group = np.repeat([f"g{j}" for j in range(9)], 500)
    data = {"y": rng.normal(size=4500) + 3.0 * (np.arange(4500) % 2), "x": np.arange(4500) % 2, "g": group}
    fits = {
        name: bm.MixedModel(f"y ~ {name} + (1 | g)", data).fit(random_seed=1, engine="importance", **QUICK)
        for name in ("x", "1")
    }
    table = bm.compare_models(fits, by="group")
    assert table.loc["x", "weight"] == pytest.approx(1.0, abs=1e-3)
    assert table["conclusion"].to_list() == ["best", "worse"]


@pytest.mark.parametrize(
    ("fits", "by", "text"),
    [
        (
            lambda: {"a": fit("slope"), "b": fit("uncorrelated")},
            "subject",
            "by must be 'row', 'group' or None",
        ),
        (lambda: {"a": fit("slope")}, "row", "needs at least two fits"),
    ],
)
def test_what_cannot_be_compared_is_refused(fits, by, text):
    with pytest.raises(bm.SamplingError, match=text):
        bm.compare_models(fits(), by=by)


def test_other_rows_and_other_groups_are_refused():
    data = bm.load_dataset("sleepstudy")
    turned = bm.MixedModel("Reaction ~ Days + (1 | Subject)", data[::-1]).fit(random_seed=1, **QUICK)
    with pytest.raises(bm.SamplingError, match="fits of different rows, or of rows in different order"):
        bm.compare_models({"a": fit("slope"), "b": turned}, by="row")
    pairs = data.assign(Pair=data["Subject"].astype(str).str[:2])
    other = bm.MixedModel("Reaction ~ Days + (1 | Pair)", pairs).fit(random_seed=1, **QUICK)
    with pytest.raises(bm.SamplingError, match="'a' has groups of Subject and 'b' others, of Pair"):
        bm.compare_models({"a": fit("slope"), "b": other}, by="group")


def test_options_are_those_of_leaving_out():
    fits = {"a": fit("slope"), "b": fit("uncorrelated")}
    with pytest.raises(TypeError, match=r"compare_models\(\) got an unexpected keyword argument 'zz'"):
        bm.compare_models(fits, by="row", zz=1)
    with pytest.raises(bm.SamplingError, match="refit is for leaving out: add by='group' or by='row'"):
        bm.compare_models(fits, refit=True)
