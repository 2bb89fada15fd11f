"""A design can be built again from the frame that it kept, as loading a saved fit does."""

import numpy as np
import pandas as pd
import pytest

from bayesmixed.design import Design, build_design
from bayesmixed.formula import parse_formula
from tests.design.example import make_table

ARRAYS = ("y", "X", "Z_rows", "group", "offset", "weights")
FACTS = (
    *("specification", "response_name", "factor_name", "levels", "fixed", "random_terms", "blocks"),
    *("weights_name", "encoding"),
)
FORMULAS = [
    "y ~ t + (t | g)",
    "log(positive) ~ C(dose, Sum)*t + (0 + dose | g)",
    "y ~ C(code) + ok + free + bs(u, df=4) + poly(u, 2):ok + (ok || g)",
    "y ~ scale(t)*arm + offset(u) + offset(2*w) + (1 | g:place)",
    "y ~ t + (1 | size) + (0 + t | size)",
    "y ~ f + (1 | day)",
    "y ~ t + (1 | mixed)",
    "y ~ twice(t) + half(u) + (1 | whole)",
    "y ~ f + (1 | flag)",
    "y ~ size + (1 | size)",
]
FUNCTIONS = {"twice": lambda x: 2 * x, "half": lambda x: np.where(x > 0, "hi", "lo")}


def table_of_every_kind():
    table = make_table(n=96, groups=8)
    rng = np.random.default_rng(5)
    dose = rng.choice(["low", "mid", "high"], 96)
    table = table.assign(
        positive=rng.uniform(1, 2, 96),
        dose=pd.Categorical(dose, categories=["none", "low", "mid", "high"], ordered=True),
        free=pd.Categorical(dose, categories=["mid", "none", "low", "high"]),
        size=pd.Categorical(table["g"] % 4, categories=[3, 1, 0, 2, 9], ordered=True),
        ok=rng.choice([True, False], 96),
        code=rng.choice([10, 9, 2], 96).astype(np.int8),
        place=rng.choice(["b", "a"], 96),
        day=pd.Timestamp("2020-01-01") + pd.to_timedelta(table["g"] * 17, unit="D"),
        mixed=table["g"].map(lambda g: g if g % 2 else f"g{g}"),
        whole=table["g"].astype(float) * 10,
        flag=table["g"] > 3,
    )
    table.loc[[3, 50], ["y", "positive"]] = np.nan
    table.loc[7, "w"] = np.nan
    return table.sample(frac=1, random_state=1)


def of_every_kind(formula) -> Design:
    specification = parse_formula(formula, FUNCTIONS)
    return build_design(specification, table_of_every_kind(), weights="w", functions=FUNCTIONS)


def assert_equal(one, other):
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    for name in FACTS:
        assert getattr(one, name) == getattr(other, name), name
    pd.testing.assert_frame_equal(one.frame, other.frame)


@pytest.mark.parametrize("formula", FORMULAS)
def test_its_own_frame_gives_an_equal_design(formula):
    design = of_every_kind(formula)
    assert design.n_dropped == 3
    again = build_design(design.specification, design.frame, "w", FUNCTIONS)
    assert_equal(again, design)
    assert again.rows.tolist() == list(range(93))
    assert again.n_dropped == 0
    assert again.warnings == design.warnings[1:]
    assert design.missing["w"] == 1
    assert again.missing == {}
    assert design.warnings[0].startswith("3 of 96 rows were dropped for missing values in ")


@pytest.mark.parametrize("formula", FORMULAS)
def test_new_rows_are_encoded_alike(formula):
    design = of_every_kind(formula)
    again = build_design(design.specification, design.frame, "w", FUNCTIONS)
    rows = design.frame.iloc[10:20]
    one, other = design.encode(rows), again.encode(rows)
    for name in ("X", "Z_rows", "offset", "groups"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
