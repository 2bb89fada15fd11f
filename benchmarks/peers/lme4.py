"""lme4, in an R process that stays, so that neither R's start nor reading the table counts."""

import shutil
import subprocess
import tempfile
from functools import cached_property
from pathlib import Path

import pandas as pd

from benchmarks.measure import Outcome, Run
from benchmarks.peers.shell import alone, of_script

SCRIPT = """
suppressPackageStartupMessages(library(lme4))
arguments <- commandArgs(TRUE)
fit <- lmer(as.formula(arguments[2]), read.csv(arguments[1]))
cat(sprintf('{"criterion": %.17g}\\n', REMLcrit(fit)))
"""


class Lme4:
    """``lmer`` with its defaults; ``bootMer``, ``confint`` and lmerTest's Kenward-Roger table."""

    name = "lme4"
    most_rows = float("inf")
    too_slow = ""

    def missing(self) -> str:
        """See `Peer`."""
        if shutil.which("Rscript") is None:
            return "Rscript was not found"
        probe = ["Rscript", "-e", 'quit(status = !requireNamespace("lme4", quietly = TRUE))']
        found = subprocess.run(probe, capture_output=True, check=False).returncode == 0
        return "" if found else "R has no lme4 (r-cran-lme4 on Debian)"

    def version(self) -> str:
        """See `Peer`."""
        return self._worker.greeting[0]

    def prepare(self, task: str, table: pd.DataFrame, formula: str) -> Run | None:
        """See `Peer`."""
        if task == "shell":
            return of_script(table, formula, "Rscript", "-e", SCRIPT)
        if task == "import":
            return alone("Rscript", "-e", "library(lme4)")
        known = ["fit", "bootstrap", "profile"]
        if "tests" in self._worker.greeting:
            known.append("kenward-roger")
        if task not in known:
            return None
        self._worker.load(table, formula)
        return lambda: self._worker.run(task)

    @cached_property
    def _worker(self) -> "Worker":
        return Worker()


class Worker:
    """A process that runs lme4.R and answers line by line."""

    def __init__(self) -> None:
        script = Path(__file__).with_suffix(".R")
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(["Rscript", str(script)], text=True, **pipes)  # type: ignore[call-overload]
        self.greeting = self._answer()

    def load(self, table: pd.DataFrame, formula: str) -> None:
        """Hand over a table."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "table.csv"
            table.to_csv(path, index=False)
            self._ask("load", str(path), formula)

    def run(self, task: str) -> Outcome:
        """Do a task once."""
        fields = self._ask("run", task)
        answer = dict(zip(fields[::2], map(float, fields[1::2]), strict=True))
        return Outcome(answer.pop("seconds"), answer)

    def _ask(self, *request: str) -> list[str]:
        self._process.stdin.write("\t".join(request) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> list[str]:
        """Fields of the next line that is an answer; R prints others, too."""
        for line in self._process.stdout:
            mark, *fields = line.rstrip("\n").split("\t")
            if mark == "answer":
                return fields
        raise RuntimeError("R ended before it answered")
