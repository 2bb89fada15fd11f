"""How the slope variables are distributed: what an ICC that depends on them is averaged over."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmixed.encoding.column import Column

#: More combinations of values than this are counted in cells of a grid.
MOST_COMBINATIONS = 1000


@dataclass(frozen=True, eq=False)
class SlopeTable:
    """Counts of the combinations of values of the slope variables.

    Up to 1,000 combinations they are exact. Beyond, each number is rounded to the middle of one of 1,000 equal
    steps between its least and greatest value (of 32 where there are two such variables, 10 of more).

    Parameters
    ----------
    columns : tuple of Column
    counts : pandas.Series
        Indexed by the values.
    exact : bool
    """

    columns: tuple[Column, ...]
    counts: pd.Series
    exact: bool = True

    @classmethod
    def empty(cls, columns: Sequence[Column]) -> "SlopeTable":
        return cls(tuple(columns), pd.Series(dtype=np.int64))

    def of_rows(self, frame: pd.DataFrame) -> "SlopeTable":
        """The same with some more rows."""
        if not self.columns or frame.empty:
            return self
        values = {
            column.name: frame[column.name].to_numpy(dtype=float)
            if column.kind == "number"
            else frame[column.name]
            for column in self.columns
        }
        return self + SlopeTable(
            self.columns, _counted(self._on_grid(pd.DataFrame(values), self.exact)), self.exact
        )

    def __add__(self, other: "SlopeTable") -> "SlopeTable":
        if not other.counts.size or not self.counts.size:
            table = other if other.counts.size else self
            return table._coarse() if table.exact and len(table.counts) > MOST_COMBINATIONS else table
        if self.exact != other.exact:
            return self._coarse() + other._coarse()
        both = pd.concat([self.counts, other.counts])
        table = SlopeTable(self.columns, both.groupby(level=list(range(both.index.nlevels))).sum(), self.exact)
        return table._coarse() if table.exact and len(table.counts) > MOST_COMBINATIONS else table

    def _coarse(self) -> "SlopeTable":
        if not self.exact:
            return self
        frame = self.frame()
        grid = self._on_grid(frame.drop(columns="count"), False).assign(count=frame["count"])
        counts = grid.groupby([column.name for column in self.columns])["count"].sum()
        return SlopeTable(self.columns, counts, False)

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
        """The combinations and their ``count``."""
        return self.counts.rename("count").reset_index()


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
