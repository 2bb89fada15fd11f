"""The ICC by an analysis of variance: an estimate that may be negative, with an interval by F."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from bayesmixed.arguments import check_probability
from bayesmixed.coding import CodedMoments
from bayesmixed.errors import RemlError
from bayesmixed.icc.checks import check_random_intercept

if TYPE_CHECKING:
    from bayesmixed.design import Design


@dataclass(frozen=True, eq=False)
class AnovaIcc:
    """Mean squares of a random intercept, between groups and within, both adjusted for X.

    ``E[MSB] = sigma^2 + n0 sd^2`` and ``E[MSW] = sigma^2``, so that

        ICC = (MSB - MSW) / (MSB + (n0 - 1) MSW),

    which lies between ``-1 / (n0 - 1)`` and 1. With X a column of ones this is the one-way layout, and
    ``n0 = (N - sum n_i^2 / N) / (J - 1)``; else the sum of squares between groups is what they explain
    beyond X (Henderson's method 3) and ``n0 = tr(Z' M_X Z) / df``.

    Parameters
    ----------
    between, within : float
        MSB and MSW, in squared units of y.
    df_between, df_within : int
    n0 : float
        Rows that a group is worth.
    exact : bool
        Whether the F interval is exact: all nonzero eigenvalues of ``Z' M_X Z`` are equal, as in balanced layouts.
        Else MSB is not a multiple of a chi-square, and the interval an approximation.
    """

    between: float
    within: float
    df_between: int
    df_within: int
    n0: float
    exact: bool

    @classmethod
    def of(cls, design: "Design", coded: CodedMoments) -> "AnovaIcc":
        """The mean squares of a design's moments.

        Raises
        ------
        RemlError
            The model has more than a random intercept, or no degrees of freedom are left.
        """
        check_random_intercept(design, "anova")
        moments = coded.moments
        p, J, N = moments.p, moments.n_groups, moments.n_rows
        left, rank = _within(moments.Raa, p, N)
        df_between, df_within = J - (p - rank), N - J - rank
        if df_between < 1 or df_within < 1:
            where = "between" if df_between < 1 else "within"
            raise RemlError(f"an analysis of variance has no degrees of freedom left {where} groups")
        whole = moments.triangle()
        n0, exact = _size(moments.n, moments.Rza[:, 0, :p], whole[:p, :p], df_between)
        total = float(whole[p, p] ** 2)
        return cls(max(total - left, 0.0) / df_between, left / df_within, df_between, df_within, n0, exact)

    @property
    def F(self) -> float:
        """MSB / MSW."""
        return self.between / self.within

    @property
    def icc(self) -> float:
        """The estimate."""
        return self.at(1.0)

    def at(self, quantile: float) -> float:
        """The ICC at which ``F / quantile`` would be expected to be 1: decreasing in the quantile."""
        ratio = self.F / quantile
        return (ratio - 1.0) / (ratio + self.n0 - 1.0)

    def interval(self, ci_prob: float = 0.95) -> tuple[float, float]:
        """Searle's limits: the ICC for which F lies at either quantile of ``F(df_between, df_within)``.

        Exact for balanced groups and y normal; with unequal groups the n0 makes it an approximation. Searle
        (1971), Linear Models, section 9.4, whose limits may then lie below ``-1 / (n - 1)``, n the largest group,
        where there is no covariance matrix; Donner (1986), doi:10.2307/1403259, for how good it is.
        """
        check_probability("ci_prob", ci_prob, RemlError)
        tail = (1.0 - ci_prob) / 2.0
        low, high = (special.fdtri(self.df_between, self.df_within, p) for p in (tail, 1.0 - tail))
        return self.at(float(high)), self.at(float(low))


def _within(Raa: np.ndarray, p: int, N: int) -> tuple[float, int]:
    """Residual sum of squares within groups given X, and the number of columns of X that vary there."""
    U, values, _ = np.linalg.svd(Raa[:, :p])
    rank = int((values > 1e-9 * np.sqrt(N)).sum())
    rest = U[:, rank:].T @ Raa[:, p]
    return float(rest @ rest), rank


def _size(n: np.ndarray, Rzx: np.ndarray, R: np.ndarray, df: int) -> tuple[float, bool]:
    """n0, and whether all nonzero eigenvalues of ``Z'M_XZ = diag(n) - BB'`` are equal to it."""
    own = np.sqrt(n.astype(float))[:, None] * Rzx  # Z_i'X_i up to its sign
    B = np.linalg.solve(R.T, own.T).T
    square = (B**2).sum(axis=1)
    first = float(n.sum() - square.sum())
    second = float((n.astype(float) ** 2).sum() - 2.0 * (n @ square) + ((B.T @ B) ** 2).sum())
    return first / df, bool(np.isclose(second * df, first**2, rtol=1e-9))
