"""What every sampler is told."""

import os
from dataclasses import dataclass

import numpy as np

from bayesmixed.arguments import check_choice, check_probability
from bayesmixed.errors import SamplingError
from bayesmixed.seeds import child_seed, generator

ENGINES = ("auto", "compiled", "pymc", "importance", "quadrature")


@dataclass(frozen=True)
class SamplerSettings:
    """Draws, chains and seed of one run of a sampler.

    Parameters
    ----------
    draws, tune, chains : int
    cores : int, optional
        Chains run at once; all cores if None.
    seed : numpy.random.SeedSequence
    progressbar : bool
    target_accept : float
    """

    draws: int
    tune: int
    chains: int
    cores: int | None
    seed: np.random.SeedSequence
    progressbar: bool
    target_accept: float

    def __post_init__(self) -> None:
        for name, least in (("draws", 1), ("tune", 0), ("chains", 1), ("cores", 1)):
            value = getattr(self, name)
            if value is None and name == "cores":
                object.__setattr__(self, "cores", max(1, min(self.chains, os.cpu_count() or 1)))
            elif not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
                raise SamplingError(f"{name} must be a whole number of at least {least}, not {value!r}")
        check_probability("target_accept", self.target_accept, SamplingError)

    def integer_seed(self, key: int) -> int:
        """A 32-bit seed of its own for one use of this run."""
        return int(child_seed(self.seed, key).generate_state(1)[0])

    def generator(self, key: int) -> np.random.Generator:
        """A random generator of its own for one use of this run."""
        return generator(self.seed, key)


def choose_engine(engine: str, needs_pymc: bool) -> str:
    """The engine that ``engine="auto"`` stands for, or an error that says what there is."""
    check_choice("engine", engine, ENGINES, SamplingError)
    if engine not in ("auto", "pymc") and needs_pymc:
        raise SamplingError("a prior is a PyMC distribution, which needs engine='pymc' (or 'auto')")
    if engine == "auto":
        return "pymc" if needs_pymc else "compiled"
    return engine
