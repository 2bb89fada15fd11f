"""Chi-square distributions of likelihood ratios, at the boundary of the parameters and away from it."""

from bayesmixed.quantiles import chi2_probability


def chi_square_p(statistic: float, df: int) -> float:
    """``P(chi2_df > statistic)``."""
    return chi2_probability(statistic, df)


def mixture_p(statistic: float, df: int) -> float:
    """``P(T >= statistic)`` for T half chi2_(df - 1), half chi2_df: some variances of the larger model are zero.

    Right for many groups when one variance is zero, with or without its covariances: `df` counts all parameters
    that the larger model adds, ``0.5 chi2_0 + 0.5 chi2_1`` for one variance, ``0.5 chi2_1 + 0.5 chi2_2`` for a
    slope with its correlation. Stram and Lee (1994), doi:10.2307/2533455, cases 1 to 3.

    When k > 1 variances are zero it is an upper bound. The covariance matrix that is added has a trace of at least
    0, so that the parameters lie in a half-space; the statistic of a half-space is never smaller than that of a
    cone in it, and has this distribution whatever the information matrix.
    """
    if statistic <= 0.0:
        return 1.0
    return 0.5 * (chi_square_p(statistic, df - 1) if df > 1 else 0.0) + 0.5 * chi_square_p(statistic, df)


def mixture_name(df: int) -> str:
    """``0.5 chi2(1) + 0.5 chi2(2)``."""
    return f"0.5 chi2({df - 1}) + 0.5 chi2({df})"
