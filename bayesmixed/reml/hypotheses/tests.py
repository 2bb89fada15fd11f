"""t and F tests of ``L beta = value`` with Satterthwaite's or Kenward and Roger's degrees of freedom."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bayesmixed.arguments import check_choice, check_probability
from bayesmixed.arrays import Array
from bayesmixed.errors import RemlError
from bayesmixed.quantiles import f_probability, t_probability, t_quantile
from bayesmixed.reml.hypotheses.contrasts import Contrasts
from bayesmixed.reml.satterthwaite import satterthwaite_df, satterthwaite_test

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.reml.estimates import Estimates

METHODS = ("satterthwaite", "kenward-roger")


class FTest(NamedTuple):
    """Numerator and denominator degrees of freedom, the statistic, and its p value."""

    num_df: int
    den_df: float
    F: float
    p: float


def t_tests(
    fit: "Estimates", contrasts: Contrasts, df: str = "satterthwaite", ci_prob: float = 0.95
) -> "pd.DataFrame":
    """Each contrast by itself: ``t = (L beta - value) / se`` and the interval of ``L beta``.

    Parameters
    ----------
    fit : Estimates
    contrasts : Contrasts
        In the user's coding.
    df : {"satterthwaite", "kenward-roger"}
    ci_prob : float

    Returns
    -------
    pandas.DataFrame
        One row a contrast: ``estimate`` (in units of y times those of the coefficients), ``se``, ``df``, ``t``,
        ``p``, ``lower``, ``upper``.
    """
    import pandas as pd

    check_probability("ci_prob", ci_prob, RemlError)
    coded = contrasts.L @ fit.coded.fixed.inverse
    estimate, se = _estimate(fit, coded), np.sqrt(np.diag(_covariance(fit, coded, df)))
    if df == "kenward-roger":
        degrees = np.array([fit.kenward_roger.test(row[None])[0] for row in coded])
    else:
        degrees = satterthwaite_df(fit.derivatives, coded)
    t = (estimate - contrasts.values) / se
    half = t_quantile(0.5 + ci_prob / 2.0, degrees) * se
    columns = {
        "estimate": estimate,
        "se": se,
        "df": degrees,
        "t": t,
        "p": t_probability(t, degrees),
        "lower": estimate - half,
        "upper": estimate + half,
    }
    return pd.DataFrame(columns, index=pd.Index(contrasts.names, name="contrast"))


def f_test(fit: "Estimates", L: Array, values: Array | None = None, df: str = "satterthwaite") -> FTest:
    """``F = scale (L beta - value)' [L Phi L']^-1 (L beta - value) / rank``.

    With Satterthwaite Phi is ``(X'V^-1X)^-1`` and the scale 1; the degrees of freedom are combined from those of
    the parts along the eigenvectors of ``L Phi L'``, as by lmerTest (Kuznetsova, Brockhoff and Christensen 2017,
    doi:10.18637/jss.v082.i13). They depend a little on the basis L of the hypothesis; F does not.
    With Kenward and Roger (1997, doi:10.2307/2533558) Phi is the adjusted covariance, and nothing depends on it.

    Parameters
    ----------
    fit : Estimates
    L : ndarray, shape (rank, p)
        Of full row rank, in the user's coding.
    values : ndarray, shape (rank,), optional
        Zeros unless given.
    df : {"satterthwaite", "kenward-roger"}
    """

    coded, rank = L @ fit.coded.fixed.inverse, len(L)
    difference = _estimate(fit, coded) - (0.0 if values is None else values)
    covariance = _covariance(fit, coded, df)
    se = np.sqrt(np.diag(covariance))
    t = difference / se
    F = float(t @ np.linalg.solve(covariance / np.outer(se, se), t)) / rank
    if df == "kenward-roger":
        den_df, scale = fit.kenward_roger.test(coded)
    elif rank == 1:
        den_df, scale = float(satterthwaite_df(fit.derivatives, coded)[0]), 1.0
    else:
        den_df, scale = satterthwaite_test(fit.derivatives, coded)[0], 1.0
    return FTest(rank, den_df, scale * F, f_probability(scale * F, rank, den_df))


def joint_test(fit: "Estimates", contrasts: Contrasts, df: str = "satterthwaite") -> "pd.DataFrame":
    """All contrasts at once, redundant ones dropped: one row with ``num_df``, ``den_df``, ``F``, ``p``."""
    return f_tests(fit, {", ".join(contrasts.names): contrasts.independent()}, df, "contrast")


def f_tests(
    fit: "Estimates", hypotheses: dict[str, tuple[Array, Array | None]], df: str, name: str
) -> "pd.DataFrame":
    """One row for each hypothesis (L, values); `name` is that of the index."""
    import pandas as pd

    rows = [f_test(fit, L, values, df) for L, values in hypotheses.values()]
    return pd.DataFrame(rows, columns=list(FTest._fields), index=pd.Index(list(hypotheses), name=name))


def _estimate(fit: "Estimates", coded: Array) -> Array:
    """``L beta``, with L in the coding of the criterion, where far-away origins cost no digits."""
    return coded @ (fit.coded_estimates[1] + fit.coded.shift)


def _covariance(fit: "Estimates", coded: Array, df: str) -> Array:
    check_choice("df", df, METHODS, RemlError)
    if df == "kenward-roger":
        return coded @ fit.kenward_roger.adjusted @ coded.T
    return fit.derivatives.contrast_variance(coded)[0]
