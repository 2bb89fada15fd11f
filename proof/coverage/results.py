"""The collected tables, kept cell by cell: a run that was stopped goes on where it was."""

import gzip
import io
import os
from pathlib import Path

import pandas as pd

from proof.coverage.cells import Cell, grid
from proof.coverage.study import CellResult

PLACE = ["design", "groups", "rows", "icc", "balanced"]
DIGITS = 5


class Results:
    """Tables ``coverage.csv.gz`` (one row a cell, quantity and method) and ``coverage-cells.csv`` of a folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.intervals = _read(folder / "coverage.csv.gz")
        self.cells = _read(folder / "coverage-cells.csv")

    def has(self, cell: Cell, count: int) -> bool:
        """Whether so many data sets of a cell are done."""
        if self.cells.empty or self.intervals.empty or not _of(self.intervals, cell).any():
            return False
        return bool((self.cells.loc[_of(self.cells, cell), "data_sets"] == count).any())

    def add(self, cell: Cell, result: CellResult) -> None:
        """Put a cell's rows in, in place of older ones, and write both files."""
        self.intervals = _replaced(self.intervals, cell, pd.DataFrame(result.intervals))
        self.cells = _replaced(self.cells, cell, pd.DataFrame([result.cell]))
        self.folder.mkdir(parents=True, exist_ok=True)
        packed = io.BytesIO()
        with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as file:  # the same bytes for the same numbers
            file.write(_text(self.intervals))
        _write(self.folder / "coverage.csv.gz", packed.getvalue())
        _write(self.folder / "coverage-cells.csv", _text(self.cells))


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path) if path.exists() else pd.DataFrame()


def _of(table: pd.DataFrame, cell: Cell) -> pd.Series:
    here = pd.Series(True, index=table.index)
    for column, value in zip(PLACE, cell.key, strict=True):
        here &= table[column] == value
    return here


def _replaced(table: pd.DataFrame, cell: Cell, rows: pd.DataFrame) -> pd.DataFrame:
    others = table if table.empty else table[~_of(table, cell)]
    joined = rows if others.empty else pd.concat([others, rows])
    order = {known.key: k for k, known in enumerate(grid())}
    rank = [order[tuple(key)] for key in joined[PLACE].itertuples(index=False, name=None)]
    return joined.assign(rank=rank).sort_values("rank", kind="stable").drop(columns="rank").reset_index(drop=True)


def _text(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False, float_format=f"%.{DIGITS}g", lineterminator="\n").encode()


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing, should the run be stopped here."""
    beside = path.with_name(path.name + ".part")
    beside.write_bytes(content)
    os.replace(beside, path)
