"""``python -m benchmarks``: run a suite, keep what was found as JSON and as a table in the docs."""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.cases import STREAMED_ROWS, SUITES, streamed
from benchmarks.peers import peers
from benchmarks.render import render, write_between_marks
from benchmarks.stages import profiles
from benchmarks.suite import facts, run_suite
from benchmarks.verdicts import all_verdicts, failures, verdict_table

ROOT = Path(__file__).parents[1]


def main() -> int:
    """Run what the arguments say; 1 when a target was missed or an answer differs."""
    arguments = _arguments()
    cases = [case for case in SUITES[arguments.suite] if case.name in (arguments.only or [case.name])]
    cases = [streamed(case, arguments.rows) for case in cases]
    if arguments.small:
        cases = [replace(case, task=case.small or case.task) for case in cases]
    everyone = [peer for peer in peers(arguments.suite) if peer.name not in arguments.without]
    fewest = 1 if arguments.small else 5
    found = run_suite(cases, everyone, 0.0 if arguments.small else arguments.budget, fewest)
    found["profiles"] = profiles(arguments.suite, found["cases"], rounds=1 if arguments.small else 5)
    text = render(found)
    print(text)
    if not (arguments.only or arguments.small or arguments.without):
        _write(arguments.suite, found, text)
    for line in failures(found):
        print(f"benchmarks: {line}", file=sys.stderr)
    return 1 if failures(found) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("suite", nargs="?", default="reml", choices=SUITES)
    parser.add_argument("--only", nargs="+", metavar="CASE", help="only these, printed and not written")
    parser.add_argument("--without", nargs="+", metavar="PACKAGE", default=[], help="leave out, and write nothing")
    parser.add_argument("--budget", type=float, default=10.0, help="seconds for a case beyond its five rounds")
    parser.add_argument("--small", action="store_true", help="one round of little work, printed and not written")
    parser.add_argument("--rows", type=int, default=STREAMED_ROWS, help="of the table that is streamed")
    return parser.parse_args()


def _write(suite: str, found: dict, text: str) -> None:
    folder, page = ROOT / "benchmarks" / "results", ROOT / "docs" / "benchmarks.md"
    folder.mkdir(exist_ok=True)
    (folder / f"{suite}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    write_between_marks(page, suite, text)
    kept = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}
    targets = all_verdicts({name: map(facts, cases) for name, cases in SUITES.items()}, kept)
    write_between_marks(page, "targets", verdict_table(targets))


if __name__ == "__main__":
    sys.exit(main())
