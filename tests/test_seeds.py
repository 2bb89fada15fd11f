"""Seeds of every kind that users give, and generators of their own for every use."""

import numpy as np
import pytest

from bayesmixed.errors import SamplingError
from bayesmixed.seeds import child_seed, generator, seed_sequence


def test_a_seed_from_an_int_a_sequence_or_a_generator():
    assert seed_sequence(5).entropy == 5
    assert seed_sequence(np.int64(5)).entropy == 5
    given = np.random.SeedSequence(7)
    assert seed_sequence(given) is given
    first, second = (seed_sequence(np.random.default_rng(1)) for _ in range(2))
    assert first.entropy == second.entropy
    rng = np.random.default_rng(1)
    assert seed_sequence(rng).entropy != seed_sequence(rng).entropy
    assert seed_sequence(None).entropy != seed_sequence(None).entropy


@pytest.mark.parametrize("seed", [-1, 1.5, "seven"])
def test_other_seeds_are_refused(seed):
    with pytest.raises(SamplingError, match="random_seed must be an int of at least 0, a SeedSequence or a"):
        seed_sequence(seed)


def test_children_are_those_that_spawn_gives_and_leave_the_seed_as_it_was():
    seed = np.random.SeedSequence(3, spawn_key=(7,))
    found = [child_seed(seed, key).generate_state(4).tolist() for key in range(3)]
    assert seed.n_children_spawned == 0
    assert found == [child.generate_state(4).tolist() for child in seed.spawn(3)]


def test_generators_repeat_and_differ_between_uses():
    seed = np.random.SeedSequence(3)
    first, again, other = (generator(seed, key).normal(size=5) for key in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.isclose(first, other).any()
