"""What a table's order, names, units and codings must not change: REML to rounding, posteriors exactly.

Presets of other packages are invariant where those packages' own priors are: to the unit of y, as theirs scale
with it (rstanarm, Bambi). brms rounds its scales to a decimal and keeps 2.5 as the smallest, so that its posterior
depends on the unit, as it does in brms.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bayesmixed as bm

FORMULAS = ["y ~ t * f + (t | g)", "y ~ f + t + (1 | g)", "y ~ t + u + (t || g)", "y ~ t * u + (1 | g)"]
LEVELS = {"a": "z", "b": "y", "c": "x"}


def table(seed, groups=7):
    """Unbalanced, with groups of one row."""
    rng = np.random.default_rng(seed)
    sizes = [1, *rng.integers(2, 9, groups - 1)]
    g = np.repeat(np.arange(groups), sizes)
    n = len(g)
    rows = pd.DataFrame(
        {
            "g": [f"g{k}" for k in g],
            "t": rng.uniform(0.0, 8.0, n).round(2),
            "u": rng.normal(size=n).round(2),
            "f": rng.permutation(np.resize(["a", "b", "c"], n)),
        }
    )
    b = rng.normal(size=(groups, 2)) * [4.0, 1.0]
    y = 20.0 + 2.0 * rows["t"] + b[g, 0] + b[g, 1] * rows["t"] + rng.normal(0.0, 3.0, n)
    return rows.assign(y=y.round(3))


def changed(rows, seed, unit, origin, scale, shift):
    """Rows and groups in another order and under other names, y and t in other units and from another zero."""
    other = rows.sample(frac=1.0, random_state=seed).reset_index(names="row")
    names = {name: f"new {k}" for k, name in enumerate(sorted(rows["g"].unique(), reverse=True))}
    t, y = unit * (other["t"] + origin), scale * (other["y"] + shift)
    return other.assign(g=other["g"].map(names), f=other["f"].map(LEVELS), t=t, y=y)


changes = st.tuples(
    st.integers(0, 99),
    st.sampled_from([1e-6, 1.0, 1e6]),
    st.sampled_from([0.0, -7.0, 2000.0]),
    st.sampled_from([1e-6, 1.0, 1e6]),
    st.sampled_from([0.0, 1e3]),
)


def free_degrees(fit):
    return fit.design.n_obs - fit.design.p


# ---------------------------------------------------------------- REML
@pytest.mark.parametrize("formula", FORMULAS)
@settings(max_examples=12)
@given(seed=st.integers(0, 30), change=changes)
def test_reml(formula, seed, change):
    """Criterion up to the unit of y and the volume of the columns, fitted values, sigma and centred G."""
    if "||" in formula:  # uncorrelated at t = 0 is another model than uncorrelated elsewhere
        change = (*change[:2], 0.0, *change[3:])
    rows = table(seed)
    _, unit, _, scale, shift = change
    new = changed(rows, *change)
    one, other = bm.MixedModel(formula, rows).reml(), bm.MixedModel(formula, new).reml()
    back = np.argsort(new["row"].to_numpy())
    sizes = {"rtol": 1e-8, "atol": 1e-8 * scale * rows["y"].std()}
    np.testing.assert_allclose(other.fitted()[back], scale * (one.fitted() + shift), **sizes)
    assert other.sigma == pytest.approx(scale * one.sigma, rel=1e-6)
    own, theirs = (np.linalg.slogdet(fit.design.X.T @ fit.design.X)[1] for fit in (one, other))
    volume = theirs - own
    expected = one.criterion + 2.0 * free_degrees(one) * np.log(scale) + volume
    if abs(change[2]) < 100.0:  # the volume itself is lost where t is counted from far away
        assert other.criterion == pytest.approx(expected, rel=1e-8, abs=1e-8)
    if "* u" not in formula and "* f" not in formula:
        slope = list(one.fixed_effects().index).index("t")
        assert other.beta[slope] * unit == pytest.approx(scale * one.beta[slope], rel=1e-7)
    G, moved = (z.design.Z_rows @ z.covariance.G @ z.design.Z_rows.T for z in (one, other))
    wanted = scale**2 * G
    size = max(wanted.max(), scale**2 * one.sigma**2)
    np.testing.assert_allclose(moved[np.ix_(back, back)], wanted, atol=2e-5 * size)


@pytest.mark.slow
@pytest.mark.parametrize("coding", ["C(f, Sum)", "C(f, Treatment('c'))"])
@pytest.mark.parametrize("formula", ["y ~ t * f + (t | g)", "y ~ t + f + (f | g)"])
@pytest.mark.parametrize("seed", range(3))
def test_codings_of_a_factor(formula, coding, seed):
    rows = table(seed, groups=9)
    one, other = (bm.MixedModel(text, rows) for text in (formula, formula.replace("f", coding)))
    np.testing.assert_allclose(other.reml().fitted(), one.reml().fitted(), rtol=1e-8)
    assert other.reml("ML").criterion == pytest.approx(one.reml("ML").criterion, abs=1e-7)
    first, second = one.log_evidence(), other.log_evidence()
    error = np.hypot(first.error, second.error)
    assert second.value == pytest.approx(first.value, abs=5.0 * error + 1e-5)


# ---------------------------------------------------------------- posteriors
@pytest.mark.slow
@pytest.mark.parametrize("formula", ["y ~ f + t + (1 | g)", "y ~ t * f + (1 | g)", "y ~ t + (t | g)"])
@pytest.mark.parametrize(
    "change", [(1, 12.0, 2000.0, 1.0, 0.0), (2, 1.0, 0.0, 1e3, 50.0), (3, 1e-3, -7.0, 1e-6, 0.0)]
)
@pytest.mark.filterwarnings("ignore::bayesmixed.BayesmixedWarning")
def test_evidence_under_default_priors(formula, change):
    """Exactly that of the same table in the old units: ``log p(scale y) = log p(y) - N log scale``."""
    rows = table(5)
    one, other = bm.MixedModel(formula, rows), bm.MixedModel(formula, changed(rows, *change))
    expected = one.log_evidence("quadrature").value - len(rows) * np.log(change[3])
    assert other.log_evidence("quadrature").value == pytest.approx(expected, abs=2e-3)


@pytest.mark.slow
@pytest.mark.parametrize("priors", [None, "rstanarm", "bambi"])
@pytest.mark.filterwarnings("ignore::bayesmixed.BayesmixedWarning")
def test_posteriors_in_another_unit_of_y(priors):
    rows = table(6)
    change = (4, 1.0, 0.0, 1000.0, 0.0)
    models = [bm.MixedModel("y ~ t + (t | g)", data, priors=priors) for data in (rows, changed(rows, *change))]
    fits = [model.fit(2500, random_seed=8, progressbar=False) for model in models]
    for label, values in fits[0].scalars().items():
        other = fits[1].scalars()[label] / (1.0 if "corr" in label else 1000.0)
        assert abs(other.mean() - values.mean()) < 0.08 * values.std(), label
        assert other.std() == pytest.approx(values.std(), rel=0.1), label
