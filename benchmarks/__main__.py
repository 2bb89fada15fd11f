"""``python -m benchmarks``: run a suite, keep what was found as JSON and as a table in the docs."""

import argparse
import json
import sys
from pathlib import Path

from benchmarks.cases import SUITES
from benchmarks.peers import peers
from benchmarks.render import render, write_between_marks
from benchmarks.stages import cold_start
from benchmarks.suite import failures, run_suite

ROOT = Path(__file__).parents[1]


def main() -> int:
    """Run what the arguments say; 1 when a target was missed or an answer differs."""
    arguments = _arguments()
    cases = [case for case in SUITES[arguments.suite] if case.name in (arguments.only or [case.name])]
    everyone = [peer for peer in peers(arguments.suite) if peer.name not in arguments.without]
    found = run_suite(cases, everyone, arguments.budget)
    if any(case.task == "shell" for case in cases):
        found["cold_start"] = cold_start()
    text = render(found)
    print(text)
    if not arguments.only:
        _write(arguments.suite, found, text)
    for line in failures(found):
        print(f"benchmarks: {line}", file=sys.stderr)
    return 1 if failures(found) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("suite", nargs="?", default="reml", choices=SUITES)
    parser.add_argument("--only", nargs="+", metavar="CASE", help="only these, printed and not written")
    parser.add_argument("--without", nargs="+", metavar="PACKAGE", default=[], help="leave packages out")
    parser.add_argument("--budget", type=float, default=10.0, help="seconds for a case beyond its five rounds")
    return parser.parse_args()


def _write(suite: str, found: dict, text: str) -> None:
    folder = ROOT / "benchmarks" / "results"
    folder.mkdir(exist_ok=True)
    (folder / f"{suite}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    write_between_marks(ROOT / "docs" / "benchmarks.md", suite, text)


if __name__ == "__main__":
    sys.exit(main())
