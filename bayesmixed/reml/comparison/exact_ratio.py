"""The distribution of the (restricted) likelihood ratio of one variance component against zero, at any size.

With ``lambda = sd^2 / sigma^2``, mu_s the positive eigenvalues of ``Z'P0Z``, ``P0 = I - X(X'X)^-1X'``, xi_s those
of ``Z'Z``, and w_s independent standard normal,

    REML:  sup over lambda >= 0 of   (N - p) log(T / U(lambda)) - sum_s log(1 + lambda mu_s)
    ML:    sup over lambda >= 0 of         N log(T / U(lambda)) - sum_s log(1 + lambda xi_s)
    U(lambda) = sum_s w_s^2 / (1 + lambda mu_s) + chi2_left,    T = U(0),    left = N - p - number of mu_s.

Crainiceanu and Ruppert (2004), doi:10.1111/j.1467-9868.2004.00438.x, theorems 1 and 2. All groups with one value
of ``Z_i'Z_i`` share an eigenvalue but for p directions, so that no matrix is larger than p times the number of
such values. Where all mu_s are equal, as in a balanced table, the ratio grows with ``R = 1 - chi2_left / T``,
which has a beta distribution, and nothing is simulated: this is the F test of the analysis of variance.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import optimize, special

from bayesmixed.arrays import Array
from bayesmixed.moments import Moments

#: Eigenvalues below this share of the largest are rounding errors; closer ones are equal.
ZERO = 1e-9
#: The largest eigenvalue problem that is solved.
LARGEST = 2_000
#: lambda times the mean eigenvalue, where the ratio is computed; between these it is a parabola in log lambda.
GRID = np.geomspace(1e-6, 1e5, 200)
#: Numbers that are held at once.
BLOCK = 2_000_000


@dataclass(frozen=True, eq=False)
class RatioDistribution:
    """The null distribution of one model's ratio.

    Parameters
    ----------
    mu, mu_count : ndarray, shape (k,)
        Distinct positive eigenvalues of ``Z'P0Z``, and how often each occurs.
    penalty, penalty_count : ndarray, shape (m,)
        The same of the matrix in the second term: mu for REML, xi for ML.
    left : float
    factor : float
        N - p for REML, N for ML.
    """

    mu: Array
    mu_count: Array
    penalty: Array
    penalty_count: Array
    left: float
    factor: float

    @classmethod
    def of(cls, moments: Moments, restricted: bool) -> "RatioDistribution | None":
        """The distribution of a model with one column of Z; None where the eigenvalue problem is too large.

        Parameters
        ----------
        moments : Moments
        restricted : bool
        """
        squares = moments.Rzz[:, 0, 0] ** 2
        problem = _projected(moments, squares)
        if problem is None:
            return None
        mu, mu_count = _distinct(*problem)
        penalty, penalty_count = (mu, mu_count) if restricted else _distinct(squares, np.ones(len(squares)))
        rows, p = float(moments.n_rows), moments.p
        return cls(
            mu, mu_count, penalty, penalty_count, rows - p - mu_count.sum(), rows - p if restricted else rows
        )

    @property
    def one_value(self) -> bool:
        """Whether all eigenvalues are equal, so that p needs no simulation."""
        return len(self.mu) == len(self.penalty) == 1 and bool(np.isclose(self.mu, self.penalty, rtol=1e-8)[0])

    def p_value(self, statistic: float, draws: int, rng: np.random.Generator) -> tuple[float, float]:
        """``P(ratio >= statistic)`` and its Monte Carlo standard error, 0 where nothing was simulated."""
        if statistic <= 0.0:
            return 1.0, 0.0
        if self.one_value:
            return self.exact_p(statistic), 0.0
        count = int((self.draw(draws, rng) >= statistic).sum())
        p = (1.0 + count) / (1.0 + draws)
        return p, float(np.sqrt(p * (1.0 - p) / draws))

    def exact_p(self, statistic: float) -> float:
        """``P(ratio >= statistic)`` where all eigenvalues are equal.

        With ``a = lambda mu / (1 + lambda mu)`` the ratio is the largest ``m log(1 - a) - n log(1 - a R)``, at
        ``1 - a = m (1 - R) / (R (n - m))``, n the factor and m the number of eigenvalues in the penalty.
        """
        n, m = self.factor, float(self.penalty_count[0])

        def excess(x: float) -> float:
            """At ``R = 1 - (1 - m / n) exp(-x)``, so that R near 1 keeps its digits."""
            rest = (1.0 - m / n) * np.exp(-x)
            inner = m * rest / ((1.0 - rest) * (n - m))
            return float(m * np.log(inner) - n * np.log(rest + inner * (1.0 - rest)) - statistic)

        highest = 1.0
        while excess(highest) < 0.0:
            highest *= 2.0
        rest = (1.0 - m / n) * np.exp(-optimize.brentq(excess, 0.0, highest, xtol=1e-12))
        return float(special.betainc(0.5 * self.left, 0.5 * self.mu_count[0], rest))

    def draw(self, draws: int, rng: np.random.Generator) -> Array:
        """Ratios of tables without any random effect, shape (draws,)."""
        size = max(1, BLOCK // (len(self.mu) + 3 * len(GRID)))
        edges = [*range(0, draws, size), draws]
        return np.concatenate([self._block(last - first, rng) for first, last in pairwise(edges)])

    def _block(self, draws: int, rng: np.random.Generator) -> Array:
        squares = rng.chisquare(self.mu_count, size=(draws, len(self.mu)))
        total = squares.sum(axis=1) + (rng.chisquare(self.left, size=draws) if self.left > 0 else 0.0)
        grid = GRID * self.mu_count.sum() / (self.mu_count @ self.mu)
        taken = grid * self.mu[:, None] / (1.0 + grid * self.mu[:, None])
        ratio = -self.factor * np.log1p(-(squares @ taken) / total[:, None])
        ratio -= self.penalty_count @ np.log1p(grid * self.penalty[:, None])
        return _largest(ratio)


def _largest(values: Array) -> Array:
    """The largest value of each row, of a parabola through its neighbours too, and at least 0."""
    rows, best = np.arange(len(values)), values.argmax(axis=1)
    middle = np.clip(best, 1, values.shape[1] - 2)
    below, here, above = (values[rows, middle + step] for step in (-1, 0, 1))
    bend = 2.0 * here - below - above
    peak = (best == middle) & (bend > 0.0)
    top = here + np.divide((above - below) ** 2, 8.0 * bend, out=np.zeros_like(bend), where=peak)
    return np.maximum(0.0, np.where(peak, top, values[rows, best]))


def _projected(moments: Moments, squares: Array) -> tuple[Array, Array] | None:
    """Eigenvalues of ``Z'P0Z = diag(r^2) - C (X'X)^-1 C'`` with multiplicities; None if that takes too much."""
    p = moments.p
    X = np.linalg.qr(np.concatenate([moments.Rza[:, 0, :p], moments.Raa[:, :p]]), mode="r")
    whitened = np.linalg.solve(X.T, (moments.Rzz[:, 0] * moments.Rza[:, 0, :p]).T).T
    order = np.argsort(squares)
    ordered = squares[order]
    edges = np.flatnonzero(np.diff(ordered) > 1e-12 * ordered[-1]) + 1
    pieces, own, spare = [], [], []
    for a, b in pairwise([0, *edges, len(ordered)]):
        piece = whitened[order[a:b]]
        pieces.append(np.linalg.qr(piece, mode="r") if b - a > p else piece)
        own.append(np.full(len(pieces[-1]), ordered[a]))
        spare.append(b - a - len(pieces[-1]))
    stacked = np.concatenate(pieces)
    if len(stacked) > LARGEST:
        return None
    mixed = np.linalg.eigvalsh(np.diag(np.concatenate(own)) - stacked @ stacked.T)
    alone = ordered[[0, *edges]]
    return np.concatenate([mixed, alone]), np.concatenate([np.ones(len(mixed)), spare])


def _distinct(values: Array, counts: Array) -> tuple[Array, Array]:
    """Positive values that differ by more than rounding, with the sum of their counts."""
    kept = (values > ZERO * values.max()) & (counts > 0)
    order = np.argsort(values[kept])
    values, counts = values[kept][order], counts[kept][order]
    first = np.concatenate([[0], np.flatnonzero(np.diff(values) > ZERO * values[-1]) + 1])
    return values[first], np.add.reduceat(counts, first)
