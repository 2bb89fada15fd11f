"""Contrasts of cells: which pairs, with which signs, and what users may write."""

import numpy as np
import pandas as pd
import pytest

from bayesmixed.errors import PredictionError
from bayesmixed.marginal_effects.combinations import Combinations
from bayesmixed.marginal_effects.comparisons import compare
from tests import fits


def cells(index: pd.Index) -> Combinations:
    k = len(index)
    return Combinations(index, np.eye(k), np.arange(k) * 10.0, np.zeros(k))


THREE = cells(pd.Index(["a", "b", "c"], name="f"))


@pytest.mark.parametrize(
    ("method", "names", "L"),
    [
        ("pairwise", ["a - b", "a - c", "b - c"], [[1, -1, 0], [1, 0, -1], [0, 1, -1]]),
        ("reference", ["b - a", "c - a"], [[-1, 1, 0], [-1, 0, 1]]),
        ("sequential", ["b - a", "c - b"], [[-1, 1, 0], [0, -1, 1]]),
        ("(b + c) / 2 - a", ["(b + c) / 2 - a"], [[-1, 0.5, 0.5]]),
        ([[1, -2, 1]], ["a - 2 * b + c"], [[1, -2, 1]]),
        ({"ends": {"c": 1, "a": -1}}, ["ends"], [[-1, 0, 1]]),
        ({"late": [0, -1, 1], "early": [-1, 1, 0]}, ["late", "early"], [[0, -1, 1], [-1, 1, 0]]),
    ],
)
def test_contrasts_have_these_names_and_coefficients(method, names, L):
    found = compare(THREE, method)
    assert found.index.tolist() == names
    np.testing.assert_array_equal(found.L, L)
    np.testing.assert_array_equal(found.constant, np.array(L) @ [0.0, 10.0, 20.0])


def test_a_value_behind_an_equals_sign_is_what_a_contrast_is_compared_with():
    assert compare(THREE, "c - a = 3").null.tolist() == [3.0]


def test_contrasts_stay_within_the_cells_of_by():
    index = pd.MultiIndex.from_product([["u", "v"], ["a", "b"], [0.5, 1.0]], names=["h", "f", "x"])
    found = compare(cells(index), "reference", 1)
    assert found.index.names == ["h", "contrast"]
    assert found.index.tolist()[2:4] == [("u", "b, 1 - a, 0.5"), ("v", "a, 1 - a, 0.5")]
    np.testing.assert_array_equal(found.L[3], [0, 0, 0, 0, -1, 1, 0, 0])


def test_labels_that_hold_a_minus_are_bracketed():
    found = compare(cells(pd.Index(["a - b", "c"])), "pairwise")
    assert found.index.tolist() == ["(a - b) - c"]


def test_one_cell_or_unknown_words_are_errors():
    with pytest.raises(PredictionError, match="nothing to be compared with"):
        compare(cells(pd.Index(["a"])), "pairwise")
    with pytest.raises(PredictionError, match=r"there are a, b, c.*or use method='pairwise' or 'reference'"):
        compare(THREE, "tukeyed")


@pytest.mark.parametrize("of", ["fit", "reml"])
def test_contrasts_of_an_offset_alone_are_refused(of):
    model = fits.model("weighted")
    fit = model.reml() if of == "reml" else fits.fit("weighted")
    with pytest.raises(PredictionError, match="only on the offset"):
        fit.contrasts("o", at={"o": [0.0, 1.0]})
