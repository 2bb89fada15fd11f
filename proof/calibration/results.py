"""What calibrations found, as two tables of text: tests of each quantity, and distribution functions."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from proof.calibration.designs import Design

if TYPE_CHECKING:
    from bayesmixed.calibration import Calibration

KEYS = ["design", "engine", "quantity"]


class Results:
    """The tables in a folder; what is there need not be run again.

    Parameters
    ----------
    folder : Path
        Of ``calibration.csv`` and ``calibration-ecdf.csv.gz``.
    """

    def __init__(self, folder: Path):
        self.tests, self.functions = folder / "calibration.csv", folder / "calibration-ecdf.csv.gz"
        folder.mkdir(parents=True, exist_ok=True)

    def has(self, design: Design, engine: str, replicates: int) -> bool:
        table = self.of(design, engine)
        return len(table) > 0 and bool((table["replicates"] == replicates).all())

    def of(self, design: Design, engine: str) -> pd.DataFrame:
        """The rows of one calibration, by quantity."""
        table = self.table
        return table[(table["design"] == design.name) & (table["engine"] == engine)].set_index("quantity")

    def differences(self, design: Design, engine: str) -> pd.DataFrame:
        """``ECDF(u) - u`` by u, one column a quantity, and the band's limits."""
        table = pd.read_csv(self.functions, index_col="rank")
        own = table[(table["design"] == design.name) & (table["engine"] == engine)]
        return own.dropna(axis=1, how="all").drop(columns=["design", "engine"])

    @property
    def table(self) -> pd.DataFrame:
        if self.tests.exists():
            return pd.read_csv(self.tests)
        columns = ["design", "engine", "replicates", "draws", "by_nuts", "seconds", "quantity", "p"]
        return pd.DataFrame(columns=columns)

    @property
    def calibrated(self) -> bool:
        """Whether Holm's method finds no chi-square test that rejects at 5 %, in any calibration."""
        groups = self.table.groupby(["design", "engine"])["p"]
        return all(_holm(p) for _, p in groups)

    def add(self, design: Design, engine: str, found: "Calibration") -> None:
        facts = {
            "design": design.name,
            "engine": engine,
            "replicates": found.replicates,
            "draws": found.draws,
            "by_nuts": found.by_nuts,
            "seconds": round(found.seconds, 1),
        }
        tests = found.table.reset_index().assign(**facts).round({"mean": 4, "chi_square": 3, "p": 5, "outside": 5})
        functions = found.differences().round(5).reset_index().assign(design=design.name, engine=engine)
        self._write(self.tests, tests[[*facts, *found.table.reset_index().columns]])
        self._write(self.functions, functions)

    def _write(self, path: Path, rows: pd.DataFrame) -> None:
        """In place of the older rows of the same calibration."""
        if path.exists():
            old = pd.read_csv(path)
            same = (old["design"] == rows["design"].iloc[0]) & (old["engine"] == rows["engine"].iloc[0])
            rows = pd.concat([old[~same], rows]) if (~same).any() else rows
        rows.to_csv(path, index=False)


def _holm(p: pd.Series) -> bool:
    ordered = p.sort_values().to_numpy()
    return bool((ordered * range(len(ordered), 0, -1) > 0.05).all())
