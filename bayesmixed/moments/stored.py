"""Moments to files and back: NumPy arrays and JSON, nothing in it that could run."""

import json
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bayesmixed.encoding.column import Column
from bayesmixed.encoding.plain import plain
from bayesmixed.errors import DesignError, StorageError
from bayesmixed.files import whole_file
from bayesmixed.moments.moments import Moments
from bayesmixed.streaming.agreement import Agreement
from bayesmixed.streaming.facts import Facts, Header
from bayesmixed.streaming.slopes import SlopeTable
from bayesmixed.table import Missing

FORMAT, FORMAT_VERSION = "bayesmixed-moments", 1
ARRAYS = ("Rzz", "Rza", "Raa", "n")


def save_moments(moments: Moments, path: str | Path) -> None:
    """Write moments and their header to one file; see `Moments.save`."""
    arrays, header = arrays_of(moments), header_of(moments)
    with whole_file(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, header=np.array(json.dumps(header)), **arrays)  # type: ignore[arg-type]


def header_of(moments: Moments) -> dict[str, Any]:
    """All but the arrays, as plain data for JSON."""
    if moments.header is None:
        raise DesignError(
            "these moments do not say what they belong to: save model.moments, or those of bm.sum_moments"
        )
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "levels": list(moments.levels),
        "sum_log_weights": moments.sum_log_weights,
        "agreement": moments.header.agreement.to_dict(),
        "facts": _facts_data(moments.header.facts),
    }


def arrays_of(moments: Moments) -> dict[str, np.ndarray]:
    """The arrays of moments with a header, by their names."""
    assert moments.header is not None
    return {name: getattr(moments, name) for name in ARRAYS} | {"ZZ": moments.header.facts.ZZ}


def moments_of(
    arrays: Mapping[str, np.ndarray],
    header: Mapping[str, Any],
    functions: Mapping[str, Callable[..., Any]] | None = None,
) -> Moments:
    """Moments from what `arrays_of` and `header_of` gave."""
    agreement = Agreement.from_dict(header["agreement"], functions)
    found = Header(agreement, _facts_from(header["facts"], arrays["ZZ"], agreement))
    levels = tuple(header["levels"])
    own = {name: arrays[name] for name in ARRAYS}
    return Moments(**own, levels=levels, sum_log_weights=header["sum_log_weights"], header=found)


def load_moments(path: str | Path, functions: Mapping[str, Callable[..., Any]] | None = None) -> Moments:
    """Read what `save_moments` wrote; see `Moments.load`."""
    path = Path(path)
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in (*ARRAYS, "ZZ")}
            header = json.loads(str(file["header"]))
        if header["format"] != FORMAT or header["format_version"] != FORMAT_VERSION:
            raise StorageError(f"{path} holds moments of another version of bayesmixed")
        return moments_of(arrays, header, functions)
    except StorageError:
        raise
    except FileNotFoundError:
        raise StorageError(f"{path} does not exist") from None
    except (
        *(OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, ArithmeticError, RecursionError),
        *(EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error),
    ) as error:
        raise StorageError(f"{path} does not hold whole moments: {' '.join(str(error).split())}") from error


def _facts_data(facts: Facts) -> dict[str, Any]:
    slopes = facts.slopes
    frame = slopes.frame() if slopes.columns and slopes.cells is None else pd.DataFrame()
    return {
        "sum_weights": facts.sum_weights,
        "low": facts.low,
        "high": facts.high,
        "missing": [facts.missing.n_rows, dict(facts.missing.columns)],
        "slope_columns": [column.name for column in slopes.columns],
        "slopes": {str(name): plain(frame[name].tolist()) for name in frame.columns},
        "slopes_exact": slopes.exact,
        "slopes_origin": slopes.origin,
        "slopes_cells": None if slopes.cells is None else slopes.cells.tolist(),
    }


def _facts_from(data: Mapping[str, Any], ZZ: np.ndarray, agreement: Agreement) -> Facts:
    names = data["slope_columns"]
    columns: list[Column] = [one for one in agreement.encoding.columns if one.name in names]
    slopes = SlopeTable.empty(columns, data["slopes_origin"])
    if names and data["slopes_cells"] is not None:
        slopes = replace(slopes, exact=False, cells=np.array(data["slopes_cells"]))
    elif names:
        counts = pd.DataFrame(data["slopes"]).set_index(names)["count"]
        slopes = replace(slopes, counts=counts, exact=data["slopes_exact"])
    missing = Missing(data["missing"][0], data["missing"][1])
    return Facts(data["sum_weights"], ZZ, data["low"], data["high"], missing, slopes)
