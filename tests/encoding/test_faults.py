"""Terms that cannot be computed say which and why, in one line."""

import numpy as np
import pandas as pd
import pytest

from bayesmixed.errors import DesignError, PredictionError
from tests.encoding.example import learn, make_table


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("Type ~ x + (1 | g)", "the response 'Type' is text or a category"),
        ("C(z) ~ x + (1 | g)", r"the response 'C\(z\)' is text or a category"),
        ("poly(x, 2) ~ z + (1 | g)", r"the response 'poly\(x, 2\)' has 2 columns"),
        ("y ~ offset(Type) + (1 | g)", r"the offset 'I\(Type\)' is text or a category"),
        ("y ~ log(`_odd name`) + (1 | g)", r"log\(_odd name\): values <= 0 in \d+ rows"),
        ("y ~ I(Type**2) + (1 | g)", r"I\(Type \*\* 2\): numbers are needed.* 'Type' is text"),
        ("y ~ scale(Type) + (1 | g)", r"scale\(Type\)"),
        ("y ~ I(1/(z - 1)) + (1 | g)", r"I\(1 / z - 1\) is infinite or undefined in \d+ of 60"),
        ("y ~ I(x**400) + (1 | g)", "is infinite or undefined"),
        ("y ~ scale(I(0*x)) + (1 | g)", "is infinite or undefined in 60 of 60 rows"),
        ("y ~ C(Type + z) + (1 | g)", r"C\(Type \+ z\): numbers are needed.* 'Type' is text"),
        ("y ~ bs(x, df=4, lower_bound=99) + (1 | g)", r"bs\(x, df=4, lower_bound=99\) cannot be computed"),
        ("y ~ C(Type, Treatment('T9')) + (1 | g)", "there is no level 'T9'; levels are 'T1', 'T2', 'T3'$"),
        ("y ~ 0 + C(Type, Treatment('T9')) + (1 | g)", "there is no level 'T9'"),
        ("y ~ C(Type, Sum('T9')) + (1 | g)", r"C\(Type, Sum\('T9'\)\): there is no level 'T9'"),
        ("y ~ C(z, Treatment('1')) + (1 | g)", "there is no level '1'; levels are 1, 2, 3, 4$"),
    ],
)
def test_terms_that_cannot_be_computed(formula, message, capsys):
    with pytest.raises(DesignError, match=message) as caught:
        learn(formula)
    assert "\n" not in str(caught.value)
    assert capsys.readouterr().out == ""


def test_a_factor_of_one_level():
    with pytest.raises(DesignError, match="Type has one level only"):
        learn("y ~ Type + (1 | g)", make_table().assign(Type="T1"))


def bad(x):
    raise RuntimeError("oh\nno")


NOT_COLUMNS = {
    "bad": (bad, r"bad\(x\): your function stopped with RuntimeError: oh no$"),
    "lookup": (lambda x: {}["k"], r"lookup\(x\): your function stopped with KeyError: 'k'$"),
    "several": (lambda x, y: x, r"several\(x\): your function stopped with TypeError: .*argument: 'y'$"),
    "listed": (list, r"listed\(x\) gives a list: a function must return a NumPy array or pandas Series"),
    "nothing": (lambda x: None, r"nothing\(x\) gives nothing \(None\): a function must return"),
    "mean": (lambda x: float(x.mean()), r"mean\(x\) gives a float: a function must return"),
    "frame": (lambda x: pd.DataFrame({"a": x}), r"frame\(x\) gives a DataFrame: a function must return"),
    "short": (
        lambda x: x.to_numpy()[:3],
        r"short\(x\) gives 3 values for 60 rows: a function must return one",
    ),
    "cube": (lambda x: np.ones((60, 2, 2)), r"cube\(x\) gives 60 x 2 x 2 values for 60 rows"),
    "turned": (lambda x: np.ones((2, 60)), r"turned\(x\) gives 2 x 60 values for 60 rows"),
    "imaginary": (lambda x: x * 1j, r"imaginary\(x\) gives values of type complex128: .* numbers or text$"),
    "things": (lambda x: np.array([object()] * 60), r"things\(x\) gives values of type object"),
    "dates": (pd.to_datetime, r"dates\(x\) gives values of type datetime64"),
    "gaps": (lambda x: x * np.nan, r"gaps\(x\) is infinite or undefined in 60 of 60 rows; check its values$"),
}


@pytest.mark.parametrize("term", ["{}", "z:{}", "offset({})"])
@pytest.mark.parametrize("name", NOT_COLUMNS)
def test_what_functions_of_the_users_own_must_not_do(name, term):
    function, message = NOT_COLUMNS[name]
    inside = "gives|stopped|undefined" if term != "{}" else message
    with pytest.raises(DesignError, match=inside) as caught:
        learn(f"y ~ {term.format(f'{name}(x)')} + (1 | g)", functions={name: function})
    assert f"{name}(x)" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_innermost_function_that_fails_is_named():
    with pytest.raises(DesignError, match=r"^bad\(x\): your function stopped"):
        learn("y ~ scale(I(1 + bad(x))) + (1 | g)", functions={"bad": bad})


def test_as_many_columns_for_new_rows():
    functions = {"dummies": lambda z: pd.get_dummies(z).to_numpy(dtype=float)[:, 1:]}
    encoding, _, frame = learn("y ~ dummies(z) + (1 | g)", functions=functions)
    with pytest.raises(
        PredictionError, match=r"dummies\(z\) gives 1 columns for these rows and 3 for the rows of"
    ):
        encoding.encode(frame[frame["z"] <= 2])


def test_one_number_is_fine_inside_arithmetic():
    _, encoded, _ = learn("y ~ I(x - mean(x)) + (1 | g)", functions={"mean": lambda x: float(x.mean())})
    assert abs(encoded.X[:, 1].mean()) < 1e-12
