"""Linear combinations of coefficients as tables: of draws, or of estimates with degrees of freedom."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayesmixed.arrays import Array, Index
from bayesmixed.marginal_effects.adjustment import adjusted_p, critical_values
from bayesmixed.marginal_effects.combinations import Combinations
from bayesmixed.marginal_effects.practical import direction, practical_table, regions
from bayesmixed.reml.hypotheses.contrasts import Contrasts
from bayesmixed.reml.hypotheses.tests import t_tests
from bayesmixed.summary import describe_each

if TYPE_CHECKING:
    from bayesmixed.fit.draws import FitDraws
    from bayesmixed.reml.estimates import Estimates


class EffectTable(pd.DataFrame):  # type: ignore[misc]  # pandas has no types
    """A table that knows the draws behind its rows; what is sliced from it is an ordinary data frame.

    Attributes
    ----------
    draws : ndarray, shape (draws, rows)
    """

    _metadata = ["draws"]  # noqa: RUF012 - pandas reads it
    draws: Array

    @property
    def _constructor(self) -> Any:
        return pd.DataFrame

    @classmethod
    def of(cls, columns: dict[str, Any], index: pd.Index, draws: Array) -> "EffectTable":
        table = cls(columns, index=index)
        table.draws = draws
        return table

    def rope(self, region: Any, ci_prob: float = 0.95, ci_kind: str = "hdi") -> pd.DataFrame:
        """Share of each row's draws in a region of practical equivalence; see `Fit.rope`.

        Parameters
        ----------
        region : number, (low, high), or dict from rows to these
            In units of the rows; a number is a half-width around 0.
        """
        low, high = regions(region, self.index, np.full(len(self), np.nan))
        return practical_table(self.draws, self.index, low, high, ci_prob, ci_kind)


def posterior_table(
    fit: "FitDraws", found: Combinations, ci_prob: float, ci_kind: str, with_direction: bool
) -> EffectTable:
    """Mean, sd, median, interval and (of differences) probability of direction of ``L beta + constant``."""
    draws = fit.beta @ found.L.T + found.constant
    columns: dict[str, Any] = dict(describe_each(draws, ci_prob, ci_kind))
    if with_direction:
        columns["direction"] = direction(draws, found.null)
    return EffectTable.of(columns, found.index, draws)


def reml_table(
    fit: "Estimates", found: Combinations, df: str, ci_prob: float, adjust: str | None = None, n_by: int = 0
) -> pd.DataFrame:
    """Estimate, se, df, t, p and interval; adjusted within each combination of the first levels."""
    names = tuple(map(str, found.index))
    table = t_tests(fit, Contrasts(names, found.L, found.null - found.constant), df, ci_prob)
    table[["estimate", "lower", "upper"]] += found.constant[:, None]
    table.index = found.index
    if adjust is not None:
        cells = pd.Index([key[:n_by] if n_by else () for key in found.index], tupleize_cols=False)
        families = pd.factorize(cells)[0]
        for family in np.unique(families):
            _adjust(table, np.flatnonzero(families == family), adjust, ci_prob)
    return table


def _adjust(table: pd.DataFrame, rows: Index, adjust: str, ci_prob: float) -> None:
    """Put adjusted p values and intervals into some rows of a table."""
    family = table.iloc[rows]
    half = critical_values(family["df"].to_numpy(), adjust, ci_prob) * family["se"].to_numpy()
    columns = {
        "p": adjusted_p(family, adjust),
        "lower": family["estimate"].to_numpy() - half,
        "upper": family["estimate"].to_numpy() + half,
    }
    for name, values in columns.items():
        table.iloc[rows, table.columns.get_loc(name)] = values
