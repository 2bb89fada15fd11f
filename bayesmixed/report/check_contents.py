"""The predictive check of a report: how many tables it draws, and its table for people."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.report.contents import LIMITS, values_of
from bayesmixed.report.table import Column, Table

if TYPE_CHECKING:
    from bayesmixed.checks.replicated import ReplicatedStatistics
    from bayesmixed.units import Units

#: Numbers that a report draws for its check: a few seconds of work.
NUMBERS = 10_000_000


def replicates_of_report(n_obs: int) -> int:
    """How many tables to draw: fewer of large ones, but enough of them to tell p below 0.05."""
    return int(np.clip(NUMBERS // n_obs, 50, 1000))


def posterior_predictive(found: "ReplicatedStatistics", units: "Units") -> Table:
    """Statistics of the data beside those of replicates, with what they say."""
    names = [
        f"{one.name} ({units.of_y})" if one.in_units_of_y and units.of_y else one.name for one in found.statistics
    ]
    keys = ("observed", "mean", "eti95_lb", "eti95_ub", "p")
    columns = (
        Column("statistic", "text"),
        Column("observed"),
        Column("replicates, mean"),
        *LIMITS,
        Column("p", "share"),
    )
    note = (
        f"{found.n_replicates} tables were drawn. p is two-sided, from the rank of the data among them: a small "
        "one says that the model seldom makes such a table. Of several statistics some one has p below 0.05 in up "
        "to a third of the tables of a right model: take it as a hint where to look."
    )
    rows = [(name, *row) for name, row in values_of(found.table(), keys, names)]
    return Table(f"Replicates of {found.groups} groups against the data", columns, tuple(rows), note)


def readings(found: "ReplicatedStatistics") -> tuple[str, ...]:
    """What each statistic says, those that the model seldom makes first."""
    table = found.table().sort_values("p", kind="stable")
    return tuple(f"{reading[:1].upper()}{reading[1:]}." for reading in table["reading"])
