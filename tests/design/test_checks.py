"""What gives no model is refused in one line."""

import numpy as np
import pytest

from bayesmixed.errors import BayesmixedError, DesignError, TableError
from tests.design.example import build, make_table

EDGES = make_table().assign(
    constant=3.0,
    row=np.arange(48),
    one="x",
    fraction=np.arange(48) % 7 + 0.5,
    t_twice=lambda d: 2 * d["t"] + 1,
    t_and_u=lambda d: d["t"] - d["u"],
    zero_weight=0.0,
    text=[f"level {k}" for k in range(48)],
    nothing=None,
)


@pytest.mark.parametrize(
    ("formula", "weights", "message"),
    [
        ("f ~ t + (1 | g)", None, "the response 'f' is text or a category"),
        ("constant ~ t + (1 | g)", None, r"the response 'constant' is constant \(3 in every row"),
        ("y ~ t + (1 | one)", None, "'one' has one group only"),
        ("y ~ t + (1 | row)", None, r"'row' has as many groups as rows \(48\)"),
        ("y ~ t + (1 | fraction)", None, "the grouping column 'fraction' has fractions"),
        ("y ~ t + t_twice + (1 | g)", None, "'t_twice' is determined by 'Intercept', 't'; remove"),
        ("y ~ t + u + t_and_u + (1 | g)", None, "'t_and_u' is determined by 't', 'u'"),
        ("y ~ constant + (1 | g)", None, "'constant' is determined by 'Intercept'"),
        ("y ~ 0 + f + constant + (1 | g)", None, r"'constant' is determined by 'f\[a\]', 'f\[b\]'"),
        ("y ~ I(0*t) + (1 | g)", None, r"'I\(0 \* t\)' is 0 in every row"),
        ("y ~ text + (1 | g)", None, "column 'text' has 48 different levels in 48 rows"),
        ("text ~ t + (1 | g)", None, "column 'text' has 48 different levels in 48 rows"),
        ("y ~ C(row):f + (1 | g)", None, "column 'row' has 48 different levels"),
        ("y ~ C(t):f:arm + (1 | g)", None, r"fixed effects need more than 48 rows.*'C\(t\):f'"),
        ("y ~ t + (between | g)", None, "'between' varies within no group of 'g'"),
        ("y ~ arm + (arm | g)", None, r"'arm\[q\]' varies within no group of 'g'"),
        ("y ~ (1 | g) + (0 + constant | g)", None, "'constant' has the same size in every row"),
        ("y ~ t + (t + t_twice | g)", None, r"random effects of \(t \+ t_twice \| g\) are collin"),
        ("y ~ t + (0 + t + I(2*t) | g)", None, r"'I\(2 \* t\)' is determined by 't'"),
        ("y ~ t + (I(0*t) | g)", None, "is 0 in every row"),
        ("y ~ t + (1 | g)", "f", "the weights 'f' are not numbers"),
        ("y ~ t + (1 | g)", "zero_weight", "48 of the weights 'zero_weight' are not positive"),
    ],
)
def test_designs_that_are_refused(formula, weights, message):
    with pytest.raises(DesignError, match=message) as caught:
        build(formula, EDGES, weights=weights)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("formula", "weights", "message"),
    [
        ("y ~ fractions + (1 | g)", None, "no column 'fractions'; did you mean 'fraction'"),
        ("y ~ t + (1 | g)", "ww", "no column 'ww'"),
        ("y ~ t + nothing + (1 | g)", None, "every row has a missing value"),
    ],
)
def test_tables_that_are_refused(formula, weights, message):
    with pytest.raises(TableError, match=message):
        build(formula, EDGES, weights=weights)


@pytest.mark.parametrize(
    ("formula", "name", "of"),
    [
        ("y ~ {} + (1 | g)", "__obs__", "the rows"),
        ("{} ~ t + (1 | g)", "__obs__", "the rows"),
        ("y ~ f + {} + (1 | g)", "f_dim", "the columns of 'f'"),
        ("{} ~ f + (1 | g)", "f_dim", "the columns of 'f'"),
        ("y ~ {} + (1 | g)", "g__factor_dim", "the groups of 'g'"),
        ("y ~ {} + (0 + f | g)", "f__expr_dim", "the columns of 'f'"),
        ("y ~ {} + (t | g)", "g__term_dim", "the correlations of 'g'"),
        ("y ~ {} + (t | g)", "g__term_dim_bis", "the correlations of 'g'"),
    ],
)
def test_a_variable_called_as_a_dimension_of_the_posterior(formula, name, of):
    table = make_table().assign(**{name: lambda d: d["u"]})
    with pytest.raises(DesignError, match=f"rename the column '{name}': in the posterior .* dimension of {of}"):
        build(formula.format(name), table)
    assert build("y ~ u_dim + u + (1 | g)", make_table().assign(u_dim=lambda d: d["u"] ** 2)).p == 3


def test_more_parameters_than_rows():
    table = {"y": [1.0, 2, 4], "a": [1.0, 2, 5], "b": [3.0, 1, 1], "g": [1, 1, 2]}
    with pytest.raises(DesignError, match=r"3 fixed effects need more than 3 rows$"):
        build("y ~ a + b + (1 | g)", table)


def test_an_odd_cell_among_numbers_is_named():
    values = [f"{k}.5" for k in range(48)]
    values[6] = "7,5"
    with pytest.raises(DesignError, match="48 rows because of text such as '7,5' in the used row 7: if they"):
        build("y ~ odd + (1 | g)", make_table().assign(odd=values))


def test_every_refusal_is_one_of_ours():
    with pytest.raises(BayesmixedError):
        build("y ~ t + (1 | g)", None)
