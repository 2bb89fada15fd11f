"""How sure the sign of a number is, and whether it is large enough to matter: functions of draws."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.errors import SamplingError
from bayesmixed.parameters import find_name
from bayesmixed.summary import interval_names, intervals

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.design import Design

#: A standardised effect as small as half of what is called small, Kruschke (2018).
NEGLIGIBLE = 0.1


def direction(draws: Array, null: Array | float = 0.0) -> Array:
    """Probability of direction, ``max(P(x > null), P(x < null))`` of draws, shape (draws, ...).

    Between 0.5, as often above as below, and 1. Makowski, Ben-Shachar, Chen and Luedecke (2019),
    doi:10.3389/fpsyg.2019.02767.

    Examples
    --------
    >>> float(direction(np.array([-1.0, 1.0, 2.0, 3.0])))
    0.75
    """
    return np.maximum((draws > null).mean(axis=0), (draws < null).mean(axis=0))


def practical(draws: Array, low: Array, high: Array, ci_prob: float, ci_kind: str) -> dict[str, Any]:
    """Shares of draws, (draws, k), in regions of practical equivalence, and the decision on each.

    ``"reject"``: the interval lies outside the region, so the value is not practically null. ``"accept"``: it lies
    inside. ``"undecided"`` otherwise. Kruschke (2018), doi:10.1177/2515245918771304.

    Parameters
    ----------
    draws : ndarray, shape (draws, k)
    low, high : ndarray, shape (k,)
        The regions, limits included; nan where there is none.
    ci_prob : float
    ci_kind : {"eti", "hdi"}

    Returns
    -------
    dict
        Columns ``low``, ``high``, limits of the interval, ``share`` of all draws in the region,
        ``share_of_interval`` of those in the interval, ``decision``.

    Examples
    --------
    >>> found = practical(np.linspace(-1, 3, 401)[:, None], np.array([-1.0]), np.array([1.0]), 0.95, "eti")
    >>> round(float(found["share"][0]), 2), found["decision"]
    (0.5, ['undecided'])
    """
    names = interval_names(ci_prob, ci_kind)
    lower, upper = intervals(draws, ci_prob, ci_kind)
    there = ~np.isnan(low)
    within = (draws >= low) & (draws <= high)
    kept = (draws >= lower) & (draws <= upper)
    return {
        "low": low,
        "high": high,
        names[0]: lower,
        names[1]: upper,
        "share": np.where(there, within.mean(axis=0), np.nan),
        "share_of_interval": np.where(there, (within & kept).sum(axis=0) / kept.sum(axis=0), np.nan),
        "decision": [_decision(*row) for row in zip(low, high, lower, upper, strict=True)],
    }


def _decision(low: float, high: float, lower: float, upper: float) -> str:
    if np.isnan(low):
        return "no region"
    if lower > high or upper < low:
        return "reject"
    return "accept" if lower >= low and upper <= high else "undecided"


def practical_table(
    draws: Array, index: "pd.Index", low: Array, high: Array, ci_prob: float, ci_kind: str
) -> "pd.DataFrame":
    """`practical` by the rows of a table."""
    import pandas as pd

    return pd.DataFrame(practical(draws, low, high, ci_prob, ci_kind), index=index)


def limits(region: Any) -> tuple[float, float]:
    """One region: ``(low, high)``, or the half-width of one around 0."""
    try:
        values = np.asarray(region, dtype=float)
    except (TypeError, ValueError):
        values = np.empty(0)
    low, high = (-values, values) if values.ndim == 0 else values if values.shape == (2,) else (np.nan, np.nan)
    if not low < high:
        raise SamplingError(f"a region is (low, high) with low < high, or its half-width around 0, not {region!r}")
    return float(low), float(high)


def regions(region: Any, names: "pd.Index", default: Array) -> tuple[Array, Array]:
    """Lower and upper limits of the regions of all rows.

    Parameters
    ----------
    region : None, number, pair, or dict from names of rows to these
        Rows that a dict does not name take the default.
    names : pandas.Index
    default : ndarray, shape (k,)
        Half-widths; nan for none.
    """
    if region is None:
        return -default, default.copy()
    if not isinstance(region, Mapping):
        one = np.array(limits(region))
        return np.full(len(names), one[0]), np.full(len(names), one[1])
    low, high = -default, default.copy()
    for name, one in region.items():
        place = _row_of(name, names)
        low[place], high[place] = limits(one)
    return low, high


def _row_of(name: Any, names: "pd.Index") -> Any:
    """The place of a row by its name, which may be spelled in other ways; see `find_name`."""
    if name in names:
        return names.get_loc(name)
    found = find_name(str(name), map(str, names))
    if found is None:
        raise SamplingError(f"the region of {name!r} belongs to no row; there are {', '.join(map(str, names))}")
    return list(map(str, names)).index(found)


def default_widths(design: "Design") -> Array:
    """Half-widths of regions of coefficients: 0.1 sd(y) for one sd of a number, or for a level of a factor.

    That is ``0.1 sd(y) / sd(x)`` of a column without factors and ``0.1 sd(y)`` of a column of factors only; nan
    for the intercept, and for products of factors and numbers, whose scale only the user knows. Shape (p,).

    Examples
    --------
    >>> import bayesmixed as bm
    >>> model = bm.MixedModel("effort ~ Type + (1 | Subject)", bm.load_dataset("ergoStool"))
    >>> default_widths(model.design).round(3).tolist()
    [nan, 0.222, 0.222, 0.222]
    """
    small = NEGLIGIBLE * design.response_spread
    widths: list[Array] = []
    start = 0
    for term, learnt in zip(design.fixed, design.encoding.fixed.model, strict=True):
        kinds = {component.kind == "categoric" for component in getattr(learnt, "components", ())}
        if kinds == {False}:
            spread = design.X[:, start : start + term.size].std(axis=0)
            widths.append(np.divide(small, spread, out=np.full(term.size, np.nan), where=spread > 0.0))
        else:
            widths.append(np.full(term.size, small if kinds == {True} else np.nan))
        start += term.size
    return np.concatenate(widths) if widths else np.empty(0)
