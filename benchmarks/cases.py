"""What is measured, and what we hold ourselves to."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import pandas as pd

from benchmarks.tables import SLOPE, random_slope, sleepstudy

SLEEP = "Reaction ~ Days + (Days | Subject)"


#: Unless the command line says otherwise.
STREAMED_ROWS = 10_000_000


def no_table() -> pd.DataFrame:
    """For tasks that make their own, alone in a process."""
    return pd.DataFrame()


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
        By package: how many times its effective draws a second ours must give.
    share : dict of str to float
        By package: what part of its time ours may take.
    at_most, at_least : dict of str to float
        Limits of what else a run measures.
    small : str
        The task for a try: the same with less work.
    """

    name: str
    title: str
    task: str
    formula: str = SLEEP
    table: Callable[[], pd.DataFrame] = sleepstudy
    target: float | None = None
    near: dict[str, float] = field(default_factory=lambda: {"criterion": 1e-3, "others": 1e-4})
    times: dict[str, float] = field(default_factory=dict)
    share: dict[str, float] = field(default_factory=dict)
    at_most: dict[str, float] = field(default_factory=dict)
    at_least: dict[str, float] = field(default_factory=dict)
    small: str = ""


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
    Case(
        *("import_alone", "`import bayesmixed`, cold", "import alone"),
        at_most={"beyond `import pandas`, s": 0.3},
    ),
    Case("help", "`bayesmixed --help`, cold", "help", target=1.0),
)
#: Bambi cannot say the correlation of intercept and slope: posteriors agree roughly, by the mean of the slope.
ROUGHLY = {"others": 0.1}
SAMPLING = (
    Case("first", "180 rows: first `fit()` of a process, imports done", "first sample", target=3.0),
    Case(
        *("sleepstudy", "180 rows, 4 x (1000 + 1000) draws, again", "sample 4 1000"),
        target=0.5,
        near=ROUGHLY,
        times={"Bambi, nutpie": 60.0, "Bambi, PyMC": 60.0},
        small="sample 2 100",
    ),
    Case("other_tables", "the same, another table each time", "sample other 4 1000", target=0.5),
    Case(
        *("sleepstudy_importance", '180 rows, `engine="importance"`, 4 x 1000 draws', "sample 4 1000 importance"),
        near=ROUGHLY,
        times={"Bambi, nutpie": 250.0, "Bambi, PyMC": 250.0},
        small="sample 2 100 importance",
    ),
    Case(
        *("rows_20_000", "20,000 rows, 2,000 groups, 2 x (500 + 500) draws", "sample 2 500"),
        *(SLOPE, partial(random_slope, 2_000, 10)),
        near=ROUGHLY,
        times={"Bambi, nutpie": 40.0},
        small="sample 2 50",
    ),
    Case(
        *("rows_20_000_importance", 'the same, `engine="importance"`, 2 x 500 draws', "sample 2 500 importance"),
        *(SLOPE, partial(random_slope, 2_000, 10)),
        near=ROUGHLY,
        times={"Bambi, nutpie": 200.0},
        small="sample 2 50 importance",
    ),
    Case(
        *("shell", "180 rows, from the shell, cold: `bayesmixed fit`, a Bambi script", "shell sample"),
        near=ROUGHLY,
        share={"Bambi, nutpie": 0.5, "Bambi, PyMC": 0.5},
    ),
)
TRUTH = {"farthest from the truth": 0.01}
SCALE = (
    Case(
        *("reml_10_000_000", "10,000,000 rows, 1,000,000 groups: REML", "big reml 1000000 10"),
        *(SLOPE, no_table),
        target=8.0,
        at_most={"peak memory, GiB": 4.0, **TRUTH},
        small="big reml 10000 10",
    ),
    Case(
        *("posterior_10_000_000", "the same: posterior, 1,000 importance draws", "big posterior 1000000 10"),
        *(SLOPE, no_table),
        target=120.0,
        at_most={"peak memory, GiB": 4.0, **TRUTH},
        at_least={"by importance": 1.0},
        small="big posterior 10000 10",
    ),
    Case(
        *("gradient_rows", "one gradient, 100 groups, 10^3 to 10^7 rows", "gradient rows 1000 100000 10000000"),
        *(SLOPE, no_table),
        at_most={"largest ratio to the first": 1.2},
        small="gradient rows 1000 100000",
    ),
    Case(
        *("gradient_groups", "one gradient, random intercept, 10^2 to 10^6 groups of 20 sizes"),
        *("gradient groups 100 10000 1000000", "y ~ 1 + (1 | g)", no_table),
        at_most={"largest ratio to the first": 1.5},
        small="gradient groups 100 10000",
    ),
    Case(
        *("stream", "REML of Parquet files read in parts, 10,000 groups", f"stream {STREAMED_ROWS} 10000"),
        *(SLOPE, no_table),
        at_most={"peak memory, GiB": 2.0},
        at_least={"rows a second": 2e6},
        small="stream 1000000 1000",
    ),
)
SUITES = {"reml": REML, "sampling": SAMPLING, "scale": SCALE}


def streamed(case: Case, rows: int) -> Case:
    """The case with so many rows, if it is one of streamed tables."""
    return replace(case, task=case.task.replace(f"stream {STREAMED_ROWS} ", f"stream {rows} "))
