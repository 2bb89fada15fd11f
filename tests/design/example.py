"""A table with predictors within and between groups, and designs on it."""

import numpy as np
import pandas as pd

from bayesmixed.design import build_design
from bayesmixed.formula import parse_formula


def build(formula, table, **options):
    return build_design(parse_formula(formula, options.get("functions", ())), table, **options)


def make_table(n=48, groups=8, seed=2):
    rng = np.random.default_rng(seed)
    g = rng.permutation(np.arange(n) % groups)
    return pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "t": rng.integers(0, 10, n),
            "u": rng.normal(size=n),
            "f": rng.choice(["a", "b", "c"], n),
            "between": g % 3,
            "arm": np.where(g % 2 == 0, "p", "q"),
            "w": rng.uniform(0.5, 2, n),
            "g": g,
        }
    )
