"""Quantiles and tails of the usual distributions.

From scipy.special, because importing scipy.stats takes a third of a second, which a command line feels.
"""

from typing import Any

import numpy as np
from scipy import special


def normal_quantile(probability: float) -> float:
    """Of the standard normal distribution."""
    return float(special.ndtri(probability))


def t_quantile(probability: float, df: Any) -> Any:
    """Of Student's t; infinite df are the normal distribution's."""
    return special.stdtrit(df, probability)


def t_probability(t: Any, df: Any) -> Any:
    """Of a t as far from zero on either side: the two-sided p-value."""
    return 2.0 * special.stdtr(df, -np.abs(t))


def f_probability(F: float, num_df: float, den_df: float) -> float:
    """Of a larger F."""
    return float(special.fdtrc(num_df, den_df, F))


def chi2_probability(statistic: float, df: float) -> float:
    """Of a larger chi-square."""
    return float(special.chdtrc(df, statistic))


def chi2_cut(probability: float) -> float:
    """Quantile of the chi-square distribution with one degree of freedom."""
    return float(special.ndtri(0.5 + probability / 2.0) ** 2)
