"""Probability of direction and regions of practical equivalence, against normal draws and counting."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import bayesmixed as bm
from bayesmixed.errors import SamplingError
from bayesmixed.marginal_effects.practical import default_widths, direction, limits, practical, regions

EVEN = norm.ppf((np.arange(20_000) + 0.5) / 20_000)  # a standard normal, without chance


def test_direction_of_a_normal_is_its_cdf():
    draws = EVEN[:, None] + [0.0, 1.0, -2.0]
    np.testing.assert_allclose(direction(draws), norm.cdf([0.0, 1.0, 2.0]), atol=1e-4)
    np.testing.assert_allclose(direction(draws, [1.0, 1.0, -2.0]), norm.cdf([1.0, 0.0, 0.0]), atol=1e-4)


def test_draws_at_the_value_have_no_direction():
    assert direction(np.array([0.0, 0.0, 1.0, -1.0])) == 0.25


@pytest.mark.parametrize("kind", ["eti", "hdi"])
def test_shares_of_a_normal_and_of_its_interval(kind):
    mean = np.array([0.0, 0.5, 3.0])
    found = practical(EVEN[:, None] + mean, np.full(3, -1.0), np.full(3, 1.0), 0.95, kind)
    share = norm.cdf(1.0 - mean) - norm.cdf(-1.0 - mean)
    np.testing.assert_allclose(found["share"], share, atol=1e-3)
    ends = np.array([-1.959964, 1.959964])
    inside = [norm.cdf(np.clip(1.0 - m, *ends)) - norm.cdf(np.clip(-1.0 - m, *ends)) for m in mean]
    np.testing.assert_allclose(found["share_of_interval"], np.array(inside) / 0.95, atol=1e-3)
    assert found["decision"] == ["undecided", "undecided", "reject"]


def test_the_decision_is_about_the_interval():
    draws = EVEN[:, None] * 0.1 + [0.0, 0.9, 5.0, 0.0]
    found = practical(draws, np.array([-1, -1, -1, np.nan]), np.array([1, 1, 1, np.nan]), 0.95, "hdi")
    assert found["decision"] == ["accept", "undecided", "reject", "no region"]
    assert np.isnan([found["share"][3], found["share_of_interval"][3]]).all()


def test_the_default_region_is_a_tenth_of_sd_y_for_one_sd_of_a_number_or_one_level():
    rng = np.random.default_rng(4)
    table = pd.DataFrame({"x": rng.normal(5, 3, 60), "f": list("abc") * 20, "g": np.arange(60) // 6})
    table["y"] = table["x"] + rng.normal(0, 2, 60)
    design = bm.MixedModel("y ~ f * x + I(x**2) + (1 | g)", table).design
    small = 0.1 * table["y"].std(ddof=0)
    found = dict(zip(design.fixed_labels, default_widths(design), strict=True))
    assert found["x"] == pytest.approx(small / table["x"].std(ddof=0))
    assert found["I(x ** 2)"] == pytest.approx(small / (table["x"] ** 2).std(ddof=0))
    assert found["f[b]"] == found["f[c]"] == pytest.approx(small)
    assert np.isnan([found["Intercept"], found["f:x[b]"], found["f:x[c]"]]).all()


def test_regions_are_numbers_pairs_or_a_dict_of_them():
    names, default = pd.Index(["a", "b"]), np.array([np.nan, 2.0])
    assert [limits(0.5), limits((1, 2))] == [(-0.5, 0.5), (1.0, 2.0)]
    np.testing.assert_array_equal(regions(None, names, default), [[np.nan, -2.0], [np.nan, 2.0]])
    np.testing.assert_array_equal(regions((0, 1), names, default), [[0.0, 0.0], [1.0, 1.0]])
    np.testing.assert_array_equal(regions({"a": 3}, names, default), [[-3.0, -2.0], [3.0, 2.0]])
    with pytest.raises(SamplingError, match="'c' belongs to no row; there are a, b"):
        regions({"c": 1}, names, default)


@pytest.mark.parametrize("region", [0.0, -1, (2, 1), (1, 2, 3), "wide", (0, np.nan)])
def test_what_is_no_region(region):
    with pytest.raises(SamplingError, match="low < high"):
        limits(region)


def test_rows_of_regions_in_other_spellings():
    names = pd.Index(["arm", "arm:time[b]"])
    low, high = regions({"time:arm[b]": 2.0}, names, np.array([1.0, np.nan]))
    assert low.tolist() == [-1.0, -2.0]
    assert high.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("ci_prob", ["a lot", None, np.nan, 95, [0.9]])
@pytest.mark.parametrize("kind", ["eti", "hdi"])
def test_impossible_probabilities_are_refused(ci_prob, kind):
    with pytest.raises(SamplingError, match="ci_prob must lie between 0 and 1"):
        practical(EVEN[:, None], np.full(1, -1.0), np.full(1, 1.0), ci_prob, kind)
