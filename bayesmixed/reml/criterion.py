"""-2 log (restricted) likelihood with beta and sigma profiled out, as a function of theta."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.coding import CodedMoments
from bayesmixed.compiled import compiled
from bayesmixed.likelihood import LOG_2PI, cholesky, integrate_groups, solve_lower
from bayesmixed.moments import Patterns
from bayesmixed.parallel import in_threads
from bayesmixed.reml.derivatives import Derivatives

#: Rows of Rza in a part; below twice as many, threads would cost more than they save.
ROWS_OF_A_PART = 16_384


@compiled
def _profiled(
    Lambda: Array, restricted: bool, patterns: Patterns, Q: Array
) -> tuple[float, float]:  # pragma: no cover - compiled
    """``sum log|M_i| (+ log|Qxx|)`` and the penalised residual sum of squares r^2; fills Q."""
    return _without_beta(integrate_groups(Lambda, patterns, Q), restricted, Q)


@compiled
def _without_beta(value: float, restricted: bool, Q: Array) -> tuple[float, float]:  # pragma: no cover - compiled
    """The same as `_profiled`, from ``sum log|M_i|`` and a Q that is filled."""
    p = Q.shape[0] - 1
    Qxx, lower, column = np.empty((p, p)), np.empty((p, p)), np.empty((p, 1))
    for i in range(p):
        column[i, 0] = Q[i, p]
        for j in range(p):
            Qxx[i, j] = Q[i, j]
    log_det_xx = cholesky(Qxx, lower)
    solve_lower(lower, column)
    squares = Q[p, p]
    for i in range(p):
        squares -= column[i, 0] * column[i, 0]
    if restricted:
        value += log_det_xx
    elif not np.isfinite(log_det_xx):
        value = np.nan
    return value, squares


def _integrated(Lambda: Array, patterns: Patterns) -> tuple[float, Array]:
    """``sum log|M_i|`` and Q of some patterns, which add up."""
    Q = np.empty_like(patterns.Raa)
    return integrate_groups(Lambda, patterns, Q), Q


@dataclass(frozen=True, eq=False)
class Criterion:
    """The REML (or ML) criterion of collapsed moments, a function of theta alone.

    theta holds the lower triangle of each block of Lambda, column by column, as lme4's does, but in
    centred and scaled columns of Z. ``sigma^2 = r^2 / (N - p)``, r^2 the penalised residual sum of squares:

        REML:  sum log|M_i| + log|Qxx| + (N - p) [1 + log(2 pi sigma^2)] + 2 log|det K|
        ML:    sum log|M_i| + N [1 + log(2 pi sigma^2)],   sigma^2 = r^2 / N.

    Parameters
    ----------
    patterns : Patterns
    blocks : tuple of tuple of int
        Columns of Z of each block.
    restricted : bool
        REML if true, ML if false.
    log_det_coding : float
        log |det K| of the coding of X; 0 for columns as the user has them.
    """

    patterns: Patterns
    blocks: tuple[tuple[int, ...], ...]
    restricted: bool = True
    log_det_coding: float = 0.0

    @classmethod
    def of(cls, coded: CodedMoments, blocks: tuple[tuple[int, ...], ...], restricted: bool = True) -> "Criterion":
        """The criterion of a design's moments."""
        return cls(coded.moments.patterns, blocks, restricted, coded.fixed.log_det)

    @property
    def p(self) -> int:
        """Columns of X."""
        return int(self.patterns.Rza.shape[2]) - 1

    @property
    def q(self) -> int:
        """Random effects of one group."""
        return int(self.patterns.Rzz.shape[1])

    @property
    def degrees(self) -> float:
        """What r^2 is divided by: N - p for REML, N for ML."""
        return self.patterns.n_rows - (self.p if self.restricted else 0)

    @cached_property
    def entries(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of Lambda that theta fills."""
        pairs = [(i, j) for block in self.blocks for b, j in enumerate(block) for i in block[b:]]
        rows, columns = zip(*pairs, strict=True)
        return np.array(rows, dtype=np.int64), np.array(columns, dtype=np.int64)

    @cached_property
    def diagonal(self) -> np.ndarray:
        """Which entries of theta lie on the diagonal of Lambda."""
        rows, columns = self.entries
        diagonal: np.ndarray = rows == columns
        return diagonal

    def Lambda(self, theta: Array) -> Array:
        """The square root of ``G / sigma^2`` that theta stands for, shape (q, q)."""
        result = np.zeros((self.q, self.q))
        result[self.entries] = theta
        return result

    def value(self, theta: Array) -> float:
        """The criterion at theta, beta and sigma at their best."""
        value, squares, _ = self._profiled(theta)
        with np.errstate(all="ignore"):
            return float(value + self.degrees * np.log(squares / self.degrees) + self.constant)

    def derivatives(self, theta: Array, sigma: float | None = None) -> Derivatives:
        """The criterion with its exact first and second derivatives by (theta, sigma).

        Parameters
        ----------
        theta : ndarray
        sigma : float, optional
            By default its best value at theta.
        """
        value, squares, Q = self._profiled(theta)
        sigma = float(np.sqrt(squares / self.degrees)) if sigma is None else float(sigma)
        # In `constant` there is r^2 / sigma^2 = degrees, which holds at the best sigma only.
        value += self.degrees * (2.0 * np.log(sigma) - 1.0) + squares / sigma**2 + self.constant
        return Derivatives.at(self, theta, float(value), sigma, Q)

    def _profiled(self, theta: Array) -> tuple[float, float, Array]:
        Lambda, Q = self.Lambda(theta), np.empty((self.p + 1, self.p + 1))
        if len(self.parts) == 1:
            return *_profiled(Lambda, self.restricted, self.patterns, Q), Q
        value, Q = self.sum_over_parts(lambda part: _integrated(Lambda, part))
        return *_without_beta(value, self.restricted, Q), Q

    @cached_property
    def parts(self) -> tuple[Patterns, ...]:
        """The patterns in chunks that threads can work on at once."""
        return self.patterns.split(ROWS_OF_A_PART)

    def sum_over_parts(self, function: Callable[[Patterns], tuple[Any, ...]]) -> tuple[Any, ...]:
        """What the function gives of each part, added up in their order: the same on any number of cores."""
        if len(self.parts) == 1:
            return function(self.patterns)
        return tuple(
            sum(terms[1:], start=terms[0]) for terms in zip(*in_threads(function, self.parts), strict=True)
        )

    def cross_products(self, theta: Array) -> Array:
        """Q at theta, shape (p + 1, p + 1)."""
        return self._profiled(theta)[2]

    def estimates(self, theta: Array) -> tuple[float, Array]:
        """sigma and beta_c (before the shift) that minimise the criterion at theta."""
        _, squares, Q = self._profiled(theta)
        return float(np.sqrt(squares / self.degrees)), np.linalg.solve(Q[:-1, :-1], Q[:-1, -1])

    @property
    def constant(self) -> float:
        """What does not depend on theta: ``degrees [1 + log(2 pi)]``, weights, and the coding of X for REML."""
        coding = 2.0 * self.log_det_coding if self.restricted else 0.0
        return self.degrees * (1.0 + LOG_2PI) - self.patterns.sum_log_weights + coding
