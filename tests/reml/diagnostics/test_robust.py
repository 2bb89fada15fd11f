"""CR2 against clubSandwich, the definition with matrices of all rows, and what must not change it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import linalg, stats

import bayesmixed as bm
from bayesmixed.reml.diagnostics.robust import robust_covariance
from bayesmixed.reml.diagnostics.robust_joint import robust_f_test
from tests import dense
from tests.designs import random_table
from tests.reference import load_reference, table_path

SIZES = (4, 3, 5, 2, 6, 4, 3, 7, 1, 4)


def table_of(seed=5):
    """A random table with a covariate h between groups."""
    table = random_table(SIZES, seed)
    between = np.random.default_rng(seed).normal(size=len(SIZES))
    return table.assign(h=between[table["g"].str[1:].astype(int)])


def fit(formula, table, weights=None):
    return bm.MixedModel(formula, table, weights=weights).reml()


def unbalanced():
    data = pd.read_csv(table_path("sleepstudy_unbalanced"))
    late = pd.Categorical(data["Subject"]).codes % 3 == 2
    return data.assign(w=0.5 + np.arange(1, len(data) + 1) % 4 / 2, late=late.astype(float))


def by_definition(found, L=None):
    """CR2 and its degrees of freedom with N x N matrices, from rows times the root of their weight."""
    design = found.design
    root = np.sqrt(design.weights)
    X, Z, y = design.X * root[:, None], design.Z_rows * root[:, None], (design.y - design.offset) * root
    V = dense.covariance(Z, design.group, found.G, found.sigma)
    Vi = np.linalg.inv(V)
    M = np.linalg.inv(X.T @ Vi @ X)
    residual = y - X @ (M @ X.T @ Vi @ y)
    H = X @ M @ X.T @ Vi
    left = (np.eye(len(y)) - H) @ V @ (np.eye(len(y)) - H).T
    L = np.eye(design.p) if L is None else L
    meat, vectors = np.zeros((design.p, design.p)), [[] for _ in L]
    for j in range(design.n_groups):
        own = np.flatnonzero(design.group == j)
        D = linalg.cholesky(V[np.ix_(own, own)])
        values, basis = np.linalg.eigh(D @ left[np.ix_(own, own)] @ D.T)
        power = np.array([value**-0.5 if value > 1e-9 * values.max() else 0.0 for value in values])
        A = D.T @ (basis * power) @ basis.T @ D
        bread = X[own].T @ Vi[np.ix_(own, own)] @ A
        score = bread @ residual[own]
        meat += np.outer(score, score)
        for k, contrast in enumerate(L):
            whole = np.zeros(len(y))
            whole[own] = bread.T @ M @ contrast
            vectors[k].append(whole)
    df = []
    for own in map(np.array, vectors):
        P = own @ left @ own.T
        df.append(np.trace(P) ** 2 / (P**2).sum())
    return L @ M @ meat @ M @ L.T, np.array(df)


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("slope", "Reaction ~ Days + (Days | Subject)"),
        ("intercept", "Reaction ~ Days + (1 | Subject)"),
        ("between", "Reaction ~ Days * late + (Days | Subject)"),
    ],
)
def test_it_agrees_with_clubsandwich(name, formula):
    golden = load_reference("clubsandwich")[name]
    found = fit(formula, unbalanced())
    table = found.robust()
    np.testing.assert_allclose(table["se"], golden["se"], rtol=1e-5)
    np.testing.assert_allclose(table["df"], golden["df"], rtol=1e-5)
    np.testing.assert_allclose(robust_covariance(found).vcov, golden["covariance"], rtol=1e-4)


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize(
    "formula",
    [
        "y ~ t + h + (1 | g)",
        "y ~ t + h + f + (t | g)",
        "y ~ t * h + offset(o) + (t || g)",
        "y ~ t + h + (0 + x | g)",
        "y ~ 0 + f + (1 | g)",
    ],
)
def test_it_agrees_with_the_definition(formula, weights):
    found = fit(formula, table_of(), weights)
    vcov, df = by_definition(found)
    result = robust_covariance(found)
    np.testing.assert_allclose(result.vcov, vcov, rtol=1e-7, atol=1e-9 * np.abs(vcov).max())
    np.testing.assert_allclose(result.df, df, rtol=1e-7)


def test_contrasts_of_the_user():
    found = fit("y ~ t + f + (t | g)", table_of())
    L = np.array([[0.0, 0.0, 1.0, -1.0], [1.0, 4.0, 0.0, 0.0]])
    vcov, df = by_definition(found, L)
    result = robust_covariance(found, L)
    np.testing.assert_allclose(result.vcov, vcov, rtol=1e-8)
    np.testing.assert_allclose(result.df, df, rtol=1e-8)


def test_many_groups_are_worked_on_in_parts(monkeypatch):
    found = fit("y ~ t + (t | g)", table_of())
    whole = robust_covariance(found)
    monkeypatch.setattr("bayesmixed.reml.diagnostics.robust.BLOCK", 3)
    parts = robust_covariance(found)
    np.testing.assert_allclose(parts.vcov, whole.vcov, rtol=1e-12)
    np.testing.assert_allclose(parts.df, whole.df, rtol=1e-12)
    assert parts.alone.shape == (len(SIZES),)


# ---------------------------------------------------------------- several contrasts at once
@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("slope", "Reaction ~ Days + (Days | Subject)"),
        ("between", "Reaction ~ Days * late + (Days | Subject)"),
    ],
)
def test_joint_tests_agree_with_clubsandwich(name, formula):
    golden = load_reference("clubsandwich")[name]
    found = fit(formula, unbalanced())
    F, df = robust_f_test(found, np.eye(found.design.p)[1:])
    assert golden["F"] == pytest.approx(F, rel=1e-5)
    assert golden["df_denom"] == pytest.approx(df, rel=1e-5)


def test_a_joint_test_of_one_contrast_is_its_t_test_squared():
    found = fit("y ~ t + h + (t | g)", table_of(), "w")
    table = found.robust()
    for k in range(3):
        F, df = robust_f_test(found, np.eye(3)[k])
        assert table["t"].iloc[k] ** 2 == pytest.approx(F, rel=1e-9)
        assert table["df"].iloc[k] == pytest.approx(df, rel=1e-9)
    F, _ = robust_f_test(found, np.eye(3)[1], values=found.beta[1:2])
    assert pytest.approx(0.0, abs=1e-20) == F


def test_complete_blocks_give_hotellings_test(ergostool):
    found = fit("effort ~ Type + (1 | Subject)", ergostool)
    wide = ergostool.pivot_table(index="Subject", columns="Type", values="effort", observed=True).to_numpy()
    differences = wide[:, 1:] - wide[:, :1]
    mean, S = differences.mean(axis=0), np.cov(differences.T)
    F, df = robust_f_test(found, np.eye(4)[1:])
    assert df == pytest.approx(9 - 3, rel=1e-8)
    assert pytest.approx((9 - 3) / (3 * 8) * 9 * mean @ np.linalg.solve(S, mean), rel=1e-8) == F


def test_a_joint_test_depends_on_the_hypothesis_alone():
    found = fit("y ~ t + f + (t | g)", table_of(), "w")
    L = np.array([[0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    mixed = np.array([[2.0, -1.0], [1e6, 3e6]]) @ L
    np.testing.assert_allclose(robust_f_test(found, mixed), robust_f_test(found, L), rtol=1e-8)


def test_too_few_groups_for_a_joint_test():
    table = table_of().query("g in ('g0', 'g2', 'g4', 'g7')")
    with pytest.raises(bm.RemlError, match="too few groups tell these 4 contrasts"):
        robust_f_test(fit("y ~ t + x + h + (1 | g)", table), np.eye(4))


# ---------------------------------------------------------------- what must not change it
def test_another_coding_of_a_factor_gives_the_same_contrasts():
    table = table_of()
    first = robust_covariance(fit("y ~ t + f + (1 | g)", table), np.array([[1.0, 2.0, 1.0, 0.0]]))
    second = robust_covariance(fit("y ~ 0 + f + t + (1 | g)", table), np.array([[0.0, 1.0, 0.0, 2.0]]))
    np.testing.assert_allclose(second.vcov, first.vcov, rtol=1e-6)
    np.testing.assert_allclose(second.df, first.df, rtol=1e-6)


def test_time_far_from_zero_and_another_unit_of_y():
    table = table_of()
    before = fit("y ~ t + h + (t | g)", table).robust()
    after = fit("y ~ t + h + (t | g)", table.assign(t=table["t"] + 1e6, y=1e6 * table["y"])).robust()
    np.testing.assert_allclose(after["se"][1:], 1e6 * before["se"][1:], rtol=1e-6)
    np.testing.assert_allclose(after["df"][1:], before["df"][1:], rtol=1e-6)


def test_means_weighted_by_their_counts_give_what_their_rows_give():
    table = table_of().drop(columns="f")
    rng = np.random.default_rng(2)
    counts = rng.integers(1, 5, size=len(table))
    rows = table.loc[np.repeat(table.index, counts)].assign(cell=np.repeat(table.index, counts))
    rows["y"] += rng.normal(size=len(rows))
    means = table.assign(y=rows.groupby("cell")["y"].mean(), w=counts)
    formula = "y ~ t + h + (t | g)"
    whole, aggregated = fit(formula, rows), fit(formula, means, "w")
    # The same G and sigma; columns of Z are scaled by the weights, too.
    theta = whole.optimum.theta * np.exp(0.5 * np.log(counts).mean())
    aggregated = replace(aggregated, optimum=replace(whole.optimum, theta=theta))
    np.testing.assert_allclose(aggregated.robust()["se"], whole.robust()["se"], rtol=1e-9)
    np.testing.assert_allclose(aggregated.robust()["df"], whole.robust()["df"], rtol=1e-9)


def test_groups_that_differ_much_more_than_their_rows():
    """Then a within-group coefficient has the CR2 of least squares on rows less their group's mean."""
    table = table_of()
    place = table["g"].str[1:].astype(int).to_numpy()
    table["y"] += 1e5 * np.random.default_rng(1).normal(size=len(SIZES))[place]
    row = fit("y ~ t + h + (1 | g)", table).robust().loc["t"]
    t, y = table.groupby("g")[["t", "y"]].transform(lambda column: column - column.mean()).to_numpy().T
    M = 1.0 / (t @ t)
    residual, left = y - t * M * (t @ y), np.eye(len(t)) - np.outer(t, t) * M
    vectors = np.zeros((len(SIZES), len(t)))
    for j in range(len(SIZES)):
        own = place == j
        vectors[j, own] = linalg.sqrtm(np.linalg.inv(left[np.ix_(own, own)])) @ t[own] * M
    P = vectors @ left @ vectors.T
    assert row["se"] == pytest.approx(np.sqrt(((vectors @ residual) ** 2).sum()), rel=1e-4)
    assert row["df"] == pytest.approx(np.trace(P) ** 2 / (P**2).sum(), rel=1e-4)


# ---------------------------------------------------------------- edges
def test_a_coefficient_that_one_group_tells_alone():
    table = table_of()
    table["only"] = (table["g"] == "g2").astype(float)
    found = fit("y ~ t + only + (1 | g)", table)
    with pytest.warns(bm.BayesmixedWarning, match="without g 'g2' the rows do not determine every coefficient"):
        frame = found.robust()
    vcov, df = by_definition(found)
    np.testing.assert_allclose(frame["se"] ** 2, np.diag(vcov), rtol=1e-7)
    np.testing.assert_allclose(frame["df"], df, rtol=1e-7)


def test_a_singular_fit(dyestuff2):
    found = fit("Yield ~ 1 + (1 | Batch)", dyestuff2)
    means = dyestuff2.groupby("Batch")["Yield"].mean()
    row = found.robust().loc["Intercept"]
    # Balanced, intercept only: the standard error of a mean of J group means.
    assert row["se"] == pytest.approx(means.std() / np.sqrt(6), rel=1e-10)
    assert row["df"] == pytest.approx(5.0, rel=1e-10)


def test_no_fixed_effects():
    assert len(fit("y ~ 0 + (1 | g)", table_of()).robust()) == 0


def test_the_table(sleepstudy):
    found = fit("Reaction ~ Days + (Days | Subject)", sleepstudy)
    table = found.robust(ci_prob=0.9)
    assert list(table.columns) == list(found.fixed_effects().columns)
    assert list(table.index) == ["Intercept", "Days"]
    np.testing.assert_allclose(table["estimate"], found.beta)
    np.testing.assert_allclose(table["t"], found.beta / table["se"])
    half = stats.t.ppf(0.95, table["df"]) * table["se"]
    np.testing.assert_allclose(table["upper"] - table["estimate"], half)
    np.testing.assert_allclose(table["p"], 2 * stats.t.sf(table["t"].abs(), table["df"]))
    # Balanced: CR2 is REML's own, with J - 1 degrees of freedom.
    np.testing.assert_allclose(table["se"], found.se, rtol=1e-6)
    np.testing.assert_allclose(table["df"], 17.0, rtol=1e-9)


def test_other_kinds_are_refused(sleepstudy):
    with pytest.raises(bm.RemlError, match="kind must be 'CR2'"):
        fit("Reaction ~ Days + (1 | Subject)", sleepstudy).robust(kind="CR3")


@pytest.mark.slow
def test_intervals_cover_where_the_model_of_the_variance_is_wrong():
    """A slope that varies between groups, fitted without it: CR2 covers, the model's own interval does not."""
    rng = np.random.default_rng(11)
    group, t = np.repeat(np.arange(15), 6), np.tile(np.arange(6.0), 15)
    covered = np.zeros(2)
    for _ in range(400):
        b = rng.normal(size=(15, 2))
        y = b[group, 0] + (1.0 + b[group, 1]) * t + rng.normal(size=90)
        found = fit("y ~ t + (1 | g)", {"y": y, "t": t, "g": group})
        for k, frame in enumerate((found.robust(), found.fixed_effects())):
            covered[k] += frame.loc["t", "lower"] < 1.0 < frame.loc["t", "upper"]
    assert abs(covered[0] / 400 - 0.95) < 0.033
    assert covered[1] / 400 < 0.8
