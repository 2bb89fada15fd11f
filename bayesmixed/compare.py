"""Fits against one another."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.errors import SamplingError

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.fit import Fit


def compare_models(
    fits: "Mapping[str, Fit]",
    by: str | None = None,
    *,
    refit: bool | str = "auto",
    random_seed: Any = 0,
    cores: int | None = None,
) -> "pd.DataFrame":
    """Fits side by side; or, with `by`, ranked by how well they predict rows or groups that they have not seen.

    Parameters
    ----------
    fits : mapping of str to Fit
        Of the same response and the same rows.
    by : {None, "group", "row"}
        None: parameters, posterior median and sd, one row a quantity. "group": whole groups are left out, as in
        `Fit.logo`, which asks for predictions of new groups. "row": single rows, as in `Fit.loo`, which asks for
        new rows of known groups.
    refit : {"auto", True, False}
        With `by`: which posteriors without a row, or a group, are computed anew; see `Fit.loo`.
    random_seed : int, SeedSequence or Generator
        With `by`: of the refits.
    cores : int, optional
        With `by`: threads; all cores if None.

    Returns
    -------
    pandas.DataFrame
        With `by`, as ``az.compare`` has it, the best model first: ``rank``, ``elpd_diff`` from the best and its
        standard error ``dse``, ``p_worse``, ``diag_diff``, ``diag_elpd``, ``p``, ``elpd``, ``se``, ``weight`` (of
        stacking), ``warning``; and ``conclusion``: "best", "worse", or "cannot tell" with the reason: fewer than 8
        groups, a difference below 4 or below two standard errors, or k-hat too large.

    Raises
    ------
    SamplingError
        There is no fit, one is not a `Fit`, they are not of the same data, or not of the same groups.

    References
    ----------
    Sivula, Magnusson, Matamoros and Vehtari (2025), Uncertainty in Bayesian leave-one-out cross-validation based
    model comparison, doi:10.1214/25-BA1569.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> data = bm.load_dataset("sleepstudy")
    >>> days, constant = (
    ...     bm.MixedModel(f"Reaction ~ {fixed} + (1 | Subject)", data).fit(random_seed=1, progressbar=False)
    ...     for fixed in ("Days", "1")
    ... )
    >>> bm.compare_models({"constant": constant, "days": days}, by="group")["conclusion"].to_dict()
    {'days': 'best', 'constant': 'worse'}
    """
    _check_fits(fits)
    if by is None:
        if not (isinstance(refit, str) and refit == "auto"):
            raise SamplingError("refit is for leaving out: add by='group' or by='row'")
        return _side_by_side(fits)
    from bayesmixed.leaving_out.comparison import compare_predictions

    return compare_predictions(fits, by, refit=refit, random_seed=random_seed, cores=cores)


def _side_by_side(fits: "Mapping[str, Fit]") -> "pd.DataFrame":
    import pandas as pd

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
