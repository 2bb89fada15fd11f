"""bayesmixed, sampling."""

import json
import sys
from typing import Any

import pandas as pd

import bayesmixed as bm
from benchmarks.measure import Outcome, Run, timed
from benchmarks.peers.ours import Ours
from benchmarks.peers.shell import of_script, on_csv

#: Everything imported first; prints the seconds of the first fit of the process.
FIRST = """
import json, sys, time, warnings
import arviz, nutpie, pandas, pymc
import bayesmixed as bm
import bayesmixed.engines.compiled, bayesmixed.reml
table = pandas.read_csv(sys.argv[1], dtype={"Subject": str})
begin = time.perf_counter()
bm.MixedModel(sys.argv[2], table).fit(random_seed=1, progressbar=False)
print(json.dumps({"seconds": time.perf_counter() - begin}))
"""


class OursSampling(Ours):
    """This package's posteriors."""

    def prepare(self, task: str, table: pd.DataFrame, formula: str) -> Run | None:
        """See `Peer`."""
        if task == "first sample":
            script = of_script(table, formula, sys.executable, "-c", FIRST)
            return lambda: Outcome(script().answer["seconds"])
        if task == "shell sample":
            command = [sys.executable, "-m", "bayesmixed", "fit"]
            return on_csv(
                table, lambda path: [*command, path, formula, "--json", "--seed", "1", "--quiet"], _record
            )
        changes = task.startswith("sample other ")
        chains, draws, *engine = task.removeprefix("sample ").removeprefix("other ").split()
        options: dict[str, Any] = {"chains": int(chains), "draws": int(draws), "tune": int(draws)}
        seeds = iter(range(1, 10_000))

        def run() -> Outcome:
            seed = next(seeds)
            settings = options | {"engine": engine[0] if engine else "auto", "random_seed": seed}
            rows = table.sample(frac=0.9, random_state=seed) if changes else table
            seconds, fit = timed(lambda: bm.MixedModel(formula, rows).fit(progressbar=False, **settings))
            slope = fit.model.design.fixed_labels[-1]
            return Outcome(seconds, {"slope": float(fit.summary().loc[slope, "mean"])}, _effective(fit))

        return run


def _effective(fit: "bm.Fit") -> float:
    """Smallest bulk ESS; of importance sampling no more than the weights say, nor than draws were taken."""
    smallest = float(fit.summary()["ess_bulk"].min())
    return min(smallest, fit.idata["sample_stats"].attrs.get("ess", smallest))


def _record(printed: str) -> dict[str, float]:
    record = json.loads(printed)
    slope = record["reml"]["fixed"][-1]["term"]
    return {"slope": next(row["mean"] for row in record["posterior"] if row["name"] == slope)}
