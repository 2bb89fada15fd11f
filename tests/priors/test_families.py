"""Families: normalised, equal to SciPy's and PyMC's densities, checked when made."""

import itertools

import numpy as np
import pytest
from scipy import integrate, special, stats

from bayesmixed.errors import PriorError
from bayesmixed.priors.families import (
    FAMILIES,
    LKJ,
    Exponential,
    Flat,
    Gamma,
    HalfCauchy,
    HalfNormal,
    HalfStudentT,
    Normal,
    PymcPrior,
    StudentT,
)

REAL = [
    (Normal(1.5, 0.7), stats.norm(1.5, 0.7)),
    (StudentT(3, -1, 2.5), stats.t(3, -1, 2.5)),
    (StudentT(1, 0, 0.2), stats.cauchy(0, 0.2)),
]
POSITIVE = [
    (HalfNormal(2.5), stats.halfnorm(0, 2.5)),
    (HalfStudentT(1, 3.0), stats.halfcauchy(0, 3.0)),
    (HalfStudentT(3, 0.4), stats.foldcauchy),
    (HalfStudentT(7.5, 12.0), None),
    (HalfCauchy(4.0), stats.halfcauchy(0, 4.0)),
    (Exponential(0.25), stats.expon(0, 4.0)),
    (Gamma(2.5, 0.5), stats.gamma(2.5, 0, 2.0)),
    (Gamma(0.7, 3.0), stats.gamma(0.7, 0, 1 / 3.0)),
]
ALL = [family for family, _ in (*REAL, *POSITIVE)]


def integral(function, lower, upper):
    """Over the real line by pieces, each on its own scale."""
    edges = np.concatenate([-np.logspace(6, -8, 15), [0.0], np.logspace(-8, 6, 15)])
    edges = np.unique(np.clip(edges, lower, upper))
    return sum(integrate.quad(function, a, b, epsabs=1e-12)[0] for a, b in itertools.pairwise(edges))


@pytest.mark.parametrize("family", ALL, ids=str)
def test_densities_integrate_to_one(family):
    lower = 0.0 if family.support == "positive" else -1e6
    # Cauchy's tails beyond a million hold 3e-6 at most.
    total = integral(lambda x: float(np.exp(family.logpdf(x))), lower, 1e6)
    assert total == pytest.approx(1.0, abs=5e-6)


@pytest.mark.parametrize(("family", "expected"), [*REAL, *POSITIVE], ids=lambda v: str(v)[:24])
def test_densities_are_scipys(family, expected):
    x = np.array([1e-3, 0.1, 0.5, 1.0, 3.0, 20.0])
    if isinstance(family, HalfStudentT):
        expected = np.log(2) + stats.t(family.nu, 0, family.sigma).logpdf(x)
    else:
        expected = expected.logpdf(x)
    np.testing.assert_allclose(family.logpdf(x), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        (Normal(), stats.norm()),
        (StudentT(), stats.t(3)),
        (HalfNormal(), stats.halfnorm()),
        (HalfCauchy(), stats.halfcauchy()),
        (Exponential(), stats.expon()),
        (Gamma(), stats.gamma(2)),
    ],
    ids=lambda v: str(v)[:24],
)
def test_families_without_numbers_are_the_standard_ones(family, expected):
    x = np.array([0.1, 0.5, 1.0, 3.0, 20.0])
    np.testing.assert_allclose(family.logpdf(x), expected.logpdf(x), rtol=1e-12)


def test_defaults_of_families_that_scipy_lacks():
    x = np.array([0.1, 0.5, 1.0, 3.0, 20.0])
    np.testing.assert_allclose(HalfStudentT().logpdf(x), np.log(2) + stats.t(3).logpdf(x), rtol=1e-12)
    assert LKJ().logpdf([[1, 0.6], [0.6, 1]]) == pytest.approx(stats.beta(2, 2, loc=-1, scale=2).logpdf(0.6))


@pytest.mark.parametrize("family", [family for family, _ in POSITIVE], ids=str)
def test_positive_families_have_no_density_below_zero(family):
    assert family.support == "positive"
    assert family.logpdf(-0.5) == -np.inf


@pytest.mark.parametrize("family", ALL, ids=str)
def test_densities_are_pymcs(family):
    import pymc as pm

    variable = getattr(pm, type(family).__name__).dist(**family.parameters)
    x = np.array([0.05, 0.8, 2.0, 9.0])
    logp = pm.logp(variable, x)
    np.testing.assert_allclose(logp.eval(mode=python_mode()), family.logpdf(x), rtol=1e-8, atol=1e-8)


def python_mode():
    from tests.graphs import PYTHON

    return PYTHON


@pytest.mark.parametrize("family", ALL, ids=str)
def test_distribution_and_density_agree(family):
    distribution = family.distribution()
    u = np.array([0.05, 0.3, 0.5, 0.9])
    x = distribution.ppf(u)
    np.testing.assert_allclose(distribution.cdf(x), u, rtol=1e-10)
    np.testing.assert_allclose(distribution.pdf(x), np.exp(family.logpdf(x)), rtol=1e-10)
    # The density is the derivative of the distribution function.
    h = 1e-4 * np.maximum(np.abs(x), 0.1)
    slope = (distribution.cdf(x + h) - distribution.cdf(x - h)) / (2 * h)
    np.testing.assert_allclose(slope, np.exp(family.logpdf(x)), rtol=1e-5)


@pytest.mark.parametrize("family", ALL, ids=str)
def test_draws_follow_the_distribution(family):
    distribution = family.distribution()
    draws = distribution.rvs(size=4000, random_state=np.random.default_rng(3))
    # Kolmogorov's statistic above 1.95 / sqrt(n) has probability .001.
    uniform = np.sort(distribution.cdf(draws))
    steps = np.arange(4001) / 4000
    distance = max((steps[1:] - uniform).max(), (uniform - steps[:-1]).max())
    assert distance < 1.95 / np.sqrt(4000)


def test_a_flat_prior_is_one_everywhere():
    np.testing.assert_array_equal(Flat().logpdf(np.array([-1e9, 0.0, 3.0])), 0.0)
    assert str(Flat()) == "Flat()"


# ---------------------------------------------------------------- vectors
def test_one_number_for_each_coordinate():
    family = StudentT(3, (1.0, 2.0), (0.5, 5.0))
    assert family.entry(0) == StudentT(3, 1, 0.5)
    assert family.entry(1) == StudentT(3, 2, 5)
    x = np.array([0.3, 4.0])
    np.testing.assert_allclose(family.logpdf(x), [family.entry(k).logpdf(x[k]) for k in range(2)])
    np.testing.assert_array_equal(family.parameters["mu"], [1.0, 2.0])
    assert str(family) == "StudentT(nu=3, mu=[1, 2], sigma=[0.5, 5])"


def test_arrays_and_numpy_numbers_become_plain_and_hashable():
    family = Normal(np.float32(0.5), np.array([1, 2]))
    assert family == Normal(0.5, (1.0, 2.0))
    assert hash(family) == hash(Normal(0.5, (1.0, 2.0)))
    assert type(family.mu) is float


def test_numbers_for_pymc_are_double_precision():
    assert all(value.dtype == np.float64 for value in HalfStudentT(3, 0.1).parameters.values())


# ---------------------------------------------------------------- what is refused
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Normal(0, 0), "Normal: sigma must be positive, not 0"),
        (lambda: Normal(np.nan, 1), "Normal: mu must be finite, not nan"),
        (lambda: Normal(0, np.inf), "Normal: sigma must be positive, not inf"),
        (lambda: StudentT(-1, 0, 1), "StudentT: nu must be positive, not -1"),
        (lambda: HalfNormal((1.0, -2.0)), "HalfNormal: sigma must be positive"),
        (lambda: HalfStudentT(3, 0), "HalfStudentT: sigma must be positive"),
        (lambda: HalfCauchy(-1), "HalfCauchy: beta must be positive"),
        (lambda: Exponential(0), "Exponential: lam must be positive"),
        (lambda: Gamma(1, -1), "Gamma: beta must be positive"),
        (lambda: LKJ(0), "LKJ: eta must be positive"),
        (lambda: Normal("a", 1), "Normal: mu must be a number, or a tuple of numbers, not 'a'"),
        (lambda: HalfNormal(None), "HalfNormal: sigma must be"),
        (lambda: Normal(((0, 1), (2, 3)), 1), r"Normal: mu must be .* not of shape \(2, 2\)"),
        (lambda: Normal((), 1), r"Normal: mu must be .* not of shape \(0,\)"),
    ],
)
def test_numbers_out_of_range_are_refused(make, message):
    with pytest.raises(PriorError, match=message):
        make()


def test_families_are_found_by_name():
    assert {name: family.__name__ for name, family in FAMILIES.items()} == {name: name for name in FAMILIES}
    assert set(FAMILIES) == {type(family).__name__ for family in ALL} | {"Flat", "LKJ"}


def test_a_pymc_prior_shows_its_text():
    prior = PymcPrior(None, "Gamma(2, 1)")
    assert str(prior) == "Gamma(2, 1)"
    assert prior.support == "any"


# ---------------------------------------------------------------- LKJ
@pytest.mark.parametrize("eta", [0.5, 1.0, 2.0, 4.5])
def test_one_correlation_is_a_scaled_beta(eta):
    r = np.linspace(-0.95, 0.95, 9)
    corr = np.stack([np.stack([np.ones(9), r], -1), np.stack([r, np.ones(9)], -1)], -2)
    expected = stats.beta(eta, eta, loc=-1, scale=2).logpdf(r)
    np.testing.assert_allclose(LKJ(eta).logpdf(corr), expected, atol=1e-12)


@pytest.mark.parametrize("eta", [0.7, 1.0, 2.5])
@pytest.mark.parametrize("size", [2, 3, 5])
def test_the_normaliser_by_the_onion_method(eta, size):
    """Joe (2006): the volume as a product over rows of the Cholesky factor, each a Dirichlet integral.

    Row i (from 0) has squared length w of its part left of the diagonal with density
    proportional to w^(i/2 - 1) (1 - w)^(eta - 1 + (size - 1 - i)/2), on a sphere of dimension i.
    """
    expected = 0.0
    for i in range(1, size):
        sphere = np.log(2) + i / 2 * np.log(np.pi) - special.gammaln(i / 2)
        expected += sphere - np.log(2) + special.betaln(i / 2, eta + (size - 1 - i) / 2)
    assert LKJ(eta).log_normaliser(size) == pytest.approx(expected, abs=1e-11)


def test_the_normaliser_by_monte_carlo():
    rng = np.random.default_rng(12)
    n = 200_000
    corr = np.tile(np.eye(3), (n, 1, 1))
    for i, j in ((0, 1), (0, 2), (1, 2)):
        corr[:, i, j] = corr[:, j, i] = rng.uniform(-1, 1, n)
    det = np.linalg.det(corr)
    minors = det > 0
    for eta in (1.0, 2.0, 3.5):
        values = 8 * np.where(minors, np.abs(det) ** (eta - 1), 0.0)
        error = values.std() / np.sqrt(n)
        assert abs(values.mean() - np.exp(LKJ(eta).log_normaliser(3))) < 4.5 * error


def test_the_normaliser_of_no_correlation_is_zero():
    assert LKJ(2).log_normaliser(1) == 0.0


@pytest.mark.parametrize("size", [2, 3, 4])
def test_lkj_is_pymcs(size):
    """PyMC's density is that of the Cholesky factor: ours times ``prod_i L_ii^(size - 1 - i)``."""
    import pymc as pm

    rows = np.tril(np.random.default_rng(size).normal(size=(size, size)))
    chol = rows / np.linalg.norm(rows, axis=1, keepdims=True) * np.sign(np.diag(rows))
    variable = pm.LKJCorr.dist(n=size, eta=1.7)
    found = float(pm.logp(variable, chol).eval(mode=python_mode()))
    jacobian = (np.arange(size)[::-1] * np.log(np.diag(chol))).sum()
    assert found == pytest.approx(LKJ(1.7).logpdf(chol @ chol.T) + jacobian, abs=1e-8)
