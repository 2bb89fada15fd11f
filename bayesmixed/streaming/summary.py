"""What the first pass learns of a table: levels, ranges, means and counts of its columns, and no row."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from bayesmixed.encoding.column import Column, is_text
from bayesmixed.errors import DesignError, TableError
from bayesmixed.formula import parse_formula
from bayesmixed.specification import Specification
from bayesmixed.streaming.parts import Part, joined_missing, part_of, same_orders, used_columns
from bayesmixed.streaming.spread import Spread
from bayesmixed.streaming.stateful import spreads, stateful_calls
from bayesmixed.table.missing import Missing

Functions = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True, eq=False)
class Summary:
    """Levels, ranges, means and counts of the columns that a formula uses; two of them add up.

    This is the first of the two things that hospitals share which pool a model; see `summarise`.

    Parameters
    ----------
    formula : str
    weights_name : str or None
    n_rows : int
        Complete rows.
    missing : Missing
        Rows with a missing value, and which columns lack it.
    numbers : dict of str to Spread
        Count, mean, spread and range of each column of numbers.
    levels : dict of str to set
        Levels of each categorical predictor.
    orders : dict of str to tuple
        Declared order of ordered categories.
    calls : dict of str to Spread
        Of the argument of each ``scale(...)`` and ``center(...)``.
    functions : mapping of str to callable
    """

    formula: str
    weights_name: str | None = None
    n_rows: int = 0
    missing: Missing = field(default_factory=lambda: Missing(0))
    numbers: dict[str, Spread] = field(default_factory=dict)
    levels: dict[str, set[Any]] = field(default_factory=dict)
    orders: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    calls: dict[str, Spread] = field(default_factory=dict)
    functions: Functions = field(default_factory=dict, repr=False)

    @property
    def specification(self) -> Specification:
        return parse_formula(self.formula, self.functions)

    def __add__(self, other: "Summary") -> "Summary":
        if (self.formula, self.weights_name) != (other.formula, other.weights_name):
            raise DesignError(
                f"summaries of different models do not add up: {self.formula!r} (weights {self.weights_name!r}) "
                f"and {other.formula!r} (weights {other.weights_name!r})"
            )
        if mixed := (self.numbers.keys() & other.levels.keys()) | (self.levels.keys() & other.numbers.keys()):
            raise TableError(
                f"column {sorted(mixed)[0]!r} is text in some parts of the table and numbers in others"
            )
        return Summary(
            self.formula,
            self.weights_name,
            self.n_rows + other.n_rows,
            joined_missing(self.missing, other.missing),
            _joined(self.numbers, other.numbers, lambda a, b: a + b),
            _joined(self.levels, other.levels, set.union),
            same_orders(self.orders, other.orders),
            _joined(self.calls, other.calls, lambda a, b: a + b),
            self.functions,
        )

    def columns(self) -> tuple[Column, ...]:
        """What an encoding remembers of each column that it sees."""
        specification = self.specification
        seen = (name for name in specification.columns if name not in specification.only_groups)
        return tuple(self._column(name) for name in seen)

    def _column(self, name: str) -> Column:
        if name in self.numbers:
            return Column(name, "number", low=self.numbers[name].low, high=self.numbers[name].high)
        levels = self.levels[name]
        if name in self.orders:
            return Column(name, "factor", tuple(one for one in self.orders[name] if one in levels), ordered=True)
        try:
            return Column(name, "factor", tuple(sorted(levels)))
        except TypeError:
            raise TableError(f"column {name!r} mixes kinds; make the column all text or all numbers") from None


def _joined(one: dict[str, Any], other: dict[str, Any], both: Callable[[Any, Any], Any]) -> dict[str, Any]:
    result = {name: both(value, other[name]) if name in other else value for name, value in one.items()}
    return result | {name: value for name, value in other.items() if name not in one}


def learn(formula: str, weights: str | None, functions: Functions, batches: Iterator[Any]) -> Summary:
    """The first pass over some parts."""
    specification = parse_formula(formula, functions)
    columns, calls = used_columns(specification, weights), stateful_calls(specification)
    found = Summary(formula, weights, functions=functions)
    for batch in batches:
        part = part_of(batch, columns, specification.only_groups)
        found = found + _of_part(part, found, specification, calls)
    return found


def _of_part(part: Part, before: Summary, specification: Specification, calls: dict[str, Any]) -> Summary:
    frame = part.frame
    empty = Summary(before.formula, before.weights_name, len(frame), part.missing, functions=before.functions)
    if frame.empty:
        return empty
    numbers, levels = {}, {}
    seen = [name for name in specification.columns if name not in specification.only_groups]
    for name in seen:
        if name in specification.categorical or is_text(frame[name]):
            levels[name] = set(_levels(frame[name]))
        else:
            numbers[name] = frame[name].to_numpy(dtype=float)
    orders = {name: order for name, order in part.orders.items() if name in levels}
    return Summary(
        before.formula,
        before.weights_name,
        len(frame),
        part.missing,
        {name: Spread.of(values) for name, values in numbers.items()},
        levels,
        orders,
        spreads(calls, pd.DataFrame(numbers), before.functions) if calls else {},
        before.functions,
    )


def _levels(values: pd.Series) -> Iterable[Any]:
    if isinstance(values.dtype, pd.CategoricalDtype):
        levels = values.cat.categories
    else:
        levels = np.unique(values) if values.dtype.kind in "biuf" else pd.unique(values)
    return list(levels.tolist())
