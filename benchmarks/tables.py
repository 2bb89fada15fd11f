"""Tables to fit: a real small one and simulated ones of any size."""

from pathlib import Path

import numpy as np
import pandas as pd

from bayesmixed.datasets import load_dataset

SEED = 20261122
SLOPE = "y ~ t + (t | g)"
#: Of `random_slope`: variances and covariance of b; sd of both effects, and sigma.
G = np.array([[4.0, 0.3], [0.3, 0.25]])
TRUE_SLOPE_MODEL = (2.0, 0.5, 1.5)


def sleepstudy() -> pd.DataFrame:
    """180 rows, 18 subjects on the same ten days."""
    return load_dataset("sleepstudy")


def random_slope(groups: int, rows_each: int) -> pd.DataFrame:
    """y in groups that differ in level and slope, at unequal times: no two groups share a pattern.

    ``y = 10 + 0.5 t + b0 + b1 t + e`` with t uniform on (0, 10), sd(b0) = 2, sd(b1) = 0.5, their correlation 0.3
    and sigma = 1.5.
    """
    rng = np.random.default_rng(SEED)
    group = np.repeat(np.arange(groups), rows_each)
    t = rng.uniform(0.0, 10.0, len(group))
    b = rng.standard_normal((groups, 2)) @ np.linalg.cholesky(G).T
    y = 10.0 + 0.5 * t + b[group, 0] + b[group, 1] * t + 1.5 * rng.standard_normal(len(group))
    return pd.DataFrame({"y": y, "t": t, "g": group})


def write_parquet(folder: Path, rows: int, groups: int, part: int = 2_000_000) -> None:
    """Files of a table like that of `random_slope`, of which only one part is ever in memory."""
    rng = np.random.default_rng(SEED)
    b = rng.standard_normal((groups, 2)) @ np.linalg.cholesky(G).T
    folder.mkdir(parents=True)
    for number, first in enumerate(range(0, rows, part)):
        size = min(part, rows - first)
        group, t = rng.integers(0, groups, size), rng.uniform(0.0, 10.0, size)
        y = 10.0 + 0.5 * t + b[group, 0] + b[group, 1] * t + 1.5 * rng.standard_normal(size)
        pd.DataFrame({"y": y, "t": t, "g": group}).to_parquet(folder / f"part-{number:04}.parquet", index=False)
