"""What is measured, and what we hold ourselves to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import pandas as pd

from benchmarks.tables import random_slope, sleepstudy

SLEEP = "Reaction ~ Days + (Days | Subject)"
SLOPE = "y ~ t + (t | g)"


@dataclass(frozen=True, eq=False)
class Case:
    """One task on one table.

    Parameters
    ----------
    name : str
    title : str
        The row of the table in the docs.
    task : str
        What each package is asked for; those that do not know the task are left out.
    formula : str
        In lme4's language.
    table : callable
        Makes the data frame.
    target : float, optional
        Seconds that our own median must not exceed.
    near : dict of str to float
        Largest difference of two answers under which they agree: of ``criterion`` absolute, of others relative.
    times : dict of str to float
        By package: how many times its effective draws a second (of the first package: at least) ours must give.
    """

    name: str
    title: str
    task: str
    formula: str = SLEEP
    table: Callable[[], pd.DataFrame] = sleepstudy
    target: float | None = None
    near: dict[str, float] = field(default_factory=lambda: {"criterion": 1e-3, "others": 1e-4})
    times: dict[str, float] = field(default_factory=dict)


REML = (
    Case("sleepstudy_built", "180 rows: `reml()` of a built model", "fit built", target=0.002),
    Case("sleepstudy", "180 rows, from text and table", "fit", target=0.008),
    Case("rows_10_000", "10,000 rows, 1,250 groups", "fit", SLOPE, partial(random_slope, 1_250, 8)),
    Case("rows_20_000", "20,000 rows, 2,000 groups", "fit", SLOPE, partial(random_slope, 2_000, 10)),
    Case("rows_1_000_000", "1,000,000 rows, 125,000 groups", "fit", SLOPE, partial(random_slope, 125_000, 8), 1.0),
    Case(
        *("bootstrap", "180 rows: bootstrap, 1,000 refits", "bootstrap"),
        target=10.0,
        near={"others": 0.15},  # Monte Carlo error of two ratios of standard deviations
    ),
    Case("profile", "180 rows: profile intervals", "profile", near={"others": 1e-3}),
    Case("kenward_roger", "180 rows: Kenward-Roger table", "kenward-roger", near={"others": 1e-4}),
    Case("shell", "180 rows, from the shell, cold", "shell", target=3.0),
    Case("import", "importing what fits a model, cold", "import"),
    Case("help", "`bayesmixed --help`, cold", "help", target=1.0),
)
#: Bambi cannot say the correlation of intercept and slope: posteriors agree roughly, by the mean of the slope.
ROUGHLY = {"others": 0.1}
SAMPLING = (
    Case(
        *("sleepstudy", "180 rows, 4 x (1000 + 1000) draws", "sample 4 1000"),
        target=0.5,
        near=ROUGHLY,
        times={"Bambi, nutpie": 60.0, "Bambi, PyMC": 60.0},
    ),
    Case(
        *("sleepstudy_importance", 'the same, `engine="importance"`', "sample 4 1000 importance"),
        near=ROUGHLY,
        times={"Bambi, nutpie": 250.0, "Bambi, PyMC": 250.0},
    ),
    Case(
        *("rows_20_000", "20,000 rows, 2,000 groups, 2 x (500 + 500) draws", "sample 2 500"),
        *(SLOPE, partial(random_slope, 2_000, 10)),
        near=ROUGHLY,
        times={"Bambi, nutpie": 40.0},
    ),
    Case("first", "180 rows: first `fit()` of a process, imports done", "first sample", target=3.0),
    Case(
        "shell", "180 rows, from the shell, cold: `bayesmixed fit`, a Bambi script", "shell sample", near=ROUGHLY
    ),
)
SUITES = {"reml": REML, "sampling": SAMPLING}
