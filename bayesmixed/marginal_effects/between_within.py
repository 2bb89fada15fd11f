"""A covariate taken apart: where its group stands, and where a row stands within the group."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from bayesmixed.arrays import Array, Index
from bayesmixed.errors import TableError

SUFFIXES = ("within", "between")
#: Differences that are smaller than this, relative to the greatest x, are rounding.
ROUNDING = 1e-13


def between_within(
    data: Any,
    columns: str | Sequence[str],
    group: str | Sequence[str],
    *,
    complete: str | Sequence[str] = (),
    weights: str | None = None,
    centre: bool = False,
    names: tuple[str, str] = SUFFIXES,
) -> Any:
    """Add ``x_within = x - mean of the group`` and ``x_between = mean of the group`` to a table.

    ``y ~ x + (1 | g)`` takes one slope for two questions: do rows with a larger x have a larger y than their
    neighbours in the group, and do groups with a larger mean of x have a larger mean of y? With
    ``y ~ x_within + x_between + (1 | g)`` each has its own, and the one within groups equals that of a model with
    an intercept for each group, so it is free of whatever sets groups apart. Exactly so, by REML or ML, if every
    covariate that varies within groups is split.

    Parameters
    ----------
    data : pandas, Polars or PyArrow table, or dict of columns
        Never changed.
    columns : str or sequence of str
        The covariates x, numbers.
    group : str or sequence of str
        The grouping column, or those whose combinations are the groups.
    complete : str or sequence of str
        Other columns of the model, the response above all. Rows that lack one of these, or an x, do not count in
        the means, as they will not in the model, and have missing values in the new columns.
    weights : str, optional
        The model's column of weights, for weighted means.
    centre : bool
        Subtract the mean of x over all rows from ``x_between``, so that the intercept is that of an average row.
    names : tuple of two str
        What is appended to the names, after an underscore.

    Returns
    -------
    table of the same kind
        With two columns more for each x, in units of x.

    Raises
    ------
    TableError
        A column is missing, is no number, or there is one of the new name already; weights are not positive.

    Notes
    -----
    Whether the two slopes differ: ``model.reml().test("x_within = x_between")``, or
    ``fit.direction("x_within - x_between")``. Mundlak (1978), doi:10.2307/1913646; Bell and Jones (2015),
    doi:10.1017/psrm.2014.7.

    Examples
    --------
    >>> table = between_within({"x": [1.0, 3.0, 8.0], "g": ["a", "a", "b"]}, "x", "g")
    >>> table["x_within"].tolist(), table["x_between"].tolist()
    ([-1.0, 1.0, 0.0], [2.0, 2.0, 8.0])
    """
    from bayesmixed.design.groups import group_codes
    from bayesmixed.table import model_frame

    xs, factor = _listed("columns", columns), _listed("group", group)
    if not xs or not factor:
        raise TableError("name at least one column to split, and the group")
    first, second = _suffixes(names)
    used = (
        *xs,
        *factor,
        *_listed("complete", complete),
        *(() if weights is None else _listed("weights", weights)),
    )
    frame, rows, missing = model_frame(data, used, factor)
    codes, _ = group_codes(frame, factor)
    w = np.ones(len(frame)) if weights is None else _numbers(frame, weights)
    if not (w > 0.0).all():
        raise TableError(f"the weights {weights!r} must be positive numbers")
    added: dict[str, Array] = {}
    for name in xs:
        parts = split(_numbers(frame, name), codes, w, centre)
        for suffix, values in zip((first, second), parts, strict=True):
            whole = np.full(len(frame) + missing.n_rows, np.nan)
            whole[rows] = values
            added[f"{name}_{suffix}"] = whole
    return _with_columns(data, added)


def split(x: Array, codes: Index, weights: Array, centre: bool = False) -> tuple[Array, Array]:
    """Deviation from the weighted mean of the group, and that mean, of each row.

    What varies within no group, or has the same mean in all, gets parts of exactly 0 or of one value, so that a
    model refuses them instead of fitting what rounding left.

    Parameters
    ----------
    x : ndarray, shape (N,)
    codes : ndarray of int, shape (N,)
        Positions of the groups.
    weights : ndarray, shape (N,)
    centre : bool
        The means minus the weighted mean of all rows.
    """
    origin = np.average(x, weights=weights)  # far-away origins cost no digits
    sums = np.bincount(codes, weights=weights * (x - origin))
    means = sums / np.bincount(codes, weights=weights)
    smallest = ROUNDING * np.abs(x).max()
    if np.ptp(means) <= smallest:
        means = np.zeros(len(means))
    within = x - origin - means[codes]
    if np.abs(within).max() <= smallest:
        within = np.zeros(len(x))
    return within, means[codes] if centre else means[codes] + origin


def _listed(what: str, names: Any) -> tuple[str, ...]:
    found = (names,) if isinstance(names, str) else tuple(names) if isinstance(names, Iterable) else (names,)
    if not all(isinstance(name, str) for name in found):
        raise TableError(f"{what} must be a name of a column, or several, not {names!r}")
    return found


def _suffixes(names: Any) -> tuple[str, str]:
    found = () if isinstance(names, str) else _listed("names", names)
    if len(found) != 2 or found[0] == found[1]:
        raise TableError(f"names must be two different words, such as {SUFFIXES!r}, not {names!r}")
    return found[0], found[1]


def _numbers(frame: Any, name: str) -> Array:
    if frame[name].dtype.kind not in "biuf":
        raise TableError(f"column {name!r} is text or a category; its means need numbers")
    numbers: Array = frame[name].to_numpy(dtype=float)
    return numbers


def _with_columns(data: Any, added: Mapping[str, Array]) -> Any:
    """The same table with more columns, missing where they are nan."""
    import narwhals as nw

    if isinstance(data, Mapping):
        _check_new(added, data)
        return {**data, **added}
    frame = nw.from_native(data)
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    _check_new(added, frame.columns)
    found = []
    for name, values in added.items():
        series = nw.new_series(name, values, nw.Float64, backend=frame.implementation)
        found.append(series if np.isfinite(values).all() else series.fill_nan(None))
    native = frame.to_native()
    if frame.implementation.is_pandas():  # its index says which value is whose
        return native.assign(**added)
    return nw.from_native(native).with_columns(*found).to_native()


def _check_new(added: Mapping[str, Array], there: Any) -> None:
    taken = [name for name in added if name in there]
    if taken:
        raise TableError(f"there is a column {taken[0]!r} already: drop it, or give other names")
