"""NUTS on the compiled density: packing, nutpie's contract, seeds, and a posterior by quadrature."""

import ctypes
import dataclasses

import numpy as np
import pytest

from bayesmixed.density import Density
from bayesmixed.engines.compiled import (
    _density_callback,
    _expand_callback,
    _jittered,
    compiled_model,
    evaluate_packed,
    pack,
    sample_compiled,
)
from bayesmixed.engines.frame import Frame, round_frame
from bayesmixed.engines.nutpie_runs import run_nutpie
from bayesmixed.engines.settings import SamplerSettings
from bayesmixed.errors import SamplingError
from tests.designs import random_table, stages
from tests.test_density import CASES, density_of, random_point


def settings(draws=200, tune=200, chains=2, cores=1, seed=1):
    return SamplerSettings(draws, tune, chains, cores, np.random.SeedSequence(seed), False, 0.9)


# ---------------------------------------------------------------- packing and callbacks
@pytest.mark.parametrize("name", CASES)
def test_packed_arguments_give_the_same_density(name):
    _, density = density_of(name)
    data = pack(density.prior_arrays, density.patterns, Frame.identity(density.size))
    assert data.dtype == np.float64
    assert data[0] == len(data)
    for seed in range(2):
        x, gradient = random_point(density, seed), np.empty(density.size)
        value = evaluate_packed(x, gradient, data)
        expected, expected_gradient = density.value_and_gradient(x)
        assert value == expected
        np.testing.assert_array_equal(gradient, expected_gradient)


def random_frame(size, seed=3):
    rng = np.random.default_rng(seed)
    return Frame(0.1 * rng.normal(size=size), np.eye(size) + 0.3 * rng.normal(size=(size, size)))


def call(callback, density, x, frame=None):
    data = pack(density.prior_arrays, density.patterns, frame or Frame.identity(density.size))
    gradient, value = np.empty(density.size), np.empty(1)
    pointers = [array.ctypes.data_as(ctypes.POINTER(ctypes.c_double)) for array in (x, gradient, value)]
    code = callback.ctypes(density.size, *pointers, data.ctypes.data_as(ctypes.c_void_p))
    return code, value[0], gradient


def test_the_c_function_fills_value_and_gradient():
    _, density = density_of("explicit many")
    x = random_point(density, 1)
    code, value, gradient = call(_density_callback, density, x)
    expected, expected_gradient = density.value_and_gradient(x)
    assert code == 0
    assert value == expected
    np.testing.assert_array_equal(gradient, expected_gradient)


def test_the_c_function_says_where_there_is_no_density():
    _, density = density_of("slope default")
    x = random_point(density, 1)
    x[0] = 800.0
    code, value, _ = call(_density_callback, density, x)
    # Positive: nutpie takes it as a divergence, not as a reason to stop.
    assert code > 0
    assert value == -np.inf


@pytest.mark.parametrize("name", ["slope default", "explicit many"])
def test_in_a_frame_the_c_function_has_the_density_of_x_and_its_gradient_by_z(name):
    _, density = density_of(name)
    frame, z = random_frame(density.size), 0.3 * np.random.default_rng(1).normal(size=density.size)
    code, value, gradient = call(_density_callback, density, z, frame)
    expected, outer = density.value_and_gradient(frame.outer(z))
    assert code == 0
    assert value == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(gradient, frame.root.T @ outer, rtol=1e-9, atol=1e-9)


def test_the_expanding_c_function_leaves_the_frame():
    _, density = density_of("slope default")
    frame, z, out = random_frame(4), np.arange(4.0), np.zeros(4)
    data = pack(density.prior_arrays, density.patterns, frame)
    pointers = [array.ctypes.data_as(ctypes.POINTER(ctypes.c_double)) for array in (z, out)]
    assert _expand_callback.ctypes(4, 4, *pointers, data.ctypes.data_as(ctypes.c_void_p)) == 0
    np.testing.assert_allclose(out, frame.centre + frame.root @ z, rtol=1e-14)


# ---------------------------------------------------------------- nutpie
def test_nutpies_model_still_has_the_fields_that_we_fill():
    from nutpie.compile_pymc import CompiledPyMCModel

    fields = {field.name: field for field in dataclasses.fields(CompiledPyMCModel)}
    filled = {
        "compiled_logp_func",
        "compiled_expand_func",
        "initial_point_func",
        "shared_data",
        "shared_var_keys",
        "user_data",
        "n_expanded",
        "shape_info",
        "logp_func",
        "expand_func",
        "_n_dim",
        "_shapes",
        "_coords",
        "dims",
    }
    without_default = {
        name
        for name, field in fields.items()
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    assert filled <= set(fields)
    assert without_default <= filled
    model = compiled_model(density_of("slope default")[1], Frame.identity(4), lambda seed: np.zeros(4))
    assert model.n_dim == 4
    assert model.shapes == {"unconstrained": (4,)}


def test_chains_start_near_the_start_and_where_there_is_a_density():
    _, density = density_of("slope default")
    point = _jittered(density, round_frame(density, density.unconstrain(np.full(2, 3.0), 4.0)))
    first, again, other = point(1), point(1), point(2)
    np.testing.assert_array_equal(first, again)
    assert not np.isclose(first, other).any()
    assert np.abs(first).max() <= 2.0


def test_jitter_shrinks_and_ends_at_the_start_itself():
    class Narrow:
        def __init__(self, width):
            self.width = width

        def value_and_gradient(self, x):
            return (0.0 if np.abs(x).max() <= self.width else -np.inf), None

    frame = Frame.identity(50)
    assert 0.05 < np.abs(_jittered(Narrow(0.5), frame)(1)).max() <= 0.5
    np.testing.assert_array_equal(_jittered(Narrow(1e-9), frame)(1), np.zeros(50))


@pytest.fixture(scope="module")
def dyestuff_density():
    from bayesmixed.datasets import load_dataset

    return Density(stages("Yield ~ 1 + (1 | Batch)", load_dataset("Dyestuff")).posterior)


def evaluator(density):
    """The density of one point, without packing its data each time."""
    data = pack(density.prior_arrays, density.patterns, Frame.identity(density.size))
    gradient = np.empty(density.size)
    return lambda *x: evaluate_packed(np.array(x), gradient, data)


def test_draws_repeat_with_a_seed_whatever_the_cores(dyestuff_density):
    start = dyestuff_density.unconstrain(np.array([40.0]), 50.0)
    one, stats = sample_compiled(dyestuff_density, start, settings(cores=1))
    two, _ = sample_compiled(dyestuff_density, start, settings(cores=2))
    other, _ = sample_compiled(dyestuff_density, start, settings(seed=2))
    assert one.shape == (2, 200, 2)
    np.testing.assert_array_equal(one, two)
    assert not np.isclose(one, other).all()
    # Chains differ from each other.
    assert not np.isclose(one[0], one[1]).all()
    assert stats["diverging"].shape == (2, 200)
    # The statistics hold the density of each draw.
    expected = dyestuff_density.value_and_gradient(one[1, 7])[0]
    assert float(stats["logp"][1, 7]) == pytest.approx(expected, abs=1e-9)


def test_the_posterior_of_dyestuff_is_that_of_quadrature(dyestuff_density):
    start = dyestuff_density.unconstrain(np.array([40.0]), 50.0)
    x, _ = sample_compiled(dyestuff_density, start, settings(draws=4000, tune=500, chains=2, seed=5))
    log_sd, log_sigma = np.linspace(-10, 8, 721), np.linspace(2.5, 5.5, 241)
    density = evaluator(dyestuff_density)
    value = np.array([[density(a, b) for b in log_sigma] for a in log_sd])
    weight = np.exp(value - value.max())
    # The edges of the grid hold nothing.
    assert max(weight[-1].max(), weight[:, 0].max(), weight[:, -1].max()) < 1e-9
    assert weight[0].max() < 2e-5
    weight /= weight.sum()
    grid_sd, grid_sigma = np.meshgrid(np.exp(log_sd), np.exp(log_sigma), indexing="ij")
    quantities = {
        "sigma": lambda sd, sigma: sigma,
        "log sigma": lambda sd, sigma: np.log(sigma),
        "icc": lambda sd, sigma: sd**2 / (sd**2 + sigma**2),
        "sd small": lambda sd, sigma: (sd < 20.0).astype(float),
        "sd large": lambda sd, sigma: (sd > 60.0).astype(float),
    }
    for name, quantity in quantities.items():
        expected = float((weight * quantity(grid_sd, grid_sigma)).sum())
        draws = quantity(np.exp(x[..., 0]), np.exp(x[..., 1]))
        # 40 batches of 200 draws: their means are nearly independent.
        batches = draws.reshape(40, 200).mean(axis=1)
        error = batches.std(ddof=1) / np.sqrt(40)
        assert abs(batches.mean() - expected) < 4.5 * error + 2e-3 * abs(expected), name


@pytest.mark.slow
def test_a_posterior_with_correlations_is_that_of_importance_sampling():
    """q = 2 with the default priors: self-normalised importance weights from a wide Student-t."""
    from scipy import stats

    density = Density(stages("y ~ t + (t | g)", random_table((6, 5, 7, 6, 8, 5, 6, 7))).posterior)
    start = density.unconstrain(np.array([8.0, 1.0]), 4.0)
    x, _ = sample_compiled(density, start, settings(draws=4000, tune=1000, chains=2, seed=6))
    flat = x.reshape(-1, density.size)
    proposal = stats.multivariate_t(flat.mean(axis=0), 1.5 * np.cov(flat.T), df=4, seed=7)
    points = proposal.rvs(60_000)
    evaluate = evaluator(density)
    log_weight = np.array([evaluate(*point) for point in points])
    log_weight -= proposal.logpdf(points)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    size = 1 / (weight**2).sum()
    assert size > 5000
    for k in range(density.size):
        expected = weight @ points[:, k]
        spread = np.sqrt(weight @ (points[:, k] - expected) ** 2)
        batches = x[..., k].reshape(40, 200).mean(axis=1)
        error = np.hypot(batches.std(ddof=1) / np.sqrt(40), spread / np.sqrt(size))
        assert abs(batches.mean() - expected) < 4.5 * error


def test_a_sampler_that_cannot_start_is_an_error_of_ours():
    _, density = density_of("slope default")
    model = compiled_model(density, Frame.identity(4), lambda seed: np.full(4, 800.0))
    with pytest.raises(SamplingError, match="NUTS could not run: "):
        run_nutpie(model, settings(draws=5, tune=5, chains=1))
