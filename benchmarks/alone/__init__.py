"""Scripts that need a process of their own: for its memory, or for what the first call of a process costs.

Each prints one JSON object of numbers, whose names say the unit.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

GIB = 2.0**30


class Clock:
    """Seconds of steps, one after another: each from the end of the one before."""

    def __init__(self):
        self.steps: dict[str, float] = {}
        self._last = time.perf_counter()

    def step(self, name: str) -> float:
        """End a step, and say how long it took."""
        now = time.perf_counter()
        self.steps[name], self._last = now - self._last, now
        return self.steps[name]


def peak_memory() -> float:
    """Largest memory of this process so far, in GiB.

    Of Linux itself where it tells: ``ru_maxrss`` of a new process starts at the memory of the one that began it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / GIB
    import resource
    import sys

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most * (1 if sys.platform == "darwin" else 1024) / GIB


def shortest(work: Callable[[], Any], rounds: int = 3) -> float:
    """Seconds of the fastest of a few calls: a bound, which noise only makes larger."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)
