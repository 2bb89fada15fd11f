"""bayesmixed."""

import json
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

import bayesmixed as bm
from benchmarks.measure import Outcome, Run, timed
from benchmarks.peers.shell import alone, on_csv

if TYPE_CHECKING:
    from bayesmixed.reml import RemlFit


class Ours:
    """This package."""

    name = "bayesmixed"
    most_rows = float("inf")
    too_slow = ""

    def missing(self) -> str:
        """Never."""
        return ""

    def version(self) -> str:
        """Of this checkout."""
        return bm.__version__

    def prepare(self, task: str, table: pd.DataFrame, formula: str) -> Run | None:
        """See `Peer`."""
        if task in PROCESSES:
            return PROCESSES[task](table, formula)
        if task == "fit":
            return lambda: _outcome(lambda: bm.MixedModel(formula, table).reml(), _fit_answer)
        if task == "fit built":
            return lambda: _outcome(bm.MixedModel(formula, table).reml, _fit_answer)
        if task not in FROM_FIT:
            return None
        work, answer = FROM_FIT[task]

        # Fits keep what they have computed: each run starts from a new one.
        def run() -> Outcome:
            fit = bm.MixedModel(formula, table).reml()
            return _outcome(lambda: work(fit), answer)

        return run


def _outcome(work: Callable[[], Any], answer: Callable[[Any], Mapping[str, float]]) -> Outcome:
    seconds, found = timed(work)
    return Outcome(seconds, answer(found))


def _fit_answer(fit: "RemlFit") -> dict[str, float]:
    coefficients = dict(zip(fit.design.fixed_labels, map(float, fit.beta), strict=True))
    return {"criterion": float(fit.criterion), **coefficients}


def _bootstrap_answer(boot: Any) -> dict[str, float]:
    se = boot.standard_errors()
    return {f"{label} se": float(se[label]) for label in se.index if "ICC" not in label and "_" not in label}


def _profile_answer(table: pd.DataFrame) -> dict[str, float]:
    sides = ("lower", "upper")
    return {f"{label} {side}": float(table.loc[label, side]) for label in table.index for side in sides}


def _kenward_roger_answer(table: pd.DataFrame) -> dict[str, float]:
    return {f"{label} {what}": float(table.loc[label, what]) for label in table.index for what in ("se", "df")}


FROM_FIT: dict[str, tuple[Callable[["RemlFit"], Any], Callable[[Any], dict[str, float]]]] = {
    "bootstrap": (lambda fit: fit.bootstrap(1000, random_seed=1), _bootstrap_answer),
    "profile": (lambda fit: fit.confint("profile"), _profile_answer),
    "kenward-roger": (lambda fit: fit.fixed_effects(df="kenward-roger"), _kenward_roger_answer),
}


def _record_answer(printed: str) -> dict[str, float]:
    record = json.loads(printed)
    return {"criterion": record["criterion"], **{row["term"]: row["estimate"] for row in record["fixed"]}}


def _import_alone(table: pd.DataFrame, formula: str) -> Run:
    """Also as much as it takes longer than pandas, of two processes one after the other."""
    pandas, ours = (alone(sys.executable, "-c", f"import {name}") for name in ("pandas", "bayesmixed"))

    def run() -> Outcome:
        reference, found = pandas().seconds, ours().seconds
        return Outcome(found, measures={"beyond `import pandas`, s": found - reference})

    return run


def _shell(table: pd.DataFrame, formula: str) -> Run:
    command = [sys.executable, "-m", "bayesmixed", "reml"]
    return on_csv(table, lambda path: [*command, path, formula, "--json"], _record_answer)


PROCESSES: dict[str, Callable[[pd.DataFrame, str], Run]] = {
    "shell": _shell,
    "import": lambda table, formula: alone(sys.executable, "-c", "from bayesmixed import MixedModel"),
    "import alone": _import_alone,
    "help": lambda table, formula: alone(sys.executable, "-m", "bayesmixed", "--help"),
}
