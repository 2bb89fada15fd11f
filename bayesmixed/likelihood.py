"""The marginal log likelihood and its gradient: the one kernel behind REML, NUTS and all that follows.

With ``F_i = Rzz_i Lambda`` and ``G = sigma^2 Lambda Lambda'`` (Lambda any square root of D = G / sigma^2),

    V_i / sigma^2 = I + F_i F_i' =: M_i   in the rotated rows of group i, and I in all others,
    log|I + S_i D| = log|M_i|,            Q = Raa'Raa + sum_i Rza_i' M_i^-1 Rza_i,

a sum of positive semidefinite terms that is right for singular D. With a normal prior of mean m and
diagonal precision K0 (0 where flat) on beta, ``P = Qxx/sigma^2 + K0`` and ``h = Qxy/sigma^2 + K0 m``,

    -2 log p(y | G, sigma) = N log(2 pi sigma^2) + sum_i log|M_i| + log|P| - log|K0|_+ - p_flat log(2 pi)
                             + Qyy/sigma^2 + m'K0 m - h'P^-1 h,

which for a flat prior is the REML criterion as lme4 reports it. Coefficients under any other prior stay
explicit: their columns, times their values, are taken from y.

The compiled loops below are explicit because the matrices are 1 x 1 to 5 x 5: calls to LAPACK would cost
more than the arithmetic, and linking them 18 seconds of compilation.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from bayesmixed.moments import Moments, Patterns

Array = NDArray[np.float64]
LOG_2PI = float(np.log(2.0 * np.pi))


@njit(cache=True, nogil=True, error_model="numpy")
def cholesky(matrix, lower):  # pragma: no cover - compiled
    """Lower triangle with ``lower lower' = matrix``; returns log|matrix|, or nan if not positive definite."""
    size = matrix.shape[0]
    log_det = 0.0
    for i in range(size):
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= lower[i, k] * lower[j, k]
            if i == j:
                if not total > 0.0:
                    return np.nan
                lower[i, i] = np.sqrt(total)
                log_det += 2.0 * np.log(lower[i, i])
            else:
                lower[i, j] = total / lower[j, j]
        for j in range(i + 1, size):
            lower[i, j] = 0.0
    return log_det


@njit(cache=True, nogil=True, error_model="numpy")
def solve_lower(lower, columns):  # pragma: no cover - compiled
    """``columns <- lower^-1 columns``."""
    for i in range(lower.shape[0]):
        for j in range(columns.shape[1]):
            total = columns[i, j]
            for k in range(i):
                total -= lower[i, k] * columns[k, j]
            columns[i, j] = total / lower[i, i]


@njit(cache=True, nogil=True, error_model="numpy")
def solve_upper(lower, columns):  # pragma: no cover - compiled
    """``columns <- lower'^-1 columns``."""
    for i in range(lower.shape[0] - 1, -1, -1):
        for j in range(columns.shape[1]):
            total = columns[i, j]
            for k in range(i + 1, lower.shape[0]):
                total -= lower[k, i] * columns[k, j]
            columns[i, j] = total / lower[i, i]


@njit(cache=True, nogil=True, error_model="numpy")
def _relative_variance(Rzz, Lambda, F, M):  # pragma: no cover - compiled
    """``F = Rzz Lambda`` and ``M = I + F F'``."""
    q = Rzz.shape[0]
    for i in range(q):
        for j in range(q):
            total = 0.0
            for k in range(q):
                total += Rzz[i, k] * Lambda[k, j]
            F[i, j] = total
    for i in range(q):
        for j in range(i + 1):
            total = 0.0
            for k in range(q):
                total += F[i, k] * F[j, k]
            M[i, j] = total
            M[j, i] = total
        M[i, i] += 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def integrate_groups(Lambda, Rzz, count, start, Rza, Raa, Q):  # pragma: no cover - compiled
    """Fill Q, shape (p + 1, p + 1), and return ``sum_i log|M_i|``. Raa is upper triangular or square."""
    q, p1 = Rzz.shape[1], Rza.shape[2]
    F, M, lower, columns = np.empty((q, q)), np.empty((q, q)), np.empty((q, q)), np.empty((q, p1))
    for a in range(p1):
        for b in range(a + 1):
            total = 0.0
            for k in range(p1):
                total += Raa[k, a] * Raa[k, b]
            Q[a, b] = total
    sum_log_det = 0.0
    for u in range(Rzz.shape[0]):
        _relative_variance(Rzz[u], Lambda, F, M)
        log_det = cholesky(M, lower)
        sum_log_det += count[u] * log_det
        for g in range(start[u], start[u + 1]):
            columns[:, :] = Rza[g]
            solve_lower(lower, columns)
            for a in range(p1):
                for b in range(a + 1):
                    total = Q[a, b]
                    for k in range(q):
                        total += columns[k, a] * columns[k, b]
                    Q[a, b] = total
    for a in range(p1):
        for b in range(a):
            Q[b, a] = Q[a, b]
    return sum_log_det


@njit(cache=True, nogil=True, error_model="numpy")
def integrate_groups_gradient(Lambda, Rzz, count, start, Rza, weight, E, gradient):  # pragma: no cover
    """Derivative by Lambda of ``weight * sum_i log|M_i| + tr(E Q)``, E symmetric, into `gradient` (q x q)."""
    q, p1 = Rzz.shape[1], Rza.shape[2]
    F, M, lower, columns = np.empty((q, q)), np.empty((q, q)), np.empty((q, q)), np.empty((q, p1))
    U, UF, eye, CE = np.empty((q, q)), np.empty((q, q)), np.empty((q, q)), np.empty((q, p1))
    gradient[:, :] = 0.0
    for u in range(Rzz.shape[0]):
        _relative_variance(Rzz[u], Lambda, F, M)
        cholesky(M, lower)
        eye[:, :] = 0.0
        for k in range(q):
            eye[k, k] = 1.0
        solve_lower(lower, eye)
        solve_upper(lower, eye)
        for i in range(q):
            for j in range(q):
                U[i, j] = weight * count[u] * eye[i, j]
        for g in range(start[u], start[u + 1]):
            columns[:, :] = Rza[g]
            solve_lower(lower, columns)
            solve_upper(lower, columns)
            for i in range(q):
                for b in range(p1):
                    total = 0.0
                    for a in range(p1):
                        total += columns[i, a] * E[a, b]
                    CE[i, b] = total
            for i in range(q):
                for j in range(q):
                    total = U[i, j]
                    for a in range(p1):
                        total -= CE[i, a] * columns[j, a]
                    U[i, j] = total
        for i in range(q):
            for j in range(q):
                total = 0.0
                for k in range(q):
                    total += U[i, k] * F[k, j]
                UF[i, j] = 2.0 * total
        for i in range(q):
            for j in range(q):
                total = gradient[i, j]
                for k in range(q):
                    total += Rzz[u, k, i] * UF[k, j]
                gradient[i, j] = total


@njit(cache=True, nogil=True, error_model="numpy")
def _subtract_explicit(Q, explicit, reduced):  # pragma: no cover - compiled
    """Cross-products of ``[X_integrated, y - X_explicit beta_explicit]`` from those of ``[X y]``.

    Integrated columns come first, explicit ones next, y last. Returns ``Q a`` with a = (0, -beta, 1) too.
    """
    e = explicit.shape[0]
    p1 = Q.shape[0]
    p = p1 - 1 - e
    Qa = np.empty(p1)
    for i in range(p1):
        total = Q[i, p1 - 1]
        for k in range(e):
            total -= Q[i, p + k] * explicit[k]
        Qa[i] = total
    for i in range(p):
        for j in range(p):
            reduced[i, j] = Q[i, j]
        reduced[i, p] = Qa[i]
        reduced[p, i] = Qa[i]
    total = Qa[p1 - 1]
    for k in range(e):
        total -= explicit[k] * Qa[p + k]
    reduced[p, p] = total
    return Qa


@njit(cache=True, nogil=True, error_model="numpy")
def integrate_beta(reduced, sigma, precision, mean, lower, betahat):  # pragma: no cover - compiled
    """The terms of -2 log p that hold beta: ``log|P| - log|K0|_+ - p_flat log 2pi + m'K0m - h'P^-1h``.

    Fills `lower`, the Cholesky factor of P, and `betahat` = P^-1 h.
    """
    p = betahat.shape[0]
    variance = sigma * sigma
    P = np.empty((p, p))
    h = np.empty((p, 1))
    result = 0.0
    for i in range(p):
        for j in range(p):
            P[i, j] = reduced[i, j] / variance
        P[i, i] += precision[i]
        h[i, 0] = reduced[i, p] / variance + precision[i] * mean[i]
        result += precision[i] * mean[i] * mean[i]
        if precision[i] > 0.0:
            result -= np.log(precision[i])
        else:
            result -= LOG_2PI
    log_det = cholesky(P, lower)
    if not np.isfinite(log_det):
        return np.nan
    solve_lower(lower, h)
    for i in range(p):
        result -= h[i, 0] * h[i, 0]
    solve_upper(lower, h)
    for i in range(p):
        betahat[i] = h[i, 0]
    return result + log_det


@njit(cache=True, nogil=True, error_model="numpy")
def log_likelihood(
    Lambda, sigma, precision, mean, explicit, Rzz, count, start, Rza, Raa, n_rows, sum_log_weights
):  # pragma: no cover - compiled
    """log p(y | Lambda, sigma, beta_explicit) with b and the other coefficients integrated out."""
    p1 = Rza.shape[2]
    p = p1 - 1 - explicit.shape[0]
    Q, reduced = np.empty((p1, p1)), np.empty((p + 1, p + 1))
    log_det = integrate_groups(Lambda, Rzz, count, start, Rza, Raa, Q)
    _subtract_explicit(Q, explicit, reduced)
    beta_terms = integrate_beta(reduced, sigma, precision, mean, np.empty((p, p)), np.empty(p))
    total = n_rows * (LOG_2PI + 2.0 * np.log(sigma)) - sum_log_weights + log_det + beta_terms
    return -0.5 * (total + reduced[p, p] / (sigma * sigma))


@njit(cache=True, nogil=True, error_model="numpy")
def log_likelihood_gradient(
    Lambda,
    sigma,
    precision,
    mean,
    explicit,
    Rzz,
    count,
    start,
    Rza,
    Raa,
    n_rows,
    sum_log_weights,
    d_Lambda,
    d_precision,
    d_explicit,
):  # pragma: no cover - compiled
    """`log_likelihood` with its derivatives; returns (value, derivative by sigma at fixed Lambda).

    With ``betahat = P^-1 h`` and ``E = [[P^-1 + betahat betahat', -betahat], [-betahat', 1]] / sigma^2``,
    ``d(-2 log p) = d sum log|M| + tr(E dQ)``, and ``d/dsigma^2 = [N - tr(E Q)] / sigma^2``.
    """
    p1 = Rza.shape[2]
    e = explicit.shape[0]
    p = p1 - 1 - e
    Q, reduced = np.empty((p1, p1)), np.empty((p + 1, p + 1))
    lower, inverse, betahat = np.empty((p, p)), np.empty((p, p)), np.empty(p)
    log_det = integrate_groups(Lambda, Rzz, count, start, Rza, Raa, Q)
    Qa = _subtract_explicit(Q, explicit, reduced)
    beta_terms = integrate_beta(reduced, sigma, precision, mean, lower, betahat)
    variance = sigma * sigma
    value = -0.5 * (
        n_rows * (LOG_2PI + np.log(variance)) - sum_log_weights + log_det + beta_terms + reduced[p, p] / variance
    )
    if not np.isfinite(value):
        d_Lambda[:, :] = 0.0
        d_precision[:] = 0.0
        d_explicit[:] = 0.0
        return value, 0.0
    inverse[:, :] = 0.0
    for i in range(p):
        inverse[i, i] = 1.0
    solve_lower(lower, inverse)
    solve_upper(lower, inverse)
    # E over the columns [integrated, explicit, y]; explicit columns enter through a = (0, -beta, 1).
    full = np.empty((p1, p1))
    a = np.zeros(p1)
    a[p1 - 1] = 1.0
    for k in range(e):
        a[p + k] = -explicit[k]
    for i in range(p):
        a[i] = -betahat[i]
    for i in range(p1):
        for j in range(p1):
            full[i, j] = a[i] * a[j] / variance
    for i in range(p):
        for j in range(p):
            full[i, j] += inverse[i, j] / variance
    trace = 0.0
    for i in range(p1):
        for j in range(p1):
            trace += full[i, j] * Q[i, j]
    integrate_groups_gradient(Lambda, Rzz, count, start, Rza, 1.0, full, d_Lambda)
    for i in range(d_Lambda.shape[0]):
        for j in range(d_Lambda.shape[1]):
            d_Lambda[i, j] *= -0.5
    for i in range(p):
        off = betahat[i] - mean[i]
        flat = 1.0 / precision[i] if precision[i] > 0.0 else 0.0
        d_precision[i] = -0.5 * (inverse[i, i] - flat + off * off)
    for k in range(e):
        total = Qa[p + k]
        for i in range(p):
            total -= Q[p + k, i] * betahat[i]
        d_explicit[k] = total / variance
    return value, -(n_rows - trace) / sigma


class ValueAndGradient(NamedTuple):
    """log p and its derivatives by Lambda (q x q), sigma, the prior precisions and explicit coefficients."""

    value: float
    Lambda: Array
    sigma: float
    precision: Array
    explicit: Array


@dataclass(frozen=True)
class MarginalLikelihood:
    """The kernel with its data: moments in one coding, and which columns of X have which prior.

    Parameters
    ----------
    patterns : Patterns
        Columns of X that are integrated out first, then those that stay explicit, then y.
    mean : ndarray, shape (p_integrated,)
        Prior means of the integrated coefficients (ignored where flat).
    n_explicit : int
        How many columns of X stay explicit.

    Examples
    --------
    One group factor with two groups of two, a flat prior on the mean, sd = sigma = 1:

    >>> import numpy as np
    >>> from bayesmixed.moments import Moments
    >>> ones, group = np.ones((4, 1)), np.array([0, 0, 1, 1])
    >>> moments = Moments.of_rows(np.array([1.0, 2.0, 4.0, 6.0]), ones, ones, group, ("a", "b"))
    >>> kernel = MarginalLikelihood.flat(moments)
    >>> print(round(-2 * kernel.value(np.eye(1), 1.0), 6))
    15.168096
    """

    patterns: Patterns
    mean: Array
    n_explicit: int = 0

    @classmethod
    def flat(cls, moments: Moments) -> "MarginalLikelihood":
        """Every coefficient integrated over a flat prior: -2 log p is the REML criterion in this coding."""
        return cls(moments.patterns, np.zeros(moments.p))

    @property
    def n_integrated(self) -> int:
        return len(self.mean)

    @property
    def flat_precision(self) -> Array:
        return np.zeros(self.n_integrated)

    @property
    def arrays(self) -> tuple:
        """The data as the compiled functions take them, in their order."""
        part = self.patterns
        return (
            part.Rzz,
            part.count,
            part.start,
            part.Rza,
            part.Raa,
            float(part.n_rows),
            part.sum_log_weights,
        )

    def _arguments(self, Lambda, sigma, precision, explicit) -> tuple:
        precision = self.flat_precision if precision is None else np.asarray(precision, dtype=float)
        explicit = np.zeros(self.n_explicit) if explicit is None else np.asarray(explicit, dtype=float)
        Lambda = np.ascontiguousarray(Lambda, dtype=float)
        return (Lambda, float(sigma), precision, self.mean, explicit, *self.arrays)

    def value(self, Lambda: Array, sigma: float, precision=None, explicit=None) -> float:
        """log p(y | Lambda, sigma, explicit coefficients); nan where it does not exist."""
        return log_likelihood(*self._arguments(Lambda, sigma, precision, explicit))

    def value_and_gradient(self, Lambda: Array, sigma: float, precision=None, explicit=None) -> ValueAndGradient:
        """The value with its derivatives."""
        d_Lambda = np.empty_like(np.asarray(Lambda, dtype=float))
        d_precision, d_explicit = np.empty(self.n_integrated), np.empty(self.n_explicit)
        arguments = self._arguments(Lambda, sigma, precision, explicit)
        value, d_sigma = log_likelihood_gradient(*arguments, d_Lambda, d_precision, d_explicit)
        return ValueAndGradient(value, d_Lambda, d_sigma, d_precision, d_explicit)

    def cross_products(self, Lambda: Array) -> tuple[float, Array]:
        """``sum_i log|M_i|`` and Q, shape (p + 1, p + 1), of all columns."""
        Q = np.empty((self.patterns.Rza.shape[2],) * 2)
        Rzz, count, start, Rza, Raa, *_ = self.arrays
        return integrate_groups(np.ascontiguousarray(Lambda, dtype=float), Rzz, count, start, Rza, Raa, Q), Q
