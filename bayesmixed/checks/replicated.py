"""Statistics of a table beside those of replicates of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arguments import check_choice
from bayesmixed.arrays import Array
from bayesmixed.checks.catalogue import Statistic, chosen
from bayesmixed.checks.layout import Layout
from bayesmixed.checks.words import reading
from bayesmixed.errors import PredictionError
from bayesmixed.prediction.predict import blocks_of_replicates, places_of_replicates
from bayesmixed.seeds import generator, seed_sequence
from bayesmixed.summary import interval, interval_names

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.fit.draws import FitDraws

GROUPS = ("observed", "new")


@dataclass(frozen=True, eq=False)
class ReplicatedStatistics:
    """Statistics of the data and of the model's tables.

    Parameters
    ----------
    groups : {"observed", "new"}
        Of the replicates.
    statistics : tuple of Statistic
    observed : mapping of str to float
        Of the data, by name.
    replicated : mapping of str to ndarray, shape (chains, replicates of each)
    """

    groups: str
    statistics: tuple[Statistic, ...]
    observed: Mapping[str, float]
    replicated: Mapping[str, Array]

    @property
    def n_replicates(self) -> int:
        """Tables that were drawn, over all chains."""
        return next(iter(self.replicated.values())).size

    def p(self, name: str) -> float:
        """Two-sided posterior predictive p-value of one statistic; see `two_sided_p`."""
        return two_sided_p(self.observed[name], self.replicated[name].ravel())

    def table(self, ci_prob: float = 0.95, ci_kind: str = "eti") -> "pd.DataFrame":
        """One row a statistic; see `Fit.check`."""
        import pandas as pd

        lower, upper = interval_names(ci_prob, ci_kind)
        rows = {}
        for one in self.statistics:
            values, observed = self.replicated[one.name].ravel(), self.observed[one.name]
            low, high = interval(values, ci_prob, ci_kind)
            rows[one.name] = {
                "groups": "either" if one.sees == "either" else self.groups,
                "observed": observed,
                "mean": float(values.mean()),
                lower: low,
                upper: high,
                "p": self.p(one.name),
                "reading": reading(one, observed, values, self.p(one.name), self.groups),
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("statistic")


def two_sided_p(observed: float, replicated: Array) -> float:
    """Share of tables whose statistic is at least as far out, doubled; the data's own table counts as one of them.

    ``2 min(m, 1 - m)`` with ``m = (#{T_rep > T} + (#{T_rep = T} + 1) / 2) / (R + 1)``: Lancaster's mid-p of the
    rank of T among R + 1 tables. Where T's distribution does not depend on parameters it is uniform, but for its
    steps of ``2 / (R + 1)``. Lancaster (1961), doi:10.1080/01621459.1961.10482105; Gelman, Meng and Stern (1996),
    Statistica Sinica 6, 733-807.

    Parameters
    ----------
    observed : float
    replicated : ndarray, shape (R,)

    Examples
    --------
    >>> import numpy as np
    >>> round(two_sided_p(9.0, np.arange(9.0)), 12), two_sided_p(4.0, np.arange(9.0))
    (0.1, 1.0)
    """
    above, equal = np.count_nonzero(replicated > observed), np.count_nonzero(replicated == observed)
    share = (above + (equal + 1) / 2) / (len(replicated) + 1)
    return float(min(1.0, 2.0 * min(share, 1.0 - share)))


def replicated_statistics(
    fit: "FitDraws",
    groups: str = "new",
    statistics: Any = None,
    draws: int | None = 1000,
    time: Any = None,
    random_seed: Any = 0,
) -> ReplicatedStatistics:
    """Compute statistics of the data and of replicates, of which only some are held at a time.

    Parameters are those of `Fit.check`.
    """
    check_choice("groups", groups, GROUPS, PredictionError)
    design = fit.model.design
    layout = Layout.of(design, time)
    wanted = chosen(statistics, layout)
    place = places_of_replicates(fit, groups, draws)
    values = {one.name: np.empty(len(place)) for one in wanted}
    if len(values) < len(wanted):
        raise PredictionError("two statistics have the same name: give functions as a mapping from names")
    for part, y in blocks_of_replicates(fit, groups, place, generator(seed_sequence(random_seed), 0)):
        for one in wanted:
            values[one.name][part] = one.values(y, layout)
    observed = {one.name: float(one.values(design.y[None], layout)[0]) for one in wanted}
    chains = {name: found.reshape(fit.shape[0], -1) for name, found in values.items()}
    return ReplicatedStatistics(groups, tuple(wanted), observed, chains)
