"""How the slope variables are distributed: what an ICC that depends on them is averaged over."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from bayesmixed.arrays import Array
from bayesmixed.encoding.column import Column
from bayesmixed.streaming.cells import CELLS, Grid

#: More combinations of values than this are counted in cells of a grid.
MOST_COMBINATIONS = 1000


@dataclass(frozen=True, eq=False)
class SlopeTable:
    """Counts of the combinations of values of the slope variables.

    Up to 1,000 combinations they are exact. Beyond, a single number is counted in 8,192 cells between its least
    and greatest value, each with the mean and spread of its values, which puts the average ICC right to about
    1e-8 (see `bayesmixed.streaming.cells`). Of several variables, numbers are rounded to the middle of one of
    1,000 equal steps (32 where there are two numbers, 10 of more), and the average ICC to 1e-4 and worse.

    Parameters
    ----------
    columns : tuple of Column
    counts : pandas.Series
        Indexed by the values.
    exact : bool
    cells : ndarray, shape (8192, 3), optional
        Of a single number beyond 1,000 values, in place of `counts`.
    origin : float, optional
        About where most values of a single number lie, its mean: cells are narrow there.
    """

    columns: tuple[Column, ...]
    counts: pd.Series
    exact: bool = True
    cells: Array | None = None
    origin: float | None = None

    @classmethod
    def empty(cls, columns: Sequence[Column], origin: float | None = None) -> "SlopeTable":
        return cls(tuple(columns), pd.Series(dtype=np.int64), origin=origin)

    @property
    def grid(self) -> Grid:
        """Of a single number."""
        low, high = float(self.columns[0].low or 0.0), float(self.columns[0].high or 0.0)
        return Grid(low, high, 0.5 * (low + high) if self.origin is None else self.origin)

    def of_rows(self, frame: pd.DataFrame) -> "SlopeTable":
        """The same with some more rows."""
        if not self.columns or frame.empty:
            return self
        if self.cells is not None:
            values = frame[self.columns[0].name].to_numpy(dtype=float)
            return replace(self, cells=self.grid.tally(values, np.empty(0), self.cells))
        values = {
            column.name: frame[column.name].to_numpy(dtype=float)
            if column.kind == "number"
            else frame[column.name]
            for column in self.columns
        }
        if self._surely_many(values):
            return self._coarse().of_rows(frame) if self._any else self._empty_cells().of_rows(frame)
        counts = _counted(self._on_grid(pd.DataFrame(values), self.exact))
        return self + replace(self, counts=counts)

    def __add__(self, other: "SlopeTable") -> "SlopeTable":
        if not other._any or not self._any:
            return (other if other._any else self)._limited()
        if self.exact != other.exact:
            return self._coarse() + other._coarse()
        if self.cells is not None and other.cells is not None:
            return replace(self, cells=self.cells + other.cells)
        both = pd.concat([self.counts, other.counts])
        counts = both.groupby(level=list(range(both.index.nlevels))).sum()
        return replace(self, counts=counts)._limited()

    def _surely_many(self, values: dict[str, Any]) -> bool:
        """Whether the first few thousand values of a single number are too many, which saves sorting them all."""
        if not self.exact or len(self.columns) > 1 or self.columns[0].kind != "number":
            return False
        first = values[self.columns[0].name][: 4 * MOST_COMBINATIONS]
        return len(np.unique(first)) > MOST_COMBINATIONS

    def _empty_cells(self) -> "SlopeTable":
        return replace(self, exact=False, cells=np.zeros((CELLS, 3)))

    @property
    def _any(self) -> bool:
        return self.cells is not None or bool(self.counts.size)

    def _limited(self) -> "SlopeTable":
        return self._coarse() if self.exact and len(self.counts) > MOST_COMBINATIONS else self

    def _coarse(self) -> "SlopeTable":
        if not self.exact:
            return self
        frame, empty = self.frame(), SlopeTable.empty(self.columns, self.origin)
        if len(self.columns) == 1 and self.columns[0].kind == "number":
            values, counts = (frame[name].to_numpy(dtype=float) for name in (self.columns[0].name, "count"))
            return replace(empty, exact=False, cells=self.grid.tally(values, counts, np.zeros((CELLS, 3))))
        grid = self._on_grid(frame.drop(columns="count"), False).assign(count=frame["count"])
        return replace(
            empty, exact=False, counts=grid.groupby([column.name for column in self.columns])["count"].sum()
        )

    def _on_grid(self, values: pd.DataFrame, exact: bool) -> pd.DataFrame:
        if exact:
            return values
        numbers = [column for column in self.columns if column.kind == "number"]
        steps = {1: 1000, 2: 32}.get(len(numbers), 10)
        for column in numbers:
            low, width = column.low or 0.0, (column.high or 0.0) - (column.low or 0.0)
            place = np.clip(np.floor((values[column.name] - low) / max(width, 1e-300) * steps), 0, steps - 1)
            values = values.assign(**{column.name: low + (place + 0.5) * width / steps})
        return values

    def frame(self) -> pd.DataFrame:
        """The combinations and their ``count``; of cells their means."""
        if self.cells is None:
            return self.counts.rename("count").reset_index()
        values, counts = self.grid.means(self.cells)
        return pd.DataFrame({self.columns[0].name: values, "count": counts.astype(np.int64)})


def _counted(values: pd.DataFrame) -> pd.Series:
    names = list(values.columns)
    values = values.assign(
        **{
            name: values[name].astype(values[name].cat.categories.dtype)
            for name in names
            if isinstance(values[name].dtype, pd.CategoricalDtype)
        }
    )
    if len(names) == 1:
        return values[names[0]].value_counts(sort=False).rename_axis(names[0]).sort_index()
    return values.groupby(names).size()
