"""How many columns an interaction will have, before there is memory for them."""

from collections.abc import Iterable
from math import prod
from typing import Any

import numpy as np
import pandas as pd
from formulae.categorical import CategoricalBox

from bayesmixed.errors import DesignError

#: Of one term, however few rows there are: tables that are read in parts are tried on a few thousand rows.
MOST_COLUMNS = 10_000


def check_widths(terms: Iterable[Any], n_rows: int) -> None:
    """Refuse interactions of more than 10,000 columns and of more than there are rows.

    With fewer rows than columns there is no model, which is said later, where the matrices exist; but a few
    splines in one interaction would fill the memory first.

    Parameters
    ----------
    terms : iterable
        Of formulae, their types set, their columns not made yet.
    n_rows : int

    Raises
    ------
    DesignError
        The product of what its parts have at least is too large.
    """
    for term in terms:
        parts = getattr(term, "components", ())
        columns = prod(map(_width, parts)) if len(parts) > 1 else 1
        if columns > max(n_rows, MOST_COLUMNS):
            raise DesignError(f"{term.name} has {columns:,} columns or more: leave a part of it out")


def _width(component: Any) -> int:
    """Columns of a part; of a factor one less than its levels, as where others hold the rest."""
    values = component._intermediate_data
    if isinstance(values, CategoricalBox):
        values = values.data
    if np.ndim(values) == 2:
        return int(np.shape(values)[1])
    if component.kind == "categoric":
        return max(1, int(pd.Series(values).nunique()) - 1)
    return 1
