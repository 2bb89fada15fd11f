"""Linear combinations of coefficients as tables: of draws, or of estimates with degrees of freedom."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayesmixed.arguments import check_choice
from bayesmixed.arrays import Array
from bayesmixed.errors import RemlError
from bayesmixed.marginal_effects.combinations import Combinations
from bayesmixed.marginal_effects.practical import direction, practical_table, regions
from bayesmixed.reml.hypotheses.contrasts import Contrasts
from bayesmixed.reml.hypotheses.tests import t_tests
from bayesmixed.summary import describe_each

if TYPE_CHECKING:
    from bayesmixed.fit_draws import FitDraws
    from bayesmixed.reml.estimates import Estimates

ADJUSTMENTS = ("holm", "tukey")


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
    """Estimate, se, df, t, p and interval; p values adjusted within each combination of the first levels."""
    names = tuple(map(str, found.index))
    table = t_tests(fit, Contrasts(names, found.L, found.null - found.constant), df, ci_prob)
    table[["estimate", "lower", "upper"]] += found.constant[:, None]
    table.index = found.index
    if adjust is not None:
        first = [key[:n_by] if n_by else () for key in found.index]
        blocks = pd.Series(range(len(first))).groupby(pd.factorize(pd.Index(first, tupleize_cols=False))[0])
        for _, rows in blocks:
            places = rows.to_numpy()
            table.iloc[places, table.columns.get_loc("p")] = adjusted(table.iloc[places], adjust)
    return table


def adjusted(table: pd.DataFrame, adjust: str) -> Array:
    """p values of one family of contrasts, adjusted for their number.

    Parameters
    ----------
    table : pandas.DataFrame
        With ``t``, ``df`` and ``p``.
    adjust : {"holm", "tukey"}
        Holm's steps down hold for any contrasts; Tukey's studentised range is for all pairs of k means.

    Examples
    --------
    >>> adjusted(pd.DataFrame({"p": [0.01, 0.04, 0.03]}), "holm").tolist()
    [0.03, 0.06, 0.06]
    """
    p, m = table["p"].to_numpy(), len(table)
    if adjust == "holm":
        order = np.argsort(p)
        stepped = np.maximum.accumulate(p[order] * np.arange(m, 0, -1))
        result = np.empty(m)
        result[order] = np.minimum(stepped, 1.0)
        return result
    from scipy.stats import studentized_range

    k = round((1.0 + np.sqrt(1.0 + 8.0 * m)) / 2.0)  # m pairs of k means
    t, degrees = np.abs(table["t"].to_numpy()), table["df"].to_numpy()
    adjusted: Array = p if k == 2 else studentized_range.sf(np.sqrt(2.0) * t, k, degrees)
    return adjusted


def check_adjustment(adjust: str | None, method: Any) -> None:
    """Tukey's range is that of all pairs."""
    check_choice("adjust", adjust, (None, *ADJUSTMENTS), RemlError)
    if adjust == "tukey" and not (isinstance(method, str) and method == "pairwise"):
        raise RemlError("adjust='tukey' is for method='pairwise' only: use adjust='holm'")
