"""Where parts of a table come from: each kind of source, as something that maps over parts and adds up."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

from bayesmixed.errors import TableError
from bayesmixed.streaming.files import check_kinds, dataset_at, read_safely
from bayesmixed.streaming.kinds import kind_of
from bayesmixed.streaming.threads import total_in_threads

#: Rows of one part where the source lets us choose.
BATCH_ROWS = 250_000

#: Takes the parts of a table, gives something that adds up.
PartFunction = Callable[[Iterator[Any]], Any]


@dataclass(frozen=True)
class Source:
    """A table that comes in parts, as often as wanted.

    Parameters
    ----------
    names : tuple of str
        Its columns.
    batches : callable
        Takes names of columns, gives an iterator of tables of just those.
    run : callable, optional
        Where the parts live on workers: takes a function of parts and names of columns, and gives the sum of what
        the function gives for each worker's parts. Only these sums travel.
    """

    names: tuple[str, ...]
    batches: Callable[[Sequence[str]], Iterator[Any]]
    run: Callable[[PartFunction, Sequence[str]], Any] | None = None

    def total(self, function: PartFunction, columns: Sequence[str]) -> Any:
        """The function's sum over all parts."""
        if self.run is not None:
            return self.run(function, columns)
        return total_in_threads(function, self.batches(columns))


def open_source(table: Any, batch_rows: int = BATCH_ROWS) -> Source:
    """The parts of a table of any kind.

    Parameters
    ----------
    table : path, pyarrow Dataset, DuckDB relation, Dask or PySpark DataFrame, or any table of `MixedModel`
        A path is a Parquet file, or a folder of them.
    batch_rows : int
        Rows of a part, where the source lets us choose.

    Raises
    ------
    TableError
        No such file, or nothing that can be read twice.
    """
    if isinstance(batch_rows, bool) or not isinstance(batch_rows, int) or batch_rows < 1:
        raise TableError(f"batch_rows must be a whole number of at least 1, not {batch_rows!r}")
    if isinstance(table, str | Path):
        return _of_dataset(dataset_at(Path(table)), batch_rows)
    kind = kind_of(table)
    if kind is None:
        raise TableError(
            f"{type(table).__name__} is not a table; give a pandas, Polars or PyArrow table, a Parquet folder, "
            "a DuckDB relation, or a Dask or PySpark DataFrame"
        )
    return _OPENERS[kind](table, batch_rows)


def _of_dataset(table: Any, batch_rows: int) -> Source:
    def batches(columns: Sequence[str]) -> Iterator[Any]:
        check_kinds(table, columns)
        scanner = table.scanner(
            columns=list(columns), batch_size=batch_rows, batch_readahead=2, fragment_readahead=1
        )
        return _with_codes(read_safely(scanner.to_batches(), columns))

    return Source(tuple(table.schema.names), batches)


def _with_codes(batches: Iterator[Any]) -> Iterator[Any]:
    """Arrow batches as tables, text as codes of its distinct values: many times faster to handle."""
    import pyarrow as pa

    for batch in batches:
        columns = [
            column.dictionary_encode()
            if pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
            else column
            for column in batch.columns
        ]
        yield pa.table(columns, names=batch.schema.names)


def _of_arrow(table: Any, batch_rows: int) -> Source:
    def batches(columns: Sequence[str]) -> Iterator[Any]:
        parts = table.select(list(columns))
        return _with_codes(iter(parts.to_batches(batch_rows) if hasattr(parts, "to_batches") else [parts]))

    return Source(tuple(table.schema.names), batches)


def _of_slices(table: Any, batch_rows: int) -> Source:
    """pandas and Polars tables, in memory already."""

    def batches(columns: Sequence[str]) -> Iterator[Any]:
        kept = table[list(columns)]
        return (kept[start : start + batch_rows] for start in range(0, max(len(kept), 1), batch_rows))

    return Source(tuple(map(str, table.columns)), batches)


def _of_mapping(table: Mapping[str, Any], batch_rows: int) -> Source:
    import pandas as pd

    return _of_slices(pd.DataFrame(dict(table)), batch_rows)


def _of_lazy(table: Any, batch_rows: int) -> Source:
    def batches(columns: Sequence[str]) -> Iterator[Any]:
        return iter(table.select(list(columns)).collect_batches(chunk_size=batch_rows))

    return Source(tuple(table.collect_schema().names()), batches)


def _of_duckdb(table: Any, batch_rows: int) -> Source:
    def batches(columns: Sequence[str]) -> Iterator[Any]:
        quoted = ['"' + name.replace('"', '""') + '"' for name in columns]
        return _with_codes(iter(table.project(", ".join(quoted)).to_arrow_reader(batch_rows)))

    return Source(tuple(table.columns), batches)


def _of_dask(table: Any, batch_rows: int) -> Source:
    """Each partition is summed up where it is; the sums meet in pairs."""

    def run(function: PartFunction, columns: Sequence[str]) -> Any:
        import dask

        one, both = dask.delayed(_of_part, pure=False), dask.delayed(add, pure=False)
        sums = [one(function, part, batch_rows) for part in table[list(columns)].to_delayed()]
        while len(sums) > 1:
            pairs = [both(*sums[k : k + 2]) for k in range(0, len(sums) - 1, 2)]
            sums = pairs + sums[len(pairs) * 2 :]
        return sums[0].compute()

    def batches(columns: Sequence[str]) -> Iterator[Any]:
        return (part.compute() for part in table[list(columns)].to_delayed())

    return Source(tuple(map(str, table.columns)), batches, run)


def _of_part(function: PartFunction, part: Any, batch_rows: int) -> Any:
    return function(_of_slices(part, batch_rows).batches(list(part.columns)))


def _of_spark(table: Any, batch_rows: int) -> Source:
    """``mapInArrow``: each partition gives one row of bytes, its sums."""

    def run(function: PartFunction, columns: Sequence[str]) -> Any:
        import pickle

        import cloudpickle

        packed = cloudpickle.dumps(function)

        def part(batches: Iterator[Any]) -> Iterator[Any]:
            import pyarrow as pa

            found = pickle.loads(packed)(pa.table(batch) for batch in batches if batch.num_rows)
            yield pa.RecordBatch.from_pydict({"sums": pa.array([cloudpickle.dumps(found)], pa.binary())})

        quoted = ["`" + name.replace("`", "``") + "`" for name in columns]
        rows = table.select(*quoted).mapInArrow(part, "sums binary").toLocalIterator()
        return reduce(add, (pickle.loads(bytes(row["sums"])) for row in rows))

    def batches(columns: Sequence[str]) -> Iterator[Any]:
        raise TableError("the rows of a PySpark DataFrame stay with its workers")

    return Source(tuple(table.columns), batches, run)


_OPENERS: dict[str, Callable[[Any, int], Source]] = {
    "pandas": _of_slices,
    "polars": _of_slices,
    "lazy": _of_lazy,
    "arrow": _of_arrow,
    "dataset": _of_dataset,
    "duckdb": _of_duckdb,
    "dask": _of_dask,
    "spark": _of_spark,
    "mapping": _of_mapping,
}
