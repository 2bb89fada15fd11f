"""Families of prior densities, parametrised as in PyMC and normalised: they integrate to one."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from bayesmixed.arrays import Array
from bayesmixed.errors import PriorError

Numbers = float | tuple[float, ...]


@dataclass(frozen=True)
class Family:
    """A prior density with numbers in it. For a vector parameter each number may be a tuple.

    Attributes
    ----------
    support : {"real", "positive", "correlation"}
        Where the density lives: coefficients are real, standard deviations positive.
    """

    support: ClassVar[str] = "real"
    positive: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            number = _as_numbers(value, f"{type(self).__name__}: {field.name}")
            if not np.isfinite(number).all() or (field.name in self.positive and (number <= 0).any()):
                kind = "positive" if field.name in self.positive else "finite"
                raise PriorError(f"{type(self).__name__}: {field.name} must be {kind}, not {value}")
            plain = tuple(float(v) for v in number) if number.ndim else float(number)
            object.__setattr__(self, field.name, plain)

    @property
    def parameters(self) -> dict[str, Any]:
        """Its numbers by PyMC's names, as arrays where there is one for each coordinate.

        NumPy scalars, because PyTensor computes with single precision what it can from plain floats.
        """
        return {field.name: np.float64(getattr(self, field.name)) for field in fields(self)}

    def entry(self, k: int) -> "Family":
        """The family of one coordinate of a vector parameter."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return type(self)(**{name: v[k] if isinstance(v, tuple) else v for name, v in values.items()})

    def distribution(self) -> Any:
        """The same density as a frozen SciPy distribution."""
        raise NotImplementedError

    def logpdf(self, x: ArrayLike) -> Array:
        """Log density on the constrained scale, normalised."""
        found: Array = self.distribution().logpdf(x)
        return found

    def __str__(self) -> str:
        inside = ", ".join(f"{name}={_short(value)}" for name, value in self.parameters.items())
        return f"{type(self).__name__}({inside})"


def _as_numbers(value: Any, what: str) -> np.ndarray:
    """A number, or a vector of numbers, of a family."""
    try:
        number = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise PriorError(f"{what} must be a number, or a tuple of numbers, not {value!r}") from None
    if number.ndim > 1 or not number.size:
        raise PriorError(f"{what} must be a number, or a tuple of numbers, not of shape {number.shape}")
    return number


def _short(value: Any) -> str:
    if np.ndim(value) == 0:
        return f"{float(value):.4g}"
    return "[" + ", ".join(f"{v:.4g}" for v in value) + "]"


@dataclass(frozen=True)
class Normal(Family):
    """Normal with mean mu and standard deviation sigma."""

    mu: Numbers = 0.0
    sigma: Numbers = 1.0
    positive: ClassVar = ("sigma",)

    def distribution(self) -> Any:
        from scipy import stats

        return stats.norm(self.parameters["mu"], self.parameters["sigma"])


@dataclass(frozen=True)
class StudentT(Family):
    """Student-t with nu degrees of freedom, location mu and scale sigma."""

    nu: Numbers = 3.0
    mu: Numbers = 0.0
    sigma: Numbers = 1.0
    positive: ClassVar = ("nu", "sigma")

    def distribution(self) -> Any:
        from scipy import stats

        return stats.t(*self.parameters.values())


@dataclass(frozen=True)
class Flat(Family):
    """The improper density 1 on the real line."""

    def logpdf(self, x: ArrayLike) -> Array:
        return np.zeros(np.shape(x))


@dataclass(frozen=True)
class HalfNormal(Family):
    """Absolute values of Normal(0, sigma)."""

    sigma: Numbers = 1.0
    support: ClassVar = "positive"
    positive: ClassVar = ("sigma",)

    def distribution(self) -> Any:
        from scipy import stats

        return stats.halfnorm(scale=self.parameters["sigma"])


@dataclass(frozen=True)
class HalfStudentT(Family):
    """Absolute values of StudentT(nu, 0, sigma): twice the Student-t density on the positive half line."""

    nu: Numbers = 3.0
    sigma: Numbers = 1.0
    support: ClassVar = "positive"
    positive: ClassVar = ("nu", "sigma")

    def distribution(self) -> Any:
        from scipy import stats

        # A half-t is the square root of sigma^2 times an F(1, nu): that gives SciPy's full interface.
        return _SquareRootOfF(stats.f(1, self.parameters["nu"]), self.parameters["sigma"])


class _SquareRootOfF:
    """scale * sqrt(F), F ~ F(1, nu): density, quantiles and draws of a half-Student-t."""

    def __init__(self, f: Any, scale: Any) -> None:
        self.f, self.scale = f, scale

    def logpdf(self, x: ArrayLike) -> Any:
        from scipy import stats

        nu = self.f.args[1]
        with np.errstate(divide="ignore"):
            inside = np.where(np.asarray(x) >= 0, 0.0, -np.inf)
        return np.log(2) + stats.t.logpdf(x, nu, scale=self.scale) + inside

    def pdf(self, x: ArrayLike) -> Any:
        return np.exp(self.logpdf(x))

    def cdf(self, x: ArrayLike) -> Any:
        return self.f.cdf((np.asarray(x) / self.scale) ** 2)

    def ppf(self, u: ArrayLike) -> Any:
        return self.scale * np.sqrt(self.f.ppf(u))

    def rvs(self, size: Any = None, random_state: Any = None) -> Any:
        return self.scale * np.sqrt(self.f.rvs(size=size, random_state=random_state))


@dataclass(frozen=True)
class HalfCauchy(Family):
    """Absolute values of Cauchy(0, beta)."""

    beta: Numbers = 1.0
    support: ClassVar = "positive"
    positive: ClassVar = ("beta",)

    def distribution(self) -> Any:
        from scipy import stats

        return stats.halfcauchy(scale=self.parameters["beta"])


@dataclass(frozen=True)
class Exponential(Family):
    """Exponential with rate lam: mean ``1 / lam``."""

    lam: Numbers = 1.0
    support: ClassVar = "positive"
    positive: ClassVar = ("lam",)

    def distribution(self) -> Any:
        from scipy import stats

        return stats.expon(scale=1.0 / np.asarray(self.parameters["lam"]))


@dataclass(frozen=True)
class Gamma(Family):
    """Gamma with shape alpha and rate beta: mean ``alpha / beta``."""

    alpha: Numbers = 2.0
    beta: Numbers = 1.0
    support: ClassVar = "positive"
    positive: ClassVar = ("alpha", "beta")

    def distribution(self) -> Any:
        from scipy import stats

        return stats.gamma(self.parameters["alpha"], scale=1.0 / np.asarray(self.parameters["beta"]))


@dataclass(frozen=True)
class LKJ(Family):
    """Lewandowski, Kurowicka and Joe (2009): density proportional to ``det(Omega)^(eta - 1)``.

    ``eta = 1`` is uniform over correlation matrices; larger values favour small correlations.
    One correlation of a 2 x 2 matrix is ``2 Beta(eta, eta) - 1``. doi:10.1016/j.jmva.2009.04.008
    """

    eta: float = 2.0
    support: ClassVar = "correlation"
    positive: ClassVar = ("eta",)

    def log_normaliser(self, size: int) -> float:
        """log of the integral of ``det(Omega)^(eta - 1)`` over correlation matrices (their equation 16)."""
        from scipy.special import betaln

        total = 0.0
        for k in range(1, size):
            shape = self.eta + (size - k - 1) / 2.0
            power = 2.0 * self.eta - 2.0 + size - k
            total += (size - k) * (power * np.log(2.0) + betaln(shape, shape))
        return float(total)

    def logpdf(self, corr: ArrayLike) -> Array:
        """Log density of a correlation matrix, shape (..., size, size)."""
        corr = np.asarray(corr, dtype=float)
        size = corr.shape[-1]
        found: Array = (self.eta - 1.0) * np.linalg.slogdet(corr)[1] - self.log_normaliser(size)
        return found


@dataclass(frozen=True)
class PymcPrior:
    """A PyMC distribution of the user's own, such as ``pm.Gamma.dist(2, 1)``; only a graph can evaluate it."""

    variable: Any
    text: str

    @property
    def support(self) -> str:
        return "any"

    def __str__(self) -> str:
        return self.text


FAMILIES: dict[str, type[Family]] = {
    family.__name__: family
    for family in (Normal, StudentT, Flat, HalfNormal, HalfStudentT, HalfCauchy, Exponential, Gamma, LKJ)
}
