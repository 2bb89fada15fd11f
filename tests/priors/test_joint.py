"""Joint priors of variances: they integrate to one, their draws have their density, and known special cases."""

import numpy as np
import pytest
from scipy import integrate, stats

import bayesmixed as bm
from bayesmixed.errors import PriorError
from bayesmixed.priors import Gamma, HalfStudentT
from bayesmixed.priors.joint import JointPrior, Member, RootR2, Shared
from bayesmixed.priors.resolved import ResolvedPriors


def joint(concentration, total, weights=None, relative=False):
    weights = np.ones(len(concentration)) if weights is None else weights
    members = tuple(Member("x", k, float(w)) for k, w in enumerate(weights))
    return JointPrior("total", members, tuple(concentration), total, relative)


CASES = [
    joint((1.0, 1.0), Gamma(1, 1), (0.5, 0.5)),
    joint((2.0, 8.0), HalfStudentT(3, 2.5)),
    joint((1.5, 0.8), RootR2(1.2, 2.0), (1.0, 4.0)),
    joint((1.2, 1.2), Gamma(2, 1), (0.5, 0.5), relative=True),
]


@pytest.mark.parametrize("prior", CASES, ids=str)
def test_the_density_of_two_roots_integrates_to_one(prior):
    """In logarithms, where the density is smooth, by the trapezoidal rule."""
    grid = np.linspace(-16, 10, 801)
    logs = np.stack(np.meshgrid(grid, grid), axis=-1)
    density = np.exp(prior.logpdf(np.exp(logs), sigma=1.7) + logs.sum(axis=-1))
    assert np.trapezoid(np.trapezoid(density, grid), grid) == pytest.approx(1.0, abs=1e-3)


def test_one_root_has_the_prior_of_the_total_in_units_of_sigma():
    prior = joint((1.0,), Gamma(1.7, 0.8), relative=True)
    x = np.array([0.1, 1.0, 5.0])
    expected = stats.gamma(1.7, scale=2.0 / 0.8).logpdf(x)
    np.testing.assert_allclose(prior.logpdf(x[:, None], sigma=2.0), expected, rtol=1e-12)


def test_three_roots_with_a_uniform_direction():
    """Squares with concentration 1/2 are those of a normal vector: sqrt(T) ~ chi(3) gives half-normal roots."""
    chi = joint((0.5, 0.5, 0.5), _Chi3())
    x = np.array([[0.3, 1.0, 2.0], [1.5, 0.2, 0.9]])
    np.testing.assert_allclose(chi.logpdf(x), stats.halfnorm.logpdf(x).sum(axis=1), rtol=1e-12)


class _Chi3(HalfStudentT):
    """Norm of three standard normals."""

    def distribution(self):
        return stats.chi(3)


@pytest.mark.parametrize("prior", CASES, ids=str)
def test_draws_have_the_total_and_the_shares(prior, rng):
    sigma = 1.7
    roots = prior.draw(4000, sigma, rng)
    parts = roots**2 * prior.weights
    total = np.sqrt(parts.sum(axis=1)) / (sigma if prior.relative else 1.0)
    a, b = prior.concentration
    assert stats.kstest(total, prior.total.distribution().cdf).pvalue > 0.01
    assert stats.kstest(parts[:, 0] / parts.sum(axis=1), stats.beta(a, b).cdf).pvalue > 0.01


@pytest.mark.parametrize("numbers", [(1.0, 1.0), (0.5, 3.0), (4.0, 2.0)])
def test_the_root_of_the_odds_of_r2(numbers):
    family = RootR2(*numbers)
    assert integrate.quad(lambda x: np.exp(family.logpdf(x)), 0, np.inf)[0] == pytest.approx(1.0, abs=1e-7)
    own = family.distribution()
    u = np.array([0.05, 0.5, 0.9])
    np.testing.assert_allclose(own.cdf(own.ppf(u)), u, rtol=1e-10)
    np.testing.assert_allclose(own.pdf(own.ppf(u)), np.exp(family.logpdf(own.ppf(u))))
    square = own.rvs(size=4, random_state=3) ** 2
    np.testing.assert_allclose(square / (1 + square), stats.beta(*numbers).rvs(size=4, random_state=3))
    assert family.logpdf(-1.0) == -np.inf


def test_a_share_has_no_distribution_of_its_own():
    with pytest.raises(PriorError, match="no distribution of its own"):
        Shared().distribution()


def test_a_shared_parameter_cannot_be_set_by_name(sleepstudy):
    priors = bm.Priors.icc(2, 8) | {"sigma": bm.HalfNormal(3)}
    with pytest.raises(
        PriorError, match=r"'sigma' has no prior of its own under the preset 'icc'.*, with 1\|Subject_sigma;"
    ):
        bm.MixedModel("Reaction ~ Days + (1 | Subject)", sleepstudy, priors=priors)


def test_others_can_be_set_by_name(sleepstudy):
    priors = bm.Priors.rstanarm() | {"sigma": bm.HalfNormal(3), "Days": bm.Normal(10, 2)}
    model = bm.MixedModel("Reaction ~ Days + (1 | Subject)", sleepstudy, priors=priors)
    assert model.priors.resolved["sigma"] == bm.HalfNormal(3)
    assert model.priors.resolved["Days"] == bm.Normal(10, 2)
    assert len(model.priors.resolved.joint) == 1


@pytest.mark.parametrize("priors", [bm.Priors.icc(2, 8), bm.Priors.rstanarm(), bm.Priors.r2d2m2()], ids=str)
def test_they_are_stored_as_plain_data(sleepstudy, priors):
    resolved = bm.MixedModel("Reaction ~ Days + (Days | Subject)", sleepstudy, priors=priors).priors.resolved
    again = ResolvedPriors.from_dict(resolved.to_dict())
    assert again.joint == resolved.joint
    assert dict(again) == dict(resolved)
    assert again.to_dict() == resolved.to_dict()
