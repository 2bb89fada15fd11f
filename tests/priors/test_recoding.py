"""Default priors do not depend on the coding of factors, on reference levels, or on where t is zero."""

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.priors.draws import draw_priors


def table():
    rng = np.random.default_rng(20)
    group = np.repeat(np.arange(8), 6)
    columns = {
        "g": [f"g{k}" for k in group],
        "t": rng.uniform(0.0, 5.0, 48).round(2),
        "u": rng.normal(3.0, 2.0, 48).round(2),
        "f": rng.choice(["a", "b", "c"], 48, p=[0.5, 0.3, 0.2]),
        "h": rng.choice(["m", "w"], 48),
        "w": rng.uniform(0.5, 2.0, 48).round(2),
    }
    y = 10.0 + columns["t"] + 3.0 * rng.normal(size=8)[group] + rng.normal(size=48)
    return pd.DataFrame(columns | {"y": y.round(3)})


def elsewhere(rows):
    """Months from the year 0 in place of years, and levels in another order."""
    levels = {"a": "z", "b": "y", "c": "x"}
    return rows.assign(
        t=12.0 * rows["t"] + 24_000.0, f=rows["f"].map(levels), h=rows["h"].map({"m": "w", "w": "m"})
    )


def of_the_mean(model):
    """Prior mean and covariance of X beta, in closed form."""
    priors = model.priors.resolved
    families = [(priors[p.name], len(p.columns)) for p in model.names.fixed]
    mean = np.concatenate([np.broadcast_to(prior.mu, size) for prior, size in families])
    sd = np.concatenate([np.broadcast_to(prior.sigma, size) for prior, size in families])
    rows = model.design.X @ priors.fixed_coding.inverse
    return rows @ mean, rows @ np.diag(sd**2) @ rows.T


def assert_same_mean(first, second):
    (m1, S1), (m2, S2) = of_the_mean(first), of_the_mean(second)
    np.testing.assert_allclose(m2, m1, rtol=1e-8)
    np.testing.assert_allclose(S2, S1, atol=1e-7 * np.abs(S1).max())


def quantiles_of_zgz(model, draws=40_000):
    """Of the covariances ``z_i'G z_j`` of some rows, which no coding changes."""
    prior = draw_priors(model.priors.resolved, model.names, draws, np.random.default_rng(1))
    z = model.design.Z_rows[::5]
    V = np.einsum("nq,dqk,mk->dnm", z, prior.covariance.G, z)
    return np.quantile(V, [0.1, 0.5, 0.9], axis=0)


FIXED = [
    "f",
    "t * f",
    "t * u",
    "t * f * h",
    "f * h + u",
    "poly(t, 2) * f",
    "C(f, Sum) * t",
    "bs(u, df=4) + f",
]


@pytest.mark.parametrize("right", FIXED)
@pytest.mark.parametrize("weights", [None, "w"])
def test_units_origin_and_reference_levels(right, weights):
    rows = table()
    first = bm.MixedModel(f"y ~ {right} + (1 | g)", rows, weights=weights)
    assert_same_mean(first, bm.MixedModel(f"y ~ {right} + (1 | g)", elsewhere(rows), weights=weights))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("f", "0 + f"),
        ("t + f", "t + 0 + f"),
        ("f * t", "C(f, Sum) * t"),
        ("f * h", "C(f, Sum) * C(h, Sum)"),
        ("t * f", "f * t"),
    ],
)
def test_codings_of_the_same_space(one, other):
    rows = table()
    assert_same_mean(*(bm.MixedModel(f"y ~ {right} + (1 | g)", rows) for right in (one, other)))


def test_a_term_is_counted_beyond_its_margins():
    """The slope of t is the mean over the rows of the slopes by level; its prior is that of t alone."""
    rows = table()
    priors = bm.MixedModel("y ~ t * h + (1 | g)", rows).priors.resolved
    alone = bm.MixedModel("y ~ t + (1 | g)", rows).priors.resolved
    assert priors["t"].sigma == pytest.approx(alone["t"].sigma)
    t, h = rows["t"] - rows["t"].mean(), (rows["h"] == "w") * 1.0
    X = np.column_stack([np.ones(48), t, h - h.mean()])
    product = (rows["t"] * h).to_numpy()
    left = product - X @ np.linalg.lstsq(X, product, rcond=None)[0]
    spread = 2.5 * rows["y"].std(ddof=0)
    assert priors["t:h"].sigma == pytest.approx((spread / np.sqrt((left**2).mean()),), rel=1e-6)
    on_t = np.linalg.lstsq(X, product, rcond=None)[0][1]
    np.testing.assert_allclose(priors.fixed_coding.matrix[1], [0.0, 1.0, 0.0, on_t], atol=1e-9)


def test_numbers_alone_stay_as_they_were():
    priors = bm.MixedModel("y ~ t + u + (t | g)", table()).priors.resolved
    assert priors.fixed_coding.rotation is None
    assert all(coding.rotation is None for coding in priors.block_codings)


@pytest.mark.parametrize("inside", ["f", "f + t", "f * t"])
def test_random_effects_of_levels(inside):
    rows = table()
    first = bm.MixedModel(f"y ~ t + ({inside} | g)", rows)
    summed = bm.MixedModel(f"y ~ t + ({inside.replace('f', 'C(f, Sum)')} | g)", rows)
    expected = quantiles_of_zgz(first)
    np.testing.assert_allclose(quantiles_of_zgz(summed), expected, rtol=1e-9, atol=1e-9 * expected.max())
    moved = quantiles_of_zgz(bm.MixedModel(f"y ~ t + ({inside} | g)", elsewhere(rows)))
    np.testing.assert_allclose(moved, expected, atol=0.03 * expected.max())


def test_levels_beside_a_constant_are_those_without_one():
    rows = table()
    one, other = (bm.MixedModel(f"y ~ t + ({inside} | g)", rows) for inside in ("f", "0 + f"))
    expected = quantiles_of_zgz(one)
    np.testing.assert_allclose(quantiles_of_zgz(other), expected, atol=0.03 * expected.max())


def test_a_block_is_coded_alike_beside_another_of_its_size():
    rows = table()
    (alone,) = bm.MixedModel("y ~ t + (h | g)", rows).priors.resolved.block_codings
    _, beside = bm.MixedModel("y ~ t + (0 + t + u | g) + (h | g)", rows).priors.resolved.block_codings
    assert alone.rotation is not None
    np.testing.assert_array_equal(beside.matrix, alone.matrix)


def test_a_prior_by_name_is_of_that_coefficient():
    rows = table()
    model = bm.MixedModel(
        "y ~ t * f + (f | g)", rows, priors={"t": bm.Normal(0, 1), "f|g_sigma": bm.HalfNormal(2)}
    )
    resolved = model.priors.resolved
    np.testing.assert_array_equal(resolved.fixed_coding.matrix[1], np.eye(6)[1])
    np.testing.assert_array_equal(resolved.T, np.eye(3))
    draws = draw_priors(resolved, model.names, 20_000, np.random.default_rng(2))
    assert draws.beta[:, 1].std() == pytest.approx(1.0, abs=0.02)
    others = bm.MixedModel("y ~ t * f + (f | g)", rows).priors.resolved.fixed_coding.matrix
    np.testing.assert_array_equal(resolved.fixed_coding.matrix[2:], others[2:])


def test_an_intercept_by_name_is_at_zero():
    model = bm.MixedModel("y ~ t * f + (1 | g)", table(), priors={"Intercept": bm.Normal(0, 1)})
    np.testing.assert_array_equal(model.priors.resolved.fixed_coding.matrix[0], np.eye(6)[0])
    assert "Intercept  " in str(model.priors)


def test_what_is_printed():
    text = str(bm.MixedModel("y ~ t * f + (f | g)", table(), units={"y": "ms"}).priors)
    lines = {line.split("  ")[0]: line for line in text.splitlines()}
    assert "t on average" in lines
    assert "ms" in lines["f[b] on average in uncorrelated columns of mean square 1"]
    assert "f|g_sigma[b] of each level" in lines


@pytest.mark.parametrize("formula", ["y ~ t * f + (f | g)", "y ~ poly(t, 2) + f * h + (t | g)"])
def test_stored_and_streamed_alike(formula, tmp_path):
    rows = table()
    model = bm.MixedModel(formula, rows)
    again = type(model.priors.resolved).from_dict(model.priors.resolved.to_dict())
    np.testing.assert_array_equal(again.fixed_coding.matrix, model.priors.resolved.fixed_coding.matrix)
    np.testing.assert_array_equal(again.T, model.priors.resolved.T)
    if "poly" not in formula:
        streamed = bm.MixedModel.stream(formula, rows, batch_rows=10).priors.resolved
        np.testing.assert_allclose(
            streamed.fixed_coding.matrix, model.priors.resolved.fixed_coding.matrix, atol=1e-9
        )
        np.testing.assert_allclose(streamed.T, model.priors.resolved.T, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("formula", ["y ~ t * f + (1 | g)", "y ~ f + (f | g)"])
def test_posteriors_agree(formula):
    rows = table()
    fits = [
        bm.MixedModel(formula, data).fit(2000, random_seed=3, progressbar=False)
        for data in (rows, elsewhere(rows))
    ]
    one, other = (fit.beta @ fit.model.design.X.T for fit in fits)
    sd = one.std(axis=0)
    assert (np.abs(one.mean(axis=0) - other.mean(axis=0)) < 0.06 * sd).all()
    np.testing.assert_allclose(other.std(axis=0), sd, rtol=0.06)
    first, second = (np.log(fit.covariance.sigma) for fit in fits)
    assert abs(first.mean() - second.mean()) < 0.1 * first.std()
