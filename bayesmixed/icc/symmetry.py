"""Compound symmetry: one correlation of all pairs of rows of a group, which may be negative.

``V_i = sigma^2 (I + D 11')`` is positive definite for D above ``-1 / n``, n the largest group, and

    rho = D / (1 + D)    lies between ``-1 / (n - 1)`` and 1.

For D above 0 it is the random intercept with ``sd^2 = sigma^2 D``; below, there are no random effects that
would make it, but it is a covariance matrix like any other. A square root of D, which the kernel of other models
takes, does not exist there: here the sums of groups of one size enter by ``1 + n_i D`` alone.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arguments import check_probability
from bayesmixed.arrays import Array
from bayesmixed.errors import RemlError
from bayesmixed.icc.checks import check_random_intercept
from bayesmixed.moments import Patterns
from bayesmixed.quantiles import chi2_cut
from bayesmixed.reml.between import degrees_between, saturation_note

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.reml.estimates import Estimates

LOG_2PI = float(np.log(2.0 * np.pi))
#: Where log odds of the ICC on its range are looked for: beyond, it is at the lower end up to 2e-9 (further on the
#: criterion is lost to rounding), at the upper one up to 1e-13.
ENDS = (-20.0, 30.0)


@dataclass(frozen=True, eq=False)
class SymmetricSums:
    """Sums over groups of one size, of rows without weights.

    All functions take ``x = log(t / (n - 1))`` with ``t = 1 + n D > 0``, n the largest size: x is the logit of
    where rho lies on its range.

    Parameters
    ----------
    sizes, counts : ndarray, shape (U,)
        Distinct n_i, and the groups of each.
    products : ndarray, shape (U, p + 1, p + 1)
        ``sum C_i'C_i / n_i`` over groups of one size, C_i the sums of the columns [X y].
    within : ndarray, shape (p + 1, p + 1)
        Cross-products about the groups' means.
    n_rows : int
    """

    sizes: Array
    counts: Array
    products: Array
    within: Array
    n_rows: int

    @classmethod
    def of(cls, patterns: Patterns, T: Array) -> "SymmetricSums":
        """From moments of a random intercept.

        Parameters
        ----------
        patterns : Patterns
        T : ndarray, shape (1, 1)
            Of the coding of Z.
        """
        sizes = np.round((patterns.Rzz[:, 0, 0] * T[0, 0]) ** 2)
        rows = [patterns.Rza[a:b, 0] for a, b in zip(patterns.start[:-1], patterns.start[1:], strict=True)]
        products = np.stack([own.T @ own for own in rows])
        return cls(sizes, patterns.count, products, patterns.Raa.T @ patterns.Raa, int(patterns.n_rows))

    @property
    def largest(self) -> float:
        return float(self.sizes.max())

    @property
    def lowest(self) -> float:
        """The lower end of the ICC, ``-1 / (n - 1)``."""
        return -1.0 / (self.largest - 1.0)

    @property
    def p(self) -> int:
        return len(self.within) - 1

    def icc(self, x: Array | float) -> Array:
        """``rho`` at x."""
        return self.lowest + (1.0 - self.lowest) / (1.0 + np.exp(-np.asarray(x)))

    def D(self, x: Array | float) -> Array:
        """Relative variance at x, above ``-1 / n``."""
        return ((self.largest - 1.0) * np.exp(x) - 1.0) / self.largest

    def x_of(self, D: float) -> float:
        """The inverse of `D`."""
        return float(np.log((1.0 + self.largest * D) / (self.largest - 1.0)))

    def factors(self, x: Array | float) -> Array:
        """``1 + n_i D`` of each size, shape (..., U): positive without cancellation."""
        share = self.sizes / self.largest
        return (1.0 - share) + share * (self.largest - 1.0) * np.exp(np.asarray(x))[..., None]

    def log_det(self, x: Array | float) -> Array:
        """``sum log(1 + n_i D)``, shape of x."""
        return np.log(self.factors(x)) @ self.counts

    def Q(self, x: Array | float) -> Array:
        """``[X y]' (V / sigma^2)^-1 [X y]``, shape (..., p + 1, p + 1)."""
        Q: Array = self.within + np.einsum("...u,uab->...ab", 1.0 / self.factors(x), self.products)
        return Q

    def dQ(self, x: float) -> Array:
        """Derivative of `Q` by x."""
        weight = self._rise(x) / self.factors(x) ** 2
        dQ: Array = -np.einsum("u,uab->ab", weight, self.products)
        return dQ

    def d_log_det(self, x: float) -> float:
        """Derivative of `log_det` by x."""
        return float((self._rise(x) / self.factors(x)) @ self.counts)

    def _rise(self, x: float) -> Array:
        """Derivative of `factors` by x."""
        rise: Array = self.sizes / self.largest * (self.largest - 1.0) * np.exp(x)
        return rise


@dataclass(frozen=True, eq=False)
class SymmetricCriterion:
    """-2 log (restricted) likelihood of compound symmetry, beta and sigma at their best, by x."""

    sums: SymmetricSums
    restricted: bool
    log_det_coding: float

    @property
    def degrees(self) -> float:
        return self.sums.n_rows - (self.sums.p if self.restricted else 0)

    def profile(self, x: float) -> tuple[float, float, Array]:
        """The criterion, sigma and the coefficients at x."""
        Q = self.sums.Q(x)
        beta = np.linalg.solve(Q[:-1, :-1], Q[:-1, -1])
        variance = (Q[-1, -1] - Q[:-1, -1] @ beta) / self.degrees
        value = self.sums.log_det(x) + self.degrees * (1.0 + LOG_2PI + np.log(variance))
        if self.restricted:
            value += np.linalg.slogdet(Q[:-1, :-1])[1] + 2.0 * self.log_det_coding
        return float(value), float(np.sqrt(variance)), beta

    def value(self, x: float) -> float:
        return self.profile(x)[0]

    def derivative(self, x: float) -> float:
        """By x."""
        Q, dQ = self.sums.Q(x), self.sums.dQ(x)
        _, sigma, beta = self.profile(x)
        a = np.append(-beta, 1.0)
        result = self.sums.d_log_det(x) + (a @ dQ @ a) / sigma**2
        if self.restricted:
            result += np.trace(np.linalg.solve(Q[:-1, :-1], dQ[:-1, :-1]))
        return float(result)

    def lowest_point(self) -> float:
        """x where the criterion is smallest; an end of its range where it falls all the way."""
        from scipy.optimize import brentq

        grid = np.linspace(*ENDS, 201)
        k = int(np.argmin([self.value(x) for x in grid]))
        if k in (0, len(grid) - 1):
            return float(grid[k])
        slopes = [self.derivative(x) for x in grid[[k - 1, k + 1]]]
        if slopes[0] < 0.0 < slopes[1]:
            return float(brentq(self.derivative, grid[k - 1], grid[k + 1], xtol=1e-13))
        # Towards an end the criterion is flat, and its smallest value there is rounding.
        return ENDS[0] if grid[k] < 0.0 else ENDS[1]


@dataclass(frozen=True, eq=False)
class CompoundSymmetry:
    """One correlation of all pairs of rows of a group, by REML or ML: nlme's ``gls`` with ``corCompSymm``.

    Parameters
    ----------
    profile : SymmetricCriterion
    x : float
        Where the criterion is smallest, see `SymmetricSums`.
    beta : ndarray, shape (p,)
        Coefficients in the user's coding.
    vcov : ndarray, shape (p, p)
    labels : tuple of str
        Of the coefficients.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> fit = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff2")).reml()
    >>> round(fit.compound_symmetry().icc, 4)
    -0.097
    """

    profile: SymmetricCriterion
    x: float
    beta: Array
    vcov: Array
    labels: tuple[str, ...]

    def __repr__(self) -> str:
        lines = (
            f"ICC {self.icc:.4g}, sigma {self.sigma:.4g}, criterion {self.criterion:.4f}",
            self.fixed_effects(),
        )
        return "compound symmetry: " + "\n".join(map(str, lines))

    @property
    def icc(self) -> float:
        """rho, between ``-1 / (n - 1)`` and 1."""
        return float(self.profile.sums.icc(self.x))

    @property
    def criterion(self) -> float:
        """-2 log (restricted) likelihood."""
        return self.profile.value(self.x)

    @property
    def sigma(self) -> float:
        """Standard deviation of a row about its mean, ``sqrt(Var y)``, as gls reports it; in units of y."""
        D = float(self.profile.sums.D(self.x))
        return self.profile.profile(self.x)[1] * float(np.sqrt(1.0 + D))

    @property
    def at_the_end(self) -> bool:
        """Whether rho is at an end of its range: the groups of the largest size say no more than that."""
        return not ENDS[0] + 1.0 < self.x < ENDS[1] - 1.0

    def fixed_effects(self) -> "pd.DataFrame":
        """Estimates and standard errors of the coefficients."""
        import pandas as pd

        columns = {"estimate": self.beta, "se": np.sqrt(np.diag(self.vcov))}
        return pd.DataFrame(columns, index=pd.Index(self.labels, name="term"))

    def interval(self, ci_prob: float = 0.95) -> tuple[float, float]:
        """Where the criterion has risen by the chi-square quantile; an end of the range where it does not."""
        from scipy.optimize import brentq

        check_probability("ci_prob", ci_prob, RemlError)
        level = self.criterion + chi2_cut(ci_prob)
        limits = []
        for end in ENDS:
            beyond = end == self.x or self.profile.value(end) <= level
            x = end if beyond else brentq(lambda x: self.profile.value(x) - level, *sorted((end, self.x)))
            limits.append(float(self.profile.sums.icc(x)))
        return limits[0], limits[1]


def fit_symmetry(fit: "Estimates") -> CompoundSymmetry:
    """Compound symmetry of a fit's model, by its method; see `RemlFit.compound_symmetry`."""
    check_random_intercept(fit.design, "cs")
    coded = fit.coded
    if fit.objective.restricted and degrees_between(fit.design, coded.moments) < 1:
        raise RemlError(saturation_note(fit.design, coded.moments)[0])
    sums = SymmetricSums.of(coded.moments.patterns, coded.T)
    criterion = SymmetricCriterion(sums, fit.objective.restricted, coded.fixed.log_det)
    x = criterion.lowest_point()
    _, sigma, gamma = criterion.profile(x)
    back = coded.fixed.inverse
    vcov = sigma**2 * back @ np.linalg.solve(sums.Q(x)[:-1, :-1], back.T)
    return CompoundSymmetry(criterion, x, back @ (gamma + coded.shift), vcov, tuple(fit.design.fixed_labels))
