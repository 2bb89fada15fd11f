"""The compiled density against the PyMC graph, on designs, tables and priors that hypothesis makes up."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pytensor.scalar.basic import autocast_float_as
from scipy import stats

from bayesmixed.density import Density
from bayesmixed.errors import BayesmixedError
from bayesmixed.graph import hierarchical_graph, marginal_graph
from bayesmixed.parameters import Parameter
from bayesmixed.priors import (
    LKJ,
    Exponential,
    Flat,
    Gamma,
    HalfCauchy,
    HalfNormal,
    HalfStudentT,
    Normal,
    Priors,
    StudentT,
)
from tests.designs import Stages, random_table, stages, take_apart
from tests.graph.test_hierarchical import conditional, hierarchical_values
from tests.graphs import flat_values, log_probability, logp_and_gradient

FIXED = ("1", "t", "t + x", "t + f", "0 + t", "0 + f + t", "x + offset(o)", "t * x")
RANDOM = (
    "(1 | g)",
    "(t | g)",
    "(t || g)",
    "(0 + t | g)",
    "(0 + f | g)",
    "(f | g)",
    "(t + u | g)",
    "(1 | g) + (0 + t | g)",
    "(t | g) + (0 + f || g)",
)


class Case(NamedTuple):
    """What one example is: everything but the point of the density."""

    formula: str
    sizes: tuple[int, ...]
    weights: str | None
    seed: int
    preset: str
    picks: tuple[int, ...]
    vector: bool

    def build(self) -> Stages:
        """The stages of the model, with a prior for every parameter that the picks choose."""
        table = random_table(self.sizes, self.seed)
        plain = stages(self.formula, table, self.preset, self.weights)
        picks, rng = iter(self.picks), np.random.default_rng(self.seed)
        given = {}
        for parameter in plain.names.fixed:
            given[parameter.name] = self._family((*REAL, *POSITIVE), next(picks), parameter, rng)
        for parameter in (*plain.names.sd, SIGMA):
            given[parameter.name] = self._family(POSITIVE, next(picks), parameter, rng)
        if plain.priors.corr is not None and next(picks) % 2:
            given[plain.names.corr] = LKJ(rng.uniform(0.5, 4.0))
        chosen = {name: prior for name, prior in given.items() if prior is not None}
        return stages(self.formula, table, Priors(self.preset) | chosen, self.weights)

    def _family(self, families, pick: int, parameter: Parameter, rng):
        """One of the families; None, the preset's own prior, now and then."""
        made = (*families, None)[pick % (len(families) + 1)]
        if made is None:
            return None
        size = len(parameter.columns) if self.vector and parameter.dim is not None else None
        return made(lambda a, b: _plain(rng.uniform(a, b, size=size)))


def _plain(number):
    return tuple(number.tolist()) if np.ndim(number) else float(number)


SIGMA = Parameter("sigma", (0,), None, ())
#: What PyMC 6.4 has too much in the log density of each half-Student-t: its log 2 is a single-precision constant.
PYMC_LOG_2 = float(np.float32(np.log(2.0))) - np.log(2.0)
#: Each takes a function that draws numbers between two ends.
POSITIVE = (
    lambda number: HalfNormal(number(1, 9)),
    lambda number: HalfStudentT(number(2, 9), number(1, 9)),
    lambda number: HalfCauchy(number(1, 9)),
    lambda number: Exponential(number(0.1, 1)),
    lambda number: Gamma(number(1, 4), number(0.1, 1)),
)
REAL = (
    lambda number: Normal(number(-9, 9), number(1, 30)),
    lambda number: StudentT(number(2, 9), number(-9, 9), number(1, 30)),
    lambda number: Flat(),
)

cases = st.builds(
    Case,
    st.builds("y ~ {} + {}".format, st.sampled_from(FIXED), st.sampled_from(RANDOM)),
    st.lists(st.integers(1, 7), min_size=3, max_size=12).map(tuple),
    st.sampled_from((None, "w")),
    st.integers(0, 2**16),
    st.sampled_from(("default", "brms")),
    st.lists(st.integers(0, 200), min_size=12, max_size=12).map(tuple),
    st.booleans(),
)


def built(case: Case) -> Stages:
    """The model of a case; another case where its table cannot carry it."""
    try:
        model = case.build()
    except BayesmixedError:
        assume(False)
    # Flat priors need more rows than columns.
    assume(model.design.n_obs > model.design.p + 1)
    return model


def point(density: Density, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    start = density.unconstrain(np.full(density.posterior.moments.q, 3.0), 4.0)
    return start + rng.normal(scale=0.7, size=density.size)


def half_t_count(model: Stages) -> int:
    """Numbers with a half-Student-t prior."""
    parameters = (*model.names.fixed, *model.names.sd, SIGMA)
    return sum(len(p.columns) for p in parameters if isinstance(model.priors[p.name], HalfStudentT))


def assert_same(found, expected, order, half_t: int) -> None:
    (value, gradient), (by_pymc, gradient_by_pymc) = found, expected
    assert value == pytest.approx(by_pymc - half_t * PYMC_LOG_2, rel=1e-11, abs=1e-8)
    scale = 1.0 + np.abs(gradient_by_pymc).max()
    np.testing.assert_allclose(gradient[order], gradient_by_pymc, rtol=1e-8, atol=1e-8 * min(scale, 10.0))


def places(x, flat) -> list[int]:
    """PyMC holds the same numbers in an order of its own."""
    order = [int(np.argmin(np.abs(x - number))) for number in flat]
    assert sorted(order) == list(range(len(x)))
    np.testing.assert_allclose(x[order], flat, rtol=1e-12, atol=1e-12)
    return order


def compare_with_marginal_graph(case: Case) -> None:
    model = built(case)
    density = Density(model.posterior)
    # PyTensor holds whole numbers in single precision, and so would PyMC compute its own constants.
    with autocast_float_as("float64"):
        graph = marginal_graph(model.design, model.posterior, model.names)
        evaluate = logp_and_gradient(graph)
        for seed in range(3):
            x = point(density, case.seed + seed)
            flat = flat_values(graph, model.posterior, x)
            assert_same(density.value_and_gradient(x), evaluate(flat), places(x, flat), half_t_count(model))


OPTIONS = {"suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much]}


@pytest.mark.slow
@settings(max_examples=3, **OPTIONS)
@given(cases)
def test_density_is_that_of_the_marginal_graph(case):
    compare_with_marginal_graph(case)


@pytest.mark.slow
@settings(max_examples=40, **OPTIONS)
@given(cases)
def test_density_is_that_of_the_marginal_graph_for_many(case):
    compare_with_marginal_graph(case)


# ---------------------------------------------------------------- Bayes's theorem, everything explicit
def log_conditional_of_scales(model: Stages, stated: np.ndarray, lambdas: np.ndarray) -> float:
    """log p(log lambda | beta): lambda ~ InvGamma((nu + 1) / 2, (nu + z^2) / 2)."""
    coefficients = model.posterior.coefficients
    student = coefficients.student
    z = (stated[list(coefficients.columns)] - coefficients.mean)[student] * np.sqrt(
        coefficients.precision[student]
    )
    nu = coefficients.nu[student]
    density = stats.invgamma.logpdf(lambdas, (nu + 1.0) / 2.0, scale=(nu + z**2) / 2.0)
    return float((density + np.log(lambdas)).sum())


def compare_with_hierarchical_graph(case: Case) -> None:
    """p(theta, y) p(beta, b | theta, y) = p(theta, beta, b, y), at a point that is not where b is likeliest."""
    model = built(case)
    posterior, density = model.posterior, Density(model.posterior)
    coefficients = posterior.coefficients
    x = point(density, case.seed)
    lambdas = take_apart(posterior, x).lambdas
    precision = coefficients.precision.copy()
    precision[coefficients.student] /= lambdas
    normal, root = conditional(model, x, precision)
    a = normal.rvs(random_state=np.random.default_rng(case.seed)) + 0.1
    stated = np.empty(model.design.p)
    stated[list(coefficients.columns)] = a[: len(coefficients.columns)]
    with autocast_float_as("float64"):
        graph = hierarchical_graph(model.design, model.priors, model.names, "centered")
        explicit = log_probability(graph)(hierarchical_values(model, x, a, root, "centered"))
    found = explicit + log_conditional_of_scales(model, stated, lambdas) - normal.logpdf(a)
    assert found == pytest.approx(density.value_and_gradient(x)[0], rel=1e-8, abs=1e-6)


@pytest.mark.slow
@settings(max_examples=2, **OPTIONS)
@given(cases)
def test_density_is_that_of_the_hierarchical_graph_over_its_conditional(case):
    compare_with_hierarchical_graph(case)


@pytest.mark.slow
@settings(max_examples=30, **OPTIONS)
@given(cases)
def test_density_is_that_of_the_hierarchical_graph_over_its_conditional_for_many(case):
    compare_with_hierarchical_graph(case)
