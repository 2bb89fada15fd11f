"""What a calibration found: ranks, their tests, and a picture."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.calibration.uniformity import chi_square, distribution_function, outside, simultaneous_band

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.model import MixedModel


@dataclass(frozen=True, eq=False)
class Calibration:
    """Ranks of the truth in the posteriors of simulated data; see `bayesmixed.calibrate`.

    Parameters
    ----------
    formula : str
    ranks : pandas.DataFrame
        One row a replicate, one column a quantity; from 0 to 1, uniform if all is right.
    engine : str
    draws : int
        Of each posterior.
    by_nuts : int
        Replicates whose importance weights were not to be trusted, so that NUTS took over.
    seconds : float
        That it took.
    """

    formula: str
    ranks: "pd.DataFrame"
    engine: str
    draws: int
    by_nuts: int
    seconds: float

    @classmethod
    def of(
        cls,
        model: "MixedModel",
        ranks: list[dict[str, float]],
        engine: str,
        draws: int,
        by_nuts: int,
        seconds: float,
    ) -> "Calibration":
        import pandas as pd

        table = pd.DataFrame(ranks).rename_axis(index="replicate", columns="quantity")
        return cls(model.specification.formula, table, engine, draws, by_nuts, seconds)

    @property
    def replicates(self) -> int:
        return len(self.ranks)

    @cached_property
    def table(self) -> "pd.DataFrame":
        """One row a quantity.

        ``mean`` of the ranks (0.5), ``chi_square`` and its ``p`` (20 bins), ``outside``: how far the
        distribution function leaves the simultaneous 95 % band at worst, ``within``: it does not.
        """
        import pandas as pd

        rows = {}
        for label, column in self.ranks.items():
            ranks = column.to_numpy()
            (statistic, p), excess = chi_square(ranks), outside(ranks)
            rows[label] = {
                "mean": ranks.mean(),
                "chi_square": statistic,
                "p": p,
                "outside": excess,
                "within": excess == 0.0,
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("quantity")

    @property
    def calibrated(self) -> bool:
        """Whether no chi-square test rejects at 5 %, by Holm's method for all quantities together.

        Holm (1979), https://www.jstor.org/stable/4615733. The 95 % bands are of one quantity each: of twenty, one
        is expected to leave.
        """
        p = np.sort(self.table["p"].to_numpy())
        return bool((p * np.arange(len(p), 0, -1) > 0.05).all())

    def __repr__(self) -> str:
        return f"Calibration({self.formula!r}, {self.replicates} replicates, engine={self.engine!r})"

    def __str__(self) -> str:
        table = self.table
        left = (~table["within"]).sum()
        worst = table["p"].idxmin()
        smallest = table.loc[worst, "p"]
        lines = [
            f"{self.formula}: {self.replicates} replicates by {self.engine}, {self.draws} draws of each",
            f"  {len(table)} quantities, {left} outside their 95 % band (chance alone: {0.05 * len(table):.1f})",
            f"  smallest p of the chi-square tests: {smallest:.2g} ({worst})",
        ]
        if self.by_nuts:
            lines.append(f"  importance weights with k-hat > 0.7, drawn by NUTS: {self.by_nuts}")
        verdict = "no sign of an error" if self.calibrated else "NOT calibrated: ranks are not uniform"
        return "\n".join([*lines, f"  {verdict}"])

    def differences(self) -> "pd.DataFrame":
        """``ECDF(u) - u`` of each quantity, and the ``lower`` and ``upper`` limits of the 95 % band, by u."""
        import pandas as pd

        band = simultaneous_band(self.replicates)
        found = {label: distribution_function(self.ranks[label].to_numpy()) for label in self.ranks}
        columns = {"lower": band.lower, "upper": band.upper} | found
        table = pd.DataFrame(columns, index=pd.Index(band.points, name="rank"))
        return table.sub(band.points, axis=0)

    def plot(self, quantities: Any = None) -> np.ndarray:
        """A panel for each quantity: the difference of its ranks' distribution function from the uniform's.

        A line within the band is what a right posterior gives. Above it on the left: truths lie too low among the
        draws. An S: the posterior is too narrow, or too wide.
        """
        from bayesmixed.report.plots.calibration import plot_calibration

        return plot_calibration(self, quantities)
