"""Work in parts on several cores: compiled loops release the interpreter's lock, so threads are enough."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from numbers import Integral

from bayesmixed.errors import SamplingError


def in_threads[Task, Result](
    function: Callable[[Task], Result], tasks: Iterable[Task], cores: int | None = None
) -> list[Result]:
    """The function of each task, in order; `cores` threads, or one for each core of the machine.

    Raises
    ------
    SamplingError
        `cores` is neither None nor a whole number of at least 1.
    """
    check_cores(cores)
    tasks = list(tasks)
    threads = min(cores or os.cpu_count() or 1, len(tasks))
    if threads <= 1:
        return [function(task) for task in tasks]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, tasks))


def check_cores(cores: object) -> None:
    """Refuse what is no number of threads."""
    if cores is None or (isinstance(cores, Integral) and not isinstance(cores, bool) and int(cores) >= 1):
        return
    raise SamplingError(f"cores must be a whole number of at least 1, or None for all, not {cores!r}")


def parts(count: int, most: int) -> list[slice]:
    """``range(count)`` in equal slices of at most `most`: the same ones on every machine."""
    number = max(1, -(-count // max(most, 1)))
    return [slice(a, b) for a, b in pairwise(count * k // number for k in range(number + 1))]
