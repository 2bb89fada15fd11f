"""The columns of the table that formulae sees: their kind and levels, once learnt, stay."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayesmixed.errors import DesignError, PredictionError
from bayesmixed.specification import Specification

DENSE_LIMIT = 8_000_000_000  # bytes


@dataclass(frozen=True)
class Column:
    """What training saw in a column of the table: numbers, or a factor with these levels."""

    name: str
    kind: str  # "number" or "factor"
    levels: tuple[Any, ...] = ()
    ordered: bool = False
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, values: pd.Series, inside_c: bool) -> "Column":
        """Learn from complete rows; inside ``C(...)`` numbers are names of levels too."""
        name = str(values.name)
        dtype = values.dtype
        if isinstance(dtype, pd.CategoricalDtype) and dtype.ordered:
            return cls(name, "factor", tuple(dtype.categories.tolist()), ordered=True)
        if is_text(values) or inside_c:
            return cls(name, "factor", tuple(sorted(pd.unique(values).tolist())))
        return cls(name, "number", low=float(values.min()), high=float(values.max()))

    def training_values(self, values: pd.Series, inside_c: bool) -> Any:
        """The rows that were learnt from, as formulae needs them."""
        if self.kind == "number":
            return values.to_numpy(dtype=float)  # integers overflow silently
        if inside_c and not self.ordered:
            return np.asarray(values)
        # With known levels formulae need not sort a million strings.
        return pd.Categorical(values, categories=list(self.levels), ordered=True)

    def new_values(self, frame: pd.DataFrame, inside_c: bool) -> Any:
        """This column of new rows, of the kind and with the levels of training."""
        if self.name not in frame:
            raise PredictionError(f"the new rows lack the column {self.name!r}")
        values = frame[self.name]
        if self.kind == "number":
            if is_text(values):
                raise PredictionError(f"column {self.name!r} of the new rows is text, it was numbers")
            return values.to_numpy(dtype=float)
        codes = self._codes(values)
        if inside_c:  # C() insists that every level of a category occurs
            return np.asarray(pd.Index(self.levels))[codes]
        return pd.Categorical.from_codes(codes, categories=list(self.levels), ordered=True)

    def _codes(self, values: pd.Series) -> np.ndarray:
        known = pd.Index(self.levels)
        if isinstance(values.dtype, pd.CategoricalDtype):  # much faster where rows are many
            place = known.get_indexer(pd.Index(values.cat.categories.astype(object)))
            codes: np.ndarray = place[values.cat.codes]
        else:
            codes = known.get_indexer(pd.Index(values.astype(object)))
        if (codes < 0).any():
            unseen = values[codes < 0].iloc[0]
            listed = ", ".join(map(str, self.levels[:10])) + (", ..." if self.levels[10:] else "")
            raise PredictionError(
                f"column {self.name!r} has the level {str(unseen)!r}, which was not in the data; "
                f"known are: {listed}"
            )
        return codes


def is_text(values: pd.Series) -> bool:
    """Whether a plain column names levels: text or categories."""
    return isinstance(values.dtype, pd.CategoricalDtype) or values.dtype.kind not in "biuf"


def learn_columns(specification: Specification, frame: pd.DataFrame) -> tuple[Column, ...]:
    """All columns that formulae will see."""
    groups = specification.only_groups
    return tuple(
        Column.of(frame[name], name in specification.categorical)
        for name in specification.columns
        if name not in groups and name in frame
    )


def check_levels(columns: Iterable[Column], frame: pd.DataFrame) -> None:
    """Before formulae makes a matrix of levels x levels and one of rows x levels."""
    n_rows = len(frame)
    for column in columns:
        count = len(column.levels)
        if count >= n_rows or 8 * count * max(count, n_rows) > DENSE_LIMIT:
            raise DesignError(
                f"column {column.name!r} has {count} different levels in {n_rows} rows"
                f"{_odd_value(frame[column.name])}: if they should be numbers, correct those that are text; "
                f"if they are groups, use (1 | {column.name})"
            )


def _odd_value(values: pd.Series) -> str:
    """The first value that is no number, where most of the others are."""
    numbers = pd.to_numeric(pd.Series(np.asarray(values, dtype=object)), errors="coerce")
    odd = np.flatnonzero(numbers.isna())
    if not 0 < len(odd) < len(values) / 2:
        return ""
    return f" because of text such as {str(values.iloc[odd[0]])!r} in the used row {odd[0] + 1}"
