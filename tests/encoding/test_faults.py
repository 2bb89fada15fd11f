"""Terms that cannot be computed say which and why, in one line."""

import pytest

from bayesmixed.errors import DesignError
from tests.encoding.example import learn, make_table


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("Type ~ x + (1 | g)", "the response 'Type' is text or a category"),
        ("C(z) ~ x + (1 | g)", r"the response 'C\(z\)' is text or a category"),
        ("poly(x, 2) ~ z + (1 | g)", r"the response 'poly\(x, 2\)' has 2 columns"),
        ("y ~ offset(Type) + (1 | g)", r"the offset 'I\(Type\)' is text or a category"),
        ("y ~ log(y) + (1 | g)", r"log\(y\): values <= 0 in \d+ rows"),
        ("y ~ I(Type**2) + (1 | g)", r"I\(Type \*\* 2\): numbers are needed.* 'Type' is text"),
        ("y ~ scale(Type) + (1 | g)", r"scale\(Type\)"),
        ("y ~ I(1/(z - 1)) + (1 | g)", r"I\(1 / z - 1\) is infinite or undefined in \d+ of 60"),
        ("y ~ I(x**400) + (1 | g)", "is infinite or undefined"),
        ("y ~ scale(I(0*x)) + (1 | g)", "is infinite or undefined in 60 of 60 rows"),
        ("y ~ bs(x, df=1) + (1 | g)", r"bs\(x, df=1\) cannot be computed: df=1 is too small"),
        ("y ~ bs(x, nonsense=1) + (1 | g)", r"bs\(x, nonsense=1\) cannot be computed"),
        ("y ~ C(Type, Treatment('T9')) + (1 | g)", "cannot be computed: reference not in levels"),
        ("y ~ C(Type, Sum('T9')) + (1 | g)", r"C\(Type, Sum\('T9'\)\) cannot be computed"),
        ("y ~ bad(x) + (1 | g)", r"bad\(x\) cannot be computed: oh no"),
        ("y ~ short(x) + (1 | g)", r"short\(x\)"),
    ],
)
def test_terms_that_cannot_be_computed(formula, message, capsys):
    def bad(x):
        raise RuntimeError("oh\nno")

    functions = {"bad": bad, "short": lambda x: x.to_numpy()[:3]}
    with pytest.raises(DesignError, match=message) as caught:
        learn(formula, functions=functions)
    assert "\n" not in str(caught.value)
    assert capsys.readouterr().out == ""


def test_a_factor_of_one_level():
    with pytest.raises(DesignError, match="Type has one level only"):
        learn("y ~ Type + (1 | g)", make_table().assign(Type="T1"))
