"""Tables to fit: a real small one and simulated ones of any size."""

import numpy as np
import pandas as pd

from bayesmixed.datasets import load_dataset

SEED = 20261122


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
    G = np.array([[4.0, 0.3], [0.3, 0.25]])
    b = rng.standard_normal((groups, 2)) @ np.linalg.cholesky(G).T
    y = 10.0 + 0.5 * t + b[group, 0] + b[group, 1] * t + 1.5 * rng.standard_normal(len(group))
    return pd.DataFrame({"y": y, "t": t, "g": group})
