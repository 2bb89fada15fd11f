"""Parquet files as one table, though each has types of its own."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bayesmixed.errors import TableError


def dataset_at(path: Path) -> Any:
    """A Parquet file, or a folder of them, as a dataset in which every column has room for all its files.

    Raises
    ------
    TableError
        No such file, or none that is a Parquet table.
    """
    import pyarrow
    from pyarrow import dataset

    if not path.is_dir() and not path.name.lower().endswith((".parquet", ".pq")):
        raise TableError(
            f"{str(path)!r} is a path and not a table, and only Parquet files and folders are read in parts: "
            f"give bm.read_table({str(path)!r})"
        )
    if not path.exists():
        raise TableError(f"{path} does not exist")
    try:
        found = dataset.dataset(path, format="parquet", partitioning="hive")
        joint = _joint_schema(found)
        if not joint.equals(found.schema):
            found = dataset.dataset(path, joint, format="parquet", partitioning="hive")
    except (pyarrow.ArrowException, OSError) as error:
        raise TableError(f"{path} is not a Parquet table: {str(error).splitlines()[0]}") from None
    if not found.schema.names:
        raise TableError(f"the folder {path} holds no Parquet file")
    return found


def read_safely(batches: Iterator[Any], columns: Sequence[str]) -> Iterator[Any]:
    """The same batches; what Arrow cannot read is our error."""
    import pyarrow

    try:
        yield from batches
    except (pyarrow.ArrowException, OSError) as error:
        names = ", ".join(map(repr, columns))
        reason = " ".join(str(error).split())[:200]
        raise TableError(f"the table cannot be read (columns {names}): {reason}") from None


def check_kinds(table: Any, columns: Sequence[str]) -> None:
    """Refuse a column that is text in one file and numbers in another: Arrow would read "7" as 7."""
    kinds: dict[str, set[str]] = {name: set() for name in columns}
    for schema in _schemas(table):
        for name in set(columns) & set(schema.names):
            kinds[name].add(_kind(schema.field(name).type))
    for name, found in kinds.items():
        if {"text", "number"} <= found:
            raise TableError(f"column {name!r} is text in some files of the table and numbers in others")


def _schemas(table: Any) -> list[Any]:
    if not hasattr(table, "get_fragments"):
        return []
    return [fragment.physical_schema for fragment in _with_all_rows(table).get_fragments()]


def _with_all_rows(table: Any) -> Any:
    """Arrow gives no fragments of a dataset of which rows were chosen; the same files have the same types."""
    from pyarrow import dataset

    if not hasattr(table, "files"):
        return dataset.dataset(table.schema.empty_table())
    return dataset.dataset(table.files, table.schema, format=table.format, filesystem=table.filesystem)


def _kind(kind: Any) -> str:
    import pyarrow.types as types

    if types.is_dictionary(kind):
        kind = kind.value_type
    if types.is_string(kind) or types.is_large_string(kind):
        return "text"
    return "other" if types.is_null(kind) else "number"


def _joint_schema(table: Any) -> Any:
    """For each column a type that holds the values of all files."""
    import pyarrow as pa

    types: dict[str, Any] = {}
    for schema in [*_schemas(table), table.schema]:
        for field in schema:
            types[field.name] = _wider(types.get(field.name, field.type), field.type)
    return pa.schema(list(types.items()))


def _wider(one: Any, other: Any) -> Any:
    import pyarrow as pa

    if one == other:
        return one
    if pa.types.is_decimal(one) != pa.types.is_decimal(other) and not {pa.null()} & {one, other}:
        return pa.float64()
    one, other = (kind.value_type if pa.types.is_dictionary(kind) else kind for kind in (one, other))
    try:
        schemas = [pa.schema([("column", kind)]) for kind in (one, other)]
        return pa.unify_schemas(schemas, promote_options="permissive").field("column").type
    except pa.ArrowException:
        return one  # reading it tells what is wrong, if the model uses that column
