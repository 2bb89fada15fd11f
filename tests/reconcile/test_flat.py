"""Flat priors: their posterior is the restricted likelihood, and where it is proper."""

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.density import Density
from bayesmixed.posterior import MarginalPosterior
from bayesmixed.reconcile.flat import flat_priors, is_proper, spare_groups
from tests import fits
from tests.fits import FORMULAS, fit, model


@pytest.mark.parametrize(
    ("key", "priors"),
    [
        *((key, "default") for key in ("intercept", "slope", "uncorrelated", "factor slope")),
        *(("slope", priors) for priors in ("icc", "rstanarm", "r2d2m2")),  # joint priors
    ],
)
def test_the_density_is_the_restricted_likelihood_times_the_jacobian(key, priors):
    """Of sd, correlations and sigma: so the mode, by the parameters themselves, is REML's estimate."""
    found = bm.MixedModel(FORMULAS[key], fits.table(key), priors=priors)
    posterior = MarginalPosterior.of(found.coded, flat_priors(found.priors.resolved), found.names)
    density, q = Density(posterior), found.design.q
    rng = np.random.default_rng(2)
    differences = []
    for _ in range(5):
        x = rng.normal(scale=0.4, size=density.size)
        draws = density.constrain(x[None])
        likelihood = posterior.kernel.value(draws.Lambda[0], float(draws.sigma[0]))
        jacobian = x[:q].sum() + x[q + density.n_corr]
        # A row (z, 1) / r of the factor of Omega has Jacobian r^-(n + 1), n the size of its block.
        place = q
        for _, size in density.blocks:
            for row in range(size):
                jacobian -= 0.5 * (size + 1) * np.log1p((x[place : place + row] ** 2).sum())
                place += row
        differences.append(density.value_and_gradient(x)[0] - likelihood - jacobian)
    np.testing.assert_allclose(differences, differences[0], rtol=0, atol=1e-9)


def test_the_criterion_at_reml_is_that_likelihood():
    found = model("slope")
    posterior = MarginalPosterior.of(found.coded, flat_priors(found.priors.resolved), found.names)
    reml = found.reml()
    value = posterior.kernel.value(posterior.Lambda(reml.covariance), reml.sigma)
    assert -2 * value == pytest.approx(reml.criterion, abs=1e-7)


def table(groups, n=6):
    rng = np.random.default_rng(1)
    g, t = np.repeat(np.arange(groups), n), np.tile(np.arange(n), groups)
    return {"y": rng.normal(size=groups * n), "t": t, "u": t**2, "g": g, "w": g % 2}


@pytest.mark.filterwarnings("ignore::bayesmixed.BayesmixedWarning")
@pytest.mark.parametrize(
    ("formula", "groups", "spare", "proper"),
    [
        ("y ~ 1 + (1 | g)", 2, 1, False),
        ("y ~ 1 + (1 | g)", 3, 2, True),
        ("y ~ t + (1 | g)", 3, 2, True),
        ("y ~ w + (1 | g)", 3, 1, False),
        ("y ~ w + (1 | g)", 4, 2, True),
        ("y ~ t + (t | g)", 3, 2, False),
        ("y ~ t + (t | g)", 4, 3, True),
        ("y ~ t * w + (t | g)", 5, 2, False),
        ("y ~ 0 + t + (1 | g)", 3, 2, True),
    ],
)
def test_flat_priors_need_groups(formula, groups, spare, proper):
    found = bm.MixedModel(formula, table(groups))
    assert spare_groups(found) == spare
    assert is_proper(found) == proper


def test_more_effects_than_rows_are_not_proper():
    found = bm.MixedModel("y ~ t + (t | g)", table(6, 2))
    assert not is_proper(found)


def test_flat_draws_are_kept_with_the_fit():
    found = fit("slope")
    assert found.flat_draws is found.flat_draws
    assert found.flat_draws.shape == found.shape
    assert found.flat_draws.effects.shape == found.effects.shape


def test_a_joint_prior_leaves_flat_priors_flat():
    """R2-D2-M2 shares its total with a coefficient, which flat priors integrate out."""
    found = bm.MixedModel(FORMULAS["slope"], fits.table("slope"), priors="r2d2m2")
    draws = found.fit(draws=100, random_seed=1, progressbar=False, engine="importance")
    assert np.isfinite(draws.compare_reml(effects=False)["from_prior"]).all()
