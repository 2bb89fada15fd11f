"""Contrasts in every form that a user may give them."""

import numpy as np
import pandas as pd
import pytest

from bayesmixed.errors import RemlError
from bayesmixed.reml.hypotheses.contrasts import Contrasts

LABELS = ("Intercept", "Days", "Type[T2]")


@pytest.mark.parametrize(
    ("given", "names", "L", "values"),
    [
        ("Days = 3", ["Days = 3"], [[0, 1, 0]], [3]),
        ("Days, Type[T2] = 1", ["Days", "Type[T2] = 1"], [[0, 1, 0], [0, 0, 1]], [0, 1]),
        (["Days", "2 * Type[T2]"], ["Days", "2 * Type[T2]"], [[0, 1, 0], [0, 0, 2]], [0, 0]),
        ([0, 1, -1], ["Days - Type[T2]"], [[0, 1, -1]], [0]),
        (
            np.array([[-1, 0.5, 0], [0, 0, 1]]),
            ["-Intercept + 0.5 * Days", "Type[T2]"],
            [[-1, 0.5, 0], [0, 0, 1]],
            [0, 0],
        ),
        ([[0, 1, 0]], ["Days"], [[0, 1, 0]], [0]),
        ({"Days": 1, "Type[T2]": -1}, ["Days - Type[T2]"], [[0, 1, -1]], [0]),
        (pd.Series({"Type[T2]": -1, "Days": 1}), ["Days - Type[T2]"], [[0, 1, -1]], [0]),
        (
            {"a": {"Days": 2}, "b": [1, 0, 0], "c": "Days = 4"},
            ["a", "b", "c"],
            [[0, 2, 0], [1, 0, 0], [0, 1, 0]],
            [0, 0, 4],
        ),
        ({"a": "Days = 4, Type[T2]"}, ["a: Days = 4", "a: Type[T2]"], [[0, 1, 0], [0, 0, 1]], [4, 0]),
        (
            pd.DataFrame({"Days": [1, 0], "Type[T2]": [2, 3]}, index=["u", "v"]),
            ["u", "v"],
            [[0, 1, 2], [0, 0, 3]],
            [0, 0],
        ),
    ],
)
def test_forms(given, names, L, values):
    found = Contrasts.of(given, LABELS)
    assert list(found.names) == names
    np.testing.assert_array_equal(found.L, L)
    np.testing.assert_array_equal(found.values, values)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "must be a vector or a matrix|needs 3 coefficients|at least one"),
        ({}, "give at least one contrast"),
        ([1, 2], r"needs 3 coefficients, for Intercept, Days, Type\[T2\]; it has shape \(2,\)"),
        ({"a": [1, 2]}, "the contrast 'a' needs 3 coefficients"),
        ({"a": {"Weeks": 1}}, "'Weeks' in the contrast 'Weeks' is no coefficient"),
        ({"a": {"2 * Days": 1}}, "'2 \\* Days' is not one coefficient"),
        ([0, 0, 0], "all coefficients of the contrast '' are zero"),
        ({"a": [0, 0, 0]}, "all coefficients of the contrast 'a' are zero"),
        ([0, np.nan, 0], "must be finite"),
        (np.zeros((1, 1, 3)), "must be a vector or a matrix, not of shape"),
        (3.0, "must be a vector or a matrix"),
        (None, "must be a vector or a matrix"),
        (object(), "contrasts must be numbers, or text"),
        ({"a": ["x", "y", "z"]}, "the contrast 'a' must be numbers, or text"),
    ],
)
def test_what_is_refused(given, message):
    with pytest.raises(RemlError, match=message):
        Contrasts.of(given, LABELS)


# ---------------------------------------------------------------- redundant rows
def test_independent_rows_stay_as_they_are():
    found = Contrasts.of("Days = 1, Type[T2]", LABELS)
    L, values = found.independent()
    assert L is found.L
    assert values is found.values


def test_redundant_rows_are_dropped(rng):
    L = rng.normal(size=(2, 3))
    mix, values = rng.normal(size=(4, 2)), rng.normal(size=2)
    kept, right = Contrasts(tuple("abcd"), mix @ L, mix @ values).independent()
    assert kept.shape == (2, 3)
    # The same set of solutions.
    beta = np.linalg.pinv(L) @ values
    np.testing.assert_allclose(kept @ beta, right, atol=1e-12)
    assert np.linalg.matrix_rank(np.vstack([kept, L])) == 2


def test_units_do_not_make_rows_redundant():
    L = np.array([[0, 1e-9, 0], [1e9, 1e-9, 0], [1e9, 0, 1.0]])
    assert len(Contrasts(tuple("abc"), L, np.zeros(3)).independent()[0]) == 3
    assert len(Contrasts(tuple("abc"), np.vstack([L[:2], 2 * L[0] - L[1]]), np.zeros(3)).independent()[0]) == 2


def test_contradictions_are_refused():
    with pytest.raises(RemlError, match="these hypotheses contradict one another: Days = 1, 2 \\* Days = 3"):
        Contrasts.of("Days = 1, 2 * Days = 3", LABELS).independent()
