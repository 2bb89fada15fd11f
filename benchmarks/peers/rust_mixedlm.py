"""mixedlm: lme4's interface in Python, written in Rust."""

import sys
from importlib.metadata import version
from importlib.util import find_spec

import pandas as pd

from benchmarks.measure import Outcome, Run, timed
from benchmarks.peers.shell import alone, of_script

SCRIPT = """
import json, sys
import mixedlm, pandas
fit = mixedlm.lmer(sys.argv[2], pandas.read_csv(sys.argv[1]))
print(json.dumps({"criterion": float(mixedlm.REMLcrit(fit))}))
"""


class RustMixedlm:
    """``mixedlm.lmer`` with its defaults."""

    name = "mixedlm"
    most_rows = float("inf")
    too_slow = ""

    def missing(self) -> str:
        """See `Peer`."""
        return "" if find_spec("mixedlm") else "mixedlm is not installed"

    def version(self) -> str:
        """See `Peer`."""
        return version("mixedlm")

    def prepare(self, task: str, table: pd.DataFrame, formula: str) -> Run | None:
        """See `Peer`."""
        if task == "shell":
            return of_script(table, formula, sys.executable, "-c", SCRIPT)
        if task == "import":
            return alone(sys.executable, "-c", "from mixedlm import lmer")
        if task != "fit":
            return None
        import mixedlm

        def run() -> Outcome:
            seconds, fit = timed(lambda: mixedlm.lmer(formula, table))
            coefficients = {name.strip("()"): float(value) for name, value in fit.fixef().items()}
            return Outcome(seconds, {"criterion": float(mixedlm.REMLcrit(fit)), **coefficients})

        return run
