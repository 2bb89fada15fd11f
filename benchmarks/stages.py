"""Where the seconds of a cold `bayesmixed reml` go: a fresh process that says the time at each step."""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.cases import SLEEP
from benchmarks.measure import timed_process
from benchmarks.tables import sleepstudy

SCRIPT = """
import json, sys, time
from pathlib import Path
steps, last = {}, time.perf_counter()
def step(name):
    global last
    now = time.perf_counter()
    steps[name], last = now - last, now
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


def cold_start(rounds: int = 7) -> dict[str, float]:
    """Median seconds of each step, in order; what is left of the process's time is Python's own start and end."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        sleepstudy().to_csv(path, index=False)
        runs = [timed_process([sys.executable, "-c", SCRIPT, str(path), SLEEP]) for _ in range(rounds + 1)][1:]
    steps = [json.loads(printed) for _, printed in runs]
    medians = {name: float(np.median([step[name] for step in steps])) for name in steps[0]}
    rest = [seconds - sum(step.values()) for (seconds, _), step in zip(runs, steps, strict=True)]
    return {**medians, "Python's start and end": float(np.median(rest))}
