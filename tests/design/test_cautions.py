"""What a design warns of."""

import numpy as np
import pytest

from tests.design.example import build, make_table


def test_more_random_effects_than_rows_is_a_warning():
    table = {"y": [1.0, 2, 4, 3], "t": [0, 1, 0, 1], "g": [1, 1, 2, 2]}
    (warning,) = build("y ~ t + (t | g)", table).warnings
    assert warning.startswith("4 random effects for 4 rows: REML does not exist")


def test_a_slope_between_groups_apart_from_the_intercept_is_a_warning():
    (warning,) = build("y ~ between + (between || g)", make_table()).warnings
    assert "'between' varies within no group of 'g'" in warning
    assert build("y ~ between + (0 + arm | g)", make_table()).warnings == ()


@pytest.mark.parametrize(
    ("brackets", "one", "other"),
    [
        ("(1 | g) + (0 + f | g)", "'Intercept'", "'f[a]', 'f[b]', 'f[c]'"),
        ("(0 + f | g) + (1 | g)", "'f[a]', 'f[b]', 'f[c]'", "'Intercept'"),
        ("(t | g) + (0 + I(2*t + 1) | g)", "'Intercept', 't'", "'I(2 * t + 1)'"),
        ("(0 + t | g) + (0 + I(t/3) || g)", "'t'", "'I(t / 3)'"),
        ("(0 + t | g) + (0 + f:t | g)", "'t'", "'f:t[a]', 'f:t[b]', 'f:t[c]'"),
        ("(0 + f | g) + (0 + h | g)", "'f[a]', 'f[b]', 'f[c]'", "'h[u]', 'h[v]'"),
    ],
)
def test_brackets_that_hold_the_same_variance_are_a_warning(brackets, one, other):
    table = make_table(n=96).assign(h=lambda d: np.where(d["u"] > 0, "u", "v"))
    (warning,) = build(f"y ~ 1 + {brackets}", table).warnings
    assert warning.startswith(f"the random effects {one} and {other} of different brackets are collinear")


@pytest.mark.parametrize("brackets", ["(1 | g) + (0 + t | g)", "(t || g)", "(1 | g) + (0 + f:t | g)"])
def test_brackets_apart_give_no_warning(brackets):
    table = make_table(n=96).assign(t=lambda d: d["t"] + 1e6)
    assert build(f"y ~ 1 + {brackets}", table).warnings == ()


def test_what_the_warning_says_is_so():
    table = make_table(n=96)
    design = build("y ~ 1 + (1 | g) + (0 + f | g)", table)
    G = np.diag([2.0, 3.0, 3.0, 3.0])
    moved = np.zeros((4, 4))
    moved[1:, 1:] = 3 * np.eye(3) + 2
    for Z in np.split(design.Z_rows, 4):
        np.testing.assert_allclose(Z @ G @ Z.T, Z @ moved @ Z.T, rtol=1e-14)
