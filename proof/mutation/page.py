"""The tables of docs/mutation.md."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from proof.marks import write_between_marks
from proof.mutation.results import CLOSED, Key, Results
from proof.mutation.trial import SURVIVED, TOO_LONG


def write_page(results: Results, lines: Mapping[Key, str], path: Path) -> None:
    """Of the mutants that there are; the source of others has changed since they were tried."""
    found = {key: outcome for key, outcome in results.read().items() if key in lines}
    explained = results.explained()
    write_between_marks(path, "counts", counts(found, explained))
    write_between_marks(path, "survivors", survivors(found, explained, lines))


def counts(found: dict[Key, str], explained: dict[Key, str]) -> str:
    """Mutants of each module: noticed at once, noticed since a test was written, the same in effect, holes."""
    tally = Counter((key[0], _class(key, outcome, explained)) for key, outcome in found.items())
    rows = [
        "| module | mutants | killed | killed by a new test | equivalent | holes |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    names = sorted({key[0] for key in found})
    kinds = ("killed", CLOSED, "equivalent", "hole")
    for name in names:
        numbers = [tally[name, kind] for kind in kinds]
        rows.append(f"| `{name}` | {sum(numbers)} | " + " | ".join(map(str, numbers)) + " |")
    total = [sum(tally[name, kind] for name in names) for kind in kinds]
    rows.append(f"| all | {sum(total)} | " + " | ".join(map(str, total)) + " |")
    late = sum(outcome == TOO_LONG for outcome in found.values())
    return "\n".join([*rows, "", f"{late} of the killed ran into the time limit."])


def survivors(found: dict[Key, str], explained: dict[Key, str], lines: Mapping[Key, str]) -> str:
    """Each survivor with its line and the reason why no test can notice it."""
    rows = ["| module | where | line | from | to | why it lives |", "|---|---|---|---|---|---|"]
    for key in sorted(key for key, outcome in found.items() if outcome == SURVIVED):
        module, place, before, after, _ = key
        cells = (
            f"`{text.replace('|', chr(92) + '|')}`" for text in (module, place or "top", lines[key], before, after)
        )
        rows.append("| " + " | ".join([*cells, explained.get(key, "**not explained**")]) + " |")
    return "\n".join(rows)


def _class(key: Key, outcome: str, explained: dict[Key, str]) -> str:
    if outcome != SURVIVED:
        return CLOSED if outcome == CLOSED else "killed"
    return "equivalent" if key in explained else "hole"
