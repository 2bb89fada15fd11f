"""Linear combinations as text: labels of every kind, arithmetic, and what is refused in which words."""

import numpy as np
import pytest

from bayesmixed.errors import RemlError
from bayesmixed.reml.hypotheses.linear_text import read_linear

LABELS = [
    "Intercept",
    "x",
    "x2",
    "Type[T2]",
    "Type[T2, a]",
    "x:Type[T2]",
    "I(x - 1)",
    "C(f, Sum)[b = 1]",
    "my col",
]


def weights(**by_position):
    vector = np.zeros(len(LABELS))
    for place, value in by_position.items():
        vector[int(place[1:])] = value
    return vector


@pytest.mark.parametrize(
    ("text", "expected", "value"),
    [
        ("x", {"_1": 1}, 0),
        ("x2", {"_2": 1}, 0),
        ("  x = 0 ", {"_1": 1}, 0),
        ("x = -1.5e1", {"_1": 1}, -15),
        ("2*x + Intercept", {"_1": 2, "_0": 1}, 0),
        ("x * 2 - 3 * x2 / 4", {"_1": 2, "_2": -0.75}, 0),
        ("-(x - 2 * x2) / 2 = 3", {"_1": -0.5, "_2": 1}, 3),
        ("- - x - -x2", {"_1": 1, "_2": 1}, 0),
        ("x + 2 = x2 - 1 + 4", {"_1": 1, "_2": -1}, 1),
        ("10 = x", {"_1": -1}, -10),
        ("Type[T2] - Type[T2,a]", {"_3": 1, "_4": -1}, 0),
        ("Type[T2 , a]=.5", {"_4": 1}, 0.5),
        ("x:Type[T2] + x", {"_5": 1, "_1": 1}, 0),
        ("x-1 = 0", {"_1": 1}, 1),
        ("I(x-1) - I(x - 1) / 3", {"_6": 2 / 3}, 0),
        ("C(f,Sum)[b=1] = 2", {"_7": 1}, 2),
        ("my  col", {"_8": 1}, 0),
        ("x + x + x", {"_1": 3}, 0),
    ],
)
def test_one_hypothesis(text, expected, value):
    ((name, found, right),) = read_linear(text, LABELS)
    assert name == text.strip()
    np.testing.assert_allclose(found, weights(**expected))
    assert right == value


def test_several_hypotheses():
    found = read_linear("x = 1, Type[T2, a]; 2 * x2 = 3", LABELS)
    assert [name for name, _, _ in found] == ["x = 1", "Type[T2, a]", "2 * x2 = 3"]
    assert [value for _, _, value in found] == [1, 0, 3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("y", "'y' in the contrast 'y' is no coefficient; there are Intercept, x, .*; did you mean 'my col'"),
        ("Type[T9] - x", r"'Type\[T9\]' in the contrast .* is no coefficient"),
        ("x:Type", "'x:Type' in the contrast"),
        ("xx", "'xx' in the contrast"),
        ("x * x2", "a contrast is linear: coefficients cannot be multiplied, at character 5"),
        ("x / x2", "only a number other than 0 can divide, at character 5"),
        ("x / 0", "only a number other than 0 can divide"),
        ("(x - x2", "a closing parenthesis is missing, at character 8"),
        ("x +", "a coefficient or a number is missing, at character 4"),
        ("", "a coefficient or a number is missing, at character 1"),
        ("x,", "a coefficient or a number is missing"),
        ("x x2", "an operator .* is missing, at character 3"),
        ("2 x", "an operator .* is missing, at character 3"),
        ("x = 1 = 2", "an operator .* is missing, at character 7"),
        ("x + 1", "the number 1 in the contrast 'x \\+ 1' multiplies no coefficient"),
        ("x = x", "no coefficient is left in the contrast 'x = x'"),
        ("1 = 1", "no coefficient is left"),
        ("__import__('os')", "'__import__' in the contrast"),
        ("x ** 2", r"'\*' in the contrast"),
    ],
)
def test_what_is_refused(text, message):
    with pytest.raises(RemlError, match=message):
        read_linear(text, LABELS)


@pytest.mark.parametrize("text", ["time:arm[b] - 2 * arm[b] = 1", "arm[b]:time - 2*arm[b] = 1"])
def test_interactions_in_any_order(text):
    ((_, weights, value),) = read_linear(text, ["arm[b]", "time", "arm:time[b]", "scale(x):arm[b]"])
    assert weights.tolist() == [-2.0, 0.0, 1.0, 0.0]
    assert value == 1.0


def test_an_interaction_of_an_expression_in_any_order():
    ((_, weights, _),) = read_linear("arm[b] : scale(x) + time", ["arm[b]", "time", "scale(x):arm[b]"])
    assert weights.tolist() == [0.0, 1.0, 1.0]


def test_another_interaction_is_still_unknown():
    with pytest.raises(RemlError, match=r"'arm\[c\]:time' in the contrast"):
        read_linear("arm[c]:time", ["arm[b]", "time", "arm:time[b]"])
