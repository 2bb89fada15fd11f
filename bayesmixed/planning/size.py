"""What the ordinary F test and interval do to clustered data: their true size and coverage, exactly.

k arms of m clusters of n rows, one intraclass correlation. With ``lambda = 1 + (n - 1) ICC`` over ``1 - ICC``,
independent chi-squares make the mean squares of an analysis that ignores the clusters:

    arms:   lambda sigma^2 chi2(k - 1),
    error:  sigma^2 [ lambda chi2(k (m - 1)) + chi2(k m (n - 1)) ],   taken for sigma^2 chi2(k (m n - 1)).

The share of the first in the two chi-squares of the error, ``U ~ Beta(k (m - 1) / 2, k m (n - 1) / 2)``, does not
depend on their sum, so that the ordinary F exceeds f with probability

    E P( F(k - 1, k (m n - 1)) > f [ lambda U + 1 - U ] / lambda ).

With one cluster in each arm U is 0: that is ``P(F > f (1 - ICC) / (1 + (n - 1) ICC))``, which grows with n.
"""

from collections.abc import Callable, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from bayesmixed.errors import DesignError

if TYPE_CHECKING:
    import pandas as pd

type Numbers = float | Sequence[float] | np.ndarray

#: Places, as standard normal quantiles, at which the expectation over U is taken by the trapezoidal rule, whose
#: error falls geometrically there.
_PLACES = np.linspace(-8.5, 8.5, 171)
_WEIGHTS = np.exp(-0.5 * _PLACES**2) / np.exp(-0.5 * _PLACES**2).sum()


def type_one_error(
    groups: Numbers, n: Numbers, icc: Numbers, alpha: Numbers = 0.05, clusters: Numbers = 1
) -> "float | pd.DataFrame":
    """True size of the ordinary one-way F test when the rows of an arm come in clusters that it ignores.

    ``P( F > f (1 - ICC) / (1 + (n - 1) ICC) )`` with one cluster an arm, see `bayesmixed.planning.size` for
    several. Exact for normal responses and clusters of equal size; a larger n makes it worse, as the F test
    takes each row for new information on its arm.

    Parameters
    ----------
    groups : int or sequence of int
        Arms that are compared, at least 2.
    n : int or sequence of int
        Rows of each cluster.
    icc : float or sequence of float
        From ``-1 / (n - 1)`` to below 1.
    alpha : float or sequence of float
        Level at which the test is carried out.
    clusters : int or sequence of int
        Clusters of each arm.

    Returns
    -------
    float, or pandas.DataFrame
        A number for numbers. For sequences, one row for each of their combinations, with the columns ``groups,
        n, icc, alpha, clusters, type_one_error``.

    Raises
    ------
    DesignError
        A number is out of its range, or there is no error left to test against.

    See Also
    --------
    interval_coverage : of the interval of a mean or of a difference.
    plot_type_one_error : the pictures.

    Notes
    -----
    Scariano and Davenport (1987), doi:10.1080/00031305.1987.10475459, for one cluster an arm.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> round(bm.type_one_error(groups=2, n=10, icc=0.10), 4)
    0.1654
    >>> bm.type_one_error(groups=3, n=[10, 100], icc=0.3)["type_one_error"].round(3).tolist()
    [0.538, 0.933]
    >>> round(bm.type_one_error(groups=2, n=10, icc=0.10, clusters=10), 4)
    0.1561
    """
    named = {"groups": groups, "n": n, "icc": icc, "alpha": alpha, "clusters": clusters}
    return _over(named, "type_one_error", _size)


def interval_coverage(
    groups: Numbers, n: Numbers, icc: Numbers, ci_prob: Numbers = 0.95, clusters: Numbers = 1
) -> "float | pd.DataFrame":
    """True coverage of the ordinary t interval of an arm's mean, or of a difference of arms, ignoring clusters.

    Means of arms, their differences and all other combinations of them have the same coverage: each is
    estimated with ``lambda`` times the variance that the pooled residual variance, itself too large only by a
    little, makes it look like. See `bayesmixed.planning.size`.

    Parameters
    ----------
    groups : int or sequence of int
        Arms whose rows make the pooled residual variance; 1 for the mean of a single sample.
    n : int or sequence of int
        Rows of each cluster.
    icc : float or sequence of float
        From ``-1 / (n - 1)`` to below 1.
    ci_prob : float or sequence of float
        What the interval claims.
    clusters : int or sequence of int
        Clusters of each arm.

    Returns
    -------
    float, or pandas.DataFrame
        A number for numbers. For sequences, one row for each of their combinations, with the columns ``groups,
        n, icc, ci_prob, clusters, coverage``.

    Raises
    ------
    DesignError
        A number is out of its range.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> round(bm.interval_coverage(groups=2, n=10, icc=0.10), 4)
    0.8346
    >>> round(bm.interval_coverage(groups=1, n=20, icc=0.05, clusters=8), 3)
    0.839
    """
    named = {"groups": groups, "n": n, "icc": icc, "ci_prob": ci_prob, "clusters": clusters}
    return _over(named, "coverage", _coverage)


def _size(groups: int, n: int, icc: float, alpha: float, clusters: int) -> float:
    if groups < 2:
        raise DesignError(f"an F test compares at least 2 groups, not {groups}")
    return _exceeds(groups - 1, groups, n, icc, alpha, clusters)


def _coverage(groups: int, n: int, icc: float, ci_prob: float, clusters: int) -> float:
    return 1.0 - _exceeds(1, groups, n, icc, 1.0 - ci_prob, clusters)


def _exceeds(df: int, groups: int, n: int, icc: float, alpha: float, clusters: int) -> float:
    """Probability that the ordinary F of `df` degrees of freedom exceeds its quantile."""
    _check(groups, n, icc, clusters)
    error = groups * (clusters * n - 1)
    cut = 1.0 / special.fdtri(error, df, alpha)  # 1 - alpha would round a small alpha away
    inflation = (1.0 + (n - 1) * icc) / (1.0 - icc)
    if inflation <= 0.0:  # the means of all clusters are equal
        return 0.0
    share = _shares(groups * (clusters - 1) / 2.0, groups * clusters * (n - 1) / 2.0)
    exceeded = special.fdtrc(df, error, cut * (share + (1.0 - share) / inflation))
    return float(exceeded @ _WEIGHTS)


def _shares(between: float, within: float) -> np.ndarray:
    """Quantiles of U, one for each place."""
    if between == 0.0:
        return np.zeros_like(_PLACES)
    if within == 0.0:
        return np.ones_like(_PLACES)
    upper = _PLACES > 0.0
    # Tails from their own side: 1 - 1e-17 is 1.
    low = special.betaincinv(between, within, special.ndtr(_PLACES))
    high = 1.0 - special.betaincinv(within, between, special.ndtr(-_PLACES))
    shares: np.ndarray = np.where(upper, high, low)
    return shares


def _check(groups: int, n: int, icc: float, clusters: int) -> None:
    for name, value in (("groups", groups), ("n", n), ("clusters", clusters)):
        if value < 1 or value != int(value):
            raise DesignError(f"{name} must be a whole number of at least 1, not {value!r}")
    lowest = -1.0 / (n - 1) if n > 1 else -np.inf
    if not lowest <= icc < 1.0:
        raise DesignError(f"icc must lie between {lowest:.3g}, which is -1 / (n - 1), and 1, not {icc!r}")
    if clusters * n < 2:
        raise DesignError("each group needs two rows: with clusters=1, n must be at least 2")


def _over(named: dict[str, Any], name: str, one: Callable[..., float]) -> "float | pd.DataFrame":
    """A number for numbers, a table of all combinations for sequences."""
    lists = [numbers_of(key, value) for key, value in named.items()]
    rows = [(*values, one(*values)) for values in product(*lists)]
    if all(np.ndim(value) == 0 for value in named.values()):
        return rows[0][-1]
    import pandas as pd

    return pd.DataFrame(rows, columns=[*named, name])


def numbers_of(name: str, value: Any) -> list[Any]:
    """The numbers of an argument, one or a sequence; whole ones as int where rows or groups are counted."""
    try:
        numbers = np.atleast_1d(np.asarray(value, dtype=float))
    except (TypeError, ValueError, OverflowError):
        raise DesignError(f"{name} must be a number or a sequence of numbers, not {value!r}") from None
    if numbers.ndim > 1 or not numbers.size or not np.isfinite(numbers).all():
        raise DesignError(f"{name} must be a number or a sequence of numbers, not {value!r}")
    if name in ("alpha", "ci_prob") and not ((numbers > 0.0) & (numbers < 1.0)).all():
        raise DesignError(f"{name} must lie between 0 and 1, not {value!r}")
    whole = name in ("groups", "n", "clusters") and (numbers == np.floor(numbers)).all()
    return [int(number) if whole else float(number) for number in numbers]
