"""The check of the report: three statistics of the data beside those of replicates; `Fit.check` has more."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.checks.statistics import anova_icc, between_group_sd, within_group_sd
from bayesmixed.coding import Array
from bayesmixed.predict import replicates
from bayesmixed.seeds import seed_sequence
from bayesmixed.summary import interval, interval_names

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.fit import Fit


#: What a posterior predictive check compares, by the names of its tables and pictures.
STATISTICS = {
    "between-group sd": between_group_sd,
    "within-group sd": within_group_sd,
    "ICC (ANOVA)": anova_icc,
}


@dataclass(frozen=True)
class PredictiveCheck:
    """Statistics of the data and of replicates of them.

    Parameters
    ----------
    groups : {"observed", "new"}
    observed : mapping of str to float
        Of the data, by the names of the statistics.
    replicated : mapping of str to ndarray, shape (chains, draws)
    """

    groups: str
    observed: Mapping[str, float]
    replicated: Mapping[str, Array]

    def p_value(self, name: str) -> float:
        """``P(T(y_rep) >= T(y))``; Gelman, Meng and Stern (1996), Statistica Sinica 6, 733-807."""
        return float(np.mean(self.replicated[name] >= self.observed[name]))

    def table(self, ci_prob: float = 0.95, ci_kind: str = "eti") -> "pd.DataFrame":
        """``observed``, ``median`` and interval of the replicates, ``p_value``; one row a statistic."""
        import pandas as pd

        lower, upper = interval_names(ci_prob, ci_kind)
        rows = {}
        for name, values in self.replicated.items():
            low, high = interval(values, ci_prob, ci_kind)
            rows[name] = {
                "observed": self.observed[name],
                "median": float(np.median(values)),
                lower: low,
                upper: high,
                "p_value": self.p_value(name),
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("statistic")


def predictive_check(
    fit: "Fit", groups: str = "observed", draws: int | None = 1000, random_seed: Any = 0
) -> PredictiveCheck:
    """Between-group sd, within-group sd and ICC of the data and of replicates from the posterior.

    Parameters
    ----------
    fit : Fit
        Stays as it is: the replicates are not kept in its ``idata``.
    groups : {"observed", "new"}
        Replicates of the same groups, or of new ones with ``b ~ N(0, G)``.
    draws : int or None
        How many replicates; None for as many as there are draws.
    random_seed : int, SeedSequence or Generator
    """
    design = fit.model.design
    tables = replicates(fit, groups, draws, np.random.default_rng(seed_sequence(random_seed)))
    observed = {name: float(statistic(design.y, design.group)) for name, statistic in STATISTICS.items()}
    replicated = {name: statistic(tables, design.group) for name, statistic in STATISTICS.items()}
    return PredictiveCheck(groups, observed, replicated)


def ppc_table(
    fit: "Fit",
    groups: str = "observed",
    draws: int | None = 1000,
    ci_prob: float = 0.95,
    ci_kind: str = "eti",
    random_seed: Any = 0,
) -> "pd.DataFrame":
    """The data against replicates: ``predictive_check(fit, groups, draws, random_seed).table(ci_prob, ci_kind)``.

    Returns
    -------
    pandas.DataFrame
        ``observed``, ``median`` and interval of the replicates, and the Bayesian p-value ``P(T(y_rep) >= T(y))``:
        values near 0 or 1 say that the model does not produce data like these.
    """
    return predictive_check(fit, groups, draws, random_seed).table(ci_prob, ci_kind)
