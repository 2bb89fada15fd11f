"""Joint priors of variances: how large their sum is, and how it is shared.

Three well known priors have this one shape. With variances ``v_1 .. v_m`` (squared standard deviations of
random effects, the prior variances of coefficients, perhaps sigma^2), weights ``w`` that bring them to the units
of y, and ``T = sum w_k v_k``:

    (w_1 v_1, ..., w_m v_m) / T ~ Dirichlet(concentration),      sqrt(T) / s ~ total,

with ``s = sigma`` where the total is relative to the residuals, else 1.

- decov (rstanarm): the standard deviations of one block, the root of their mean square over sigma Gamma(1, 1);
- a Beta prior on the ICC: sd^2 and sigma^2, the total standard deviation half-Student-t;
- R2D2M2: coefficients and standard deviations share ``T / sigma^2 = R2 / (1 - R2)``, R2 Beta.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

import numpy as np
from numpy.typing import ArrayLike

from bayesmixed.arrays import Array
from bayesmixed.errors import PriorError
from bayesmixed.priors.families import Family, Numbers


@dataclass(frozen=True)
class Shared(Family):
    """Stands where a parameter has no prior of its own: it takes part in a `JointPrior`.

    As a density of the logarithm it is the constant 1; the joint prior brings its own Jacobian.
    """

    support: ClassVar[str] = "positive"

    def distribution(self) -> NoReturn:
        raise PriorError("a parameter that shares a joint prior has no distribution of its own")

    def __str__(self) -> str:
        return "a share of a total"


@dataclass(frozen=True)
class RootR2(Family):
    """r > 0 with ``r^2 / (1 + r^2) ~ Beta(alpha, beta)``: r is the sd of what is explained over sigma."""

    alpha: Numbers = 1.0
    beta: Numbers = 1.0
    support: ClassVar = "positive"
    positive: ClassVar = ("alpha", "beta")

    def distribution(self) -> Any:
        from scipy import stats

        return _RootOfOdds(stats.beta(self.parameters["alpha"], self.parameters["beta"]))


class _RootOfOdds:
    """``sqrt(R2 / (1 - R2))``: density, quantiles and draws."""

    def __init__(self, beta: Any) -> None:
        self.beta = beta

    def logpdf(self, x: ArrayLike) -> Any:
        from scipy.special import betaln

        a, b = self.beta.args
        x = np.asarray(x, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            inside = np.log(2.0) + (2.0 * a - 1.0) * np.log(x) - (a + b) * np.log1p(x**2) - betaln(a, b)
        return np.where(x > 0, inside, -np.inf)

    def pdf(self, x: ArrayLike) -> Any:
        return np.exp(self.logpdf(x))

    def cdf(self, x: ArrayLike) -> Any:
        square = np.asarray(x) ** 2
        return self.beta.cdf(square / (1.0 + square))

    def ppf(self, u: ArrayLike) -> Any:
        share = self.beta.ppf(u)
        return np.sqrt(share / (1.0 - share))

    def rvs(self, size: Any = None, random_state: Any = None) -> Any:
        share = self.beta.rvs(size=size, random_state=random_state)
        return np.sqrt(share / (1.0 - share))


@dataclass(frozen=True)
class Member:
    """One variance of a joint prior.

    Parameters
    ----------
    name : str
        ``"sigma"``, or the name of a parameter: of standard deviations, or of coefficients, which
        take part with their prior variances.
    entry : int
        Which of its coordinates; 0 for a scalar.
    weight : float
        What brings the variance to the units of y squared.
    """

    name: str
    entry: int
    weight: float


@dataclass(frozen=True)
class JointPrior:
    """A joint prior of variances: a density of their total, a Dirichlet of the shares.

    Parameters
    ----------
    title : str
        What the total is: ``"sd of Subject / sigma"``.
    members : tuple of Member
    concentration : tuple of float
        Of the Dirichlet, one number a member.
    total : Family
        Positive; the prior of ``sqrt(T)``, in units of sigma where `relative`.
    relative : bool
    """

    title: str
    members: tuple[Member, ...]
    concentration: tuple[float, ...]
    total: Family
    relative: bool

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(member.name for member in self.members)

    @property
    def weights(self) -> Array:
        return np.array([member.weight for member in self.members])

    @property
    def log_constant(self) -> float:
        """Of the density of the logarithms of the standard deviations, apart from that of the total.

        ``log v`` has the density ``Dirichlet(shares) prod(shares) f(log T)``, since the Jacobian of (log T,
        shares) by ``log v`` is ``prod(shares)``; and ``log T = 2 log sqrt(T)``, ``log v = 2 log sd``.
        """
        from scipy.special import gammaln

        a = np.array(self.concentration)
        return float((len(a) - 1) * np.log(2.0) + gammaln(a.sum()) - gammaln(a).sum())

    def logpdf(self, roots: Array, sigma: Array | float = 1.0) -> Array:
        """Log density of the square roots of the variances, shape (..., m), normalised."""
        roots = np.asarray(roots, dtype=float)
        parts = roots**2 * self.weights
        T = parts.sum(axis=-1)
        scale = np.asarray(sigma) if self.relative else 1.0
        r = np.sqrt(T) / scale
        shares = (np.log(parts / T[..., None]) * np.array(self.concentration)).sum(axis=-1)
        found: Array = self.log_constant + shares + self.total.logpdf(r) + np.log(r) - np.log(roots).sum(axis=-1)
        return found

    def draw(self, size: int, sigma: Array | float, rng: np.random.Generator) -> Array:
        """Draws of the square roots of the variances, shape (size, m)."""
        total = self.total.distribution().rvs(size=size, random_state=rng)
        shares = rng.dirichlet(self.concentration, size=size)
        scale = np.asarray(sigma) if self.relative else 1.0
        drawn: Array = (total * scale)[:, None] * np.sqrt(shares / self.weights)
        return drawn

    def __str__(self) -> str:
        numbers = set(self.concentration)
        concentration = (
            f"{numbers.pop():g}" if len(numbers) == 1 else ", ".join(f"{a:g}" for a in self.concentration)
        )
        shares = f", shares Dirichlet({concentration})" if len(self.members) > 1 else ""
        return f"{self.total}{shares}"
