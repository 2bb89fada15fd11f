"""Adjusted p values and intervals beside R's numbers, and beside each other."""

import numpy as np
import pandas as pd
import pytest

from bayesmixed.marginal_effects.adjustment import adjusted_p, critical_values


def test_adjusted_p_values_are_those_of_r():
    table = pd.DataFrame({"p": [0.01, 0.04, 0.03, 0.005], "t": np.nan, "df": np.nan})
    # p.adjust(c(.01, .04, .03, .005), "holm")
    np.testing.assert_allclose(adjusted_p(table, "holm"), [0.03, 0.06, 0.06, 0.02])
    # ptukey(c(2.5, 1, 3) * sqrt(2), 3, 20, lower.tail = FALSE)
    table = pd.DataFrame({"p": 0.0, "t": [2.5, -1.0, 3.0], "df": 20.0}, index=range(3))
    np.testing.assert_allclose(
        adjusted_p(table, "tukey"), [0.053131655966, 0.585357744485, 0.018557908228], rtol=1e-8
    )
    two = pd.DataFrame({"p": [0.3], "t": [1.0], "df": [9.0]})
    assert adjusted_p(two, "tukey").tolist() == [0.3]


@pytest.mark.parametrize("ci_prob", [0.8, 0.95, 0.999])
def test_tukeys_intervals_hold_zero_where_p_exceeds_what_is_left(ci_prob):
    degrees = np.array([4.5, 12.0, 300.0, 12.0, 7.0, 7.0])  # of the pairs of four means
    critical = critical_values(degrees, "tukey", ci_prob)
    table = pd.DataFrame({"p": np.nan, "t": critical, "df": degrees})
    np.testing.assert_allclose(adjusted_p(table, "tukey"), 1.0 - ci_prob, rtol=1e-6)


def test_intervals_of_one_contrast_are_not_widened():
    one = np.array([9.0])
    # qt(.975, 9)
    for adjust in ("tukey", "holm"):
        np.testing.assert_allclose(critical_values(one, adjust, 0.95), 2.262157162740992)


def test_bonferronis_intervals_go_with_holms_smallest_p_value():
    critical = critical_values(np.array([20.0] * 5), "holm", 0.9)
    # qt(1 - .1 / (2 * 5), 20)
    np.testing.assert_allclose(critical, 2.527977002740546)
