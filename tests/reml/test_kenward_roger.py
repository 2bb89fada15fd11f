"""Kenward-Roger against pbkrtest's numbers, and against the definition with matrices of all rows."""

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.reml import fit_reml
from bayesmixed.reml.kenward_roger import KenwardRoger
from tests.designs import random_table, stages
from tests.reference import load_reference, table_path

FITS = {
    "sleepstudy_slope": ("sleepstudy", "Reaction ~ Days + (Days | Subject)"),
    "sleepstudy_uncorrelated": ("sleepstudy", "Reaction ~ Days + (Days || Subject)"),
    "sleepstudy_intercept": ("sleepstudy", "Reaction ~ Days + (1 | Subject)"),
    "sleepstudy_unbalanced_slope": ("unbalanced", "Reaction ~ Days + (Days | Subject)"),
    "dyestuff": ("Dyestuff", "Yield ~ 1 + (1 | Batch)"),
    "dyestuff2": ("Dyestuff2", "Yield ~ 1 + (1 | Batch)"),
    "ergostool": ("ergoStool", "effort ~ Type + (1 | Subject)"),
}


def reml_of(name):
    table, formula = FITS[name]
    data = pd.read_csv(table_path("sleepstudy_unbalanced")) if table == "unbalanced" else bm.load_dataset(table)
    return bm.MixedModel(formula, data).reml()


@pytest.mark.parametrize("name", FITS)
def test_coefficients_agree_with_pbkrtest(name):
    expected = load_reference("lme4")[name]["REML"]["kr"]
    found = reml_of(name).fixed_effects(df="kenward-roger")
    np.testing.assert_allclose(found["se"], [row["Std. Error"] for row in expected], rtol=1e-4)
    np.testing.assert_allclose(found["df"], [row["df"] for row in expected], rtol=1e-4)
    np.testing.assert_allclose(found["t"], [row["t value"] for row in expected], rtol=1e-4)


@pytest.mark.parametrize("name", [name for name in FITS if not name.startswith("dyestuff")])
def test_f_tests_agree_with_pbkrtest(name):
    (expected,) = load_reference("lme4")[name]["REML"]["anova_kr"]
    fit = reml_of(name)
    coded = fit.coded
    beta, L = coded.fixed.matrix @ fit.beta, np.eye(coded.moments.p)[1:]
    df, scale = fit.kenward_roger.test(L)
    adjusted = L @ fit.kenward_roger.adjusted @ L.T
    F = scale * (L @ beta) @ np.linalg.solve(adjusted, L @ beta) / len(L)
    assert (F, df) == pytest.approx((expected["F value"], expected["DenDF"]), rel=1e-4)


def by_definition(fit):
    """Phi_A and W with V and its derivatives as N x N matrices."""
    design, coded = fit.design, fit.coded
    X = coded.fixed.apply(design.X)
    Z = design.Z_rows @ coded.T_inverse
    together = design.group[:, None] == design.group[None, :]
    root = fit.objective.Lambda(fit.optimum.theta) * fit.sigma
    noise = np.diag(1.0 / design.weights)
    V = np.where(together, Z @ root @ root.T @ Z.T, 0.0) + fit.sigma**2 * noise
    derivatives = []
    for i, j in zip(*fit.objective.entries, strict=True):
        E = np.zeros((design.q, design.q))
        E[i, j] = E[j, i] = 1.0
        derivatives.append(np.where(together, Z @ E @ Z.T, 0.0))
    derivatives.append(noise)
    Vi = np.linalg.inv(V)
    Phi = np.linalg.inv(X.T @ Vi @ X)
    P = [-X.T @ Vi @ d @ Vi @ X for d in derivatives]
    Q = [[X.T @ Vi @ d @ Vi @ e @ Vi @ X for e in derivatives] for d in derivatives]
    size = len(derivatives)
    twice = np.array(
        [
            [
                np.trace(Vi @ derivatives[r] @ Vi @ derivatives[s])
                - 2 * np.trace(Phi @ Q[r][s])
                + np.trace(Phi @ P[r] @ Phi @ P[s])
                for s in range(size)
            ]
            for r in range(size)
        ]
    )
    W = 2 * np.linalg.inv(twice)
    inner = sum(W[r, s] * (Q[r][s] - P[r] @ Phi @ P[s]) for r in range(size) for s in range(size))
    return Phi + 2 * Phi @ inner @ Phi, W


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize(
    "formula",
    ["y ~ t + (1 | g)", "y ~ t + (t | g)", "y ~ t + (t || g)", "y ~ t + (0 + t | g)"],
)
def test_unbalanced_designs_agree_with_the_definition(formula, weights):
    table = random_table((5, 4, 6, 3, 5, 7, 4, 1), 3)
    rng = np.random.default_rng(4)
    shift = rng.normal(size=8)[pd.factorize(table["g"])[0]] * (2.0 + table["t"])
    table = table.assign(y=table["y"] + shift, w=rng.uniform(0.5, 2.0, len(table)))
    model = stages(formula, table, weights=weights)
    fit = fit_reml(model.design, model.coded)
    found = KenwardRoger.at(fit.objective, fit.optimum.theta, fit.sigma)
    adjusted, W = by_definition(fit)
    np.testing.assert_allclose(found.adjusted, adjusted, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(found.W, W, rtol=1e-6, atol=1e-9 * np.abs(W).max())


def test_far_away_times_change_nothing(sleepstudy):
    here = bm.MixedModel("Reaction ~ Days + (Days | Subject)", sleepstudy).reml()
    far = bm.MixedModel(
        "Reaction ~ Days + (Days | Subject)", sleepstudy.assign(Days=sleepstudy["Days"] + 1e6)
    ).reml()
    rows = [fit.fixed_effects(df="kenward-roger").loc["Days"] for fit in (here, far)]
    np.testing.assert_allclose(*rows, rtol=1e-6)


def test_ml_fits_and_unknown_methods_are_refused(sleepstudy):
    model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", sleepstudy)
    with pytest.raises(bm.RemlError, match="Kenward-Roger adjusts REML fits"):
        model.reml("ML").fixed_effects(df="kenward-roger")
    with pytest.raises(bm.RemlError, match="df must be 'satterthwaite' or 'kenward-roger', not 'residual'"):
        model.reml().fixed_effects(df="residual")
