"""What became of each mutant, kept as CSV, so that a study can go on where it was stopped."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from proof.mutation.mutants import Mutant
from proof.mutation.trial import SURVIVED

Key = tuple[str, str, str, str, int]
#: Survived once, until a test was written.
CLOSED = "closed"
COLUMNS = ("module", "place", "before", "after", "count", "outcome")


def key_of(module: str, mutant: Mutant) -> Key:
    return (module, mutant.place, *mutant.shown, mutant.count)


@dataclass(frozen=True, eq=False)
class Results:
    """The file of outcomes and, beside it, the reasons why survivors are no holes."""

    outcomes: Path
    reasons: Path

    def read(self) -> dict[Key, str]:
        return _read(self.outcomes, "outcome")

    def explained(self) -> dict[Key, str]:
        return _read(self.reasons, "reason")

    def holes(self) -> list[Key]:
        """Survivors without a reason."""
        explained = self.explained()
        return [key for key, outcome in self.read().items() if outcome == SURVIVED and key not in explained]

    def write(self, found: Mapping[Key, str]) -> None:
        with self.outcomes.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows((*key, found[key]) for key in sorted(found))

    def waiting(self, module: str, mutants: Iterable[Mutant]) -> list[Mutant]:
        """Those that were never tried, and survivors that nobody has explained: a test may kill them by now."""
        found, explained = self.read(), self.explained()
        return [
            mutant
            for mutant in mutants
            if (key := key_of(module, mutant)) not in explained and found.get(key, SURVIVED) == SURVIVED
        ]


def _read(path: Path, column: str) -> dict[Key, str]:
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {
            (row["module"], row["place"], row["before"], row["after"], int(row["count"])): row[column]
            for row in csv.DictReader(file)
        }
