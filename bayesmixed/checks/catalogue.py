"""The statistics of `Fit.check`: what each is called, what it sees, and what to do when it is extreme."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.checks import statistics
from bayesmixed.checks.layout import Layout
from bayesmixed.errors import PredictionError


@dataclass(frozen=True, eq=False)
class Statistic:
    """One statistic of tables.

    Parameters
    ----------
    name : str
    values : callable
        Tables (R, N) and their `Layout` to R numbers.
    sees : {"new", "either"}
        Replicates that can show misfit: of new groups, because the same groups' b were fitted to this very table;
        or of either, because the statistic does not depend on b at all.
    high, low : str
        What may be wrong, and what to do, where the data have more, or less, of it than the model's tables.
    missing : callable
        Why a table has no such statistic; "" where it has.
    in_units_of_y : bool
    """

    name: str
    values: Callable[[Array, Layout], Array]
    sees: str
    high: str
    low: str
    missing: Callable[[Layout], str] = lambda layout: ""
    in_units_of_y: bool = False


def _at_least(groups: int) -> Callable[[Layout], str]:
    def missing(layout: Layout) -> str:
        return "" if layout.design.n_groups >= groups else f"it needs {groups} groups or more"

    return missing


def _repeated(layout: Layout) -> str:
    if layout.design.n_groups < 2:
        return "it needs two groups or more"
    return "" if layout.design.n_obs > layout.design.n_groups else "every group has one row only"


def _residual(layout: Layout) -> str:
    return "" if layout.residual_df > 0 else "the groups' own coefficients leave no residuals"


def _ordered(layout: Layout) -> str:
    if layout.time is None:
        return "no numeric predictor varies within groups to order rows by: give time= a column or values"
    return _residual(layout)


def _several_told(layout: Layout) -> str:
    few = np.count_nonzero(layout.within.df > 0.5) < 2
    return "fewer than two groups have residuals of their own" if few else _residual(layout)


_TAILS = (
    "look at this group in plot_random_effects(); a predictor of groups may be missing, or group effects have "
    "heavier tails than a normal distribution"
)

STATISTICS = {
    one.name: one
    for one in (
        Statistic(
            "between-group sd",
            lambda y, layout: statistics.between_group_sd(y, layout.group),
            "new",
            "the prior of the sd between groups may pull it down, see sensitivity()",
            "the prior of the sd between groups may pull it up, see sensitivity(); with few groups that is usual",
            _at_least(2),
            in_units_of_y=True,
        ),
        Statistic(
            "within-group sd",
            lambda y, layout: statistics.within_group_sd(y, layout.group),
            "new",
            "a slope within groups may be missing, or the prior of sigma may pull it down",
            "the prior of sigma, or of slopes, may pull it up, see sensitivity()",
            _repeated,
            in_units_of_y=True,
        ),
        Statistic(
            "ICC (ANOVA)",
            lambda y, layout: statistics.anova_icc(y, layout.group),
            "new",
            "priors may pull the sd between groups down or sigma up, see sensitivity()",
            "rows of one group are less alike than a variance between groups allows: see icc(method='cs')",
            _repeated,
        ),
        Statistic(
            "lowest group mean",
            lambda y, layout: statistics.lowest_group_mean(y, layout.group),
            "new",
            "the low end of the groups is missing: group effects may be skewed; try log(y)",
            _TAILS,
            in_units_of_y=True,
        ),
        Statistic(
            "highest group mean",
            lambda y, layout: statistics.highest_group_mean(y, layout.group),
            "new",
            _TAILS,
            "the high end of the groups is missing: group effects may be skewed",
            in_units_of_y=True,
        ),
        Statistic(
            "farthest group",
            lambda y, layout: statistics.farthest_group(layout.without_X(y), layout.group),
            "new",
            _TAILS,
            "no group stands apart: groups may fall into two kinds, look for a predictor of groups",
            _at_least(3),
        ),
        Statistic(
            "autocorrelation",
            lambda y, layout: statistics.autocorrelation(layout.within.residuals(y), layout.within),
            "either",
            "neighbours in time are more alike than independent noise: consider a curve or a random slope of "
            "time, or software with autocorrelated residuals; intervals within groups may be too short here",
            "neighbours in time are less alike than independent noise: look for alternation, or fixed sums",
            _ordered,
        ),
        Statistic(
            "residual spread",
            lambda y, layout: statistics.residual_spread(layout.within.residuals(y), layout.within),
            "either",
            "one sigma does not fit all groups: look at those with the largest residuals; consider log(y), "
            "weights, or software with a sigma for each group; groups of large spread are shrunk too little here",
            "the groups' residual spreads are more equal than chance makes them: are the rows made by a rule?",
            _several_told,
        ),
    )
}


def chosen(wanted: Any, layout: Layout) -> list[Statistic]:
    """The statistics that are asked for; by default all that the table has.

    Parameters
    ----------
    wanted : None, name, function, sequence of these, or mapping from names to functions

    Raises
    ------
    PredictionError
        There is no such statistic, or the table does not have it.
    """
    if wanted is None:
        return [one for one in STATISTICS.values() if not one.missing(layout)]
    several = isinstance(wanted, Iterable) and not isinstance(wanted, str)
    if isinstance(wanted, Mapping):
        found = [_own(str(name), function) for name, function in wanted.items()]
    else:
        found = [_found(one, layout) for one in (wanted if several else [wanted])]
    if not found:
        raise PredictionError(f"statistics is empty: name some of {', '.join(STATISTICS)}, or give functions")
    return found


def _found(one: Any, layout: Layout) -> Statistic:
    if callable(one):
        return _own(getattr(one, "__name__", "statistic"), one)
    if one not in STATISTICS:
        raise PredictionError(f"no statistic {one!r}; there are {', '.join(STATISTICS)}, or give a function")
    reason = STATISTICS[one].missing(layout)
    if reason:
        raise PredictionError(f"this table has no {one}: {reason}")
    return STATISTICS[one]


def _own(name: str, function: Any) -> Statistic:
    """A statistic of the user's own, ``function(y, table)``, called for one table after another."""
    if not callable(function):
        raise PredictionError(f"the statistic {name!r} must be a function of (y, table), not {function!r}")

    def called(y: Array, table: Any) -> Any:
        try:
            return function(y, table)
        except Exception as error:
            raise PredictionError(
                f"the statistic {name!r} fails when called with (y, table), the response of one table and the "
                f"model's data frame: {type(error).__name__}: {error}"
            ) from error

    def values(y: Array, layout: Layout) -> Array:
        frame = layout.design.frame
        return np.array([_number(name, called(one, frame)) for one in y])

    advice = "ask what of the model could change that"
    return Statistic(name, values, "new", advice, advice)


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise PredictionError(f"the statistic {name!r} must give one number, not {value!r}") from None
    if not np.isfinite(number):
        raise PredictionError(f"the statistic {name!r} gives {number} for some table: make it finite")
    return number
