"""p values and intervals of a family of contrasts, adjusted for their number."""

import math
from typing import Any

import numpy as np
import pandas as pd

from bayesmixed.arguments import check_choice
from bayesmixed.arrays import Array
from bayesmixed.errors import RemlError
from bayesmixed.quantiles import t_quantile

ADJUSTMENTS = ("holm", "tukey")


def check_adjustment(adjust: str | None, method: Any) -> None:
    """Tukey's range is that of all pairs."""
    check_choice("adjust", adjust, (None, *ADJUSTMENTS), RemlError)
    if adjust == "tukey" and not (isinstance(method, str) and method == "pairwise"):
        raise RemlError("adjust='tukey' is for method='pairwise' only: use adjust='holm'")


def adjusted_p(table: pd.DataFrame, adjust: str) -> Array:
    """p values of one family of contrasts, adjusted for their number.

    Parameters
    ----------
    table : pandas.DataFrame
        With ``t``, ``df`` and ``p``.
    adjust : {"holm", "tukey"}
        Holm's steps down hold for any contrasts; Tukey's studentised range is for all pairs of k means.

    Examples
    --------
    >>> adjusted_p(pd.DataFrame({"p": [0.01, 0.04, 0.03]}), "holm").tolist()
    [0.03, 0.06, 0.06]
    """
    p, m = table["p"].to_numpy(), len(table)
    if adjust == "holm":
        order = np.argsort(p)
        stepped = np.maximum.accumulate(p[order] * np.arange(m, 0, -1))
        result = np.empty(m)
        result[order] = np.minimum(stepped, 1.0)
        return result
    from scipy.stats import studentized_range

    k = _means_of(m)
    t, degrees = np.abs(table["t"].to_numpy()), table["df"].to_numpy()
    adjusted: Array = p if k == 2 else studentized_range.sf(np.sqrt(2.0) * t, k, degrees)
    return adjusted


def critical_values(degrees: Array, adjust: str, ci_prob: float) -> Array:
    """Half-widths of simultaneous intervals in standard errors, of one family of contrasts.

    Holm's steps have no intervals of their own: Bonferroni's go with them, which hold for any contrasts, and may
    contain zero where Holm's p value is below ``1 - ci_prob``.

    Parameters
    ----------
    degrees : ndarray, shape (m,)
        Degrees of freedom of each contrast.
    adjust : {"holm", "tukey"}
    ci_prob : float
        Of all intervals at once.

    Examples
    --------
    >>> critical_values(np.array([10.0, 10.0, 10.0]), "tukey", 0.95).round(3).tolist()
    [2.741, 2.741, 2.741]
    >>> critical_values(np.array([10.0, 10.0, 10.0]), "holm", 0.95).round(4).tolist()
    [2.8701, 2.8701, 2.8701]
    """
    m = len(degrees)
    k = _means_of(m)
    if adjust == "holm" or k == 2:
        bonferroni: Array = t_quantile(1.0 - (1.0 - ci_prob) / (2.0 * m), degrees)
        return bonferroni
    from scipy.stats import studentized_range

    each, place = np.unique(degrees, return_inverse=True)  # a root of a double integral: once for each
    found: Array = studentized_range.ppf(ci_prob, k, each)[place] / np.sqrt(2.0)
    return found


def _means_of(pairs: int) -> int:
    """How many means have that many pairs."""
    return round((1.0 + math.sqrt(1.0 + 8.0 * pairs)) / 2.0)
