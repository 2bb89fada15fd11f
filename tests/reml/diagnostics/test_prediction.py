"""Predictions and their standard errors against Henderson's mixed model equations with all groups at once."""

import numpy as np
import pytest
from scipy import stats

import bayesmixed as bm
from bayesmixed.reml.satterthwaite import satterthwaite_df
from tests import dense
from tests.designs import random_table

SIZES = (4, 3, 5, 2, 6, 4, 3, 7, 1, 4)
FORMULAS = ["y ~ t + (1 | g)", "y ~ t + f + (t | g)", "y ~ t + offset(o) + (t || g)", "y ~ t + (0 + t | g)"]


def table_of(seed=8):
    """Random rows with intercepts and slopes that REML does not set to zero."""
    table = random_table(SIZES, seed)
    b = np.random.default_rng(seed).normal(size=(len(SIZES), 2)) * [10.0, 3.0]
    place = table["g"].str[1:].astype(int)
    return table.assign(y=table["y"] + b[place, 0] + b[place, 1] * table["t"])


def fit(formula, weights=None, **options):
    return bm.MixedModel(formula, table_of(), weights=weights).reml(**options)


def errors_of_estimation(found):
    """Joint covariance of (betahat - beta, bhat - b): the inverse of the mixed model equations."""
    design = found.design
    W = np.column_stack([design.X, dense.group_blocks(design.Z_rows, design.group)])
    equations = W.T @ (W * design.weights[:, None]) / found.sigma**2
    inverse_G = np.kron(np.eye(design.n_groups), np.linalg.inv(found.G))
    equations[design.p :, design.p :] += inverse_G
    return np.linalg.inv(equations)


NEW = {
    "t": [0.0, 3.5, 20.0, 4.0],
    "x": [1.0, 0.0, -1.0, 2.0],
    "f": ["A", "C", "B", "A"],
    "o": [0.0, 1.0, 2.0, 3.0],
    "g": ["g3", "g8", "g0", "g3"],
    "w": [1.0, 0.5, 2.0, 4.0],
}


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("formula", FORMULAS)
def test_observed_groups(formula, weights):
    found = fit(formula, weights)
    assert not found.singular
    design, C = found.design, errors_of_estimation(found)
    for rows in (None, NEW):
        encoded = design if rows is None else design.encode(rows)
        group = design.group if rows is None else np.array([design.levels.index(g) for g in NEW["g"]])
        Z = np.zeros((len(group), design.n_groups, design.q))
        Z[np.arange(len(group)), group] = encoded.Z_rows
        columns = np.column_stack([encoded.X, Z.reshape(len(group), -1)])
        table = found.predict(rows)
        np.testing.assert_allclose(table["se"], np.sqrt(np.einsum("nk,kl,nl->n", columns, C, columns)), rtol=1e-8)
        expected = columns @ np.concatenate([found.beta, found.effects[0].ravel()]) + encoded.offset
        np.testing.assert_allclose(table["estimate"], expected, rtol=1e-10)


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("formula", FORMULAS)
def test_new_groups_the_population_and_responses(formula, weights):
    found = fit(formula, weights)
    encoded = found.design.encode(NEW)
    X, Z = encoded.X, encoded.Z_rows
    fixed = np.einsum("nk,kl,nl->n", X, found.vcov, X)
    between = np.einsum("nk,kl,nl->n", Z, found.G, Z)
    noise = found.sigma**2 / (np.array(NEW["w"]) if weights else 1.0)
    observed = found.predict(NEW)["se"] ** 2
    for groups, expected in {"population": fixed, "new": fixed + between, "observed": observed}.items():
        mean, response = (found.predict(NEW, groups, kind) for kind in ("mean", "response"))
        np.testing.assert_allclose(mean["se"], np.sqrt(expected), rtol=1e-9)
        np.testing.assert_allclose(response["se"], np.sqrt(expected + noise), rtol=1e-9)
        np.testing.assert_array_equal(mean["estimate"], response["estimate"])
        if groups != "observed":
            np.testing.assert_allclose(mean["estimate"], X @ found.beta + encoded.offset, rtol=1e-12)


def test_weights_of_1_where_new_rows_have_none():
    found = fit("y ~ t + (1 | g)", "w")
    rows = {"t": [2.0], "g": ["g1"]}
    mean, response = (found.predict(rows, kind=kind)["se"][0] for kind in ("mean", "response"))
    assert response**2 - mean**2 == pytest.approx(found.sigma**2)
    own = found.predict(kind="response")["se"] ** 2 - found.predict()["se"] ** 2
    np.testing.assert_allclose(own, found.sigma**2 / found.design.weights)


def test_a_singular_fit(dyestuff2):
    """G = 0: no group differs from the population, and only beta is uncertain."""
    found = bm.MixedModel("Yield ~ 1 + (1 | Batch)", dyestuff2).reml()
    for groups in ("observed", "new", "population"):
        table = found.predict(groups=groups)
        np.testing.assert_allclose(table["se"], found.se[0])
        np.testing.assert_allclose(table["df"], 29.0, rtol=1e-6)
    np.testing.assert_array_equal(found.random_effects()["prediction_se"], 0.0)


def test_a_correlation_of_one():
    rng = np.random.default_rng(1)
    group, t = np.repeat(np.arange(12), 5), np.tile(np.arange(5) - 2.0, 12)
    y = 4 * rng.normal(size=12)[group] * (1 + t) + 3 * rng.normal(size=60)
    found = bm.MixedModel("y ~ t + (t | g)", {"y": y, "t": t, "g": group}).reml()
    assert found.singular
    design = found.design
    V = dense.covariance(design.Z_rows, group, found.G, found.sigma)
    blocks, G = dense.group_blocks(design.Z_rows, group), np.kron(np.eye(12), found.G)
    gain = G @ blocks.T @ np.linalg.inv(V)
    pull = gain @ design.X
    covariance = G - gain @ blocks @ G + pull @ found.vcov @ pull.T
    np.testing.assert_allclose(found.random_effects()["prediction_se"], np.sqrt(np.diag(covariance)), rtol=1e-6)


# ---------------------------------------------------------------- random effects
@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("formula", FORMULAS)
def test_standard_errors_of_random_effects(formula, weights):
    found = fit(formula, weights)
    table = found.random_effects()
    p = found.design.p
    np.testing.assert_allclose(table["prediction_se"] ** 2, np.diag(errors_of_estimation(found))[p:], rtol=1e-8)
    assert (table["prediction_se"] > table["sd"]).all()


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("formula", FORMULAS)
def test_conditional_variances_of_every_group(formula, weights):
    found = fit(formula, weights)
    design, q = found.design, found.design.q
    V = dense.covariance(design.Z_rows, design.group, found.G, found.sigma, design.weights)
    y = design.y - design.offset
    mean, covariance = dense.effects(y, design.X, found.beta, design.Z_rows, design.group, found.G, V)
    np.testing.assert_allclose(found.effects[0], mean, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(found.random_effects()["sd"], np.sqrt(np.diag(covariance)), rtol=1e-8)
    for j, variance in enumerate(found.effects[1]):
        own = slice(j * q, (j + 1) * q)
        np.testing.assert_allclose(variance, covariance[own, own], rtol=1e-8, atol=1e-9)


# ---------------------------------------------------------------- degrees of freedom and intervals
def test_population_degrees_of_freedom_are_those_of_the_contrast():
    found = fit("y ~ t + f + (t | g)")
    X = found.design.encode(NEW).X
    expected = satterthwaite_df(found.derivatives, X @ found.coded.fixed.inverse)
    np.testing.assert_allclose(found.predict(NEW, "population")["df"], expected, rtol=1e-6)


def test_balanced_one_way_layout():
    """Mean squares are independent and their expectations known: Satterthwaite's original formula."""
    J, n = 8, 5
    rng = np.random.default_rng(5)
    group = np.repeat(np.arange(J), n)
    y = 3.0 * rng.normal(size=J)[group] + rng.normal(size=J * n)
    found = bm.MixedModel("y ~ 1 + (1 | g)", {"y": y, "g": group}).reml()
    means = y.reshape(J, n).mean(axis=1)
    msb, msw = n * means.var(ddof=1), y.reshape(J, n).var(axis=1, ddof=1).mean()

    def expected(between, within):
        variance = between * msb + within * msw
        return variance, variance**2 / ((between * msb) ** 2 / (J - 1) + (within * msw) ** 2 / (J * (n - 1)))

    cases = {
        ("population", "mean"): (1 / (J * n), 0.0),
        ("population", "response"): (1 / (J * n), 1.0),
        ("new", "mean"): ((1 + 1 / J) / n, -1 / n),
        ("new", "response"): ((1 + 1 / J) / n, 1 - 1 / n),
    }
    for (groups, kind), weights in cases.items():
        row = found.predict({"g": ["0"]}, groups, kind).loc[0]
        variance, df = expected(*weights)
        assert row["se"] ** 2 == pytest.approx(variance, rel=1e-6)
        assert row["df"] == pytest.approx(df, rel=1e-5)


def test_intervals():
    found = fit("y ~ t + (t | g)")
    table = found.predict(NEW, ci_prob=0.8)
    assert list(table.columns) == ["estimate", "se", "df", "lower", "upper"]
    half = stats.t.ppf(0.9, table["df"]) * table["se"]
    np.testing.assert_allclose(table["upper"] - table["estimate"], half)
    np.testing.assert_allclose(table["estimate"] - table["lower"], half)
    assert list(found.predict(NEW, ci_prob=None).columns) == ["estimate", "se"]


def test_fits_by_maximum_likelihood_have_them_too():
    found = fit("y ~ t + (t | g)", method="ML")
    C = errors_of_estimation(found)
    np.testing.assert_allclose(found.random_effects()["prediction_se"] ** 2, np.diag(C)[2:], rtol=1e-8)
    assert np.isfinite(found.predict()).all(axis=None)


def test_what_is_known_exactly_has_an_interval_of_no_width():
    found = fit("y ~ 0 + (1 | g)")
    row = found.predict({"g": ["g1"]}, "population").loc[0]
    assert row.tolist() == [0.0, 0.0, np.inf, 0.0, 0.0]
    assert found.predict({"g": ["g1"]}).loc[0, "se"] == pytest.approx(np.sqrt(found.effects[1][1, 0, 0]))


def test_time_far_from_zero(sleepstudy):
    formula = "Reaction ~ Days + (Days | Subject)"
    before = bm.MixedModel(formula, sleepstudy).reml().predict()
    after = bm.MixedModel(formula, sleepstudy.assign(Days=sleepstudy["Days"] + 1e6)).reml().predict()
    np.testing.assert_allclose(after["se"], before["se"], rtol=1e-6)
    np.testing.assert_allclose(after["estimate"], before["estimate"], rtol=1e-8)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"groups": "old"}, "groups must be 'observed', 'new' or 'population', not 'old'"),
        ({"kind": "link"}, "kind must be 'mean' or 'response', not 'link'"),
        ({"ci_prob": 95}, "ci_prob must lie between 0 and 1, or be None, not 95"),
    ],
)
def test_other_arguments_are_refused(options, text):
    with pytest.raises(bm.PredictionError, match=text):
        fit("y ~ t + (1 | g)").predict(NEW, **options)


@pytest.mark.slow
def test_intervals_of_new_groups_cover_with_few_groups():
    rng = np.random.default_rng(3)
    group = np.repeat(np.arange(6), 8)
    covered = normal = 0
    for _ in range(1000):
        y = 2.0 * rng.normal(size=6)[group] + rng.normal(size=48)
        found = bm.MixedModel("y ~ 1 + (1 | g)", {"y": y, "g": group}).reml()
        row = found.predict({"g": ["new"]}, groups="new").loc[0]
        mean = 2.0 * rng.normal()
        covered += row["lower"] < mean < row["upper"]
        normal += abs(mean - row["estimate"]) < 1.96 * row["se"]
    assert abs(covered / 1000 - 0.95) < 0.02
    assert normal / 1000 < 0.92
