"""CSV and Parquet files -> pandas data frame, refusing what pandas would repair silently."""

import csv
import gzip
import re
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from bayesmixed.errors import TableError
from bayesmixed.table.headings import check_unique

if TYPE_CHECKING:
    import pandas as pd

# pandas' longer list would take levels called None, null or n/a for gaps; "." is the gap of SAS and Stata.
MISSING = ("", "NA", "NaN", "nan", ".")
_ZERO_FIRST = r"[+-]?0[0-9]+"
_MAY_BEGIN_WITH_ZERO = re.compile(rb"(?:^|[,\r\n])[ \t]*\"?[ \t]*" + _ZERO_FIRST.encode())
_BLOCK = 1 << 24  # bytes
_AS_WRITTEN: dict[str, Any] = {
    "index_col": False,
    "low_memory": False,
    "keep_default_na": False,
    "na_values": list(MISSING),
}
_CSV, _PARQUET = (".csv", ".csv.gz"), (".parquet", ".pq")


def read_table(path: str | Path) -> "pd.DataFrame":
    """Read a CSV (``.csv``, ``.csv.gz``) or Parquet (``.parquet``, ``.pq``) file.

    In a CSV file an empty cell, ``NA``, ``NaN``, ``nan`` and ``.`` are missing values; anything else,
    such as ``None`` or ``n/a``, is text. A column with codes such as ``001`` is text as a whole.

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
        table = pd.read_csv(path, **_AS_WRITTEN)
        return _with_codes_as_text(table, path)
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError, csv.Error):
        raise TableError(f"{path} is not a text table (in UTF-8)") from None
    except pd.errors.EmptyDataError:
        raise TableError(f"{path} is empty") from None
    except pd.errors.ParserError as error:
        reason = " ".join(str(error).removeprefix("Error tokenizing data. C error: ").split())
        raise TableError(f"{path} is not a table: {reason}") from None


def _with_codes_as_text(table: "pd.DataFrame", path: Path) -> "pd.DataFrame":
    """Columns of codes such as 001 as text again: as numbers, "01" and "1" would be one level."""
    import pandas as pd

    numbers = [name for name in table.columns if table[name].dtype.kind in "iuf"]
    if not numbers or not _may_have_codes(path):
        return table
    written = pd.read_csv(path, usecols=numbers, dtype=str, **_AS_WRITTEN)
    codes = [name for name in numbers if written[name].str.strip().str.fullmatch(_ZERO_FIRST).eq(True).any()]
    return table.assign(**{name: written[name] for name in codes})


def _may_have_codes(path: Path) -> bool:
    """Does any cell begin with 0 and another digit? Much faster than a second look at the columns."""
    with _opener(path)(path, "rb") as file:
        rest = b""
        while block := file.read(_BLOCK):
            if _MAY_BEGIN_WITH_ZERO.search(rest + block):
                return True
            rest = block[-80:]
    return False


def _opener(path: Path) -> Callable[..., IO[Any]]:
    return gzip.open if path.name.lower().endswith(".gz") else open


def _check_csv_head(path: Path) -> None:
    """What pandas would repair silently: duplicate names, rows longer than the header."""
    with _opener(path)(path, "rt", encoding="utf-8-sig", newline="") as file:
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
    except (OSError, TableError):
        raise
    except (pyarrow.ArrowException, ValueError, TypeError, AttributeError, LookupError, ArithmeticError) as error:
        # All but the first from damaged notes that pandas left in the file.
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise TableError(f"{path} is not a Parquet file: {reason}") from None
