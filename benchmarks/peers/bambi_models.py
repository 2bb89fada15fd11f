"""Bambi, by either of its samplers."""

import importlib.util
import sys
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.measure import Outcome, Run, timed
from benchmarks.peers.shell import of_script

#: A user's script: FILE and FORMULA to a summary.
SCRIPT = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import arviz as az, bambi, pandas
table = pandas.read_csv(sys.argv[1], dtype={"Subject": str})
model = bambi.Model(sys.argv[2], table)
idata = model.fit(draws=1000, tune=1000, chains=4, random_seed=1, progressbar=False, **OPTIONS)
az.summary(idata)
print(json.dumps({"slope": float(idata["posterior"]["Days"].mean())}))
"""


class BambiModels:
    """Bambi with one sampler.

    Parameters
    ----------
    sampler : {"nutpie", "PyMC"}
    """

    most_rows = 50_000
    too_slow = "it keeps a dense matrix of all random effects"

    def __init__(self, sampler: str):
        self.name = f"Bambi, {sampler}"
        self.options: dict[str, Any] = {"inference_method": {"nutpie": "nutpie", "PyMC": "pymc"}[sampler]}

    def missing(self) -> str:
        """Whether it can be imported."""
        return "" if importlib.util.find_spec("bambi") else "bambi is not installed"

    def version(self) -> str:
        """Of the installed package."""
        return version("bambi")

    def prepare(self, task: str, table: pd.DataFrame, formula: str) -> Run | None:
        """See `Peer`. Its ``(t | g)`` has no correlation."""
        if task == "shell sample":
            return of_script(table, formula, sys.executable, "-c", SCRIPT.replace("OPTIONS", repr(self.options)))
        if (
            not task.startswith("sample ")
            or "other" in task
            or (self.name.endswith("PyMC") and len(table) > 1_000)
        ):
            return None
        chains, draws = task.removeprefix("sample ").split()[:2]
        seeds = iter(range(1, 10_000))

        def run() -> Outcome:
            settings = {"chains": int(chains), "draws": int(draws), "tune": int(draws), "progressbar": False}
            seconds, idata = timed(lambda: self._fit(formula, table, settings | {"random_seed": next(seeds)}))
            slope = formula.split("~")[1].split("+")[0].strip()
            return Outcome(seconds, {"slope": float(idata["posterior"][slope].mean())}, _ess(idata))

        return run

    def _fit(self, formula: str, table: pd.DataFrame, settings: dict[str, Any]) -> Any:
        import bambi

        return bambi.Model(formula, table).fit(**settings, **self.options)


def _ess(idata: Any) -> float:
    """Smallest bulk ESS of coefficients, sd and sigma: what the other side counts, too."""
    from arviz_stats.base import array_stats

    posterior = idata["posterior"].to_dataset()
    scalars = [posterior[name] for name in posterior if set(posterior[name].dims) == {"chain", "draw"}]
    return float(np.min([array_stats.ess(one.to_numpy(), chain_axis=0, draw_axis=1) for one in scalars]))
