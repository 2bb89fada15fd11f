"""Small seeded fits that several files of tests share: each is made once a process."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

import bayesmixed as bm
from bayesmixed.fit import Fit
from tests.designs import random_table

#: Enough to look at shapes and names, and to hold a mean within a few Monte Carlo errors.
QUICK: dict[str, Any] = {"draws": 200, "tune": 300, "chains": 2, "cores": 1, "progressbar": False}

FORMULAS = {
    "slope": "Reaction ~ Days + (Days | Subject)",
    "intercept": "Yield ~ 1 + (1 | Batch)",
    "factor": "effort ~ Type + (1 | Subject)",
    "factor slope": "Reaction ~ Half + (Half | Subject)",
    "third slope": "Reaction ~ Third + (Third | Subject)",
    "uncorrelated": "Reaction ~ Days + (Days || Subject)",
    "slash": "Reaction ~ I(Days/2) + (I(Days/2) | Subject)",
    "weighted": "y ~ t + f + offset(o) + (t | g)",
}
OPTIONS: dict[str, dict[str, Any]] = {
    "slope": {"units": {"Reaction": "ms", "Days": "d"}},
    "weighted": {"weights": "w"},
}


def table(key: str) -> pd.DataFrame:
    """The table of one of `FORMULAS`."""
    if key == "weighted":
        return random_table()
    if key == "intercept":
        return bm.load_dataset("Dyestuff")
    if key == "factor":
        return bm.load_dataset("ergoStool")
    rows = bm.load_dataset("sleepstudy")
    third = np.array(["a", "b", "c"])[np.minimum(rows["Days"] // 4, 2)]
    return rows.assign(Half=np.where(rows["Days"] < 5, "early", "late"), Third=third)


@cache
def model(key: str) -> bm.MixedModel:
    return bm.MixedModel(FORMULAS[key], table(key), **OPTIONS.get(key, {}))


@cache
def fit(key: str) -> Fit:
    """A short fit, with draws of b. Do not change its ``idata``: see `copy_of`."""
    return model(key).fit(random_seed=1, **QUICK)


@cache
def fit_without_groups(key: str) -> Fit:
    """The same draws of everything but b, of which only moments were kept."""
    return model(key).fit(random_seed=1, keep_groups=False, **QUICK)


def copy_of(found: Fit) -> Fit:
    """The same fit with a DataTree of its own."""
    return Fit(found.model, found.idata.copy(deep=True))


def z_scores(first: Fit, second: Fit) -> pd.Series:
    """Differences of the posterior means over their combined Monte Carlo errors."""
    a, b = first.summary(), second.summary()
    return (a["mean"] - b["mean"]) / np.hypot(a["mcse_mean"], b["mcse_mean"])
