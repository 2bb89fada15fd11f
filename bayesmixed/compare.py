"""Fits against one another."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.errors import SamplingError
from bayesmixed.quantities import icc_label  # noqa: F401 - moved; others still look here

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.fit import Fit


def compare_models(fits: "Mapping[str, Fit]") -> "pd.DataFrame":
    """Parameters of several fits side by side: posterior median and sd, one row a quantity.

    Ranking models by what they predict comes with leave-one-group-out in a later version.

    Parameters
    ----------
    fits : mapping of str to Fit
        Of the same response and the same number of rows.

    Raises
    ------
    SamplingError
        There is no fit, one is not a `Fit`, or they are not of the same data.
    """
    import pandas as pd

    _check_fits(fits)
    columns: dict[tuple[str, str], dict[str, float]] = {}
    for name, fit in fits.items():
        for label, values in fit.scalars().items():
            columns.setdefault((name, "median"), {})[label] = float(np.median(values))
            columns.setdefault((name, "sd"), {})[label] = float(np.std(values, ddof=1))
    return pd.DataFrame(columns)


def _check_fits(fits: "Mapping[str, Fit]") -> None:
    """Refuse what is no mapping of fits, and fits of different data."""
    from bayesmixed.fit import Fit

    if not isinstance(fits, Mapping):
        raise SamplingError(
            "compare_models takes a dict of fits by name, such as {'a': fit, 'b': other}, "
            f"not {type(fits).__name__}"
        )
    if not fits:
        raise SamplingError("compare_models needs at least one fit")
    for name, fit in fits.items():
        if not isinstance(fit, Fit):
            raise SamplingError(
                f"compare_models takes fits that model.fit() gave; {name!r} is of type {type(fit).__name__}"
            )
    first, *others = fits
    for name in others:
        _check_same_data(first, fits[first], name, fits[name])


def _check_same_data(first: str, fit: "Fit", name: str, other: "Fit") -> None:
    one, two = fit.model.design, other.model.design
    if one.response_name != two.response_name:
        raise SamplingError(
            f"{first!r} is a fit of {one.response_name} and {name!r} one of {two.response_name}: "
            "compare fits of one response"
        )
    if one.n_obs != two.n_obs:
        raise SamplingError(
            f"{first!r} is a fit of {one.n_obs} rows and {name!r} one of {two.n_obs}: fit both to the same rows, "
            "such as those without missing values"
        )
