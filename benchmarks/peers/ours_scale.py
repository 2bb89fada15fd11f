"""bayesmixed, large tables: each in a process of its own."""

import json
import shutil
import sys
import tempfile
import weakref
from pathlib import Path

import pandas as pd

from benchmarks.measure import Outcome, Run, timed_process
from benchmarks.peers.ours import Ours
from benchmarks.tables import write_parquet


class OursScale(Ours):
    """This package's large tables."""

    def prepare(self, task: str, table: pd.DataFrame, formula: str) -> Run | None:
        """See `Peer`. The table is made where it is needed."""
        name, *arguments = task.split()
        if name != "stream":
            return lambda: _alone(name, *arguments)
        rows, groups = map(int, arguments)
        parent = Path(tempfile.mkdtemp())
        write_parquet(parent / "rows", rows, groups)

        def run() -> Outcome:
            return _alone(name, str(parent / "rows"), formula)

        weakref.finalize(run, shutil.rmtree, parent, ignore_errors=True)  # gigabytes, for as long as they are read
        return run


def _alone(module: str, *arguments: str) -> Outcome:
    _, printed = timed_process([sys.executable, "-m", f"benchmarks.alone.{module}", *arguments])
    found = json.loads(printed.splitlines()[-1])
    return Outcome(found.pop("seconds"), measures=found)
