"""New rows, encoded as those of a design were."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayesmixed.design.groups import group_codes
from bayesmixed.encoding import PARTS, Encoding
from bayesmixed.errors import DesignError, PredictionError, TableError
from bayesmixed.table import model_frame
from bayesmixed.table.frame import as_narwhals


@dataclass(frozen=True, eq=False)
class NewRows:
    """Rows encoded as those of a design; `groups` is None if the table has no grouping column.

    Parameters
    ----------
    X : (n, p) ndarray
    Z_rows : (n, q) ndarray
    offset : (n,) ndarray
    groups : (n,) ndarray of str, or None
    """

    X: np.ndarray
    Z_rows: np.ndarray
    offset: np.ndarray
    groups: np.ndarray | None

    @classmethod
    def of(cls, table: Any, encoding: Encoding, groups: bool = True) -> "NewRows":
        """Encode a table that has the predictors; see `Design.encode`."""
        needed, factor = encoding.needed(PARTS[1:]), encoding.specification.factor
        try:
            has_groups = groups and _has_columns(table, factor)
            columns = (*needed, *factor) if has_groups else needed
            frame = _complete(table, columns, labels=set(factor) - set(needed))
        except TableError as error:
            raise PredictionError(f"the new rows: {error}") from None
        encoded = encoding.encode(frame)
        names = _group_names(frame, factor) if has_groups else None
        return cls(encoded.X, encoded.Z_rows, encoded.offset, names)


def _complete(table: Any, columns: Collection[str], labels: Collection[str]) -> pd.DataFrame:
    if not columns:
        return pd.DataFrame(index=pd.RangeIndex(_n_rows(table)))
    frame, _, missing = model_frame(table, columns, labels)
    if missing.n_rows:
        raise PredictionError(
            f"{missing.n_rows} of the new rows lack values: missing value in {missing.where}; "
            "fill them in, or leave those rows out"
        )
    return frame


def _has_columns(table: Any, names: Collection[str]) -> bool:
    if isinstance(table, Mapping):
        return all(name in table for name in names)
    import narwhals as nw

    try:
        present = nw.from_native(table).collect_schema().names()
    except TypeError:
        return True  # model_frame says what is wrong
    return all(name in present for name in names)


def _n_rows(table: Any) -> int:
    rows = len(as_narwhals(table))
    if not rows:
        raise TableError("the table has no rows")
    return rows


def _group_names(frame: pd.DataFrame, factor: Sequence[str]) -> np.ndarray:
    """Each row's group as text."""
    try:
        codes, levels = group_codes(frame, factor)
    except DesignError as error:
        raise PredictionError(f"the new rows: {error}") from None
    names: np.ndarray = np.array(levels, dtype=object)[codes]
    return names
