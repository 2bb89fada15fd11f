"""Names and coordinates of columns, as Bambi makes them."""

import pandas as pd
import pytest

from bayesmixed.encoding import Term
from tests.encoding.example import learn, make_table, names


def test_names_and_coordinates():
    encoding, _, _ = learn("y ~ Type*s + x + I(x**2) + bs(x, df=4) + Type:x + (0 + Type | g)")
    assert names(encoding.fixed.terms) == {
        "Intercept": None,
        "Type": ("T2", "T3"),
        "s": ("v",),
        "Type:s": ("T2, v", "T3, v"),
        "x": None,
        "I(x ** 2)": None,
        "bs(x, df=4)": (0, 1, 2, 3),
        "Type:x": ("T2", "T3"),
    }
    assert names(encoding.random[0].terms) == {"Type": ("T1", "T2", "T3")}
    assert Term("Type:s", ("T2, v",)).labels == ("Type:s[T2, v]",)
    assert Term("x").labels == ("x",)


# Bambi 0.21 selects columns in a way that pandas 3 announces to change.
@pytest.mark.filterwarnings("ignore:For backward compatibility, 'str' dtypes")
def test_names_as_bambi_makes_them():
    bambi = pytest.importorskip("bambi")
    table = make_table()
    for formula in (
        "y ~ Type*s + x + I(x**2) + bs(x, df=4) + (Type|g)",
        "y ~ scale(x)*Type + C(z) + poly(x, 2):s + (x|g)",
        "y ~ C(Type, Sum) + C(s, Treatment('v')):x + dose + (0 + x|s:Type)",
        "y ~ Type:s + I((x + z)*2) + (x*Type|g)",
    ):
        theirs = bambi.Model(formula, table)
        theirs.build()
        dims = theirs.backend.model.named_vars_to_dims
        coords = {dim: tuple(c) for dim, c in theirs.backend.model.coords.items()}
        variables = {str(variable.name) for variable in theirs.backend.model.free_RVs}
        encoding, _, _ = learn(formula)
        for term in encoding.fixed.terms:
            assert term.name in variables
            own = dims.get(term.name) or (None,)
            assert term.coords == coords.get(own[0])
        for term in encoding.random[0].terms:
            name = "1" if term.name == "Intercept" else term.name
            sigma = f"{name}|{encoding.specification.factor_name}_sigma"
            assert sigma in variables
            own = dims.get(sigma) or (None,)
            assert term.coords == coords.get(own[0])


def test_order_of_levels():
    free = pd.Categorical(["b", "a", "c"] * 20, categories=["c", "b", "a"])
    encoding, _, _ = learn("y ~ f + dose + (1 | g)", make_table().assign(f=free))
    assert names(encoding.fixed.terms) == {
        "Intercept": None,
        "f": ("b", "c"),  # as Bambi: sorted
        "dose": ("high",),  # ordered: low is the reference
    }
