"""Work in threads: results in order, parts that cover everything once."""

import pytest

from bayesmixed.errors import SamplingError
from bayesmixed.parallel import in_threads, parts


@pytest.mark.parametrize("cores", [None, 1, 3])
def test_results_come_in_order(cores):
    assert in_threads(lambda k: k * k, range(20), cores) == [k * k for k in range(20)]
    assert in_threads(str, [], cores) == []


def test_errors_are_not_swallowed():
    with pytest.raises(ZeroDivisionError):
        in_threads(lambda k: 1 // k, [1, 0, 2], 2)


@pytest.mark.parametrize(("count", "most"), [(10, 3), (10, 10), (10, 100), (1, 1), (7, 0), (0, 5)])
def test_parts_cover_everything_once(count, most):
    found = parts(count, most)
    assert [k for part in found for k in range(part.start, part.stop)] == list(range(count))
    assert all(part.stop - part.start <= max(most, 1) for part in found)


@pytest.mark.parametrize("cores", [0, -1, 1.5, float("nan"), "2", [1], True])
def test_wrong_cores_are_refused(cores):
    """nan would wait for ever: no thread is ever started, and none is ever missed."""
    with pytest.raises(SamplingError, match="cores must be a whole number of at least 1, or None for all"):
        in_threads(str, range(3), cores)
