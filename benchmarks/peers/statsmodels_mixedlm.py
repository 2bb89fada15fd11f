"""statsmodels."""

import re
import sys
import warnings
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import pandas as pd

from benchmarks.measure import Outcome, Run, timed
from benchmarks.peers.shell import alone, of_script

#: The only kind of formula that is needed here.
PARTS = re.compile(r"(?P<fixed>.+?) \+ \((?P<effects>.+) \| (?P<group>\w+)\)")
SCRIPT = """
import json, re, sys
import pandas, statsmodels.formula.api as smf
fixed, effects, group = re.fullmatch(r"(.+?) \\+ \\((.+) \\| (\\w+)\\)", sys.argv[2]).groups()
fit = smf.mixedlm(fixed, pandas.read_csv(sys.argv[1]), groups=group, re_formula="~" + effects).fit(reml=True)
print(json.dumps({"criterion": -2.0 * float(fit.llf)}))
"""


class StatsmodelsMixedLM:
    """``MixedLM`` by formula, with its defaults."""

    name = "statsmodels"
    most_rows = 20_000
    too_slow = "it takes seconds for 10,000 rows, so that 1,000,000 would take minutes a fit"

    def missing(self) -> str:
        """See `Peer`."""
        return "" if find_spec("statsmodels") else "statsmodels is not installed"

    def version(self) -> str:
        """See `Peer`."""
        return version("statsmodels")

    def prepare(self, task: str, table: pd.DataFrame, formula: str) -> Run | None:
        """See `Peer`."""
        if task == "shell":
            return of_script(table, formula, sys.executable, "-c", SCRIPT)
        if task == "import":
            return alone(sys.executable, "-c", "import statsmodels.formula.api")
        if task == "fit":
            return lambda: _outcome(lambda: _model(table, formula).fit(reml=True))
        if task == "fit built":
            return lambda: _outcome(_model(table, formula).fit)
        return None


def _model(table: pd.DataFrame, formula: str) -> Any:
    import statsmodels.formula.api as smf

    parts = PARTS.fullmatch(formula)
    if parts is None:
        raise ValueError(f"{formula!r} is not of the kind 'y ~ x + (x | g)'")
    return smf.mixedlm(parts["fixed"], table, groups=parts["group"], re_formula=f"~{parts['effects']}")


def _outcome(work: Any) -> Outcome:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its optimiser; whether it found the minimum is in the answer
        seconds, fit = timed(work)
    coefficients = {name: float(value) for name, value in fit.fe_params.items()}
    return Outcome(seconds, {"criterion": -2.0 * float(fit.llf), **coefficients})
