"""Oracles on designs that hypothesis makes up: Z of less than full rank, groups of one row, up to four random
effects, ratios of sd to sigma from 1e-6 to 1e6 and units of y and Z far from one.

Values, gradients and conditionals are held to rational numbers (`dense.exact_criterion`), in which nothing is
rounded; posteriors to quadrature, and left-out groups to models of the other groups.
"""

from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bayesmixed as bm
from bayesmixed.effects.exact_draws import conditional_effects, draw_coefficients, draw_group_effects
from bayesmixed.likelihood import MarginalLikelihood
from tests import dense
from tests.designs import Rows, random_Lambda, random_rows, random_table
from tests.effects.test_exact_draws import FixedNoise
from tests.fits import z_scores

RATIOS = (1e-6, 1e-3, 1.0, 1e3, 1e6)
#: What becomes of the last column of Z.
LAST = ("free", "a copy", "a sum", "constant within groups", "zero", "zero in some groups")
exactly = np.vectorize(Fraction, otypes=[object])


class Hard(NamedTuple):
    """One example."""

    sizes: tuple[int, ...]
    q: int
    last: str
    seed: int
    ratio: float
    log2_sigma: int
    log2_z: int
    log2_x: int
    weighted: bool

    @property
    def rows(self) -> Rows:
        """y in units of sigma, X and Z in units of their own; powers of two, which round nothing."""
        rows = random_rows(self.sizes, 2, self.q, self.seed)
        Z = rows.Z.copy()
        if self.q > 1 or self.last == "zero in some groups":
            rng = np.random.default_rng(self.seed)
            Z[:, -1] = {
                "free": Z[:, -1],
                "a copy": Z[:, 0],
                "a sum": Z[:, :-1].sum(axis=1),
                "constant within groups": rng.normal(size=len(self.sizes))[rows.group],
                "zero": 0.0,
                "zero in some groups": np.where(rows.group % 2, Z[:, -1], 0.0),
            }[self.last]
        weights = 4.0 ** np.random.default_rng(self.seed).integers(-2, 3, len(Z)) if self.weighted else None
        X = rows.X * [1.0, 2.0**self.log2_x]
        return Rows(rows.y * self.sigma, X, Z * 2.0**self.log2_z, rows.group, weights)

    @property
    def without_weights(self) -> Rows:
        """Each row times the square root of its weight, which is a power of two."""
        rows = self.rows
        root = np.ones((len(rows.y), 1)) if rows.weights is None else np.sqrt(rows.weights)[:, None]
        return Rows(rows.y * root[:, 0], rows.X * root, rows.Z * root, rows.group)

    @property
    def log_weights(self) -> float:
        """Sum of log weights: what the criterion of the rows has less than that of `without_weights`."""
        return 0.0 if self.rows.weights is None else float(np.log(self.rows.weights).sum())

    @property
    def beta(self) -> np.ndarray:
        return np.array([1.0, -0.5 / 2.0**self.log2_x]) * self.sigma

    @property
    def sigma(self) -> float:
        return 2.0**self.log2_sigma

    @property
    def Lambda(self) -> np.ndarray:
        """Of an sd of ``ratio sigma`` in the units of Z."""
        return random_Lambda(self.q, self.seed, self.ratio) / 2.0**self.log2_z


def assert_within(differences, allowed) -> None:
    allowed = np.broadcast_to(allowed, np.shape(differences))
    np.testing.assert_array_less(differences, allowed + 1e-300)


hard = st.builds(
    Hard,
    st.lists(st.integers(1, 4), min_size=3, max_size=5).map(tuple),
    st.integers(1, 4),
    st.sampled_from(LAST),
    st.integers(0, 10**6),
    st.sampled_from(RATIOS),
    st.sampled_from((-26, 0, 26)),
    st.sampled_from((-20, 0, 20)),
    st.sampled_from((-20, 0, 20)),
    st.booleans(),
)


def exact(case: Hard, Lambda: np.ndarray, sigma: float) -> float:
    """The criterion; nothing is rounded until its logarithms are taken."""
    rows = case.without_weights
    value = dense.exact_criterion(rows.y, rows.X, rows.Z, rows.group, exact_G(Lambda, sigma), sigma)
    return value - case.log_weights


def exact_G(Lambda: np.ndarray, sigma: float) -> np.ndarray:
    root = exactly(Lambda) * Fraction(sigma)
    return root.dot(root.T)


@settings(max_examples=60)
@given(hard)
def test_value_in_rational_numbers(case):
    value = -2.0 * MarginalLikelihood.flat(case.rows.moments).value(case.Lambda, case.sigma)
    assert value == pytest.approx(exact(case, case.Lambda, case.sigma), rel=1e-12, abs=1e-11)


@settings(max_examples=12)
@given(hard)
def test_gradient_by_differences_of_rational_numbers(case):
    """By the logarithm of every entry of Lambda and of sigma, so that every scale is stepped alike."""
    Lambda, sigma = case.Lambda, case.sigma
    lower = np.tril_indices(case.q)
    found = MarginalLikelihood.flat(case.rows.moments).value_and_gradient(Lambda, sigma)
    by_log = -2.0 * np.append(found.Lambda[lower] * Lambda[lower], found.sigma * sigma)

    def criterion(relative):
        moved = Lambda.copy()
        moved[lower] *= relative[:-1]
        return exact(case, moved, float(sigma * relative[-1]))

    expected = dense.numerical_gradient(criterion, np.ones(len(by_log)), step=1e-4)
    np.testing.assert_allclose(by_log, expected, rtol=1e-6, atol=1e-6)


@settings(max_examples=40)
@given(hard)
def test_coefficients_given_the_covariance_parameters_in_rational_numbers(case):
    """Without noise the mean, with one unit of noise at a time the columns of a root of the covariance."""
    noise, flat = np.vstack([np.zeros(2), np.eye(2)]), np.zeros((3, 2))
    kernel, Lambda = MarginalLikelihood.flat(case.rows.moments), np.repeat(case.Lambda[None], 3, 0)
    draws = draw_coefficients(kernel, Lambda, np.full(3, case.sigma), flat, np.empty((3, 0)), FixedNoise(noise))
    rows, G = case.without_weights, exact_G(case.Lambda, case.sigma)
    mean, covariance = dense.exact_coefficients(rows.y, rows.X, rows.Z, rows.group, G, case.sigma)
    sd = np.sqrt(np.diag(covariance))
    root = (draws[1:] - draws[0]).T
    assert_within(np.abs(draws[0] - mean), 1e-9 * sd)
    assert_within(np.abs(root @ root.T - covariance), 1e-9 * np.outer(sd, sd))


@settings(max_examples=40)
@given(hard)
def test_random_effects_given_everything_else_in_rational_numbers(case):
    rows = case.rows
    mean, variance = conditional_effects(rows.moments, case.Lambda, case.sigma, case.beta)
    rows, G = case.without_weights, exact_G(case.Lambda, case.sigma)
    expected, covariance = dense.exact_effects(rows.y, rows.X, case.beta, rows.Z, rows.group, G, case.sigma)
    # Where a group's rows say nothing of an effect, its variance is the prior's: a million sigma, squared.
    prior = case.sigma * np.linalg.norm(case.Lambda, axis=1)
    sd = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    assert_within(np.abs(mean - expected), 1e-11 * sd + 1e-12 * prior)
    assert_within(np.abs(variance - covariance), 1e-8 * np.outer(prior, prior))


@settings(max_examples=40)
@given(hard)
def test_draws_are_the_mean_plus_a_root_of_the_variance_at_any_ratio(case):
    """Without noise the mean, with one unit of noise at a time the columns of a root, group by group."""
    rows, q = case.rows, case.q
    noise = np.concatenate([np.zeros((1, q)), np.eye(q)])[:, None, :].repeat(len(case.sizes), axis=1)
    given_all = (
        np.repeat(case.Lambda[None], q + 1, 0),
        np.full(q + 1, case.sigma),
        np.tile(case.beta, (q + 1, 1)),
    )
    draws = draw_group_effects(rows.moments, *given_all, FixedNoise(noise))
    mean, variance = conditional_effects(rows.moments, case.Lambda, case.sigma, case.beta)
    root = np.moveaxis(draws[1:] - draws[0], 0, -1)
    prior = case.sigma * np.linalg.norm(case.Lambda, axis=1)
    assert_within(np.abs(draws[0] - mean), 1e-9 * prior)
    spread = np.abs(root @ np.swapaxes(root, 1, 2) - variance)
    assert_within(spread, 1e-8 * np.outer(prior, prior))


# ---------------------------------------------------------------- posteriors
class Posterior(NamedTuple):
    """A model whose posterior quadrature knows, on a table that hypothesis makes up."""

    formula: str
    sizes: tuple[int, ...]
    seed: int
    weights: str | None

    def model(self) -> bm.MixedModel:
        return bm.MixedModel(self.formula, random_table(self.sizes, self.seed), weights=self.weights)


posteriors = st.builds(
    Posterior,
    st.sampled_from(
        (
            "y ~ t + (1 | g)",
            "y ~ t + f + (0 + t | g)",
            "y ~ x + (t | g)",
            "y ~ t + (t || g)",
            "y ~ offset(o) + (1 | g)",
        )
    ),
    st.lists(st.integers(1, 6), min_size=4, max_size=9).filter(lambda sizes: sum(sizes) > 14).map(tuple),
    st.integers(0, 10**6),
    st.sampled_from((None, "w")),
)
RUN = {"draws": 2000, "progressbar": False}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bayesmixed.errors.BayesmixedWarning")  # few groups, hard weights
@settings(max_examples=8)
@given(posteriors)
def test_posteriors_are_those_of_quadrature(case):
    model = case.model()
    exact = model.fit(engine="quadrature", random_seed=1, **RUN)
    for engine in ("compiled", "importance"):
        z = z_scores(model.fit(engine=engine, random_seed=2, **RUN), exact)
        assert z.abs().max() < 4.5, (engine, z)


def left_out_by_refits(case: Posterior, model: bm.MixedModel, kept) -> list[float]:
    """``log p(unit | others) = log p(y) - log p(others)``, the evidence of each by quadrature."""
    table, resolved = random_table(case.sizes, case.seed), model.priors.resolved
    whole = model.log_evidence().value
    parts = [
        bm.MixedModel._with_resolved(case.formula, table[rows], resolved, weights=case.weights) for rows in kept
    ]
    return [whole - part.log_evidence().value for part in parts]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bayesmixed.errors.BayesmixedWarning")
@settings(max_examples=5)
@given(posteriors)
def test_groups_left_out_are_those_of_models_without_them(case):
    model = case.model()
    group = random_table(case.sizes, case.seed)["g"].to_numpy()
    expected = left_out_by_refits(case, model, [group != level for level in model.design.levels])
    found = model.fit(engine="importance", random_seed=3, **RUN).logo()
    np.testing.assert_allclose(found.elpd_i, expected, rtol=0, atol=0.15)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bayesmixed.errors.BayesmixedWarning")
@settings(max_examples=5)
@given(posteriors)
def test_rows_left_out_are_those_of_models_without_them(case):
    """Every third row; now and then it is all that its group has."""
    model, rows = case.model(), np.arange(sum(case.sizes))
    expected = left_out_by_refits(case, model, [rows != k for k in rows[::3]])
    found = model.fit(engine="importance", random_seed=4, **RUN).loo()
    np.testing.assert_allclose(found.elpd_i[::3], expected, rtol=0, atol=0.1)
