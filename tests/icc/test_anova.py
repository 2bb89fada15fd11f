"""The ICC by mean squares: SciPy's one-way analysis of variance, dense algebra, the interval's coverage."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesmixed as bm
from bayesmixed.checks.statistics import anova_icc
from bayesmixed.errors import RemlError
from bayesmixed.icc.anova import AnovaIcc
from tests.designs import random_table


def of(formula, table, **options):
    model = bm.MixedModel(formula, table, **options)
    return AnovaIcc.of(model.design, model.coded)


def one_way(sizes, icc, rng, tables=None):
    group = np.repeat(np.arange(len(sizes)), sizes)
    shape = (tables,) if tables else ()
    b = rng.normal(size=(*shape, len(sizes)))
    return group, np.sqrt(icc) * b[..., group] + np.sqrt(1 - icc) * rng.normal(size=(*shape, len(group)))


@pytest.mark.parametrize("sizes", [(5, 5, 5, 5), (2, 3, 7, 4, 1)])
def test_mean_squares_of_the_one_way_layout(sizes, rng):
    group, y = one_way(sizes, 0.3, rng)
    found = of("y ~ 1 + (1 | g)", pd.DataFrame({"y": 1e5 + y, "g": group.astype(str)}))
    F = stats.f_oneway(*[y[group == g] for g in range(len(sizes))])
    assert pytest.approx(F.statistic, rel=1e-8) == found.F
    assert found.icc == pytest.approx(anova_icc(y, group), rel=1e-7)
    n = np.array(sizes)
    assert found.n0 == pytest.approx((n.sum() - (n**2).sum() / n.sum()) / (len(n) - 1))
    assert (found.df_between, found.df_within) == (len(n) - 1, n.sum() - len(n))
    assert found.exact == (len(set(sizes)) == 1)


@pytest.mark.parametrize("formula", ["y ~ t + f + (1 | g)", "y ~ f + t + u + (1 | g)"])
def test_adjusted_mean_squares_by_least_squares(formula):
    model = bm.MixedModel(formula, random_table())
    design, found = model.design, AnovaIcc.of(model.design, model.coded)
    X, Z = design.X, (design.group[:, None] == np.arange(design.n_groups)).astype(float)
    both = np.hstack([X, Z])

    def left(columns):
        return ((design.y - columns @ np.linalg.lstsq(columns, design.y, rcond=None)[0]) ** 2).sum()

    rank = np.linalg.matrix_rank(both)
    assert found.df_between == rank - X.shape[1]
    assert found.df_within == len(X) - rank
    assert found.within == pytest.approx(left(both) / found.df_within)
    assert found.between == pytest.approx((left(X) - left(both)) / found.df_between)
    M = np.eye(len(X)) - X @ np.linalg.pinv(X)
    assert found.n0 == pytest.approx(np.trace(Z.T @ M @ Z) / found.df_between)
    assert not found.exact


def test_a_balanced_covariate_keeps_it_exact(sleepstudy):
    found = of("Reaction ~ Days + (1 | Subject)", sleepstudy)
    assert found.exact
    assert found.n0 == pytest.approx(10.0)
    assert found.icc == pytest.approx(
        bm.MixedModel("Reaction ~ Days + (1 | Subject)", sleepstudy).reml().icc()["estimate"].item(), rel=1e-6
    )


def test_a_column_between_groups_takes_its_degree(rng):
    group, y = one_way((4,) * 6, 0.5, rng)
    table = pd.DataFrame({"y": y, "arm": np.where(group < 3, "a", "b"), "g": group.astype(str)})
    found = of("y ~ arm + (1 | g)", table)
    assert (found.df_between, found.df_within, found.exact) == (4, 18, True)
    assert found.n0 == pytest.approx(4.0)


def test_the_lowest_icc_is_reached_by_equal_means():
    table = pd.DataFrame({"y": [1.0, 3.0, 0.0, 4.0, 2.5, 1.5], "g": list("aabbcc")})
    found = of("y ~ 1 + (1 | g)", table)
    assert found.icc == pytest.approx(-1.0)
    assert found.interval()[0] == pytest.approx(-1.0)


@pytest.mark.parametrize(("sizes", "icc", "slack"), [((5,) * 6, 0.4, 0.0), ((2, 3, 10, 4, 5, 12), 0.4, 0.01)])
def test_coverage_of_the_interval(sizes, icc, slack, rng):
    """Exact for equal groups, near for unequal ones."""
    tables = 4_000
    group, ys = one_way(sizes, icc, rng, tables)
    n = np.array(sizes)
    J, N = len(n), n.sum()
    n0 = (N - (n**2).sum() / N) / (J - 1)
    F = stats.f_oneway(*np.split(ys, np.cumsum(n)[:-1], axis=1), axis=1).statistic
    limits = np.array([AnovaIcc(one, 1.0, J - 1, N - J, n0, True).interval(0.9) for one in F])
    hits = ((limits[:, 0] <= icc) & (icc <= limits[:, 1])).sum()
    assert hits / tables == pytest.approx(0.9, abs=4 * np.sqrt(0.09 / tables) + slack)
    assert group.size == N


def test_the_interval_is_searles(rng):
    group, y = one_way((4,) * 5, 0.2, rng)
    found = of("y ~ 1 + (1 | g)", pd.DataFrame({"y": y, "g": group.astype(str)}))
    ratios = found.F / stats.f.ppf([0.975, 0.025], 4, 15)
    np.testing.assert_allclose(found.interval(), (ratios - 1) / (ratios + 3))


def test_refusals(sleepstudy):
    with pytest.raises(RemlError, match="method='anova' is for a random intercept alone"):
        of("Reaction ~ Days + (Days | Subject)", sleepstudy)
    with pytest.raises(RemlError, match="omit weights='w'"):
        of("Reaction ~ Days + (1 | Subject)", sleepstudy.assign(w=2.0), weights="w")
    table = pd.DataFrame({"y": [1.0, 3.0, 5.0, 0.0, 4.0, 2.5], "arm": list("xxxyyy"), "g": list("aaabbb")})
    with pytest.raises(RemlError, match="no degrees of freedom left between groups"):
        of("y ~ arm + (1 | g)", table)
    found = of("y ~ 1 + (1 | g)", table)
    with pytest.raises(RemlError, match="ci_prob must lie between 0 and 1"):
        found.interval(95)
