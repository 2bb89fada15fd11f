"""Where the seconds go: processes that say the time at each step, and how far each step is from its bound."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cases import SLEEP
from benchmarks.measure import timed_process
from benchmarks.tables import sleepstudy

_CLOCK = """
import json, sys, time
from pathlib import Path
steps, last = {}, time.perf_counter()
def step(name):
    global last
    now = time.perf_counter()
    steps[name], last = steps.get(name, 0.0) + now - last, now
"""
REML = """
import pandas;                                          step("import pandas")
import numba;                                           step("import numba")
import formulae;                                        step("import formulae")
from bayesmixed.model import MixedModel
from bayesmixed.table import read_table;                step("import bayesmixed.model")
model = MixedModel(sys.argv[2], read_table(Path(sys.argv[1])));  step("read, encode, check")
model.coded;                                            step("moments")
fit = model.reml();                                     step("REML")
from bayesmixed.report.records import reml_record
reml_record(fit, "satterthwaite");                      step("tables and intervals")
print(json.dumps(steps))
"""
FIT = """
import nutpie
from bayesmixed.model import MixedModel
from bayesmixed.report.records import fit_record
from bayesmixed.table import read_table;                step("import")
import bayesmixed.engines.compiled;                     step("compile")
table = read_table(Path(sys.argv[1]));                  step("read, encode, check, REML")
model = MixedModel(sys.argv[2], table); model.reml();   step("read, encode, check, REML")
fit = model.fit(random_seed=1, progressbar=False);      step("sample")
fit_record(fit);                                        step("report")
print(json.dumps(steps))
"""
BAMBI = """
import warnings; warnings.filterwarnings("ignore")
import arviz, bambi, nutpie, pandas;                    step("import")
table = pandas.read_csv(sys.argv[1], dtype={"Subject": str})
model = bambi.Model(sys.argv[2], table); model.build(); step("read, encode, check, REML")
own = nutpie.compile_pymc_model
def compile(*arguments, **options):
    step("sample")
    found = own(*arguments, **options);                 step("compile")
    return found
nutpie.compile_pymc_model = compile
idata = model.fit(draws=1000, tune=1000, chains=4, random_seed=1, progressbar=False, inference_method="nutpie")
step("sample")
arviz.summary(idata);                                   step("report")
print(json.dumps(steps))
"""


def profiles(suite: str, cases: Sequence[Mapping[str, Any]], rounds: int = 5) -> list[dict[str, Any]]:
    """Tables of steps that belong to these cases of a suite; one that breaks says why, and leaves the others."""
    results = {case["name"]: case["results"] for case in cases if case["results"]}
    wanted: list[tuple[str, Callable[[], Iterable[dict[str, Any]]]]] = []
    if suite == "reml" and "shell" in results:
        wanted.append(("`bayesmixed reml` from the shell", lambda: _cold_reml(rounds)))
    if suite == "sampling" and "shell" in results:
        bambi = "Bambi, nutpie" in results["shell"]
        wanted.append(("a posterior from the shell", lambda: _cold_fit(rounds, bambi)))
    if suite == "sampling" and "first" in results:
        wanted.append(("`fit()` on 180 rows", _sleepstudy_fit))
    if suite == "scale" and "reml_10_000_000" in results:
        (own, *_) = results["reml_10_000_000"].values()
        wanted.append(("REML of a large table", lambda: _bounds(own["measures"])))
    found: list[dict[str, Any]] = []
    for title, make in wanted:
        try:
            found += make()
        except Exception as error:
            found.append({"title": title, "error": repr(error)})
    return found


def _cold_reml(rounds: int) -> Iterable[dict[str, Any]]:
    yield _table("Where the time of `bayesmixed reml` from the shell goes", {"": cold(REML, rounds)})


def _cold_fit(rounds: int, bambi: bool) -> Iterable[dict[str, Any]]:
    columns = {"bayesmixed": cold(FIT, rounds)}
    if bambi:
        columns["Bambi, nutpie"] = cold(BAMBI, rounds)
    yield _table("Where the time of a posterior from the shell goes", columns)


def cold(script: str, rounds: int = 5) -> dict[str, float]:
    """Median seconds of each step, in order; what is left of the process's time is Python's own start and end."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        sleepstudy().to_csv(path, index=False)
        command = [sys.executable, "-c", _CLOCK + script, str(path), SLEEP]
        runs = [timed_process(command) for _ in range(rounds + 1)][1:]
    steps = [json.loads(printed.splitlines()[-1]) for _, printed in runs]
    medians = {name: float(np.median([step[name] for step in steps])) for name in steps[0]}
    rest = [seconds - sum(step.values()) for (seconds, _), step in zip(runs, steps, strict=True)]
    return {**medians, "Python's start and end": float(np.median(rest))}


def _sleepstudy_fit() -> Iterable[dict[str, Any]]:
    _, printed = timed_process([sys.executable, "-m", "benchmarks.alone.sleepstudy_fit"])
    _, printed = timed_process([sys.executable, "-m", "benchmarks.alone.sleepstudy_fit"])
    found = json.loads(printed.splitlines()[-1])
    columns = {"first": found["first"], "again": found["again"]}
    yield _table("Imports before the first `fit()`", {"": found["imports"]})
    yield _table("Where the time of `fit()` on 180 rows goes", columns)
    yield _table("The bound of its sampling: kernel calls x time per call", {"": found["kernel"]}, False, "named")


def _bounds(measures: Mapping[str, float]) -> Iterable[dict[str, Any]]:
    read, call = measures["one read of the data, s"], measures["one kernel call with gradient and Hessian, s"]
    steps = {name.removesuffix(", s"): measures[name] for name in ("design, s", "moments, s", "REML, s")}
    # Most calls of REML are on a sample of the groups: one call over all of them is what it cannot do without.
    bounds = {"design": read, "moments": read, "REML": call}
    whole = "one call of its kernel over all groups"
    title = f"How far 10,000,000 rows are from one read of the data, and REML from {whole}"
    yield _table(title, {"takes": steps, "bound": bounds}, adds_up=False)


def _table(
    title: str, columns: Mapping[str, Mapping[str, float]], adds_up: bool = True, unit: str = "seconds"
) -> dict[str, Any]:
    """Steps by column; `unit` is "named" where the names of the steps say it."""
    named = {name or "median": dict(steps) for name, steps in columns.items()}
    return {"title": title, "columns": named, "adds_up": adds_up, "unit": unit}
