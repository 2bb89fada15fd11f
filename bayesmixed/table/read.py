"""CSV and Parquet files -> pandas data frame, refusing what pandas would repair silently."""

import csv
import gzip
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from bayesmixed.errors import TableError
from bayesmixed.table.headings import check_unique

if TYPE_CHECKING:
    import pandas as pd

_CSV, _PARQUET = (".csv", ".csv.gz"), (".parquet", ".pq")


def read_table(path: str | Path) -> "pd.DataFrame":
    """Read a CSV (``.csv``, ``.csv.gz``) or Parquet (``.parquet``, ``.pq``) file.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    TableError
        If the file is missing, empty, no table, of an unknown ending or has duplicate columns.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.csv")
    ...     _ = path.write_text("g,y\\n1,2.5\\n")
    ...     read_table(path)
       g    y
    0  1  2.5
    """
    path = Path(path)
    name = path.name.lower()
    if not name.endswith(_CSV + _PARQUET) and not path.is_dir():
        raise TableError(f"{path}: unknown ending; bayesmixed reads .csv, .csv.gz and .parquet")
    _check_file(path)
    try:
        table = _read_csv(path) if name.endswith(_CSV) else _read_parquet(path)
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror or error}") from None
    if table.empty:
        raise TableError(f"{path} has a header but no rows")
    return table


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise TableError(f"{path} is a folder; give a CSV or Parquet file")
    if not path.exists():
        raise TableError(f"{path} does not exist{_nearest_file(path)}")
    if path.stat().st_size == 0:
        raise TableError(f"{path} is empty")


def _nearest_file(path: Path) -> str:
    if not path.parent.is_dir():
        return f"; neither does the folder {path.parent}"
    near = get_close_matches(path.name, [other.name for other in path.parent.iterdir()], 1)
    return f"; did you mean {near[0]}?" if near else ""


def _read_csv(path: Path) -> "pd.DataFrame":
    import pandas as pd

    try:
        _check_csv_head(path)
        return pd.read_csv(path, index_col=False, low_memory=False)
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError, csv.Error):
        raise TableError(f"{path} is not a text table (in UTF-8)") from None
    except pd.errors.EmptyDataError:
        raise TableError(f"{path} is empty") from None
    except pd.errors.ParserError as error:
        reason = " ".join(str(error).removeprefix("Error tokenizing data. C error: ").split())
        raise TableError(f"{path} is not a table: {reason}") from None


def _check_csv_head(path: Path) -> None:
    """What pandas would repair silently: duplicate names, rows longer than the header."""
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        if "\0" in file.read(4096):
            raise TableError(f"{path} is not a text table")
        file.seek(0)
        rows = (row for row in csv.reader(file) if row)
        header, first = next(rows, []), next(rows, None)
    if not header:
        raise TableError(f"{path} is empty")
    check_unique(header, str(path))
    if len(header) == 1 and (mark := next((m for m in ";\t" if m in header[0]), None)):
        raise TableError(f"{path} is separated by {mark!r}; save it with commas")
    if first is not None and len(first) > len(header):
        raise TableError(
            f"{path}: the header has {len(header)} columns but the first row has {len(first)}; name every column"
        )


def _read_parquet(path: Path) -> "pd.DataFrame":
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise TableError("reading Parquet needs pyarrow: pip install pyarrow") from None
    try:
        with parquet.ParquetFile(path) as file:
            check_unique(file.schema_arrow.names, str(path))
            return file.read().to_pandas()
    except pyarrow.ArrowException as error:
        reason = str(error).splitlines()[0]
        raise TableError(f"{path} is not a Parquet file: {reason}") from None
