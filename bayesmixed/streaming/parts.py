"""One part of a table: its complete rows, and what it declares of its categories."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from bayesmixed.errors import TableError
from bayesmixed.table.frame import complete_rows
from bayesmixed.table.missing import Missing

if TYPE_CHECKING:
    from bayesmixed.specification import Specification


class Part(NamedTuple):
    """Complete rows, how many were not, and the declared order of ordered categories by column."""

    frame: pd.DataFrame
    missing: Missing
    orders: dict[str, tuple[Any, ...]]


def used_columns(specification: "Specification", weights: str | None) -> tuple[str, ...]:
    """All that a model uses of a table."""
    return tuple(dict.fromkeys([*specification.columns, *([] if weights is None else [weights])]))


def part_of(batch: Any, columns: tuple[str, ...], labels: Collection[str]) -> Part:
    """The complete rows of a batch."""
    frame, _, missing = complete_rows(batch, columns, labels)
    return Part(frame, missing, _declared(batch, columns))


def _declared(batch: Any, columns: tuple[str, ...]) -> dict[str, tuple[Any, ...]]:
    """A part does not hold every category of a table, but its type may name them all."""
    import narwhals as nw

    empty = nw.from_native(batch).select(columns).head(0).to_pandas()
    kinds = {name: empty[name].dtype for name in columns}
    return {
        name: tuple(kind.categories.tolist())
        for name, kind in kinds.items()
        if isinstance(kind, pd.CategoricalDtype) and kind.ordered
    }


def same_orders(one: dict[str, tuple[Any, ...]], other: dict[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    """Declared orders of two parts, which must not contradict each other."""
    for name in one.keys() & other.keys():
        if one[name] != other[name]:
            raise TableError(
                f"parts of the table declare different ordered categories of {name!r}; declare all of them alike"
            )
    return one | other


def joined_missing(one: Missing, other: Missing) -> Missing:
    """Missing values of two parts together."""
    names = dict.fromkeys([*one.columns, *other.columns])
    counts = {name: one.columns.get(name, 0) + other.columns.get(name, 0) for name in names}
    return Missing(one.n_rows + other.n_rows, counts)
