"""Runs in a process of their own, from its start to its end: what a user waits for who types a command."""

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from benchmarks.measure import Outcome, Run, timed_process


def on_csv(table: pd.DataFrame, command: Callable[[str], Sequence[str]], read: Callable[[str], Mapping]) -> Run:
    """A run of a command that is given the path of the table's CSV file; `read` finds the answer in its output."""
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / "table.csv"
    table.to_csv(path, index=False)

    def run(folder: tempfile.TemporaryDirectory = folder) -> Outcome:  # the file lives as long as this run
        seconds, printed = timed_process(command(str(path)))
        return Outcome(seconds, read(printed))

    return run


def of_script(table: pd.DataFrame, formula: str, *program: str) -> Run:
    """A run of a user's script, such as ``python -c SCRIPT``, given FILE and FORMULA; it prints JSON last."""
    return on_csv(
        table, lambda path: [*program, path, formula], lambda printed: json.loads(printed.splitlines()[-1])
    )


def alone(*command: str) -> Run:
    """A run of a command that needs no table and gives no answer."""
    return lambda: Outcome(timed_process(command)[0])
