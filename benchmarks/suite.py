"""Run the cases of a suite: everyone in turns, answers compared, times summed up."""

import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np

from benchmarks.cases import Case
from benchmarks.measure import Outcome, in_turns, summary
from benchmarks.peers import Peer
from benchmarks.verdicts import verdicts

LIBRARIES = ("numpy", "scipy", "pandas", "numba", "formulae")


def run_suite(
    cases: Iterable[Case], everyone: Sequence[Peer], budget: float = 10.0, fewest: int = 5
) -> dict[str, Any]:
    """Everything that was found, ready for JSON; the first of `everyone` is ours."""
    absent = {peer.name: reason for peer in everyone if (reason := peer.missing())}
    present = [peer for peer in everyone if peer.name not in absent]
    for name, reason in absent.items():
        _say(f"{name} is left out: {reason}")
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "versions": {peer.name: peer.version() for peer in present},
        "absent": absent,
        "cases": [_attempt(case, present, budget, fewest) for case in cases],
    }


def _attempt(case: Case, everyone: Sequence[Peer], budget: float, fewest: int) -> dict[str, Any]:
    """The case, or why it could not be measured: hours of other cases are not lost."""
    try:
        return run_case(case, everyone, budget, fewest)
    except Exception as error:
        _say(f"{case.title}: {error!r}")
        return _done(case, 0, {}, {}) | {"error": repr(error)}


def machine() -> dict[str, Any]:
    """What may be said of the machine: nothing that names it."""
    return {
        "processors": os.cpu_count(),
        "architecture": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "blas_threads": os.environ.get("OPENBLAS_NUM_THREADS", "as the library chooses"),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def run_case(case: Case, everyone: Sequence[Peer], budget: float, fewest: int = 5) -> dict[str, Any]:
    """One case by all who know its task."""
    _say(case.title)
    table = case.table()
    left_out = {peer.name: peer.too_slow for peer in everyone if len(table) > peer.most_rows}
    runs = {
        peer.name: peer.prepare(case.task, table, case.formula) for peer in everyone if peer.name not in left_out
    }
    found = in_turns({name: run for name, run in runs.items() if run is not None}, budget, fewest)
    ours = next(iter(found.values()))
    results = {name: result(case, outcomes, ours) for name, outcomes in found.items()}
    return _done(case, len(table), left_out, results)


def _done(case: Case, rows: int, left_out: Mapping[str, str], results: Mapping[str, Any]) -> dict[str, Any]:
    done = facts(case) | {"rows": rows or None, "left_out": dict(left_out), "results": dict(results)}
    return done | {"verdicts": [{**verdict._asdict(), "verdict": verdict.word} for verdict in verdicts(done)]}


def facts(case: Case) -> dict[str, Any]:
    """What a case is, and its targets."""
    names = ("name", "title", "task", "formula", "target", "times", "share", "at_most", "at_least")
    return {name: getattr(case, name) for name in names}


def result(case: Case, outcomes: Sequence[Outcome], ours: Sequence[Outcome]) -> dict[str, Any]:
    """Times of one package and how its answer compares with ours."""
    answer, reference = outcomes[-1].answer, ours[-1].answer
    times = summary([outcome.seconds for outcome in outcomes], [outcome.seconds for outcome in ours])
    rates = {"effective": _effective(outcomes), "ours_is_times": _rate_ratio(outcomes, ours)}
    return {
        **times,
        **rates,
        "measures": _measures(outcomes),
        "answer": dict(answer),
        "differences": differences(case, answer, reference),
    }


def _measures(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Medians over rounds."""
    return {
        name: float(np.median([outcome.measures[name] for outcome in outcomes])) for name in outcomes[-1].measures
    }


def _effective(outcomes: Sequence[Outcome]) -> float | None:
    """Median effective draws of a run."""
    found = [outcome.effective for outcome in outcomes if outcome.effective is not None]
    return float(np.median(found)) if found else None


def _rate_ratio(outcomes: Sequence[Outcome], ours: Sequence[Outcome]) -> float | None:
    """How many times this package's effective draws a second ours gives, median over rounds."""
    pairs = zip(outcomes, ours, strict=True)
    ratios = [
        (own.effective / own.seconds) / (other.effective / other.seconds)
        for other, own in pairs
        if own.effective and other.effective
    ]
    return float(np.median(ratios)) if ratios else None


def differences(case: Case, answer: Mapping[str, float], ours: Mapping[str, float]) -> dict[str, Any]:
    """Of the criterion, as theirs minus ours; of the rest the largest relative one; and whether they are small.

    ``above`` says that the other package stopped above the minimum that we found.
    """
    shared = [name for name in answer if name in ours]
    others = [abs(answer[name] / ours[name] - 1.0) for name in shared if name != "criterion"]
    found: dict[str, Any] = {"compared": len(shared)}
    small = True
    if "criterion" in shared:
        found["criterion"] = answer["criterion"] - ours["criterion"]
        small = abs(found["criterion"]) <= case.near["criterion"]
        found["above"] = bool(found["criterion"] > case.near["criterion"])
    if others:
        found["others"] = max(others)
        small = small and found["others"] <= case.near["others"]
    return {**found, "agrees": bool(small) if shared else None}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
