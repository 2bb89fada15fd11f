"""The marginal likelihood as an object: the compiled kernel with its data."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.likelihood.groups import integrate_groups
from bayesmixed.likelihood.marginal import log_likelihood, log_likelihood_gradient
from bayesmixed.moments import Moments, Patterns


class ValueAndGradient(NamedTuple):
    """log p and its derivatives by Lambda (q x q), sigma, the prior precisions and explicit coefficients."""

    value: float
    Lambda: Array
    sigma: float
    precision: Array
    explicit: Array


@dataclass(frozen=True, eq=False)
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
    14.581871
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
        """Coefficients that are integrated out."""
        return len(self.mean)

    @property
    def flat_precision(self) -> Array:
        """The precision of flat priors of those coefficients: zeros."""
        return np.zeros(self.n_integrated)

    def _arguments(
        self, Lambda: Array, sigma: float, precision: Array | None, explicit: Array | None
    ) -> tuple[Array, float, Array, Array, Array, Patterns]:
        precision = self.flat_precision if precision is None else np.asarray(precision, dtype=float)
        explicit = np.zeros(self.n_explicit) if explicit is None else np.asarray(explicit, dtype=float)
        Lambda = np.ascontiguousarray(Lambda, dtype=float)
        return (Lambda, float(sigma), precision, self.mean, explicit, self.patterns)

    def value(
        self, Lambda: Array, sigma: float, precision: Array | None = None, explicit: Array | None = None
    ) -> float:
        """log p(y | Lambda, sigma, explicit coefficients); nan where it does not exist."""
        return log_likelihood(*self._arguments(Lambda, sigma, precision, explicit))

    def value_and_gradient(
        self, Lambda: Array, sigma: float, precision: Array | None = None, explicit: Array | None = None
    ) -> ValueAndGradient:
        """The value with its derivatives."""
        d_Lambda = np.zeros_like(np.asarray(Lambda, dtype=float))
        d_precision, d_explicit = np.zeros(self.n_integrated), np.zeros(self.n_explicit)
        arguments = self._arguments(Lambda, sigma, precision, explicit)
        value, d_sigma = log_likelihood_gradient(*arguments, d_Lambda, d_precision, d_explicit)
        return ValueAndGradient(value, d_Lambda, d_sigma, d_precision, d_explicit)

    def cross_products(self, Lambda: Array) -> tuple[float, Array]:
        """``sum_i log|M_i|`` and Q, shape (p + 1, p + 1), of all columns."""
        Q = np.empty((self.patterns.Rza.shape[2],) * 2)
        return integrate_groups(np.ascontiguousarray(Lambda, dtype=float), self.patterns, Q), Q
