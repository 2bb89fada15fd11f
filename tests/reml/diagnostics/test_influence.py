"""Leverage against lme4 and derivatives of fitted values; influence against fits without the group."""

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from tests import dense
from tests.designs import random_table
from tests.reference import load_reference, table_path

SIZES = (4, 3, 5, 2, 6, 4, 3, 7, 1, 4)
FORMULAS = [
    "y ~ t + h + (1 | g)",
    "y ~ t * h + f + (t | g)",
    "y ~ t + offset(o) + (t || g)",
    "y ~ t + (0 + x | g)",
    "y ~ 1 + (1 | g)",
]


def table_of(seed=6):
    table = random_table(SIZES, seed)
    between = np.random.default_rng(seed).normal(size=len(SIZES))
    return table.assign(h=between[table["g"].str[1:].astype(int)])


def fit(formula, table=None, weights=None):
    return bm.MixedModel(formula, table_of() if table is None else table, weights=weights).reml()


def covariance_of(found):
    design = found.design
    return dense.covariance(design.Z_rows, design.group, found.G, found.sigma, design.weights)


# ---------------------------------------------------------------- leverage
def hat_matrix(found):
    """Fitted values of the columns of the identity matrix, by generalised least squares with V as it is."""
    design, V = found.design, covariance_of(found)
    unit = np.eye(design.n_obs)
    beta, _ = dense.gls(unit, design.X, V)
    b = dense.effects(unit, design.X, beta, design.Z_rows, design.group, found.G, V)[0]
    b = b.reshape(design.n_groups * design.q, -1)
    return design.X @ beta + dense.group_blocks(design.Z_rows, design.group) @ b


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("formula", FORMULAS)
def test_leverage_is_the_diagonal_of_the_hat_matrix(formula, weights):
    found = fit(formula, weights=weights)
    hat = hat_matrix(found)
    design = found.design
    np.testing.assert_allclose(hat @ (design.y - design.offset), found.fitted() - design.offset, atol=1e-8)
    np.testing.assert_allclose(found.leverage(), np.diag(hat), rtol=1e-8)
    assert design.p < found.leverage().sum() < design.p + design.n_groups * design.q


@pytest.mark.parametrize("name", ["slope", "weighted", "intercept"])
def test_leverage_agrees_with_lme4(name):
    data = pd.read_csv(table_path("sleepstudy_unbalanced"))
    data["w"] = 0.5 + np.arange(1, len(data) + 1) % 4 / 2
    formula = f"Reaction ~ Days + ({'1' if name == 'intercept' else 'Days'} | Subject)"
    found = fit(formula, data, "w" if name == "weighted" else None)
    np.testing.assert_allclose(found.leverage(), load_reference("clubsandwich")[name]["hat"], rtol=1e-4)


def test_leverage_does_not_depend_on_where_time_starts(sleepstudy):
    formula = "Reaction ~ Days + (Days | Subject)"
    before = fit(formula, sleepstudy).leverage()
    after = fit(formula, sleepstudy.assign(Days=sleepstudy["Days"] + 1e6)).leverage()
    np.testing.assert_allclose(after, before, rtol=1e-6)


# ---------------------------------------------------------------- influence
@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("formula", FORMULAS)
def test_influence_is_that_of_fits_without_the_group(formula, weights):
    found = fit(formula, weights=weights)
    design, V = found.design, covariance_of(found)
    y, table = design.y - design.offset, found.influence()
    assert list(table.index) == list(design.levels)
    assert table.index.name == "g"
    for j, level in enumerate(design.levels):
        kept = design.group != j
        beta, _ = dense.gls(y[kept], design.X[kept], V[np.ix_(kept, kept)])
        change = found.beta - beta
        row = table.loc[level]
        own = design.X[~kept]
        assert row["n"] == SIZES[j]
        share = np.trace(own.T @ np.linalg.solve(V[np.ix_(~kept, ~kept)], own) @ found.vcov)
        assert row["leverage"] == pytest.approx(share, rel=1e-8)
        cook = change @ np.linalg.solve(found.vcov, change) / design.p
        assert row["cooks_distance"] == pytest.approx(cook, rel=1e-7)
        for k, label in enumerate(design.fixed_labels):
            assert row[f"beta[{label}]"] == pytest.approx(beta[k], rel=1e-8, abs=1e-8)
            assert row[f"dfbetas[{label}]"] == pytest.approx(change[k] / found.se[k], rel=1e-6, abs=1e-9)
    assert table["leverage"].sum() == pytest.approx(design.p)


def test_a_group_that_tells_a_coefficient_alone_has_no_finite_influence():
    table = table_of()
    table["only"] = (table["g"] == "g2").astype(float)
    found = fit("y ~ t + only + (1 | g)", table)
    with pytest.warns(bm.BayesmixedWarning, match="without g 'g2' the rows do not determine every coefficient"):
        frame = found.influence()
    lost = frame.loc["g2"]
    assert lost.drop(["n", "leverage"]).isna().all()
    assert np.isfinite(lost[["n", "leverage"]]).all()
    assert np.isfinite(frame.drop(index="g2")).all(axis=None)


def test_an_outlying_group_stands_out(sleepstudy):
    table = sleepstudy.copy()
    table.loc[table["Subject"] == "350", "Reaction"] += 40.0 * table["Days"]
    frame = fit("Reaction ~ Days + (Days | Subject)", table).influence()
    assert frame["cooks_distance"].idxmax() == "350"
    assert frame.loc["350", "dfbetas[Days]"] > 0.5
    assert frame.loc["350", "beta[Days]"] == pytest.approx(frame["beta[Days]"].min())


def test_without_fixed_effects_there_is_leverage_but_no_influence():
    found = fit("y ~ 0 + (1 | g)")
    np.testing.assert_allclose(found.leverage(), np.diag(hat_matrix(found)), rtol=1e-8)
    with pytest.raises(bm.RemlError, match="no fixed effects that a group could influence"):
        found.influence()
