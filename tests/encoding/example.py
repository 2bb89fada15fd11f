"""A table with a column of every kind, and its encoding."""

import numpy as np
import pandas as pd

from bayesmixed.encoding import Encoding
from bayesmixed.formula import parse_formula
from bayesmixed.table import model_frame


def make_table(n=60, seed=1):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "x": rng.normal(size=n) + 6,
            "z": rng.integers(1, 5, n),
            "n": rng.integers(1, 9, n),
            "Type": rng.choice(["T1", "T2", "T3"], n),
            "s": rng.choice(["u", "v"], n),
            "dose": pd.Categorical(rng.choice(["low", "high"], n), categories=["low", "high"], ordered=True),
            "_odd name": rng.normal(size=n),
            "ok": rng.choice([True, False], n),
            "g": np.arange(n) % 12,
        }
    )


def learn(formula, table=None, functions=None):
    specification = parse_formula(formula, functions or ())
    frame, _, _ = model_frame(make_table() if table is None else table, specification.columns)
    encoding, encoded = Encoding.learn(specification, frame, functions)
    return encoding, encoded, frame


def names(terms):
    return {term.name: term.coords for term in terms}
