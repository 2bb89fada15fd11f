"""Columns, their names, new rows, and the way through JSON."""

import json

import numpy as np
import pandas as pd
import pytest

from bayesmixed.encoding import PARTS, Encoding, Term
from bayesmixed.errors import DesignError, PredictionError, StorageError
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


FORMULAS = [
    "y ~ x + (x | g)",
    "y ~ Type*s + x + I(x**2) + (Type | g)",
    "log(x) ~ scale(y)*Type + bs(x, df=4) + poly(y, 2):s + C(z) + (center(y) || g)",
    "y ~ 0 + C(Type, Sum) + C(s, Treatment('v')):x + (0 + s + bs(x, df=3):Type | g)",
    "y ~ Type:s + (1 | g)",
    "y ~ C(Type, Treatment(reference='T2'))*scale(log(x)) + offset(n) + offset(2*x) + (1 | g)",
    "y ~ dose*`_odd name` + C(dose, Sum) + ok + C(ok) + (0 + dose | g)",
    "y ~ I(Type == 'T2') + I(x/(z + 1)) + I(z**-1) + poly(x, 3, raw=True) + (1 | g)",
    "y ~ bs(z, df=5, degree=2, intercept=True) + (1 | g)",
    "y ~ 0 + (1 | g)",
]


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


def test_columns_by_hand():
    table = make_table()
    x, is_t2 = table["x"].to_numpy(), (table["Type"] == "T2").to_numpy(dtype=float)
    is_t3 = (table["Type"] == "T3").to_numpy(dtype=float)
    _, encoded, _ = learn("y ~ scale(x) + Type + I((x + z)*2) + x:Type + (x | g)")
    expected = [
        np.ones(60),
        (x - x.mean()) / x.std(),
        is_t2,
        is_t3,
        2 * (x + table["z"]),
        x * (1 - is_t2 - is_t3),
        x * is_t2,
        x * is_t3,
    ]
    np.testing.assert_allclose(encoded.X, np.column_stack(expected), rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(encoded.Z_rows, np.column_stack([np.ones(60), x]))


def test_arithmetic_has_the_precedence_of_python():
    table = make_table()
    _, encoded, _ = learn("y ~ I(-x**2) + I(x - (z - n)) + I(2**z**0.5) + (1 | g)")
    x, z, n = (table[name].to_numpy(dtype=float) for name in "xzn")
    np.testing.assert_allclose(encoded.X[:, 1:], np.column_stack([-(x**2), x - z + n, 2**z**0.5]))


def test_integers_do_not_overflow():
    table = make_table().assign(z=np.arange(60) + 2_000)
    _, encoded, _ = learn("y ~ I(z**7) + (1 | g)", table)
    np.testing.assert_allclose(encoded.X[:, 1], table["z"].astype(float) ** 7)


def test_offsets_add_up():
    table = make_table()
    _, encoded, _ = learn("y ~ offset(log(n)) + offset(2*x) + (1 | g)")
    np.testing.assert_allclose(encoded.offset, np.log(table["n"]) + 2 * table["x"])


def test_order_of_levels():
    free = pd.Categorical(["b", "a", "c"] * 20, categories=["c", "b", "a"])
    encoding, _, _ = learn("y ~ f + dose + (1 | g)", make_table().assign(f=free))
    assert names(encoding.fixed.terms) == {
        "Intercept": None,
        "f": ("b", "c"),  # as Bambi: sorted
        "dose": ("high",),  # ordered: low is the reference
    }


@pytest.mark.parametrize("formula", FORMULAS)
def test_rows_encode_alike_and_so_after_json(formula):
    encoding, encoded, frame = learn(formula)
    restored = Encoding.from_dict(json.loads(json.dumps(encoding.to_dict(), allow_nan=False)))
    assert restored == encoding
    for encoder in (encoding, restored):
        again = encoder.encode(frame, PARTS)
        one = encoder.encode(frame.iloc[[7]], PARTS)
        for part in ("y", "X", "Z_rows", "offset"):
            np.testing.assert_array_equal(getattr(again, part), getattr(encoded, part))
            np.testing.assert_array_equal(getattr(one, part), getattr(encoded, part)[[7]])


def test_parts_need_only_their_columns():
    encoding, encoded, frame = learn("log(x) ~ y + offset(n) + (z | g)")
    assert encoding.needed(["fixed"]) == ("y",)
    assert encoding.needed() == ("x", "y", "n", "z")
    only = encoding.encode(frame[["y"]], ["fixed"])
    np.testing.assert_array_equal(only.X, encoded.X)
    assert only.Z_rows is None
    np.testing.assert_array_equal(encoding.encode(frame[["n"]], ["offset"]).offset, frame["n"])


def test_an_encoding_keeps_no_rows():
    encoding, _, _ = learn("y ~ scale(x)*Type + (x | g)")
    assert len(json.dumps(encoding.to_dict())) < 10_000
    for side in (encoding.fixed, *encoding.random):
        assert all(term.data is None for term in side.model)


def test_functions_of_the_user():
    table = make_table()
    own = {"twice": lambda x: 2 * x, "half": lambda x: np.where(x > x.median(), "hi", "lo")}
    encoding, encoded, frame = learn("y ~ twice(x) + half(x) + (1 | g)", table, own)
    np.testing.assert_allclose(encoded.X[:, 1], 2 * table["x"])
    assert names(encoding.fixed.terms)["half(x)"] == ("lo",)
    state = json.loads(json.dumps(encoding.to_dict()))
    np.testing.assert_array_equal(Encoding.from_dict(state, own).encode(frame).X, encoded.X)
    with pytest.raises(StorageError, match="give functions= for: half, twice"):
        Encoding.from_dict(state)


def test_the_namespace_of_the_caller_is_out_of_reach():
    table = make_table().drop(columns="x")
    x = np.ones(60)  # noqa: F841
    specification = parse_formula("y ~ I(x + 1) + (1 | g)")
    with pytest.raises(DesignError):
        Encoding.learn(specification, table)


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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Type": "T9"}, "column 'Type' has the level 'T9'.* known are: T1, T2, T3"),
        ({"z": 77}, "column 'z' has the level '77'"),
        ({"x": "many"}, "column 'x' of the new rows is text, it was numbers"),
        ({"x": -1.0}, r"log\(x\): values <= 0 in 1 rows"),
    ],
)
def test_new_rows_that_cannot_be_encoded(change, message):
    encoding, _, frame = learn("y ~ Type + C(z) + log(x) + (1 | g)")
    with pytest.raises(PredictionError, match=message):
        encoding.encode(frame.iloc[[0]].assign(**change))
    with pytest.raises(PredictionError, match="lack the column 'x'"):
        encoding.encode(frame.drop(columns="x"))


def test_levels_of_another_type_are_the_same_levels():
    encoding, encoded, frame = learn("y ~ C(z) + (1 | g)")
    floats = frame.assign(z=frame["z"].astype(float))
    np.testing.assert_array_equal(encoding.encode(floats).X, encoded.X)
