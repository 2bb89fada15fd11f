"""The exact distribution of the ratio for one variance component: dense algebra, closed forms, RLRsim."""

import numpy as np
import pytest
from scipy import optimize, stats

from bayesmixed.reml import fit_reml
from bayesmixed.reml.comparison.exact_ratio import GRID, RatioDistribution
from tests.designs import random_rows, random_table, stages

SIZES = (3, 1, 4, 2, 5, 3, 3, 1, 1, 1)


def one_column(sizes=SIZES, p=2, seed=3, weighted=False):
    return random_rows(sizes, p=p, q=1, seed=seed, weighted=weighted)


def dense_eigenvalues(rows):
    """Positive eigenvalues of Z'P0Z and of Z'Z, from all rows."""
    w = np.sqrt(np.ones(len(rows.y)) if rows.weights is None else rows.weights)[:, None]
    X, Z = w * rows.X, w * rows.Z * np.eye(len(rows.levels))[rows.group]
    P0 = np.eye(len(X)) - X @ np.linalg.pinv(X)
    found = (np.linalg.eigvalsh(matrix) for matrix in (Z.T @ P0 @ Z, Z.T @ Z))
    return [values[values > 1e-9] for values in found]


@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize(
    "rows", [one_column(), one_column(weighted=True), one_column((4,) * 30, p=3), one_column((2, 6) * 9, p=1)]
)
def test_eigenvalues(rows, restricted):
    found = RatioDistribution.of(rows.moments, restricted)
    mu, xi = dense_eigenvalues(rows)
    np.testing.assert_allclose(np.repeat(found.mu, found.mu_count.astype(int)), mu, rtol=1e-8)
    expected = mu if restricted else xi
    np.testing.assert_allclose(np.repeat(found.penalty, found.penalty_count.astype(int)), expected, rtol=1e-8)
    N, p = rows.X.shape
    assert (found.left, found.factor) == (N - p - len(mu), N - p if restricted else N)


@pytest.mark.parametrize("restricted", [True, False])
def test_every_ratio_is_the_largest(restricted):
    """The parabola on the grid, against a search for the largest value over lambda."""
    found = RatioDistribution.of(one_column().moments, restricted)
    drawn = []

    class Recorded:
        def __init__(self):
            self.rng = np.random.default_rng(1)

        def chisquare(self, *arguments, **options):
            drawn.append(self.rng.chisquare(*arguments, **options))
            return drawn[-1]

    ratios = found.draw(200, Recorded())
    squares, rest = drawn
    assert 0.2 < (ratios == 0.0).mean() < 0.8

    def criterion(log_lambda, w2, left):
        scaled = 1.0 + np.exp(log_lambda) * found.mu
        U = w2 @ (1.0 / scaled) + left
        penalty = found.penalty_count @ np.log1p(np.exp(log_lambda) * found.penalty)
        return penalty - found.factor * np.log((w2.sum() + left) / U)

    for ratio, *drawn_values in zip(ratios, squares, rest, strict=True):
        searches = [
            optimize.minimize_scalar(
                criterion, args=tuple(drawn_values), bounds=(low, low + 2.0), method="bounded"
            )
            for low in np.arange(-14.0, 12.0, 2.0)
        ]
        assert ratio == pytest.approx(max(0.0, *(-search.fun for search in searches)), abs=1e-3)


def test_p_of_a_balanced_table_is_that_of_the_f_test(dyestuff):
    """Under REML and ML alike the ratio grows with F = MSB / MSW."""
    F = stats.f_oneway(*[own["Yield"] for _, own in dyestuff.groupby("Batch")])
    for method in ("REML", "ML"):
        model = stages("Yield ~ 1 + (1 | Batch)", dyestuff)
        fit = fit_reml(model.design, model.coded, method)
        statistic = fit.objective.value(np.zeros(1)) - fit.criterion
        found = RatioDistribution.of(model.coded.moments, method == "REML")
        assert found.one_value
        assert found.exact_p(statistic) == pytest.approx(F.pvalue, rel=1e-6)
        assert found.p_value(0.0, 100, np.random.default_rng(1)) == (1.0, 0.0)


@pytest.mark.parametrize("restricted", [True, False])
def test_simulated_and_closed_form_agree(restricted):
    found = RatioDistribution.of(one_column((4,) * 8, p=1).moments, restricted)
    ratios = found.draw(20_000, np.random.default_rng(1))
    for statistic in (1e-9, 0.1, 0.5, 2.0, 5.0):
        p = found.exact_p(statistic)
        assert (ratios >= statistic).mean() == pytest.approx(p, abs=4.5 * np.sqrt(p * (1 - p) / 20_000))


def test_tiny_p_values_keep_their_digits(sleepstudy):
    """Far in the tail the ratio still grows with F."""
    model = stages("Reaction ~ Days + (1 | Subject)", sleepstudy)
    found = RatioDistribution.of(model.coded.moments, True)
    m, left = found.mu_count[0], found.left
    for F in (2.0, 50.0, 1e4):
        R = m * F / (m * F + left)
        a = (found.factor * R - m) / (R * (found.factor - m))
        ratio = m * np.log(1 - a) - found.factor * np.log1p(-a * R)
        assert found.exact_p(ratio) == pytest.approx(stats.f(m, left).sf(F), rel=1e-6)


def test_rlrsim(dyestuff):
    """RLRsim 3.1.8, exactRLRT and exactLRT with 1,000,000 draws of an unbalanced table."""
    table = dyestuff.drop(index=[3, 4, 14, 15, 16, 22, 23, 24, 25])
    for method, statistic, golden in (("REML", 5.6354, 0.007646), ("ML", 4.6672, 0.007876)):
        model = stages("Yield ~ 1 + (1 | Batch)", table)
        fit = fit_reml(model.design, model.coded, method)
        ratio = fit.objective.value(np.zeros(1)) - fit.criterion
        assert ratio == pytest.approx(statistic, abs=1e-4)
        found = RatioDistribution.of(model.coded.moments, method == "REML")
        assert not found.one_value
        p, error = found.p_value(ratio, 50_000, np.random.default_rng(1))
        assert p == pytest.approx(golden, abs=4.5 * error)


def test_rlrsim_of_a_slope(sleepstudy_unbalanced):
    """RLRsim 3.1.8: RLRT = 0.982493, p = 0.1402 for (0 + Days | Subject)."""
    table = sleepstudy_unbalanced
    mean = table.groupby("Subject")["Reaction"].transform("mean")
    model = stages("y ~ Days + (0 + Days | Subject)", table.assign(y=table["Reaction"] - 0.88 * mean))
    fit = fit_reml(model.design, model.coded)
    ratio = fit.objective.value(np.zeros(1)) - fit.criterion
    assert ratio == pytest.approx(0.982493, abs=1e-5)
    p, error = RatioDistribution.of(model.coded.moments, True).p_value(ratio, 50_000, np.random.default_rng(1))
    assert p == pytest.approx(0.1402, abs=4.5 * error)


def test_too_many_sums_of_squares(monkeypatch):
    monkeypatch.setattr("bayesmixed.reml.comparison.exact_ratio.LARGEST", 5)
    assert RatioDistribution.of(one_column(weighted=True).moments, True) is None
    assert RatioDistribution.of(one_column((4,) * 30).moments, True) is not None


def test_random_table_has_a_p_value_with_its_error():
    model = stages("y ~ t + (1 | g)", random_table())
    found = RatioDistribution.of(model.coded.moments, True)
    p, error = found.p_value(1.0, 4000, np.random.default_rng(1))
    again, _ = found.p_value(1.0, 4000, np.random.default_rng(2))
    assert error == pytest.approx(np.sqrt(p * (1 - p) / 4000))
    assert 0 < abs(p - again) < 4.5 * np.sqrt(2) * error
    assert len(GRID) == 200
