"""-2 log likelihood with beta and sigma profiled out, as a function of Lambda, with its gradient."""

from dataclasses import dataclass

import numpy as np

from bayesmixed.coded import CodedMoments
from bayesmixed.coding import Array
from bayesmixed.compiled import compiled
from bayesmixed.likelihood import (
    LOG_2PI,
    cholesky,
    integrate_groups,
    integrate_groups_gradient,
    solve_lower,
    solve_upper,
)


@compiled
def _profiled(Lambda, restricted, Rzz, count, start, Rza, Raa, n_rows, gradient, betahat):  # pragma: no cover
    """Deviance without constants, and sigma^2; fills the derivative by Lambda and betahat."""
    p1, p = Rza.shape[2], Rza.shape[2] - 1
    Q, Qxx, lower = np.empty((p1, p1)), np.empty((p, p)), np.empty((p, p))
    log_det = integrate_groups(Lambda, Rzz, count, start, Rza, Raa, Q)
    for i in range(p):
        for j in range(p):
            Qxx[i, j] = Q[i, j]
    log_det_xx = cholesky(Qxx, lower)
    inverse = np.zeros((p, p + 1))
    for i in range(p):
        inverse[i, i] = 1.0
        inverse[i, p] = Q[i, p]
    solve_lower(lower, inverse)
    squares = Q[p, p]
    for i in range(p):
        squares -= inverse[i, p] * inverse[i, p]
    solve_upper(lower, inverse)
    degrees = n_rows - p if restricted else n_rows
    variance = squares / degrees
    E = np.zeros((p1, p1))
    for i in range(p):
        betahat[i] = inverse[i, p]
        for j in range(p):
            E[i, j] = betahat[i] * inverse[j, p] / variance + (inverse[i, j] if restricted else 0.0)
        E[i, p] = E[p, i] = -betahat[i] / variance
    E[p, p] = 1.0 / variance
    integrate_groups_gradient(Lambda, Rzz, count, start, Rza, 1.0, E, gradient)
    deviance = log_det + degrees * np.log(variance)
    if restricted:
        deviance += log_det_xx
    return deviance, variance


@dataclass(frozen=True)
class Criterion:
    """The REML (or ML) criterion of coded moments, a function of theta alone.

    theta holds the lower triangle of each block of Lambda, column by column, as lme4's does, but in
    centred and scaled columns of Z. ``sigma^2 = r^2 / (N - p)``, r^2 the penalised residual sum of squares:

        REML:  sum log|M_i| + log|Qxx| + (N - p) [1 + log(2 pi sigma^2)] + 2 log|det K|
        ML:    sum log|M_i| + N [1 + log(2 pi sigma^2)],   sigma^2 = r^2 / N.

    Parameters
    ----------
    coded : CodedMoments
    blocks : tuple of tuple of int
        Columns of Z of each block.
    restricted : bool
        REML if true, ML if false.
    """

    coded: CodedMoments
    blocks: tuple[tuple[int, ...], ...]
    restricted: bool = True

    @property
    def entries(self) -> tuple[Array, Array]:
        """Rows and columns of Lambda that theta fills."""
        pairs = [(i, j) for block in self.blocks for b, j in enumerate(block) for i in block[b:]]
        rows, columns = zip(*pairs, strict=True)
        return np.array(rows), np.array(columns)

    @property
    def diagonal(self) -> Array:
        """Which entries of theta lie on the diagonal of Lambda."""
        rows, columns = self.entries
        return rows == columns

    def Lambda(self, theta: Array) -> Array:
        q = self.coded.moments.q
        result = np.zeros((q, q))
        result[self.entries] = theta
        return result

    def _evaluate(self, theta: Array):
        patterns = self.coded.moments.patterns
        p, q = self.coded.moments.p, self.coded.moments.q
        gradient, betahat = np.empty((q, q)), np.empty(p)
        value, variance = _profiled(
            self.Lambda(theta),
            self.restricted,
            patterns.Rzz,
            patterns.count,
            patterns.start,
            patterns.Rza,
            patterns.Raa,
            float(patterns.n_rows),
            gradient,
            betahat,
        )
        return value, variance, gradient[self.entries], betahat

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """The criterion and its derivatives by theta."""
        value, _, gradient, _ = self._evaluate(theta)
        return value + self.constant, gradient

    def estimates(self, theta: Array) -> tuple[float, Array]:
        """sigma and beta_c (before the shift) that minimise the criterion at theta."""
        _, variance, _, betahat = self._evaluate(theta)
        return float(np.sqrt(variance)), betahat

    @property
    def constant(self) -> float:
        moments = self.coded.moments
        degrees = moments.n_rows - (moments.p if self.restricted else 0)
        coding = 2.0 * self.coded.fixed.log_det if self.restricted else 0.0
        return degrees * (1.0 + LOG_2PI) - moments.sum_log_weights + coding
