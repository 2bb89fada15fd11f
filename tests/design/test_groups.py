"""Groups from columns of every kind."""

import numpy as np
import pandas as pd
import pytest

from tests.design.example import build


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        ([10, 9, 10, 9, 8], ("8", "9", "10")),
        ([10.0, 9.0, 10.0, 9.0, 8.0], ("8", "9", "10")),
        (["b", "a", "b", "a", "B"], ("B", "a", "b")),
        ([True, False, True, False, True], ("False", "True")),
        (pd.Categorical(list("babac"), categories=list("zcba"), ordered=True), ("c", "b", "a")),
        (pd.Categorical(list("babac"), categories=list("zcba")), ("a", "b", "c")),
        ([1, "x", 1, "x", 2], ("1", "2", "x")),
        (pd.to_datetime(["2020-01-02", "2020-01-01"] * 2 + ["2020-01-02"]), None),
    ],
)
def test_kinds_of_groups(values, levels):
    design = build("y ~ (1 | g)", pd.DataFrame({"y": [1.0, 2, 3, 5, 4], "g": values}))
    assert levels is None or design.levels == levels
    names = np.array(design.levels)[design.group]
    for i in range(5):
        for j in range(5):
            assert (names[i] == names[j]) == (values[i] == values[j])


def test_interaction_groups_are_those_that_occur():
    table = {"y": [1.0, 2, 4, 3, 5], "a": [2, 1, 2, 1, 10], "b": ["T1", "T2", "T1", "T1", "T1"]}
    design = build("y ~ (1 | a:b)", table)
    assert design.levels == ("1:T1", "1:T2", "2:T1", "10:T1")
    assert design.group.tolist() == [2, 1, 2, 0, 3]


def test_groups_of_one_row_are_fine():
    table = {"y": [1.0, 2, 4, 3], "g": [1, 1, 2, 3]}
    assert build("y ~ (1 | g)", table).group_sizes.tolist() == [2, 1, 1]
