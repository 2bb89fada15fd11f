"""``python -m proof.mutation``: plant mutants, see which the tests notice, write docs/mutation.md.

Goes on where it was stopped, and tries survivors without a reason again. Ends with 1 when one is left
that has no reason in docs/data/mutation-reasons.csv.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from proof.mutation.modules import SAME_RESULT, USUAL, modules, tests_of
from proof.mutation.mutants import Mutant, mutants_of
from proof.mutation.page import write_page
from proof.mutation.results import CLOSED, Key, Results, key_of
from proof.mutation.trial import KILLED, SURVIVED, Trials

ROOT = Path(__file__).parents[2]
SEED = 6


def main() -> int:
    """Run what the arguments say."""
    arguments = _arguments()
    data = ROOT / "docs" / "data"
    results = Results(data / "mutation.csv", data / "mutation-reasons.csv")
    if not arguments.page_only:
        os.nice(10)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # leaving the folder and the tests cleaned up
        with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
            trials = Trials(ROOT, Path(folder))
            for module in modules(ROOT, arguments.modules):
                _try(module, trials, results, arguments.mutants)
    lines = _lines({key[0] for key in results.read()})
    write_page(results, lines, ROOT / "docs" / "mutation.md")
    return 1 if lines.keys() & results.holes() else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proof.mutation", description=__doc__)
    parser.add_argument("--modules", nargs="+", default=USUAL, help="files and folders of bayesmixed/")
    parser.add_argument("--mutants", type=int, default=12, help="of each module, at most")
    parser.add_argument("--page-only", action="store_true", help="write the page from what there is")
    return parser.parse_args()


def sampled(module: str, source: str, size: int) -> list[Mutant]:
    """Some of a module's mutants; a larger sample holds every smaller one."""
    found = mutants_of(source, SAME_RESULT)
    random.Random(f"{SEED} {module}").shuffle(found)
    return found[:size]


def _lines(names: Iterable[str]) -> dict[Key, str]:
    """The line of each mutant that there is."""
    sources = {name: (ROOT / "bayesmixed" / name).read_text(encoding="utf-8") for name in names}
    return {
        key_of(name, mutant): source.splitlines()[mutant.line - 1].strip()
        for name, source in sources.items()
        for mutant in mutants_of(source, SAME_RESULT)
    }


def _try(module: str, trials: Trials, results: Results, size: int) -> None:
    # The copy is mutated, not the tree that people work in meanwhile.
    source = (trials.folder / "bayesmixed" / module).read_text(encoding="utf-8")
    waiting = results.waiting(module, sampled(module, source, size))
    tests = tests_of(module, trials.folder)
    if waiting:
        trials.untouched(tests)
    for mutant in waiting:
        known, key = results.read(), key_of(module, mutant)
        outcome = trials.outcome(module, mutant, tests)
        if outcome == KILLED and known.get(key) == SURVIVED:
            outcome = CLOSED
        results.write(known | {key: outcome})
        print(f"{module}:{mutant.line} {mutant.place}: {' -> '.join(mutant.shown)}: {outcome}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
