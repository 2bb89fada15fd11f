"""Small designs on which posteriors are hardest: few groups, few rows, unequal times."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

import bayesmixed as bm


@dataclass(frozen=True)
class Design:
    """A formula and a table whose response only gives the default priors their numbers.

    Parameters
    ----------
    name : str
    groups, n : int
        Groups, and rows of each.
    slope : bool
        Random slope and intercept, correlated, over times that differ between groups; else a random intercept.
    """

    name: str
    groups: int
    n: int
    slope: bool

    @property
    def formula(self) -> str:
        return "y ~ t + (t | g)" if self.slope else "y ~ 1 + (1 | g)"

    @property
    def title(self) -> str:
        kind = "random slope and intercept (LKJ), unequal times" if self.slope else "random intercept"
        return f"{kind}; J = {self.groups}, n = {self.n}"

    def table(self) -> pd.DataFrame:
        rng = np.random.default_rng([self.groups, self.n])
        group = np.repeat(np.arange(self.groups), self.n)
        t = np.sort(rng.uniform(0.0, 10.0, (self.groups, self.n)), axis=1).ravel().round(1)
        y = 50.0 + 2.0 * t + 5.0 * rng.standard_normal(self.groups)[group] + 5.0 * rng.standard_normal(len(t))
        return pd.DataFrame({"y": y, "t": t, "g": [f"g{k + 1:02d}" for k in group]})

    def model(self) -> "bm.MixedModel":
        return bm.MixedModel(self.formula, self.table())


DESIGNS = (
    Design("intercept-3-5", 3, 5, slope=False),
    Design("intercept-18-10", 18, 10, slope=False),
    Design("slope-6-4", 6, 4, slope=True),
    Design("slope-18-10", 18, 10, slope=True),
)
