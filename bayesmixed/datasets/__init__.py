"""Small real tables with their sources, to learn and to test with."""

from difflib import get_close_matches
from importlib.resources import files
from typing import TYPE_CHECKING

from bayesmixed.datasets.catalogue import CATALOGUE, DatasetInfo
from bayesmixed.errors import TableError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DatasetInfo", "dataset_info", "list_datasets", "load_dataset"]


def list_datasets() -> list[str]:
    """Names of the tables that come with the package.

    Returns
    -------
    list of str

    See Also
    --------
    load_dataset : one of the tables.
    dataset_info : where a table comes from.

    Examples
    --------
    >>> list_datasets()
    ['teaching', 'sleepstudy', 'Dyestuff', 'Dyestuff2', 'ergoStool']
    """
    return [info.name for info in CATALOGUE]


def dataset_info(name: str) -> DatasetInfo:
    """Title, source, units, columns and a suggested formula of one table.

    Parameters
    ----------
    name : str
        One of `list_datasets`, in upper or lower case.

    Returns
    -------
    DatasetInfo

    Raises
    ------
    TableError
        If there is no such table; the message offers the nearest name.

    Examples
    --------
    >>> info = dataset_info("sleepstudy")
    >>> info.formula
    'Reaction ~ Days + (Days | Subject)'
    >>> dict(info.units)
    {'Reaction': 'ms', 'Days': 'd'}
    """
    by_key = {info.name.lower(): info for info in CATALOGUE}
    key = str(name).lower()
    if key not in by_key:
        raise TableError(_unknown(name, get_close_matches(key, by_key, n=1)))
    return by_key[key]


def load_dataset(name: str) -> "pd.DataFrame":
    """One of the tables that come with the package, freshly read.

    Parameters
    ----------
    name : str
        One of `list_datasets`, in upper or lower case.

    Returns
    -------
    pandas.DataFrame
        One row a measurement. Labels of groups and conditions are strings, also where they look
        like numbers (subject ``"308"``); counts and measurements are int or float. In
        ``teaching``, ``ID`` and ``group`` are integers.

    Raises
    ------
    TableError
        If there is no such table; the message offers the nearest name.

    See Also
    --------
    dataset_info : source and units of a table.

    Examples
    --------
    >>> sleepstudy = load_dataset("sleepstudy")
    >>> sleepstudy.shape
    (180, 3)
    >>> sleepstudy["Subject"].nunique()
    18
    """
    import pandas as pd

    info = dataset_info(name)
    with (files(__package__) / "tables" / f"{info.name}.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=dict.fromkeys(info.labels, "str"))


def _unknown(name: str, nearest: list[str]) -> str:
    if nearest:
        return f"There is no data set {name!r}. Did you mean {dataset_info(nearest[0]).name!r}?"
    return f"There is no data set {name!r}. Choose one of: {', '.join(list_datasets())}."
