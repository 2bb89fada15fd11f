"""Coordinates in which a posterior is nearly round: curvature there, degenerate posteriors, sampling in them."""

import numpy as np
import pytest

from bayesmixed.datasets import load_dataset
from bayesmixed.density import Density
from bayesmixed.engines.frame import WIDEST, Frame, round_frame
from tests.designs import random_table, stages
from tests.fits import model
from tests.test_density import CASES, density_of


def minus_hessian(density, frame):
    """By z, at the middle, by central differences of the gradient."""
    size, h = density.size, 1e-4
    found = np.empty((size, size))
    for k in range(size):
        step = np.zeros(size)
        step[k] = h
        above, below = (density.value_and_gradient(frame.outer(sign * step))[1] for sign in (1, -1))
        found[k] = -frame.root.T @ (above - below) / (2 * h)
    return found


@pytest.mark.parametrize("name", CASES)
def test_at_the_mode_the_posterior_is_round(name):
    _, density = density_of(name)
    frame = round_frame(density, np.zeros(density.size))
    gradient = density.value_and_gradient(frame.centre)[1]
    assert np.abs(frame.root.T @ gradient).max() < 1e-3
    lengths = np.linalg.norm(frame.root, axis=0)
    assert (lengths <= WIDEST * (1 + 1e-12)).all()
    # An axis that was cut is narrower in z than the posterior: its curvature is below one.
    whole = lengths < 0.999 * WIDEST
    curvature = minus_hessian(density, frame)
    np.testing.assert_allclose(curvature[np.ix_(whole, whole)], np.eye(whole.sum()), atol=1e-4)
    assert np.linalg.eigvalsh(curvature).max() < 1.0 + 1e-3


def test_axes_are_perpendicular_and_the_way_out_takes_many_points():
    _, density = density_of("slope default")
    frame = round_frame(density, np.zeros(4))
    crossed = frame.root.T @ frame.root
    np.testing.assert_allclose(crossed, np.diag(np.diag(crossed)), atol=1e-12)
    z = np.random.default_rng(1).normal(size=(3, 2, 4))
    np.testing.assert_allclose(frame.outer(z)[2, 1], frame.centre + frame.root @ z[2, 1], rtol=1e-13)
    np.testing.assert_array_equal(Frame.identity(4).outer(z), z)


def test_no_density_at_the_start_is_no_error():
    _, density = density_of("slope default")
    start = np.array([800.0, 0.0, 0.0, 0.0])
    frame = round_frame(density, start)
    np.testing.assert_array_equal(frame.centre, start)
    np.testing.assert_array_equal(frame.root, np.eye(4))


@pytest.mark.parametrize("dataset", ["Dyestuff", "Dyestuff2"])
def test_a_variance_at_or_near_zero_has_a_frame(dataset):
    density = Density(stages("Yield ~ 1 + (1 | Batch)", load_dataset(dataset)).posterior)
    frame = round_frame(density, density.unconstrain(np.array([1.0]), 3.0))
    assert np.isfinite(frame.root).all()
    assert np.isfinite(density.value_and_gradient(frame.centre)[0])


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [(4, 4, 4), (6, 5, 7, 6, 8)])
@pytest.mark.filterwarnings("ignore:. groups of .g. say little")
def test_few_groups_do_not_make_divergences(sizes):
    from bayesmixed import MixedModel

    fit = MixedModel("y ~ t + (t | g)", random_table(sizes)).fit(random_seed=1, progressbar=False)
    assert fit.verdict.divergences <= 8
    assert fit.verdict.max_rhat < 1.01


@pytest.mark.slow
def test_the_sleep_study_is_sampled_in_few_steps():
    fit = model("slope").fit(random_seed=1, progressbar=False)
    assert fit.verdict.divergences == 0
    assert float(fit.statistics["n_steps"].mean()) < 7.0
    assert fit.verdict.min_ess_bulk > 2000
