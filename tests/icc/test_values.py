"""ICC(t) = z'Gz / (z'Gz + sigma^2), against sums written out."""

import numpy as np
import pytest

from bayesmixed.errors import PredictionError
from bayesmixed.icc import icc_points, icc_values
from bayesmixed.parameters import CovarianceParameters
from tests import fits

SLOPE = CovarianceParameters(np.array([24.7, 5.9]), np.array([[1.0, 0.07], [0.07, 1.0]]), np.float64(25.6))


def by_hand(t, found=SLOPE):
    g00, g01, g11 = found.G[0, 0], found.G[0, 1], found.G[1, 1]
    between = g00 + 2 * t * g01 + t**2 * g11
    return between / (between + found.sigma**2)


@pytest.mark.parametrize("t", [0.0, 4.5, 9.0, -3.0])
def test_slope(t):
    assert icc_values(SLOPE, np.array([[1.0, t]])) == pytest.approx(by_hand(t))


def test_average_over_rows_is_an_average_of_iccs():
    rows = np.column_stack([np.ones(4), [0.0, 1.0, 1.0, 7.0]])
    expected = np.mean([by_hand(t) for t in (0.0, 1.0, 1.0, 7.0)])
    assert icc_values(SLOPE, rows) == pytest.approx(expected)


def test_every_draw_has_its_own():
    found = fits.fit("slope").covariance
    values = icc_values(found, np.array([[1.0, 3.0]]))
    one = CovarianceParameters(found.sd[7], found.corr[7], found.sigma[7])
    assert values.shape == found.sigma.shape
    assert values[7] == pytest.approx(by_hand(3.0, one))


def test_random_intercept_is_the_correlation_of_two_rows():
    model = fits.model("intercept")
    params = {"1|Batch_sigma": 42.0, "sigma": 49.5}
    V = model.V(params)
    (point,) = icc_points(model.design)
    found = icc_values(model.covariance_parameters(params), point.rows)
    assert found == pytest.approx(V[0, 1] / V[0, 0])
    assert found == pytest.approx(42.0**2 / (42.0**2 + 49.5**2))


def test_points_of_a_slope():
    assert [point.at for point in icc_points(fits.model("slope").design)] == [
        {"Days": 0.0},
        {"Days": 4.5},
        {"Days": 9.0},
        None,
    ]


def test_points_of_a_factor():
    points = icc_points(fits.model("third slope").design)
    assert [point.at for point in points] == [{"Third": "a"}, {"Third": "b"}, {"Third": "c"}, None]
    np.testing.assert_array_equal(points[1].rows, [[1.0, 1.0, 0.0]])


def test_points_that_are_asked_for():
    points = icc_points(fits.model("slope").design, {"Days": [1, 2]})
    np.testing.assert_array_equal(np.vstack([point.rows for point in points]), [[1.0, 1.0], [1.0, 2.0]])


@pytest.mark.parametrize(("key", "at"), [("slope", {"Hours": 1}), ("intercept", {"Days": 1}), ("slope", {})])
def test_a_variable_without_a_slope_is_an_error(key, at):
    with pytest.raises(PredictionError, match="does not depend on"):
        icc_points(fits.model(key).design, at)
