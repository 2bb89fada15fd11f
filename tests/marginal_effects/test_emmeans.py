"""Means, contrasts and slopes of REML fits beside emmeans."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from tests.reference import load_reference, table_path

GOLDEN = load_reference("emmeans")
TOLERANCE = GOLDEN["tolerance"]
X = {"x": [1, 2, 3]}
#: Name -> model, method, arguments.
CASES = {
    "means_f": ("interaction", "marginal_means", {"variables": "f"}),
    "means_fh": ("interaction", "marginal_means", {"variables": ["f", "h"]}),
    "means_at": ("interaction", "marginal_means", {"variables": "f", "at": {"x": 1, "h": ["P", "R"]}}),
    "means_proportional": ("interaction", "marginal_means", {"variables": "f", "weights": "proportional"}),
    "means_overall": ("interaction", "marginal_means", {}),
    "means_kr": ("interaction", "marginal_means", {"variables": "f", "df": "kenward-roger"}),
    "means_x": ("steep", "marginal_means", {"variables": "x", "at": X}),
    "pairwise": ("interaction", "contrasts", {"variables": "f"}),
    "tukey": ("interaction", "contrasts", {"variables": "f", "adjust": "tukey"}),
    "holm_by": ("interaction", "contrasts", {"variables": "f", "by": "h", "adjust": "holm"}),
    "tukey_by": ("interaction", "contrasts", {"variables": "f", "by": "h", "adjust": "tukey"}),
    "reference": ("interaction", "contrasts", {"variables": "f", "method": "reference"}),
    "sequential": ("interaction", "contrasts", {"variables": "f", "method": "sequential"}),
    "slopes_f": ("lines", "slopes", {"variable": "x", "by": "f"}),
    "slopes_pairs": ("lines", "contrasts", {"variables": "f", "slope": "x"}),
    "slope": ("lines", "slopes", {"variable": "x"}),
    "slopes_curve": ("curve", "slopes", {"variable": "x", "at": X}),
    "slopes_log": ("steep", "slopes", {"variable": "x", "at": X}),
}


@cache
def fitted(name: str):
    formula = GOLDEN["formulas"][name].replace("x^2", "x**2")
    return bm.MixedModel(formula, pd.read_csv(table_path("factors"))).reml()


def test_every_case_is_compared():
    assert set(CASES) == set(GOLDEN["cases"])


@pytest.mark.parametrize("name", list(CASES))
def test_estimates_errors_and_p_values_are_those_of_emmeans(name):
    model, method, arguments = CASES[name]
    golden, found = GOLDEN["cases"][name], getattr(fitted(model), method)(**arguments)
    near = TOLERANCE["of_slopes" if "slope" in name else "relative"]
    for column in ("estimate", "se", "p", "lower", "upper"):
        np.testing.assert_allclose(found[column], golden[column], rtol=10 * near, atol=near, err_msg=column)
    np.testing.assert_allclose(found["df"], golden["df"], rtol=TOLERANCE["of_df"])


def test_cells_have_the_labels_of_emmeans():
    def as_text(index: pd.Index) -> list[str]:
        return ["|".join(map(str, key if isinstance(key, tuple) else (key,))) for key in index]

    for name in ("means_f", "pairwise", "reference", "sequential", "slopes_f", "slopes_pairs", "means_x"):
        model, method, arguments = CASES[name]
        assert as_text(getattr(fitted(model), method)(**arguments).index) == list(
            map(str, GOLDEN["cases"][name]["labels"])
        )
    # There the first variable varies fastest.
    crossed = fitted("interaction").marginal_means(["f", "h"]).index
    assert as_text(crossed.reorder_levels(["h", "f"])) == GOLDEN["cases"]["means_fh"]["labels"]
