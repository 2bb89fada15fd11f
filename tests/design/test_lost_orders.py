"""A declared order of unordered categories is lost, and said to be."""

import numpy as np
import pandas as pd
import pytest

from bayesmixed.design import build_design
from bayesmixed.errors import DesignError
from bayesmixed.formula import parse_formula


def table(**options):
    rng = np.random.default_rng(1)
    arm = pd.Categorical(np.tile(["placebo", "drug"], 10), categories=["placebo", "drug"], **options)
    return pd.DataFrame({"y": rng.normal(size=20), "arm": arm, "g": np.repeat(np.arange(5), 4)})


def test_the_reference_is_named_where_the_declared_one_is_another():
    (text,) = build_design(parse_formula("y ~ arm + (1 | g)"), table()).warnings
    assert text.startswith("the reference level of 'arm' is 'drug', because levels are sorted; for 'placebo'")
    assert 'C(arm, Treatment("placebo"))' in text


def test_ordered_categories_and_text_need_no_word():
    assert build_design(parse_formula("y ~ arm + (1 | g)"), table(ordered=True)).warnings == ()
    plain = table().astype({"arm": str})
    assert build_design(parse_formula("y ~ arm + (1 | g)"), plain).warnings == ()


def test_a_term_without_columns_is_refused():
    functions = {"none": lambda t: np.empty((len(t), 0))}
    with pytest.raises(DesignError, match=r"none\(t\) gives no column"):
        build_design(
            parse_formula("y ~ none(t) + (1 | g)", functions),
            table().assign(t=np.arange(20.0)),
            functions=functions,
        )
