"""Quantiles and tails, against scipy.stats."""

import numpy as np
import pytest
from scipy import stats

from bayesmixed import quantiles


def test_quantiles():
    assert quantiles.normal_quantile(0.975) == pytest.approx(stats.norm.ppf(0.975), rel=1e-14)
    df = np.array([1.0, 2.5, 17.0, 400.0, np.inf])
    np.testing.assert_allclose(quantiles.t_quantile(0.975, df), stats.t.ppf(0.975, df), rtol=1e-10)
    assert quantiles.chi2_cut(0.95) == pytest.approx(stats.chi2.ppf(0.95, 1), rel=1e-12)


@pytest.mark.parametrize("t", [0.0, -0.3, 2.1, 37.0])
def test_probabilities(t):
    df = np.array([1.0, 17.0, np.inf])
    np.testing.assert_allclose(quantiles.t_probability(t, df), 2 * stats.t.sf(abs(t), df), rtol=1e-10)
    assert quantiles.f_probability(t**2, 3, 12.5) == pytest.approx(stats.f.sf(t**2, 3, 12.5), rel=1e-10)
    assert quantiles.chi2_probability(t**2, 2) == pytest.approx(stats.chi2.sf(t**2, 2), rel=1e-10)
