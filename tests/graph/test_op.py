"""The kernel as an operation: values, gradients, shapes, what it refuses."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from bayesmixed.graph.op import MarginalLogLikelihood
from bayesmixed.likelihood import MarginalLikelihood
from tests import dense
from tests.designs import random_Lambda, random_rows
from tests.graphs import PYTHON


def kernel_and_inputs(seed=3, p=3, explicit=1, q=2):
    rows = random_rows(p=p, q=q, seed=seed, weighted=True)
    rng = np.random.default_rng(seed)
    kernel = MarginalLikelihood(rows.moments.patterns, rng.normal(size=p - explicit), explicit)
    inputs = (random_Lambda(q, seed), 0.8, rng.uniform(0.2, 2.0, p - explicit), rng.normal(size=explicit))
    return kernel, inputs


def symbols():
    return pt.dmatrix("Lambda"), pt.dscalar("sigma"), pt.dvector("precision"), pt.dvector("explicit")


def apply(kernel, Lambda, sigma, precision, explicit):
    return MarginalLogLikelihood()(Lambda, sigma, precision, kernel.mean, explicit, *kernel.patterns)


def compiled(kernel, mode):
    variables = symbols()
    value = apply(kernel, *variables)
    return pytensor.function(variables, [value, *pytensor.grad(value, list(variables))], mode=mode)


@pytest.mark.parametrize(("p", "explicit", "q"), [(3, 1, 2), (2, 0, 1), (2, 2, 3)])
def test_value_and_gradient_in_python(p, explicit, q):
    kernel, inputs = kernel_and_inputs(p=p, explicit=explicit, q=q)
    value, *gradients = compiled(kernel, PYTHON)(*inputs)
    assert value == pytest.approx(kernel.value(*inputs), rel=1e-14)
    for k, gradient in enumerate(gradients):

        def along(part, k=k):
            moved = [*inputs]
            moved[k] = part
            return kernel.value(*moved)

        numeric = dense.numerical_gradient(along, inputs[k], 1e-4)
        np.testing.assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-6)


def test_the_gradient_is_scaled_by_what_follows():
    kernel, inputs = kernel_and_inputs()
    Lambda, sigma, precision, explicit = symbols()
    value = apply(kernel, Lambda, sigma, precision, explicit)
    gradient = pytensor.grad(value**2, sigma)
    function = pytensor.function([Lambda, sigma, precision, explicit], gradient, mode=PYTHON)
    expected = 2 * kernel.value(*inputs) * kernel.value_and_gradient(*inputs).sigma
    assert function(*inputs) == pytest.approx(expected, rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(("p", "explicit"), [(3, 1), (2, 0)])
def test_value_and_gradient_by_numba(p, explicit):
    kernel, inputs = kernel_and_inputs(p=p, explicit=explicit)
    found = compiled(kernel, "NUMBA")(*inputs)
    for left, right in zip(found, compiled(kernel, PYTHON)(*inputs), strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-13, atol=1e-13)


def test_there_is_no_derivative_by_the_data():
    kernel, _ = kernel_and_inputs()
    Lambda, sigma, precision, explicit = symbols()
    mean = pt.dvector("mean")
    value = MarginalLogLikelihood()(Lambda, sigma, precision, mean, explicit, *kernel.patterns)
    with pytest.raises(pytensor.gradient.DisconnectedInputError):
        pytensor.grad(value, mean)


def test_shapes_are_known_without_computing():
    kernel, inputs = kernel_and_inputs()
    variables = symbols()
    value = apply(kernel, *variables)
    gradients = pytensor.grad(value, list(variables))
    shapes = pytensor.function(variables, [g.shape for g in gradients], mode=PYTHON)(*inputs)
    assert [tuple(shape) for shape in shapes] == [(2, 2), (), (2,), (1,)]
    assert value.type.shape == ()


def test_numbers_of_other_types_are_cast():
    kernel, inputs = kernel_and_inputs()
    value = apply(kernel, np.eye(2, dtype=np.float32), 1, *inputs[2:])
    expected = kernel.value(np.eye(2), 1.0, *inputs[2:])
    assert float(value.eval(mode=PYTHON)) == pytest.approx(expected, rel=1e-14)


def test_inputs_of_other_dimensions_are_refused():
    kernel, inputs = kernel_and_inputs()
    with pytest.raises(TypeError, match="inputs must have"):
        apply(kernel, np.ones(2), *inputs[1:])


def test_where_the_likelihood_does_not_exist_it_is_nan():
    kernel, inputs = kernel_and_inputs()
    value, *gradients = compiled(kernel, PYTHON)(np.full((2, 2), np.nan), *inputs[1:])
    assert np.isnan(value)
    assert not any(np.any(g) for g in gradients)
