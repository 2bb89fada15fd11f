"""The log posterior density on the unconstrained scale: value, gradient, constants, transforms."""

import numpy as np
import pytest
from scipy import stats

from bayesmixed.density import Density, positive_prior
from bayesmixed.density.log_density import point, point_size
from bayesmixed.errors import PriorError
from bayesmixed.graph import marginal_graph
from bayesmixed.likelihood.marginal import workspace, workspace_size
from bayesmixed.parameters import CovarianceParameters
from bayesmixed.priors import (
    LKJ,
    Exponential,
    Gamma,
    HalfCauchy,
    HalfNormal,
    HalfStudentT,
    Normal,
    Priors,
    StudentT,
)
from bayesmixed.priors.joint import Shared
from tests import dense
from tests.designs import random_table, stages, take_apart
from tests.graphs import flat_values, logp_and_gradient

INTERCEPT, SLOPE, THREE = "y ~ t + (1 | g)", "y ~ t + x + (t | g)", "y ~ t + u + (t + u | g)"
CASES = {
    "slope default": (SLOPE, None, None),
    "slope brms": (SLOPE, "brms", None),
    "exponential": (INTERCEPT, {"1|g_sigma": Exponential(0.1), "sigma": Gamma(2, 0.4)}, None),
    "gamma": (INTERCEPT, {"1|g_sigma": Gamma(3, 0.2), "sigma": HalfCauchy(3)}, None),
    "half normal": (INTERCEPT, {"1|g_sigma": HalfNormal(9), "sigma": HalfNormal(5)}, "w"),
    "half cauchy": (INTERCEPT, {"1|g_sigma": HalfCauchy(9), "sigma": Exponential(0.2)}, None),
    "three": (THREE, {"g_corr": LKJ(1.7)}, None),
    "four": ("y ~ t + (t + u + x | g)", {"g_corr": LKJ(0.8)}, None),
    "uncorrelated": ("y ~ t + offset(o) + (t || g)", None, None),
    "two blocks": ("y ~ t + (t | g) + (0 + f | g)", None, None),
    "student": ("y ~ t + f + (1 | g)", {"f": StudentT(4, 1, 2), "t": StudentT(7, 1, 3)}, None),
    "explicit slope": (SLOPE, {"t": HalfNormal(5)}, "w"),
    "explicit many": ("y ~ t + f + (1 | g)", {"f": Gamma(2, 0.5), "Intercept": HalfStudentT(3, 60)}, None),
    "factor slopes": ("y ~ f + (0 + f | g)", {"f|g_sigma": HalfStudentT(3, (4.0, 5.0, 6.0))}, None),
    "factor in front": ("y ~ 0 + f + t + (1 | g)", {"t": Normal(0, 2)}, None),
}
#: Priors that variances share.
JOINT = {
    "decov": (THREE, Priors.rstanarm(), None),
    "icc": (SLOPE, Priors.icc(2, 8, nu=5, scale=40), None),
    "r2d2m2": ("y ~ t + f + (t | g)", Priors.r2d2m2(0.4, 3.0, 0.7), "w"),
}


def density_of(name):
    formula, priors, weights = (CASES | JOINT)[name]
    model = stages(formula, random_table(), priors, weights)
    return model, Density(model.posterior)


def random_point(density, seed):
    """Somewhere in the bulk, correlations included."""
    rng = np.random.default_rng(seed)
    q = density.posterior.moments.q
    start = density.unconstrain(np.full(q, 3.0), 4.0)
    return start + rng.normal(scale=0.5, size=density.size)


# ---------------------------------------------------------------- against SciPy and dense algebra
def lower_correlations(density, x):
    chol = take_apart(density.posterior, x).chol
    corr = chol @ chol.T
    return np.array(
        [corr[b[i], b[j]] for b in density.posterior.priors.blocks for i in range(len(b)) for j in range(i)]
    )


def joint_reference(model, sd, sigma, lambdas):
    """Joint priors by their own density, which is one of square roots, at the sd, sigma and lambdas of a point."""
    roots, result, rest = {("sigma", 0): sigma}, 0.0, iter(lambdas)
    roots |= {(p.name, k): sd[column] for p in model.names.sd for k, column in enumerate(p.columns)}
    for parameter in model.posterior.coefficients.student_terms:
        for k in range(len(parameter.columns)):
            roots[parameter.name, k] = np.sqrt(next(rest))
    for joint in model.priors.joint:
        found = [roots[member.name, member.entry] for member in joint.members]
        result += joint.logpdf(np.array(found), sigma)
        # A density of sqrt(lambda) is one of lambda over 2 sqrt(lambda).
        result -= sum(np.log(2 * roots[m.name, m.entry]) for m in joint.members if m.name in model.priors.fixed)
    return result


def reference(model, density, x):
    """Likelihood by dense algebra, priors by SciPy, the Jacobian of the correlations by differences."""
    design, priors, coefficients = model.design, model.priors, model.posterior.coefficients
    q, n_corr = design.q, density.n_corr
    sd, chol, sigma, explicit, lambdas = take_apart(model.posterior, x)
    result = x.sum() - x[q : q + n_corr].sum() + joint_reference(model, sd, sigma, lambdas)
    if not isinstance(priors.sigma, Shared):
        result += priors.sigma.logpdf(sigma)
    for parameter in model.names.sd:
        for k, column in enumerate(parameter.columns):
            if not isinstance(priors.sd[parameter.name], Shared):
                result += priors.sd[parameter.name].entry(k).logpdf(sd[column])
    if n_corr:
        corr = chol @ chol.T
        result += sum(priors.corr.logpdf(corr[np.ix_(block, block)]) for block in priors.blocks)
        Jacobian = np.empty((n_corr, n_corr))
        for k in range(n_corr):

            def along(step, k=k):
                moved = x.copy()
                moved[q + k] += float(step)
                return lower_correlations(density, moved)

            h = 1e-3
            Jacobian[:, k] = (8 * (along(h) - along(-h)) - along(2 * h) + along(-2 * h)) / (12 * h)
        result += np.linalg.slogdet(Jacobian)[1]
    for parameter in coefficients.explicit_terms:
        for k, column in enumerate(parameter.columns):
            value = explicit[coefficients.explicit.index(column)]
            result += priors.fixed[parameter.name].entry(k).logpdf(value)
    half = coefficients.nu[coefficients.student] / 2
    own = half > 0  # the others share a joint prior
    result += stats.invgamma.logpdf(lambdas[own], half[own], scale=half[own]).sum()
    precision = coefficients.precision.copy()
    precision[coefficients.student] /= lambdas
    root = priors.T_inverse @ (sd[:, None] * chol)
    V = dense.covariance(design.Z_rows, design.group, root @ root.T, sigma, design.weights)
    X = design.X @ priors.fixed_coding.inverse
    y = design.y - design.offset - X[:, list(coefficients.explicit)] @ explicit
    flat = precision == 0
    variance = np.diag(1 / np.where(flat, 1.0, precision))
    return result + dense.log_likelihood(y, X[:, list(coefficients.columns)], V, coefficients.mean, variance, flat)


@pytest.mark.parametrize("name", CASES | JOINT)
def test_value_is_likelihood_times_priors_times_jacobians(name):
    model, density = density_of(name)
    for seed in range(2):
        x = random_point(density, seed)
        assert density.value_and_gradient(x)[0] == pytest.approx(reference(model, density, x), abs=1e-8)


@pytest.mark.parametrize("name", CASES | JOINT)
def test_gradient_by_central_differences(name):
    _, density = density_of(name)
    x = random_point(density, 5)
    numeric = dense.numerical_gradient(lambda v: density.value_and_gradient(v)[0], x, 1e-4)
    np.testing.assert_allclose(density.value_and_gradient(x)[1], numeric, rtol=1e-7, atol=1e-7)


# ---------------------------------------------------------------- against PyMC
FAST = ("explicit many",)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in FAST else [pytest.mark.slow]) for name in CASES]
)
def test_value_and_gradient_are_those_of_the_pymc_graph(name):
    """In PyMC's own transforms, constants included; but its half-t is off by 2e-9 (float32 constants)."""
    model, density = density_of(name)
    graph = marginal_graph(model.design, model.posterior, model.names)
    evaluate = logp_and_gradient(graph)
    for seed in range(2):
        x = random_point(density, 10 + seed)
        value, gradient = density.value_and_gradient(x)
        flat = flat_values(graph, model.posterior, x)
        expected, by_pymc = evaluate(flat)
        assert value == pytest.approx(expected, abs=3e-8)
        # PyMC holds the same numbers in an order of its own.
        order = [int(np.argmin(np.abs(x - number))) for number in flat]
        assert sorted(order) == list(range(density.size))
        np.testing.assert_allclose(gradient[order], by_pymc, rtol=1e-7, atol=1e-7)


# ---------------------------------------------------------------- transforms
@pytest.mark.parametrize("name", CASES | JOINT)
def test_constrained_draws(name):
    model, density = density_of(name)
    points = np.array([random_point(density, seed) for seed in range(3)])
    draws = density.constrain(points)
    priors, coefficients = model.priors, model.posterior.coefficients
    assert draws.explicit.shape == (3, len(coefficients.explicit))
    for d in range(3):
        sd, chol, sigma, explicit, lambdas = take_apart(model.posterior, points[d])
        root = sd[:, None] * chol
        assert draws.sigma[d] == pytest.approx(sigma, rel=1e-14)
        np.testing.assert_allclose(draws.Lambda[d], root / sigma, rtol=1e-14)
        own = priors.T_inverse @ root
        np.testing.assert_allclose(draws.covariance.G[d], own @ own.T, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(draws.explicit[d], explicit, rtol=1e-14)
        precision = coefficients.precision.copy()
        precision[coefficients.student] /= lambdas
        np.testing.assert_allclose(draws.precision[d], precision, rtol=1e-14)
    corr = draws.covariance.corr
    assert (np.diagonal(corr, axis1=1, axis2=2) == 1).all()
    between = np.ones(corr.shape[1:], dtype=bool)
    for block in priors.blocks:
        between[np.ix_(block, block)] = False
    assert not corr[:, between].any()


def test_rows_of_the_cholesky_factor_are_normalised():
    _, density = density_of("three")
    x = np.zeros(density.size)
    x[3:6] = [0.5, -1.0, 2.0]
    expected = np.array([[1, 0, 0], [0.5, 1, 0], [-1, 2, 1]]) / np.sqrt([[1], [1.25], [6]])
    np.testing.assert_allclose(density.constrain(x[None]).Lambda[0], expected, rtol=1e-15)


def test_unconstrain_is_a_point_without_correlations():
    model, density = density_of("explicit many")
    parts = take_apart(model.posterior, density.unconstrain(np.array([2.0]), 3.0))
    assert parts.sd.tolist() == pytest.approx([2.0])
    assert parts.sigma == pytest.approx(3.0)
    assert parts.explicit.tolist() == [1.0] * 3
    model, density = density_of("three")
    parts = take_apart(model.posterior, density.unconstrain(np.array([1.0, 2.0, 3.0]), 4.0))
    np.testing.assert_array_equal(parts.chol, np.eye(3))
    np.testing.assert_allclose(parts.sd, [1, 2, 3])


def test_coefficients_that_share_a_total_begin_at_a_variance_of_sigma_squared():
    model, density = density_of("r2d2m2")
    parts = take_apart(model.posterior, density.unconstrain(np.array([1.0, 2.0]), 4.0))
    (joint,) = model.priors.joint
    weights = [member.weight for member in joint.members if member.name in model.priors.fixed]
    assert len(weights) == len(parts.lambdas) == 3
    np.testing.assert_allclose(parts.lambdas * weights, 16.0)


@pytest.mark.parametrize(("q", "p", "e"), [(1, 0, 1), (2, 3, 2), (3, 1, 4)])
def test_the_arrays_of_a_point_and_of_a_workspace_lie_side_by_side(q, p, e):
    p1, size = p + e + 1, point_size(q, p, e)
    flat = np.full(size + workspace_size(p1, p), np.nan)
    arrays = [*point(flat, q, p, e), *workspace(flat, size, p1, p)]
    for number, array in enumerate(arrays):
        array[...] = number
    assert all((array == number).all() for number, array in enumerate(arrays))
    assert sum(array.size for array in arrays) == flat.size
    assert not np.isnan(flat).any()


# ---------------------------------------------------------------- edges
def test_where_the_density_does_not_exist_it_is_minus_infinity_without_a_gradient():
    _, density = density_of("slope default")
    x = random_point(density, 0)
    x[0] = 800.0
    value, gradient = density.value_and_gradient(x)
    assert value == -np.inf
    assert not gradient.any()


def test_an_sd_near_zero_is_no_edge():
    _, density = density_of("slope default")
    x = random_point(density, 0)
    x[:2] = -40.0
    value, gradient = density.value_and_gradient(x)
    assert np.isfinite(value)
    # Only the Jacobian of the logarithm is left.
    np.testing.assert_allclose(gradient[:2], 1.0, atol=1e-12)


def test_the_density_of_a_far_time_is_that_of_the_near_one():
    table = random_table()
    far = table.assign(t=table["t"] + 2.0**20)
    near, moved = (Density(stages("y ~ t + (t | g)", part).posterior) for part in (table, far))
    x = random_point(near, 3)
    value, gradient = near.value_and_gradient(x)
    other, other_gradient = moved.value_and_gradient(x)
    assert other == pytest.approx(value, abs=1e-8)
    np.testing.assert_allclose(other_gradient, gradient, atol=1e-8)


@pytest.mark.parametrize(
    "family",
    [HalfNormal(2.5), HalfStudentT(4.5, 0.3), HalfCauchy(7), Exponential(0.2), Gamma(2.5, 1.5)],
    ids=str,
)
def test_rows_of_positive_priors_are_the_families(family):
    """At each of a few points, from the difference between two densities that differ in this prior alone."""
    table, base = random_table(), HalfNormal(1.0)
    first, second = (Density(stages(INTERCEPT, table, {"sigma": prior}).posterior) for prior in (base, family))
    for log_sigma in (-3.0, 0.0, 2.0):
        x = first.unconstrain(np.array([3.0]), np.exp(log_sigma))
        found = second.value_and_gradient(x)[0] - first.value_and_gradient(x)[0]
        expected = family.logpdf(np.exp(log_sigma)) - base.logpdf(np.exp(log_sigma))
        assert found == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("family", [Normal(0, 1), LKJ(2)], ids=str)
def test_a_family_that_is_not_positive_is_refused(family):
    with pytest.raises(PriorError, match="not a prior of a positive parameter"):
        positive_prior(family)


def test_marginalising_the_auxiliary_scale_gives_the_student_t():
    """One coefficient: the density integrated over log lambda is that of a Student-t prior on it."""
    prior = StudentT(4, 1, 0.5)
    model = stages("y ~ 0 + x + (1 | g)", random_table(), {"x": prior})
    density = Density(model.posterior)
    design, sd, sigma = model.design, 30.0, 6.0
    x = density.unconstrain(np.array([sd]), sigma)
    grid = np.linspace(-12, 25, 2001)
    values = [density.value_and_gradient(np.append(x[:-1], point))[0] for point in grid]
    integral = np.log(np.trapezoid(np.exp(np.array(values) - max(values)), grid)) + max(values)
    covariance = CovarianceParameters(np.array([sd]), np.eye(1), np.float64(sigma))
    V = dense.covariance(design.Z_rows, design.group, covariance.G, sigma)
    beta = np.linspace(-60, 60, 4001)
    normal = stats.multivariate_normal(np.zeros(design.n_obs), V)
    likelihood = normal.logpdf(design.y - beta[:, None] * design.X[:, 0]) + prior.logpdf(beta)
    marginal = np.log(np.trapezoid(np.exp(likelihood - likelihood.max()), beta)) + likelihood.max()
    jacobian = np.log(sd) + np.log(sigma)
    priors = model.priors.sd["1|g_sigma"].entry(0).logpdf(sd) + model.priors.sigma.logpdf(sigma)
    assert integral == pytest.approx(marginal + priors + jacobian, abs=1e-6)
