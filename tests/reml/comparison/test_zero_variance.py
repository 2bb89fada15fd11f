"""Tests of random terms: lmerTest's ranova, the exact distribution, mixtures, bootstrap."""

import re

import numpy as np
import pytest
from scipy import stats

from bayesmixed.errors import RemlError
from bayesmixed.reml import fit_reml
from bayesmixed.reml.comparison.reductions import reductions
from tests.designs import random_table, stages

TABLE = random_table((6, 5, 7, 4, 6, 5, 3, 6, 6, 5), seed=2)
COLUMNS = ["parameters", "log_likelihood", "statistic", "df", "p", "p_error", "method"]


def fit(formula, table=TABLE, method="REML", weights=None):
    model = stages(formula, table, weights=weights)
    return fit_reml(model.design, model.coded, method)


# lmerTest 3.1: term, npar, logLik, LRT, df, p of chi2_df.
RANOVA = [
    ("(Days | Subject)", "REML", "Days in (Days | Subject)", 4, -893.2325427, 42.83681343, 2, 4.990041e-10),
    ("(Days | Subject)", "ML", "Days in (Days | Subject)", 4, -897.0393215, 42.13929852, 2, 7.072413e-10),
    ("(Days || Subject)", "REML", "Intercept in (Days || Subject)", 4, -883.2625137, 22.85573390, 1, 1.746276e-06),
    ("(Days || Subject)", "REML", "Days in (Days || Subject)", 4, -893.2325427, 42.79579181, 1, 6.076273e-11),
    ("(1 | Subject)", "REML", "(1 | Subject)", 3, -946.8318317, 107.1985781, 1, 4.027255e-25),
]


@pytest.mark.parametrize(("random", "method", "term", "count", "value", "statistic", "df", "p"), RANOVA)
def test_ranova(sleepstudy, random, method, term, count, value, statistic, df, p):
    row = fit(f"Reaction ~ Days + {random}", sleepstudy, method).test_random_effects().loc[term]
    assert (row["parameters"], row["df"]) == (count, df)
    assert row["log_likelihood"] == pytest.approx(value, abs=1e-6)
    assert row["statistic"] == pytest.approx(statistic, abs=2e-6)
    assert stats.chi2.sf(row["statistic"], df) == pytest.approx(p, rel=1e-5)


def test_ranova_of_an_unbalanced_table(sleepstudy_unbalanced):
    row = fit("Reaction ~ Days + (Days | Subject)", sleepstudy_unbalanced).test_random_effects().iloc[0]
    assert row["log_likelihood"] == pytest.approx(-576.5743277, abs=1e-6)
    assert row["statistic"] == pytest.approx(31.99522282, abs=1e-5)


def test_table(sleepstudy):
    table = fit("Reaction ~ Days + (Days || Subject)", sleepstudy).test_random_effects()
    assert list(table) == COLUMNS
    assert table.index.name == "term"
    assert list(table["method"]) == ["0.5 chi2(0) + 0.5 chi2(1)"] * 2
    np.testing.assert_allclose(table["p"], 0.5 * stats.chi2.sf(table["statistic"].astype(float), 1))
    assert (table["p_error"] == 0.0).all()


# ---------------------------------------------------------------- what is left out
REDUCED = [
    ("(t | g)", {"t in (t | g)": "(1 | g)"}),
    ("(t + x | g)", {"t in (t + x | g)": "(x | g)", "x in (t + x | g)": "(t | g)"}),
    ("(f | g)", {"f in (f | g)": "(1 | g)"}),
    ("(0 + f | g)", {"f in (0 + f | g)": "(1 | g)"}),
    ("(1 | g) + (0 + t | g)", {"(1 | g)": "(0 + t | g)", "t in (0 + t | g)": "(1 | g)"}),
    ("(t*x | g)", {"t:x in (t*x | g)": "(t + x | g)"}),
    ("(0 + t + x | g)", {"t in (0 + t + x | g)": "(0 + x | g)", "x in (0 + t + x | g)": "(0 + t | g)"}),
    ("(x + t || g)", {"Intercept in (x + t || g)": "(0 + x + t || g)", "x in (x + t || g)": "(t || g)"}),
]


@pytest.mark.parametrize(("random", "expected"), REDUCED)
@pytest.mark.parametrize("method", ["REML", "ML"])
def test_reduced_models_are_those_of_their_own_designs(random, expected, method):
    large = fit(f"y ~ t + x + offset(o) + {random}", method=method, weights="w")
    table = large.test_random_effects(random_seed=1)
    if "||" not in random:
        assert set(table.index) == set(expected)
    for term, smaller in expected.items():
        small = fit(f"y ~ t + x + offset(o) + {smaller}", method=method, weights="w")
        row = table.loc[term]
        assert row["log_likelihood"] == pytest.approx(small.log_likelihood, abs=1e-6)
        assert row["df"] == large.n_parameters - small.n_parameters
        assert row["parameters"] == small.n_parameters


def test_without_random_effects_there_is_least_squares():
    from scipy import linalg

    one = fit("y ~ t + f + (1 | g)", method="ML", weights="w")
    w = one.design.weights
    X, y = one.design.X * np.sqrt(w)[:, None], one.design.y * np.sqrt(w)
    squares = np.sum((y - X @ linalg.lstsq(X, y)[0]) ** 2)
    N = len(y)
    expected = -0.5 * (N * (1 + np.log(2 * np.pi * squares / N)) - np.log(w).sum())
    assert one.test_random_effects(random_seed=1)["log_likelihood"].iloc[0] == pytest.approx(expected)


def test_upper_bounds_are_named():
    row = fit("y ~ t + (f | g)").test_random_effects().iloc[0]
    assert row["method"] == "0.5 chi2(4) + 0.5 chi2(5) (upper bound)"


# ---------------------------------------------------------------- exact
def test_dyestuff_is_the_f_test(dyestuff):
    F = stats.f_oneway(*[own["Yield"] for _, own in dyestuff.groupby("Batch")])
    for method in ("REML", "ML"):
        row = fit("Yield ~ 1 + (1 | Batch)", dyestuff, method).test_random_effects().iloc[0]
        assert row["p"] == pytest.approx(F.pvalue, rel=1e-5)
        assert (row["method"], row["p_error"]) == ("exact", 0.0)


def test_dyestuff2_has_a_statistic_of_zero(dyestuff2):
    one = fit("Yield ~ 1 + (1 | Batch)", dyestuff2)
    for table in (one.test_random_effects(), one.test_random_effects(bootstrap=50, random_seed=1)):
        assert (table["statistic"].iloc[0], table["p"].iloc[0]) == (0.0, 1.0)


@pytest.mark.slow
def test_exact_and_bootstrap_agree():
    one = fit("x ~ t + (1 | g)", random_table((6, 5, 7, 4, 6, 5, 3, 6, 1, 1), seed=14))
    exact = one.test_random_effects(random_seed=1).iloc[0]
    boot = one.test_random_effects(bootstrap=1000, random_seed=1).iloc[0]
    assert exact["method"] == "exact distribution, 10000 draws"
    assert boot["method"] == "bootstrap, 1000 replicates"
    assert 0.02 < exact["p"] < 0.9
    assert boot["p"] == pytest.approx(exact["p"], abs=4.5 * np.hypot(exact["p_error"], boot["p_error"]))


def test_seed_and_draws():
    one = fit("y ~ t + (1 | g)")
    first, second, other = (one.test_random_effects(random_seed=seed, draws=500) for seed in (1, 1, 2))
    assert first.equals(second)
    assert first["method"].iloc[0] == "exact distribution, 500 draws"
    assert other["p"].iloc[0] <= 5 / 501


def test_too_many_sums_of_squares_fall_back_on_the_mixture(monkeypatch):
    monkeypatch.setattr("bayesmixed.reml.comparison.exact_ratio.LARGEST", 3)
    row = fit("y ~ t + (1 | g)", weights="w").test_random_effects().iloc[0]
    assert row["method"] == "0.5 chi2(0) + 0.5 chi2(1)"


# ---------------------------------------------------------------- bootstrap
def test_bootstrap_does_not_depend_on_cores():
    one = fit("y ~ t + (t || g)")
    tables = [one.test_random_effects(bootstrap=30, random_seed=3, cores=cores) for cores in (1, 2)]
    assert tables[0].equals(tables[1])
    assert (tables[0]["p"] >= 1 / 31).all()


def test_what_is_refused():
    one = fit("y ~ t + (1 | g)")
    with pytest.raises(RemlError, match="draws must be a whole number of at least 100"):
        one.test_random_effects(draws=10)
    with pytest.raises(RemlError, match="bootstrap must be a whole number"):
        one.test_random_effects(bootstrap=-1)


def test_every_reduction_has_full_rank():
    for random, _ in REDUCED:
        for reduction in reductions(fit(f"y ~ t + {random}")):
            if reduction.blocks:
                values = np.linalg.svd(reduction.Z_map, compute_uv=False)
                assert values.min() > 1e-3, re.sub(r"\s+", " ", reduction.label)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["REML", "ML"])
def test_p_values_are_uniform_under_the_null(method):
    """Above the p of a statistic of zero every p-value has probability p."""
    rng, p = np.random.default_rng(5), []
    table = random_table((6, 2, 7, 1, 6, 5, 3, 6), seed=2)
    for k in range(600):
        drawn = table.assign(y=2.0 * table["t"] + rng.normal(size=len(table)))
        one = fit("y ~ t + (1 | g)", drawn, method)
        p.append(one.test_random_effects(random_seed=k, draws=2000)["p"].iloc[0])
    p = np.array(p)
    assert (p == 1.0).any()
    for level in (0.05, 0.1, 0.2, 0.3):
        assert (p <= level).mean() == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) / 600))


@pytest.mark.slow
def test_bootstrap_p_values_are_uniform_under_the_null():
    """A slope that is not there, with few groups: the mixture is rough, the bootstrap is not."""
    rng, p = np.random.default_rng(6), []
    group = np.repeat(np.arange(8), 6)
    t = np.tile(np.arange(6.0), 8)
    for k in range(100):
        y = rng.normal(size=8)[group] + rng.normal(size=48)
        one = fit("y ~ t + (t | g)", {"y": y, "t": t, "g": [f"g{j}" for j in group]})
        p.append(one.test_random_effects(bootstrap=39, random_seed=k)["p"].iloc[0])
    for level in (0.1, 0.25):
        assert np.mean(np.array(p) <= level) == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) / 100))
