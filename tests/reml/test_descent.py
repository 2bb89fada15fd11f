"""Newton's method downhill: known minima, saddles, mirrored minima."""

from dataclasses import dataclass

import numpy as np
import pytest

from bayesmixed.reml.descent import descend
from bayesmixed.reml.intervals.paths import Slopes


@dataclass
class Known:
    """A function with derivatives by hand; counts its evaluations."""

    function: callable
    gradient: callable
    hessian: callable

    def value(self, u):
        return float(self.function(u))

    def derivatives(self, u):
        return Slopes(float(self.function(u)), np.asarray(self.gradient(u)), np.asarray(self.hessian(u)))


def quadratic(A, b):
    return Known(lambda u: 0.5 * u @ A @ u - b @ u, lambda u: A @ u - b, lambda u: A)


#: (u^2 - 1)^2 + v^2: minima at u = -1 and 1, a saddle at 0 that pulls nowhere.
DOUBLE_WELL = Known(
    lambda u: (u[0] ** 2 - 1) ** 2 + u[1] ** 2,
    lambda u: [4 * u[0] * (u[0] ** 2 - 1), 2 * u[1]],
    lambda u: [[12 * u[0] ** 2 - 4, 0.0], [0.0, 2.0]],
)
ROSENBROCK = Known(
    lambda u: 100 * (u[1] - u[0] ** 2) ** 2 + (1 - u[0]) ** 2,
    lambda u: [-400 * u[0] * (u[1] - u[0] ** 2) - 2 * (1 - u[0]), 200 * (u[1] - u[0] ** 2)],
    lambda u: [[1200 * u[0] ** 2 - 400 * u[1] + 2, -400 * u[0]], [-400 * u[0], 200.0]],
)


def test_a_quadratic_function_takes_one_step():
    A, b = np.array([[3.0, 1.0], [1.0, 2.0]]), np.array([1.0, 2.0])
    found = descend(quadratic(A, b), np.zeros(2))
    np.testing.assert_allclose(found.theta, np.linalg.solve(A, b), atol=1e-12)
    assert found.converged


@pytest.mark.parametrize("start", [(0.0, 0.0), (0.0, 1.0), (1e-12, 0.0), (3.0, -2.0), (-0.5, 1.0)])
def test_saddles_are_left(start):
    found = descend(DOUBLE_WELL, np.array(start))
    assert abs(found.theta[0]) == pytest.approx(1, abs=1e-9)
    assert found.converged


def test_a_curved_valley():
    found = descend(ROSENBROCK, np.array([-1.2, 1.0]))
    np.testing.assert_allclose(found.theta, 1, atol=1e-9)


def test_where_the_function_does_not_exist_it_stays():
    nowhere = Known(lambda u: np.nan, lambda u: [np.nan], lambda u: [[np.nan]])
    found = descend(nowhere, np.ones(1))
    assert not np.isfinite(found.value)
    assert found.theta.tolist() == [1.0]


def test_a_flat_function_has_a_minimum_anywhere():
    flat = Known(lambda u: 2.0, lambda u: [0.0, 0.0], lambda u: np.zeros((2, 2)))
    assert descend(flat, np.array([1.0, 2.0])).theta.tolist() == [1.0, 2.0]


def test_the_mirror_image_is_no_progress():
    """cos bends downwards between 0 and pi: a step to the mirrored point must not end the descent."""
    cosine = Known(lambda u: np.cos(u[0]), lambda u: [-np.sin(u[0])], lambda u: [[-np.cos(u[0])]])
    for start in np.linspace(-3.0, 3.0, 61):
        assert descend(cosine, np.array([start])).value == pytest.approx(-1, abs=1e-12)
