"""Models that R, brms and Bambi are asked about: bundled tables, and one with a column of every kind."""

from functools import cache

import numpy as np
import pandas as pd

import bayesmixed as bm


@cache
def mixed_table() -> pd.DataFrame:
    """Numbers, truth values, texts like numbers, ordered levels, gaps, a name that is no word."""
    rng = np.random.default_rng(20261122)
    group = np.repeat(np.arange(24), 10)
    n = len(group)
    table = pd.DataFrame(
        {
            "t": rng.normal(3.0, 1.0, n),
            "u": rng.uniform(1.0, 9.0, n),
            "f": rng.choice(["b", "a", "c"], n),
            "lot": rng.choice(["01", "1", "10"], n),
            "size": pd.Categorical(rng.choice(["s", "m", "l"], n), ["s", "m", "l"], ordered=True),
            "yes": rng.random(n) > 0.4,
            "k": rng.integers(1, 4, n),
            "w": rng.uniform(0.5, 2.0, n),
            "odd name": rng.normal(size=n),
            "g": group,
            "h": rng.choice(["NA", "x", "y"], n),
        }
    )
    effects = rng.normal(0, [1.0, 0.7, 0.8, 0.6], (24, 4))[group]
    slopes = effects[:, 1] * table["t"] + effects[:, 2] * (table["f"] == "b") + effects[:, 3] * (table["f"] == "c")
    table["y"] = 20.0 + 0.5 * table["t"] + effects[:, 0] + slopes + rng.normal(size=n)
    table.loc[[3, 77], "t"] = np.nan
    more = {
        "said": rng.choice(['a "word"', " b, c", "d\\e", "größer", "#1", "it's"], n),
        "grade": pd.Categorical(rng.choice([1, 2, 3], n), [3, 1, 2], ordered=True),
        "band": pd.Categorical(rng.choice([10, 20, 30], n)),
        "X": rng.choice(["yes", "no"], n),
        "half": rng.choice([1.0, 2.0, 10.0], n),
        "odd group": group,
    }
    return table.assign(**more)


#: (table, formula, weights)
CASES = {
    "slope": ("sleepstudy", "Reaction ~ Days + (Days | Subject)", None),
    "uncorrelated": ("sleepstudy", "Reaction ~ Days + (Days || Subject)", None),
    "two brackets": ("sleepstudy", "Reaction ~ Days + (1 | Subject) + (0 + Days | Subject)", None),
    "intercept": ("sleepstudy", "Reaction ~ Days + (1 | Subject)", None),
    "slope alone": ("sleepstudy", "Reaction ~ Days + (0 + Days | Subject)", None),
    "dyestuff": ("Dyestuff", "Yield ~ 1 + (1 | Batch)", None),
    "singular": ("Dyestuff2", "Yield ~ 1 + (1 | Batch)", None),
    "factor": ("ergoStool", "effort ~ Type + (1 | Subject)", None),
    "polynomial": ("sleepstudy", "Reaction ~ poly(Days, 2) + (Days | Subject)", None),
    "raw polynomial": ("sleepstudy", "log(Reaction) ~ poly(Days, 2, raw=True) + (1 | Subject)", None),
    "spline": ("mixed", "y ~ bs(u, df=5) + (1 | g)", None),
    "spline of degree 1": ("mixed", "y ~ bs(u, df=2, degree=1) + (1 | g)", None),
    "scaled": ("mixed", "y ~ scale(t) * f + center(u) + (scale(t) | g)", None),
    "arithmetic": ("mixed", "y ~ I((t + u)**2 / 3 - -t) + I(t > 3) + log(abs(u - 12)) + (1 | g)", None),
    "powers": ("mixed", "y ~ I(-t**2) + I((u - 2) - (t - 1)) + I(u / (t * 2)) + I(2**(t / 9)**2) + (1 | g)", None),
    "offset": ("mixed", "y ~ t + offset(log(u)) + offset(t / 7) + (1 | g)", None),
    "weights": ("mixed", "y ~ t + f + (t | g)", "w"),
    "reference": ("mixed", "y ~ C(f, Treatment('b')) * t + (1 | g)", None),
    "sum": ("mixed", "y ~ C(f, Sum) + t + (1 | g)", None),
    "sum in full": ("mixed", "y ~ t + (0 + C(f, Sum) | g)", None),
    "ordered": ("mixed", "y ~ size + (1 | g)", None),
    "number as factor": ("mixed", "y ~ C(k) + k:t + (1 | g)", None),
    "truth": ("mixed", "y ~ yes * t + (1 | g)", None),
    "texts like numbers": ("mixed", "y ~ lot + (1 | g)", None),
    "no intercept": ("mixed", "y ~ 0 + f + t + (0 + f | g)", None),
    "interaction alone": ("mixed", "y ~ t:f + f:size + (1 | g)", None),
    "other columns than R's": ("mixed", "y ~ t:f + f + u:f:size + (0 + u:size | g)", "w"),
    "sum without another level": ("mixed", "y ~ C(f, Sum('a')) * t + (1 | g)", None),
    "two factors": ("mixed", "y ~ 0 + f * size + (1 | g)", None),
    "factor slopes": ("mixed", "y ~ f + (f | g)", None),
    "factor slopes apart": ("mixed", "y ~ f + t + (f + t || g)", None),
    "groups of two columns": ("mixed", "y ~ t + (1 | g:h)", None),
    "a word for missing": ("mixed", "y ~ h + (1 | g)", None),
    "levels with signs": ("mixed", "y ~ said + (1 | g)", None),
    "groups with signs": ("mixed", "y ~ t + (1 | said:g)", None),
    "categories of numbers": ("mixed", "y ~ grade + band * t + (1 | half:g)", None),
    "a column called X": ("mixed", "y ~ X * t + (0 + X | g)", None),
    "odd name": ("mixed", "y ~ `odd name` * t + (`odd name` | g)", None),
    "odd names apart": ("mixed", "y ~ t + (t + `odd name` || `odd group`)", None),
}


def model(name: str, **options) -> bm.MixedModel:
    table, formula, weights = CASES[name]
    data = mixed_table() if table == "mixed" else bm.load_dataset(table)
    return bm.MixedModel(formula, data, weights=weights, **options)
