"""What kind of table something is, without an import of the library that it comes from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def is_streamed(table: Any) -> bool:
    """Whether a table of this kind never comes into memory as a whole: paths, datasets, DuckDB, Dask, Spark."""
    return isinstance(table, str | Path) or kind_of(table) in ("dataset", "duckdb", "dask", "spark")


def kind_of(table: Any) -> str | None:
    """Which of the sources a table is, or None, told by the module of its class."""
    for one in type(table).__mro__:
        for start, name, kind in _KINDS:
            if one.__module__.startswith(start) and one.__name__ in name:
                return kind
    return "mapping" if isinstance(table, Mapping) else None


_KINDS = (
    ("pandas.", ("DataFrame",), "pandas"),
    ("pandas", ("DataFrame",), "pandas"),
    ("polars.", ("DataFrame",), "polars"),
    ("polars.", ("LazyFrame",), "lazy"),
    ("pyarrow.lib", ("Table", "RecordBatch"), "arrow"),
    ("pyarrow._dataset", ("Dataset",), "dataset"),
    ("_duckdb", ("DuckDBPyRelation",), "duckdb"),
    ("duckdb", ("DuckDBPyRelation",), "duckdb"),
    ("dask", ("DataFrame",), "dask"),
    ("pyspark", ("DataFrame",), "spark"),
)
