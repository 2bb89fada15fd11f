"""Times of several contestants, taken in turns so that a noisy machine is as unfair to one as to another."""

import gc
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

#: Seconds: a shorter turn is repeated, and after a longer one `FEW` rounds are enough.
TURN, LONG, FEW = 0.1, 30.0, 3
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, eq=False)
class Outcome:
    """One timed run.

    Parameters
    ----------
    seconds : float
    answer : mapping of str to float
        The numbers that were found, under names that all packages share, such as ``criterion`` and ``Days``.
        Nothing is called fast before these agree.
    effective : float, optional
        Independent draws that the run's draws are worth: the smallest bulk ESS of all parameters.
    measures : mapping of str to float
        Whatever else was measured, under names that say the unit.
    """

    seconds: float
    answer: Mapping[str, float] = field(default_factory=dict)
    effective: float | None = None
    measures: Mapping[str, float] = field(default_factory=dict)


Run = Callable[[], Outcome]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Wall-clock seconds of a call, and what it returned."""
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


def timed_process(command: Sequence[str]) -> tuple[float, str]:
    """Wall-clock seconds of a process from its start to its end, and what it printed."""
    # Users keep compiled bytecode; an environment that forbids it would measure Python's compiler.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["PYTHONWARNINGS"] = "ignore"
    seconds, done = timed(
        lambda: subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=ROOT)
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with code {done.returncode}: {done.stderr.strip()[-500:]}")
    return seconds, done.stdout


def in_turns(
    runs: Mapping[str, Run], budget: float = 10.0, fewest: int = 5, most: int = 60
) -> dict[str, list[Outcome]]:
    """Run everyone once unmeasured, then everyone in each round; each round starts with another one.

    What takes less than `TURN` is repeated in its turn, whose time is the median of the repetitions: as in a loop
    over many fits, the processor's caches are warm.

    Parameters
    ----------
    runs : mapping of str to callable
    budget : float
        Seconds after which no round is begun, once there were `fewest`.
    fewest, most : int
        Rounds; no more than `FEW` at least where somebody's turn takes longer than `LONG`.
    """
    if max([timed(run)[0] for run in runs.values()], default=0.0) > LONG:
        fewest = min(fewest, FEW)
    names, found = list(runs), {name: [] for name in runs}
    start = time.perf_counter()
    gc.collect()
    frozen_before = gc.get_freeze_count() > 0
    gc.freeze()  # what is there already is not looked through before every turn
    try:
        for turn in range(most):
            if turn >= fewest and time.perf_counter() - start > budget:
                break
            first = turn % len(names)
            for name in names[first:] + names[:first]:
                found[name].append(_turn(runs[name]))
    finally:
        if not frozen_before:
            gc.unfreeze()
    return found


def _turn(run: Run) -> Outcome:
    gc.collect()
    start, outcomes = time.perf_counter(), [run()]
    # Not for ever where a run that took seconds says microseconds, of one call among many.
    while sum(outcome.seconds for outcome in outcomes) < TURN and time.perf_counter() - start < 10 * TURN:
        outcomes.append(run())
    return replace(outcomes[-1], seconds=float(np.median([outcome.seconds for outcome in outcomes])))


def summary(seconds: Sequence[float], ours: Sequence[float]) -> dict[str, Any]:
    """Median, middle half, and the median over rounds of the ratio to our time in the same round."""
    lower, median, upper = np.quantile(seconds, [0.25, 0.5, 0.75])
    return {
        "rounds": len(seconds),
        "median": float(median),
        "middle_half": [float(lower), float(upper)],
        "times_ours": float(np.median(np.divide(seconds, ours))),
        "seconds": [round(value, 6) for value in seconds],
    }
