"""Paths: the quantity is held, derivatives are exact, coordinates return to where they came from."""

import numpy as np
import pytest

from bayesmixed.icc import icc_values
from bayesmixed.parameters import CovarianceParameters
from bayesmixed.quantities.by_label import covariance_by_label, icc_by_label
from bayesmixed.reml import fit_reml
from bayesmixed.reml.intervals.profile import ProfileLikelihood
from bayesmixed.reml.intervals.quantities import HeldQuantities
from tests.designs import random_table, stages
from tests.reml.test_derivatives import differences

TABLE = random_table((5, 4, 6, 3, 5, 7, 4, 5), 3)
FORMULAS = ["y ~ t + (1 | g)", "y ~ t + x + (t | g)", "y ~ t + (t + u || g)", "y ~ t + (t + u | g) + (0 + x | g)"]


def fit(formula, table=TABLE, method="REML", weights=None):
    model = stages(formula, table, weights=weights)
    return fit_reml(model.design, model.coded, method)


def paths(formula, restricted=True):
    found = fit(formula)
    profile = ProfileLikelihood(found, restricted)
    return found, {label: maker() for label, maker in profile.quantities.makers.items()}


def covariance_of(found, quantities, path, tau, u):
    """The user's sd, correlations and sigma at a point of a path, by undoing its rotation through D."""
    y = path.place(tau, u)
    rotated, plain = path.criterion, quantities.criterion
    sigma = path.sigma * np.exp(y[-1])
    # Z_rotated = Z_plain H, so that D_plain = H D_rotated H'.
    Rzz = plain.patterns.Rzz.reshape(-1, plain.q)
    H = np.linalg.lstsq(Rzz, rotated.patterns.Rzz.reshape(-1, plain.q), rcond=None)[0]
    root = sigma * found.coded.T_inverse @ H @ rotated.Lambda(y[:-1])
    return CovarianceParameters.from_G(root @ root.T, sigma)


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_quantity_is_held_at_every_point(formula):
    found, all_paths = paths(formula)
    quantities = HeldQuantities(found, found.objective, found.optimum.theta)
    rng = np.random.default_rng(2)
    for label, path in all_paths.items():
        for tau in (0.2, 0.9, path.estimate):
            u = path.starts[0] + 0.3 * rng.normal(size=len(path.starts[0]))
            covariance = covariance_of(found, quantities, path, tau, u)
            values = covariance_by_label(found.design, found.names, covariance)
            values |= icc_by_label(found.design, covariance)
            assert float(values[label]) == pytest.approx(path.quantity(tau), rel=1e-8), label


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_estimate_lies_on_its_path(formula):
    found, all_paths = paths(formula)
    values = covariance_by_label(found.design, found.names, found.covariance)
    values |= icc_by_label(found.design, found.covariance)
    for label, path in all_paths.items():
        assert path.quantity(path.estimate) == pytest.approx(float(values[label]), rel=1e-6, abs=1e-7), label
        assert path.held(path.estimate).value(path.starts[0]) == pytest.approx(found.criterion, abs=1e-7), label
        assert path.tau(path.quantity(0.7)) == pytest.approx(0.7, rel=1e-12)


@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("formula", FORMULAS)
def test_derivatives(formula, restricted):
    _, all_paths = paths(formula, restricted)
    rng = np.random.default_rng(5)
    for label, path in all_paths.items():
        start = path.starts[0]
        for tau in (0.0, 0.4, 1.1):
            u = start + 0.2 * rng.normal(size=len(start))
            held = path.held(tau)
            here = held.derivatives(u)
            assert here.value == pytest.approx(held.value(u), abs=1e-9), label
            size = max(1.0, np.abs(here.profile_hessian).max())
            gradient = differences(held.value, u)
            np.testing.assert_allclose(here.profile_gradient, gradient, atol=2e-6 * size, err_msg=label)
            hessian = differences(lambda v, held=held: held.derivatives(v).profile_gradient, u)
            np.testing.assert_allclose(here.profile_hessian, hessian, atol=2e-6 * size, err_msg=label)


@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("formula", FORMULAS)
def test_slopes_of_profiles(formula, restricted):
    found = fit(formula)
    profile = ProfileLikelihood(found, restricted)
    for label, maker in profile.quantities.makers.items():
        path = maker()
        for tau in (path.estimate * 0.8 + 0.05, path.estimate * 1.2 + 0.1):
            here = profile.point(path, tau, path.starts[0])

            def increase(x, path=path, u=here.u):
                return profile.point(path, x[0], u).increase

            slope = differences(increase, np.array([tau]), 1e-3)[0]
            assert here.slope == pytest.approx(slope, rel=2e-4, abs=1e-5), label


def test_a_sample_of_very_many_rows_is_the_one_of_the_icc():
    rng = np.random.default_rng(8)
    table = random_table((150,) * 10, 4)
    table = table.assign(t=rng.normal(size=len(table)))
    found = fit("y ~ t + (t | g)", table)
    label = "ICC(g | mean over rows)"
    path = HeldQuantities(found, found.objective, found.optimum.theta).path(label)
    expected = icc_values(found.covariance, found.design.Z_rows)
    assert path.quantity(path.estimate) == pytest.approx(float(expected), rel=1e-12)


def test_mirrored_free_numbers_are_settled():
    _, all_paths = paths("y ~ t + (t + u || g)")
    path = next(path for label, path in all_paths.items() if label.startswith("ICC(g | t"))
    u = path.starts[0].copy()
    u[:2] = [4.0, -3.0]
    settled = path.settled(u)
    assert path.held(0.7).value(settled) == pytest.approx(path.held(0.7).value(u), abs=1e-9)
    assert path.settled(settled) is settled
