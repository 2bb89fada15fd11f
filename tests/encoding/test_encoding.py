"""Columns against numbers by hand, and what parts of an encoding need."""

import numpy as np
import pytest

from bayesmixed.encoding import Encoding
from bayesmixed.errors import DesignError
from bayesmixed.formula import parse_formula
from tests.encoding.example import learn, make_table


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


def test_parts_need_only_their_columns():
    encoding, encoded, frame = learn("log(x) ~ y + offset(n) + (z | g)")
    assert encoding.needed(["fixed"]) == ("y",)
    assert encoding.needed() == ("x", "y", "n", "z")
    only = encoding.encode(frame[["y"]], ["fixed"])
    np.testing.assert_array_equal(only.X, encoded.X)
    assert only.Z_rows is None
    np.testing.assert_array_equal(encoding.encode(frame[["n"]], ["offset"]).offset, frame["n"])


def test_the_namespace_of_the_caller_is_out_of_reach():
    table = make_table().drop(columns="x")
    x = np.ones(60)  # noqa: F841
    specification = parse_formula("y ~ I(x + 1) + (1 | g)")
    with pytest.raises(DesignError):
        Encoding.learn(specification, table)
