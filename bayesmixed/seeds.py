"""Seeds: from what the user gives to generators of random numbers, one for each use."""

from typing import Any

import numpy as np

from bayesmixed.errors import SamplingError

#: What the random numbers of one run are for: keys of `child_seed`, never to be changed, or the same seed gives
#: other draws. SCALES are the lambdas of Student-t priors.
NUTS, BETA, EFFECTS, SCALES, IMPORTANCE, QUADRATURE, BRIDGE = 0, 1, 2, 3, 4, 5, 7


def seed_sequence(random_seed: Any) -> np.random.SeedSequence:
    """A SeedSequence from an int, a SeedSequence, a Generator, or None for fresh entropy."""
    if isinstance(random_seed, np.random.SeedSequence):
        return random_seed
    if isinstance(random_seed, np.random.Generator):
        return np.random.SeedSequence(random_seed.integers(0, 2**32, size=4).tolist())
    try:
        return np.random.SeedSequence(random_seed)
    except (TypeError, ValueError):
        raise SamplingError(
            f"random_seed must be an int of at least 0, a SeedSequence or a Generator, not {random_seed!r}"
        ) from None


def child_seed(seed: np.random.SeedSequence, key: int) -> np.random.SeedSequence:
    """A seed of its own for one use of a run. Unlike ``seed.spawn`` it leaves `seed` as it was."""
    return np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, key))


def generator(seed: np.random.SeedSequence, key: int) -> np.random.Generator:
    """A random generator of its own for one use of a run."""
    return np.random.default_rng(child_seed(seed, key))
