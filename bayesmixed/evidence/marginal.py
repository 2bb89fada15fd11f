"""Log marginal likelihoods: likelihood times priors, integrated over every parameter."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arguments import check_choice
from bayesmixed.arrays import Array
from bayesmixed.density import Density
from bayesmixed.engines.grid import sigma_lines
from bayesmixed.engines.quadrature import STABLE, check_quadrature, integrate
from bayesmixed.engines.settings import SamplerSettings
from bayesmixed.errors import PriorError, SamplingError
from bayesmixed.evidence.bridge import bridge
from bayesmixed.parallel import check_cores
from bayesmixed.posterior import MarginalPosterior
from bayesmixed.printable import printable_line
from bayesmixed.priors.families import Flat
from bayesmixed.priors.resolved import ResolvedPriors
from bayesmixed.seeds import BRIDGE, generator, seed_sequence

if TYPE_CHECKING:
    from bayesmixed.model import MixedModel

METHODS = ("auto", "quadrature", "bridge")
#: Triangles of a table with random slopes up to which "auto" takes a grid, whose every point passes over them.
MOST_TRIANGLES = 1000
#: Draws of each chain, chains, and splits of the draws.
DRAWS, CHAINS, REPEATS = 2000, 4, 10


@dataclass(frozen=True, eq=False)
class LogEvidence:
    """Log marginal likelihood of one model, ``log p(y)``, in which densities are per unit of y.

    Parameters
    ----------
    value : float
    error : float
        Monte Carlo standard error of bridge sampling; bound of the numerical error of quadrature.
    method : {"quadrature", "bridge"}
    flat : tuple of str
        Coefficients with an improper flat prior: with them `value` holds up to an arbitrary constant.
    """

    value: float
    error: float
    method: str
    flat: tuple[str, ...] = ()

    def __repr__(self) -> str:
        note = f", up to a constant: flat prior of {printable_line(', '.join(self.flat))}" if self.flat else ""
        return f"LogEvidence({self.value:.4f} +- {self.error:.1g} by {self.method}{note})"


@dataclass(frozen=True, eq=False)
class Target:
    """A posterior to be integrated, and where the search for its mode begins.

    Parameters
    ----------
    density : Density
    start : ndarray, shape (size,)
    """

    density: Density
    start: Array

    @classmethod
    def of(cls, model: "MixedModel") -> "Target":
        """Of a model.

        Raises
        ------
        PriorError
            A prior is a PyMC distribution, whose density may not be normalised.
        """
        from bayesmixed.sampling.sample import starting_point

        if model.priors.resolved.needs_pymc:
            raise PriorError(
                "the evidence needs priors of the built-in families, whose constants are known: a PyMC "
                "distribution is among them; state it as bm.Gamma, bm.HalfNormal, bm.Normal and so on"
            )
        density = Density(model.posterior)
        return cls(density, starting_point(model, density))

    @property
    def posterior(self) -> MarginalPosterior:
        return self.density.posterior

    @property
    def flat(self) -> tuple[str, ...]:
        """Coefficients with a flat prior."""
        return flat_terms(self.posterior.priors)

    def with_priors(self, priors: ResolvedPriors) -> "Target":
        """The same with other numbers in the priors."""
        posterior = self.posterior
        changed = replace(posterior, priors=priors, coefficients=priors.integrated(posterior.names))
        return Target(Density(changed), self.start)

    def draws(self, random_seed: object, cores: int | None = None) -> Array:
        """Draws by NUTS on the unconstrained scale, shape (chains, draws, size)."""
        from bayesmixed.engines.compiled import sample_compiled

        seed = seed_sequence(random_seed)
        settings = SamplerSettings(DRAWS, 1000, CHAINS, cores, seed, False, 0.9)
        return sample_compiled(self.density, self.start, settings)[0]


def flat_terms(priors: ResolvedPriors) -> tuple[str, ...]:
    """Coefficients with a flat prior."""
    return tuple(name for name, prior in priors.fixed.items() if isinstance(prior, Flat))


def log_evidence(
    target: Target,
    method: str = "auto",
    random_seed: object = 0,
    repeats: int = REPEATS,
    cores: int | None = None,
) -> LogEvidence:
    """Log of the integral of likelihood times priors; see `MixedModel.log_evidence`."""
    check_choice("method", method, METHODS, SamplingError)
    if isinstance(repeats, bool) or not isinstance(repeats, int | np.integer) or repeats < 2:
        raise SamplingError(f"repeats must be a whole number of at least 2, not {repeats!r}")
    check_cores(cores)
    seed = seed_sequence(random_seed)
    if method != "bridge":
        try:
            return LogEvidence(_by_quadrature(target, method), STABLE, "quadrature", target.flat)
        except SamplingError:
            if method == "quadrature":
                raise
    draws = target.draws(seed, cores)
    found = bridge(target.density, draws, repeats, generator(seed, BRIDGE), cores)
    return LogEvidence(found.value, found.error, "bridge", target.flat)


def _by_quadrature(target: Target, method: str) -> float:
    density = target.density
    check_quadrature(density)
    q = density.posterior.moments.q
    if method == "auto" and q > 1 and len(density.patterns.Rza) > MOST_TRIANGLES:
        raise SamplingError("bridge sampling takes less time")
    if q == 0:
        return float(sigma_lines(density, np.zeros((1, 0)), float(target.start[0])).log_mass[0])
    return integrate(density, target.start).log_evidence
