"""What calls give must fit into columns: a number or a level for each row."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from formulae.categorical import CategoricalBox

from bayesmixed.errors import DesignError


def check_results(terms: Iterable[Any], n_rows: int) -> None:
    """Check every call in terms that formulae has evaluated."""
    for term in terms:
        for component in getattr(term, "components", ()):
            if hasattr(component, "call"):
                check_result(component.name, component._intermediate_data, n_rows)


def check_result(name: str, result: Any, n_rows: int) -> None:
    """Refuse what formulae would refuse in its own words, or bend into columns.

    Raises
    ------
    DesignError
        The result is no array, has not a value for each row, is neither numbers nor text, or has a
        contrast for a level that does not occur.
    """
    if isinstance(result, CategoricalBox):
        _check_level(name, result)
        return
    if not isinstance(result, np.ndarray | pd.Series | pd.Categorical):
        raise DesignError(
            f"{name} gives {_kind(result)}: a function must return a NumPy array or pandas Series "
            "with a value for each row"
        )
    if result.ndim not in (1, 2) or len(result) != n_rows:
        shape = " x ".join(map(str, result.shape))
        raise DesignError(
            f"{name} gives {shape} values for {n_rows} rows: a function must return one for each row"
        )
    if not isinstance(result.dtype, pd.CategoricalDtype) and not _numbers_or_text(result):
        raise DesignError(f"{name} gives values of type {result.dtype}: a function must return numbers or text")


def _kind(result: Any) -> str:
    return "nothing (None)" if result is None else f"a {type(result).__name__}"


def _numbers_or_text(values: Any) -> bool:
    if pd.api.types.is_complex_dtype(values.dtype):
        return False
    return bool(pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_string_dtype(values))


def _check_level(name: str, box: CategoricalBox) -> None:
    """The level that a contrast names occurs: formulae overlooks it where no contrast is needed."""
    contrast = {} if box.contrast is None else vars(box.contrast)
    wanted = next((value for value in contrast.values() if value is not None), None)
    if wanted is None:
        return
    levels = sorted(np.unique(np.asarray(box.data)).tolist())
    if wanted not in levels:
        some = ", ".join(map(repr, levels[:10])) + (", ..." if levels[10:] else "")
        raise DesignError(f"{name}: there is no level {wanted!r}; levels are {some}")
