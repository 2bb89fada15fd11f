"""The posterior of compound symmetry, whose ICC may be negative: on a grid of (rho, sigma), and draws from it.

With ``V_i = sigma^2 (I + D 11')``, beta is integrated over the model's own prior and two dimensions are left. The
priors are sigma's of the model, and of the ICC a Beta stretched over its range ``(-1 / (n - 1), 1)``, by default
uniform there; the prior of the sd has no meaning where D is negative and is not used. Coordinates are the logit of
where rho lies on its range, and log sigma, in both of which the trapezoidal rule converges geometrically.
"""

from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from bayesmixed.arrays import Array
from bayesmixed.errors import PriorError, SamplingError
from bayesmixed.icc.checks import check_random_intercept
from bayesmixed.icc.symmetry import LOG_2PI, SymmetricSums
from bayesmixed.posterior import MarginalPosterior
from bayesmixed.priors.families import Family

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.model import MixedModel

#: Points of the grid by x and by log sigma; those of the searches before it.
FINE, COARSE = (321, 161), (41, 41)
#: The grid goes as far as log densities this much below the highest.
DEPTH = 34.0
#: Numbers of the matrices P that are held at once for drawing coefficients.
_HELD = 4_000_000


@dataclass(frozen=True, eq=False)
class SymmetricDensity:
    """Log density of ``(x, log sigma)`` with beta integrated out; x as in `SymmetricSums`.

    Parameters
    ----------
    sums : SymmetricSums
        In the coding of the priors.
    mean, precision : ndarray, shape (p,)
        Of the coefficients' normal priors, precision 0 where flat.
    sigma : Family
        Prior of the residual sd.
    shape : tuple of float
        Of the Beta that is stretched over the range of the ICC.
    """

    sums: SymmetricSums
    mean: Array
    precision: Array
    sigma: Family
    shape: tuple[float, float]

    def log_likelihood(self, x: float, s: Array) -> Array:
        """log p(y | D, sigma) at one x and many log sigma.

        With a typical weight w0 of the rows, ``w0 Q_xx + K0 = LL'`` and ``L^-1 w0 Q_xx L^-T = U diag(k) U'``,
        ``P = LU diag(k w / w0 + 1 - k) U'L'`` for every ``w = 1 / sigma^2``: right also where Q_xx alone is
        singular up to rounding, as with an ICC near 1.
        """
        Q, K0m, weight = self.sums.Q(x), self.precision * self.mean, np.exp(-2.0 * s)[:, None]
        typical = float(np.exp(-2.0 * np.median(s)))
        lower = np.linalg.cholesky(typical * Q[:-1, :-1] + np.diag(self.precision))
        half = np.linalg.solve(lower, np.linalg.solve(lower, typical * Q[:-1, :-1]).T)
        k, U = np.linalg.eigh(half)
        k = np.clip(k, 0.0, 1.0)
        data, prior = (U.T @ np.linalg.solve(lower, side) for side in (Q[:-1, -1], K0m))
        P = k * (weight / typical) + (1.0 - k)
        log_det_P = 2.0 * np.log(np.diag(lower)).sum() + np.log(P).sum(axis=1)
        fit = ((weight * data + prior) ** 2 / P).sum(axis=1)
        rest = weight[:, 0] * Q[-1, -1] + self.mean @ K0m
        log_dets = 2.0 * self.sums.n_rows * s + self.sums.log_det(x) + log_det_P
        found: Array = -0.5 * (self._constant + log_dets + rest - fit)
        return found

    @property
    def _constant(self) -> float:
        flat = int((self.precision == 0.0).sum())
        proper = self.precision[self.precision > 0.0]
        return (self.sums.n_rows - flat) * LOG_2PI - float(np.log(proper).sum())

    def log_prior(self, x: Array, s: Array) -> Array:
        """Of x and log sigma, normalised: Jacobians are in it."""
        a, b = self.shape
        on_range: Array = a * special.log_expit(x) + b * special.log_expit(-x) - special.betaln(a, b)
        return on_range + self.sigma.logpdf(np.exp(s)) + s

    def __call__(self, x: Array, s: Array) -> Array:
        """Log of likelihood times prior on the grid of x and s, shape (len(x), len(s))."""
        grid_x, grid_s = np.broadcast_arrays(x[:, None], s)
        return np.array([self.log_likelihood(float(one), s) for one in x]) + self.log_prior(grid_x, grid_s)

    def coefficients(self, x: Array, s: Array) -> tuple[Array, Array]:
        """P and h of pairs of x and log sigma."""
        Q = self.sums.Q(x) * np.exp(-2.0 * s)[:, None, None]
        P = Q[:, :-1, :-1] + np.diag(self.precision)
        return P, Q[:, :-1, -1] + self.precision * self.mean


@dataclass(frozen=True, eq=False)
class SymmetryPosterior:
    """Independent draws of a posterior of compound symmetry.

    Parameters
    ----------
    icc : ndarray, shape (draws,)
    sigma : ndarray, shape (draws,)
        Residual sd, ``sqrt(Var y (1 - ICC))``; in units of y.
    beta : ndarray, shape (draws, p)
        Coefficients in the user's coding.
    log_evidence : float
        Log of the integral of likelihood times priors; up to a constant where a coefficient has a flat prior.
    lowest : float
        The lower end of the ICC, ``-1 / (n - 1)``.
    labels : tuple of str
        Of the coefficients.
    """

    icc: Array
    sigma: Array
    beta: Array
    log_evidence: float
    lowest: float
    labels: tuple[str, ...]

    @property
    def total_sd(self) -> Array:
        """``sqrt(Var y)`` about the mean, in units of y."""
        return self.sigma / np.sqrt(1.0 - self.icc)

    def p_negative(self) -> float:
        """Share of the draws in which rows of one group are less alike than rows of two groups."""
        return float(np.mean(self.icc < 0.0))

    def summary(self, ci_prob: float = 0.95, ci_kind: str = "eti") -> "pd.DataFrame":
        """Mean, sd, median and interval of coefficients, ICC, sigma and total sd."""
        import pandas as pd

        from bayesmixed.summary import describe

        columns = dict(zip(self.labels, self.beta.T, strict=True))
        columns |= {"ICC": self.icc, "sigma": self.sigma, "total sd": self.total_sd}
        rows = {label: describe(values, ci_prob, ci_kind) for label, values in columns.items()}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("parameter")


def sample_symmetry(
    model: "MixedModel", draws: int = 4000, shape: tuple[float, float] = (1.0, 1.0), random_seed: Any = 0
) -> SymmetryPosterior:
    """Draw from the posterior of compound symmetry; see `Fit.compound_symmetry`."""
    from bayesmixed.seeds import seed_sequence

    density = symmetric_density(model, shape)
    if isinstance(draws, bool) or not isinstance(draws, int | np.integer) or draws < 1:
        raise SamplingError(f"draws must be a whole number of at least 1, not {draws!r}")
    rng = np.random.default_rng(seed_sequence(random_seed))
    x, s = _box(density)
    values = density(x, s)
    top = values.max()
    weights = np.exp(values - top)
    volume = (x[1] - x[0]) * (s[1] - s[0])
    log_evidence = float(top + np.log(weights.sum() * volume))
    place = rng.choice(weights.size, size=draws, p=(weights / weights.sum()).ravel())
    i, j = np.unravel_index(place, weights.shape)
    # A triangular kernel about each node: draws of the bilinear interpolant.
    own_x, own_s = (
        axis[k] + (axis[1] - axis[0]) * (rng.uniform(size=draws) - rng.uniform(size=draws))
        for axis, k in ((x, i), (s, j))
    )
    beta = _draw_beta(model.posterior, density, own_x, own_s, rng)
    labels = tuple(model.design.fixed_labels)
    sums = density.sums
    return SymmetryPosterior(sums.icc(own_x), np.exp(own_s), beta, log_evidence, sums.lowest, labels)


def symmetric_density(model: "MixedModel", shape: tuple[float, float] = (1.0, 1.0)) -> SymmetricDensity:
    """The density of a model's compound symmetry.

    Raises
    ------
    SamplingError
        More than a random intercept, or weights.
    PriorError
        A prior that is neither normal nor flat of a coefficient, or one of sigma that is not a family's.
    """
    check_random_intercept(model.design, "cs", SamplingError)
    if np.shape(shape) != (2,) or not all(isinstance(one, Real) and 0.0 < one < np.inf for one in shape):
        raise PriorError(f"shape must be the two positive numbers of a Beta, such as (1, 1), not {shape!r}")
    posterior, priors = model.posterior, model.priors.resolved
    coefficients = posterior.coefficients
    if coefficients.explicit or coefficients.student.any():
        named = [term.name for term in (*coefficients.explicit_terms, *coefficients.student_terms)]
        raise PriorError(
            f"method='cs' integrates over coefficients with normal or flat priors; that of {named[0]!r} is "
            "neither: give it bm.Normal(mean, sd) by name"
        )
    if not isinstance(priors.sigma, Family) or not _stands_alone(priors.sigma):
        raise PriorError("method='cs' needs a prior of sigma alone, of a built-in family: give it one by name")
    sums = SymmetricSums.of(posterior.moments.patterns, priors.T)
    mean = coefficients.mean - posterior.shift
    return SymmetricDensity(sums, mean, coefficients.precision, priors.sigma, (float(shape[0]), float(shape[1])))


def _stands_alone(prior: Family) -> bool:
    """Whether a prior is a density of its own, not a share of a joint one."""
    try:
        prior.logpdf(1.0)
    except PriorError:
        return False
    return True


def _box(density: SymmetricDensity) -> tuple[Array, Array]:
    """The grid's axes: as far as the density is not negligible, found on coarse grids that close in on it."""
    spread = 0.5 * np.log(density.sums.within[-1, -1] / density.sums.n_rows)
    edges = np.array([[-40.0, 40.0], [spread - 12.0, spread + 12.0]])
    for _ in range(60):
        x, s = (np.linspace(low, high, count) for (low, high), count in zip(edges, COARSE, strict=True))
        values = density(x, s)
        near = values > values.max() - DEPTH
        before = edges.copy()
        for k, axis in enumerate((x, s)):
            inside = np.flatnonzero(near.any(axis=1 - k))
            edges[k] = axis[max(0, inside[0] - 1)], axis[min(len(axis) - 1, inside[-1] + 1)]
        if np.ptp(edges, axis=1).min() > 0.0 and (np.ptp(edges, axis=1) > 0.9 * np.ptp(before, axis=1)).all():
            break
    (x_low, x_high), (s_low, s_high) = edges
    return np.linspace(x_low, x_high, FINE[0]), np.linspace(s_low, s_high, FINE[1])


def _draw_beta(
    posterior: MarginalPosterior, density: SymmetricDensity, x: Array, s: Array, rng: np.random.Generator
) -> Array:
    """Exact draws of the coefficients given x and log sigma, in the user's coding."""
    p = density.sums.p
    gamma = np.empty((len(x), p))
    step = max(1, _HELD // max(1, p * p))
    for start in range(0, len(x), step):
        part = slice(start, start + step)
        P, h = density.coefficients(x[part], s[part])
        upper = np.swapaxes(np.linalg.cholesky(P), 1, 2)
        noise = np.linalg.solve(upper, rng.standard_normal((*h.shape, 1)))
        gamma[part] = (np.linalg.solve(P, h[..., None]) + noise)[..., 0]
    prior_coded = np.empty_like(gamma)
    prior_coded[:, posterior.order] = gamma + posterior.shift
    return prior_coded @ posterior.priors.fixed_coding.inverse.T
