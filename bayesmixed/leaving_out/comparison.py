"""Models ranked by what they predict of units that they have not seen, and whether the difference can be told."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arguments import check_choice
from bayesmixed.errors import SamplingError
from bayesmixed.leaving_out.rows_and_groups import FEW_GROUPS, leave_out

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.fit import Fit
    from bayesmixed.leaving_out.results import RowsLeftOut

UNITS = ("row", "group")
#: A smaller difference of elpd, or one of fewer standard errors, does not tell models apart.
LEAST_DIFFERENCE, LEAST_ERRORS = 4.0, 2.0


def compare_predictions(fits: "Mapping[str, Fit]", by: str, **options: Any) -> "pd.DataFrame":
    """The table of `az.compare`, with a `conclusion` for every model; see `bayesmixed.compare_models`."""
    import arviz as az

    check_same_units(fits, by)
    found = {name: leave_out(fit, by, **options) for name, fit in fits.items()}
    table = az.compare(_relative(found), round_to="none")
    units = next(iter(found.values())).n_data_points
    table["warning"] = [found[name].warning for name in table.index]
    table["conclusion"] = [_conclusion(row, by, units) for row in table.to_dict("records")]
    return table


def check_same_units(fits: "Mapping[str, Fit]", by: str) -> None:
    """Refuse models of different rows, or of different groups where these are the units."""
    check_choice("by", by, (*UNITS, None), SamplingError)
    if len(fits) < 2:
        raise SamplingError("comparing predictions needs at least two fits")
    first, *others = fits
    one = fits[first].model.design
    for name in others:
        two = fits[name].model.design
        if one.streamed is not None or two.streamed is not None:
            raise SamplingError("comparing predictions needs the rows, which a table read in parts does not keep")
        if not np.array_equal(one.y, two.y):
            raise SamplingError(
                f"{first!r} and {name!r} are fits of different rows, or of rows in different order: "
                "fit both to one table"
            )
        if by == "group" and not (one.levels == two.levels and np.array_equal(one.group, two.group)):
            raise SamplingError(
                f"{first!r} has groups of {one.factor_name} and {name!r} others, of {two.factor_name}: whole "
                "groups can be left out of both only if they are the same; by='row' compares any"
            )


def _relative(found: "Mapping[str, RowsLeftOut]") -> "dict[str, RowsLeftOut]":
    """The same with ``elpd_i`` less the best of each unit: differences stay, and stacking does not underflow.

    Stacking exponentiates ``elpd_i``, which for a group of a thousand rows is zero in floating point.
    """
    best = np.max([one.elpd_i.to_numpy() for one in found.values()], axis=0)
    return {name: replace(one, elpd_i=one.elpd_i - best) for name, one in found.items()}


def _conclusion(row: Mapping[str, Any], by: str, units: int) -> str:
    """One clear word: Sivula, Magnusson, Matamoros and Vehtari (2025), doi:10.1214/25-BA1569."""
    difference, error = abs(row["elpd_diff"]), row["dse"]
    if row["rank"] == 0:
        return "best"
    if row["warning"]:
        return "cannot tell: k-hat is too large"
    if by == "group" and units < FEW_GROUPS:
        return f"cannot tell: {units} groups are too few for a standard error"
    if difference < LEAST_DIFFERENCE:
        return f"cannot tell: a difference below {LEAST_DIFFERENCE:g} is small, and its error unreliable"
    if difference < LEAST_ERRORS * error:
        return f"cannot tell: the difference is {difference / error:.1f} standard errors"
    return "worse"
