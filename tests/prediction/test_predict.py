"""Predictions against the same numbers worked out by hand from the draws."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import stats

import bayesmixed as bm
from bayesmixed.prediction import predict as prediction
from bayesmixed.prediction.groups import effects_of_groups
from bayesmixed.prediction.predict import predictive_draws, replicates
from tests import dense
from tests.fits import QUICK, copy_of, fit, fit_without_groups, model, table

ROWS = pd.DataFrame({"Days": [0.0, 4.0, 12.0], "Subject": ["308", "372", "308"]})


@pytest.fixture(scope="module")
def long():
    """Enough draws to hold a standard deviation to a few per cent."""
    return model("slope").fit(draws=2000, tune=500, chains=2, random_seed=6, progressbar=False)


def hand_mean(found, rows=ROWS):
    """X beta + Z b of the rows of observed groups, draw by draw."""
    X = np.column_stack([np.ones(len(rows)), rows["Days"]])
    group = [found.model.design.levels.index(level) for level in rows["Subject"]]
    return found.beta @ X.T + np.einsum("drq,rq->dr", found.effects[:, group], X)


# ---------------------------------------------------------------- the targets
def test_observed_groups_by_hand():
    found = fit("slope")
    draws, table = hand_mean(found), found.predict(ROWS)
    np.testing.assert_allclose(table["mean"], draws.mean(axis=0))
    np.testing.assert_allclose(table["sd"], draws.std(axis=0, ddof=1))
    np.testing.assert_allclose(table["median"], np.median(draws, axis=0))
    np.testing.assert_allclose(table["eti95_ub"], np.quantile(draws, 0.975, axis=0))
    assert list(table.index) == [0, 1, 2]


def test_population_by_hand():
    found = fit("slope")
    draws = found.beta @ np.array([[1.0, 0.0], [1.0, 4.0], [1.0, 12.0]]).T
    table = found.predict(ROWS.drop(columns="Subject"), groups="population", ci_prob=0.5, ci_kind="hdi")
    np.testing.assert_allclose(table["mean"], draws.mean(axis=0))
    np.testing.assert_allclose(table["sd"], draws.std(axis=0, ddof=1))
    assert {"hdi50_lb", "hdi50_ub"} <= set(table.columns)
    np.testing.assert_array_equal(found.predict(ROWS, groups="population")["mean"], table["mean"])


def test_new_groups_by_the_law_of_total_variance(long):
    """Var = Var(x'beta) + E(z'Gz): b has mean zero whatever the other parameters."""
    X = np.column_stack([np.ones(3), ROWS["Days"]])
    population = long.beta @ X.T
    between = np.einsum("rk,dkl,rl->dr", X, long.covariance.G, X)
    table = long.predict(ROWS.assign(Subject="new"), groups="new")
    expected = np.sqrt(population.var(axis=0) + between.mean(axis=0))
    n = len(population)
    np.testing.assert_allclose(table["sd"], expected, rtol=6.0 / np.sqrt(2 * n))
    assert np.abs((table["mean"] - population.mean(axis=0)) / expected).max() < 4.5 / np.sqrt(n)
    assert (table["sd"] > long.predict(ROWS)["sd"]).all()


def test_rows_of_one_new_level_share_b(long):
    rows = pd.DataFrame({"Days": [0.0, 9.0, 9.0, 0.0], "Subject": ["a", "a", "b", "b"]})
    draws = predictive_draws(long, rows, groups="new") - long.beta @ np.array([[1, 0], [1, 9], [1, 9], [1, 0.0]]).T
    found = np.cov(draws.T)
    G = long.covariance.G.mean(axis=0)
    z0, z9 = np.array([1.0, 0.0]), np.array([1.0, 9.0])
    same = z0 @ G @ z9
    scale = np.sqrt((z0 @ G @ z0) * (z9 @ G @ z9))
    tolerance = 6.0 * scale / np.sqrt(len(draws))
    assert found[0, 1] == pytest.approx(same, abs=tolerance)
    assert found[2, 3] == pytest.approx(same, abs=tolerance)
    assert found[0, 2] == pytest.approx(0.0, abs=tolerance)
    assert same > 2 * tolerance


def test_rows_without_a_group_column_are_of_one_new_group():
    rows = pd.DataFrame({"Days": [3.0, 3.0]})
    draws = predictive_draws(fit("slope"), rows, groups="new")
    np.testing.assert_array_equal(draws[:, 0], draws[:, 1])


# ---------------------------------------------------------------- against exact distributions
def exact_mixture(found, rows, groups, kind):
    """Means and standard deviations of rows given each draw of (sd, Omega, sigma), by dense algebra.

    beta is normal given those, so that the predictive distribution is a mixture of normals.
    """
    design = found.model.design
    prior = found.model.priors.resolved.integrated(found.model.names)
    assert not prior.student_terms
    coding = found.model.priors.resolved.fixed_coding.matrix
    K0 = coding.T @ np.diag(prior.precision) @ coding
    new = design.encode(rows)
    means, sds = [], []
    for d in range(len(found.beta)):
        sigma, G = found.covariance.sigma[d], found.covariance.G[d]
        V = dense.covariance(design.Z_rows, design.group, G, sigma, design.weights)
        half = np.linalg.solve(V, design.X)
        P = design.X.T @ half + K0
        middle = np.linalg.solve(P, half.T @ (design.y - design.offset) + K0 @ np.linalg.solve(coding, prior.mean))
        variance = np.einsum("rk,kl,rl->r", new.X, np.linalg.inv(P), new.X)
        if groups == "new":
            variance = variance + np.einsum("rk,kl,rl->r", new.Z_rows, G, new.Z_rows)
        if kind == "response":
            variance = variance + sigma**2
        means.append(new.X @ middle + new.offset)
        sds.append(np.sqrt(variance))
    return np.array(means), np.array(sds)


@pytest.mark.parametrize("kind", ["mean", "response"])
@pytest.mark.parametrize("groups", ["new", "population"])
def test_predictive_quantiles_are_those_of_the_exact_mixture(groups, kind):
    found = fit("slope")
    mean, sd = exact_mixture(found, ROWS, groups, kind)
    n, repeats = len(mean), 20 if groups == "new" or kind == "response" else 1
    draws = np.concatenate(
        [predictive_draws(found, ROWS, groups, kind, random_seed=seed) for seed in range(repeats)]
    )
    for probability in (0.025, 0.25, 0.5, 0.9, 0.975):
        quantile = np.quantile(draws, probability, axis=0)
        reached = stats.norm.cdf(quantile, mean, sd).mean(axis=0)
        # beta was drawn once for each draw of the covariance parameters, b and noise in every repeat.
        error = np.sqrt(probability * (1 - probability) / n)
        np.testing.assert_allclose(reached, probability, atol=4.0 * error)


@pytest.mark.slow
def test_observed_groups_without_kept_draws_of_b_against_exact_conditionals():
    """b drawn anew: normal about the conditional mean of its group, given each draw of the rest."""
    found = fit_without_groups("slope")
    design = found.model.design
    b = effects_of_groups(found, np.array([7, 2]), np.arange(400), np.random.default_rng(3))
    z = np.empty((400, 2, 2))
    for d in range(400):
        sigma, G = found.covariance.sigma[d], found.covariance.G[d]
        V = dense.covariance(design.Z_rows, design.group, G, sigma, design.weights)
        mean, covariance = dense.effects(design.y, design.X, found.beta[d], design.Z_rows, design.group, G, V)
        for k, j in enumerate((7, 2)):
            own = slice(2 * j, 2 * j + 2)
            z[d, k] = np.linalg.solve(np.linalg.cholesky(covariance[own, own]), b[d, k] - mean[j])
    z = z.reshape(400, 4)
    assert np.abs(z.mean(axis=0)).max() < 4.5 / np.sqrt(400)
    np.testing.assert_allclose(np.cov(z.T), np.eye(4), atol=0.3)
    assert stats.kstest(z.ravel(), "norm").pvalue > 0.001


def test_observed_groups_without_kept_draws_of_b():
    kept, moments = fit("slope"), fit_without_groups("slope")
    for kind in ("mean", "response"):
        a, b = kept.predict(ROWS, kind=kind), moments.predict(ROWS, kind=kind)
        assert np.abs((a["mean"] - b["mean"]) / a["sd"]).max() < 4.5 * np.sqrt(2 / 400)
        np.testing.assert_allclose(b["sd"], a["sd"], rtol=0.2)
    draws = predictive_draws(moments, pd.concat([ROWS[:1], ROWS[:1]]))
    np.testing.assert_array_equal(draws[:, 0], draws[:, 1])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mean", "response"])
def test_intervals_of_new_groups_cover(kind):
    """80 % intervals of a group that was not seen, over simulated tables with known parameters."""
    truth = {"Intercept": 10.0, "t": 1.0, "1|g_sigma": 2.0, "t|g_sigma": 0.7, "sigma": 1.0}
    J, n, tables = 15, 5, 300
    rows = pd.DataFrame({"t": np.tile(np.arange(n) - 2.0, J + 1), "g": np.repeat(np.arange(J + 1), n)})
    covered = np.empty((tables, n), dtype=bool)
    for seed in range(tables):
        rng = np.random.default_rng(seed)
        seen = bm.simulate("y ~ t + (t || g)", rows[: J * n], truth, random_seed=seed)
        b = rng.normal(size=2) * [2.0, 0.7]
        new = rows[J * n :].reset_index(drop=True)
        actual = 10.0 + b[0] + (1.0 + b[1]) * new["t"] + (rng.normal(size=n) if kind == "response" else 0.0)
        found = bm.MixedModel("y ~ t + (t || g)", seen).fit(
            engine="importance", draws=500, chains=2, random_seed=seed, progressbar=False
        )
        table = found.predict(new, groups="new", kind=kind, ci_prob=0.8, random_seed=seed)
        covered[seed] = (table["eti80_lb"] < actual) & (actual < table["eti80_ub"])
    # Rows of one table are dependent: each row alone is a binomial sample.
    assert np.abs(covered.mean(axis=0) - 0.8).max() < 3.5 * np.sqrt(0.16 / tables)


def test_a_level_that_was_observed_can_be_new_too():
    found = fit("slope")
    one = ROWS[:1]
    assert found.predict(one, groups="new")["sd"].item() > found.predict(one)["sd"].item()


def test_a_response_adds_the_residual(long):
    mean, response = predictive_draws(long, ROWS), predictive_draws(long, ROWS, kind="response")
    noise = response - mean
    sigma = np.sqrt((long.covariance.sigma**2).mean())
    n = len(noise)
    np.testing.assert_allclose(noise.std(axis=0), sigma, rtol=6.0 / np.sqrt(2 * n))
    assert np.abs(noise.mean(axis=0)).max() < 4.5 * sigma / np.sqrt(n)
    assert np.abs(np.corrcoef(noise.T) - np.eye(3)).max() < 4.5 / np.sqrt(n)
    np.testing.assert_allclose(long.predict(ROWS, kind="response")["sd"], response.std(axis=0, ddof=1))


def test_the_table_of_the_model_is_predicted_by_default():
    found = fit("weighted")
    design = found.model.design
    draws = found.beta @ design.X.T + np.einsum("drq,rq->dr", found.effects[:, design.group], design.Z_rows)
    np.testing.assert_allclose(found.predict()["mean"], (draws + design.offset).mean(axis=0))
    assert design.offset.any()


def test_the_index_is_that_of_the_callers_rows():
    found, rows = fit("slope"), ROWS.set_axis(["x", "y", "z"])
    assert list(found.predict(rows).index) == ["x", "y", "z"]
    assert list(model("slope").reml().predict(rows).index) == ["x", "y", "z"]
    assert list(found.predict(pl.from_pandas(ROWS)).index) == [0, 1, 2]


def test_without_rows_the_index_is_the_place_in_the_table(sleepstudy):
    gappy = sleepstudy.assign(Days=sleepstudy["Days"].where(sleepstudy.index != 3))
    with pytest.warns(bm.BayesmixedWarning, match="dropped"):
        found = bm.MixedModel("Reaction ~ Days + (1 | Subject)", gappy).fit(random_seed=1, **QUICK)
    expected = [0, 1, 2, *range(4, 180)]
    assert list(found.predict().index) == list(found.model.reml().predict().index) == expected


@pytest.mark.parametrize("as_table", [pd.DataFrame, dict, pl.DataFrame, pl.LazyFrame])
def test_missing_groups_do_not_matter_to_the_population(as_table):
    found = fit("slope")
    rows = as_table({"Days": [0.0, 4.0, 12.0], "Subject": ["308", None, "nobody"]})
    expected = found.predict(ROWS, groups="population")
    pd.testing.assert_frame_equal(found.predict(rows, groups="population"), expected)
    reml = model("slope").reml()
    estimate = reml.predict(ROWS, groups="population")["estimate"]
    pd.testing.assert_series_equal(reml.predict(rows, groups="new")["estimate"], estimate)
    with pytest.raises(bm.PredictionError, match="missing value"):
        found.predict(rows)


def test_missing_groups_of_a_model_without_predictors():
    found = fit("intercept")
    for rows in ({"Batch": [None, "A"]}, pl.DataFrame({"Batch": [None, "A"]})):
        assert len(found.predict(rows, groups="population")) == 2


@pytest.mark.parametrize("as_table", [pd.DataFrame, dict, pl.DataFrame])
def test_rows_of_missing_groups_are_of_one_new_group(as_table):
    rows = as_table({"Days": [4.0, 4.0, 4.0], "Subject": [None, "a", None]})
    draws = predictive_draws(fit("slope"), rows, "new")
    np.testing.assert_array_equal(draws[:, 0], draws[:, 2])
    assert (draws[:, 0] != draws[:, 1]).all()


def test_noise_has_the_weights_of_the_rows():
    found, rows = fit("weighted"), table("weighted").iloc[:3]

    def noise(rows):
        return predictive_draws(found, rows, kind="response") - predictive_draws(found, rows)

    plain = noise(rows.drop(columns="w"))
    np.testing.assert_allclose(noise(rows), plain / np.sqrt(rows["w"].to_numpy()), rtol=1e-9, atol=1e-12)
    design = found.model.design
    all_rows = table("weighted").iloc[design.rows]
    np.testing.assert_allclose(noise(None), noise(all_rows), rtol=1e-9, atol=1e-12)
    for wrong in (0.0, -1.0, np.nan, "x"):
        with pytest.raises(bm.PredictionError, match="the weights 'w' of the new rows must be positive"):
            noise(rows.assign(w=wrong))


@pytest.mark.parametrize("groups", ["observed", "new", "population"])
def test_the_offset_of_new_rows_is_added(groups):
    found, rows = fit("weighted"), table("weighted").iloc[:3]
    moved = rows.assign(o=rows["o"] + [5.0, -2.0, 0.0])
    shift = predictive_draws(found, moved, groups) - predictive_draws(found, rows, groups)
    np.testing.assert_allclose(shift, np.broadcast_to([5.0, -2.0, 0.0], shift.shape), atol=1e-9)
    with pytest.raises(bm.PredictionError, match="'o'"):
        predictive_draws(found, rows.drop(columns="o"), groups)


def test_new_rows_are_encoded_as_those_of_the_model():
    found = fit("factor")
    rows = pd.DataFrame({"Type": ["T3"], "Subject": ["2"]})
    j = found.model.design.levels.index("2")
    expected = found.beta[:, 0] + found.beta[:, 2] + found.effects[:, j, 0]
    assert found.predict(rows)["mean"].item() == pytest.approx(expected.mean())


def test_the_same_seed_gives_the_same_predictions():
    found = fit("slope")
    first, again, other = (found.predict(ROWS, groups="new", random_seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not np.isclose(first["mean"], other["mean"]).any()


# ---------------------------------------------------------------- what cannot be predicted
@pytest.mark.parametrize("of", ["fit", "reml"])
def test_an_unseen_level_offers_the_other_targets(of):
    found = fit("slope") if of == "fit" else model("slope").reml()
    rows = ROWS.assign(Subject=["308", "999", "998"])
    with pytest.raises(bm.PredictionError, match="'998', '999' was not observed") as caught:
        found.predict(rows)
    assert "groups='new'" in str(caught.value)
    assert "groups='population'" in str(caught.value)
    assert len(found.predict(rows, groups="new")) == 3
    with pytest.raises(bm.PredictionError, match="no column 'Subject'"):
        found.predict(ROWS[["Days"]])


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"groups": "old"}, "groups must be 'observed', 'new' or 'population', not 'old'"),
        ({"kind": "link"}, "kind must be 'mean' or 'response', not 'link'"),
        ({"ci_kind": "quantile"}, "ci_kind must be"),
        ({"random_seed": "x", "groups": "new"}, "random_seed must be"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, text):
    with pytest.raises(bm.BayesmixedError, match=text):
        fit("slope").predict(ROWS, **options)


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (pd.DataFrame({"Subject": ["308"]}), "'Days'"),
        (pd.DataFrame({"Days": [np.nan], "Subject": ["308"]}), "missing value"),
        (pd.DataFrame({"Days": ["x"], "Subject": ["308"]}), "Days"),
        (pd.DataFrame({"Days": [], "Subject": []}), "no rows"),
    ],
)
def test_rows_that_cannot_be_encoded_are_refused(rows, text):
    with pytest.raises(bm.PredictionError, match=text):
        fit("slope").predict(rows)


def test_an_unseen_level_of_a_predictor_is_refused():
    with pytest.raises(bm.PredictionError, match="T9"):
        fit("factor").predict(pd.DataFrame({"Type": ["T9"], "Subject": ["2"]}))


def test_too_many_numbers_at_once_are_refused(monkeypatch):
    monkeypatch.setattr(prediction, "LIMIT", 1000)
    with pytest.raises(bm.PredictionError, match="3 rows times 400 draws are too many at once"):
        fit("slope").predict(ROWS)


# ---------------------------------------------------------------- fitted values
def test_fitted_and_residuals_add_up_to_y():
    found = fit("weighted")
    np.testing.assert_allclose(found.fitted(), found.predict()["mean"])
    np.testing.assert_allclose(found.fitted() + found.residuals(), found.model.design.y)


@pytest.mark.parametrize("key", ["third slope", "slope"])
def test_fitted_values_from_moments_agree_with_those_from_draws(key):
    kept, moments = fit(key), fit_without_groups(key)
    error = kept.predict()["sd"] / np.sqrt(400)
    assert np.abs((kept.fitted() - moments.fitted()) / error).max() < 5.0
    assert np.corrcoef(kept.fitted(), moments.fitted())[0, 1] > 0.999


def test_reml_predictions_are_those_of_the_estimates():
    reml = model("weighted").reml()
    design = model("weighted").design
    expected = design.X @ reml.beta + design.offset
    np.testing.assert_allclose(reml.predict(groups="population")["estimate"], expected)
    np.testing.assert_allclose(reml.predict(groups="new")["estimate"], expected)
    np.testing.assert_allclose(reml.predict()["estimate"], reml.fitted())
    np.testing.assert_allclose(reml.fitted() + reml.residuals(), design.y)
    assert np.abs(reml.fitted() - expected).max() > 1.0


# ---------------------------------------------------------------- posterior predictive draws
def test_replicates_of_the_table():
    found = copy_of(fit("slope"))
    tree = found.posterior_predictive(random_seed=1)
    assert tree is found.idata
    replicates = tree["posterior_predictive"]
    assert replicates["Reaction"].dims == ("chain", "draw", "__obs__")
    assert replicates["Reaction"].shape == (2, 200, 180)
    assert replicates.attrs["groups"] == "observed"
    np.testing.assert_array_equal(replicates["__obs__"], tree["observed_data"]["__obs__"])
    np.testing.assert_array_equal(replicates["draw"], tree["posterior"]["draw"])


def test_replicates_are_the_mean_of_their_draw_and_noise():
    found = copy_of(fit("weighted"))
    design = found.model.design
    y = found.posterior_predictive(random_seed=1)["posterior_predictive"]["y"].to_numpy().reshape(400, -1)
    mean = predictive_draws(found)
    z = (y - mean) * np.sqrt(design.weights) / found.covariance.sigma[:, None]
    assert abs(z.mean()) < 4.5 / np.sqrt(z.size)
    assert z.var() == pytest.approx(1.0, abs=4.5 * np.sqrt(2 / z.size))
    heavy, light = design.weights > 1.5, design.weights < 0.8
    assert (y - mean)[:, light].std() > 1.2 * (y - mean)[:, heavy].std()


def test_replicates_of_new_groups_vary_more_than_those_of_the_same():
    found = copy_of(fit("slope"))
    same = found.posterior_predictive("observed")["posterior_predictive"]["Reaction"].std(("chain", "draw"))
    new = found.posterior_predictive("new")["posterior_predictive"]["Reaction"].std(("chain", "draw"))
    population = found.posterior_predictive("population")["posterior_predictive"]["Reaction"].std(
        ("chain", "draw")
    )
    assert (new > same).mean() > 0.95
    assert new.mean() > 1.2 * same.mean()
    assert population.mean() < new.mean()
    assert found.idata["posterior_predictive"].attrs["groups"] == "population"


def test_some_evenly_spaced_draws_are_enough():
    found = copy_of(fit("slope"))
    tree = found.posterior_predictive(draws=20, random_seed=1)["posterior_predictive"]
    assert tree["Reaction"].shape == (2, 10, 180)
    assert tree["draw"].to_numpy()[[0, -1]].tolist() == [0, 199]


def test_replicates_keep_within_memory(monkeypatch):
    monkeypatch.setattr(prediction, "LIMIT", 180 * 2 * 25)
    found = copy_of(fit("slope"))
    assert found.posterior_predictive()["posterior_predictive"]["Reaction"].shape == (2, 25, 180)


@pytest.mark.parametrize("groups", ["observed", "new"])
def test_replicates_need_no_kept_draws_of_b(groups):
    found = copy_of(fit_without_groups("slope"))
    y = found.posterior_predictive(groups)["posterior_predictive"]["Reaction"].to_numpy()
    kept = copy_of(fit("slope")).posterior_predictive(groups)["posterior_predictive"]["Reaction"].to_numpy()
    assert y.shape == kept.shape == (2, 200, 180)
    error = kept.std(axis=(0, 1)) * np.sqrt(2 / 400)
    assert np.abs((y.mean(axis=(0, 1)) - kept.mean(axis=(0, 1))) / error).max() < 5.0


def test_replicates_in_blocks_are_complete(monkeypatch):
    """Three draws a block: every draw has its replicate, about its own mean."""
    monkeypatch.setattr(prediction, "BLOCK", 3 * (180 + 18 * 2))
    found = fit("slope")
    y = replicates(found, "observed", None, np.random.default_rng(1)).reshape(400, 180)
    z = (y - predictive_draws(found)) / found.covariance.sigma[:, None]
    assert np.abs(z.mean(axis=1)).max() < 5.0 / np.sqrt(180)
    assert z.std() == pytest.approx(1.0, abs=4.5 / np.sqrt(2 * z.size))


def test_a_number_of_replicates_is_rounded_up_to_whole_chains():
    tree = copy_of(fit("slope")).posterior_predictive(draws=7)["posterior_predictive"]
    assert tree["Reaction"].shape == (2, 4, 180)


@pytest.mark.parametrize("draws", [0, -5, 2.5])
def test_a_number_of_replicates_that_makes_no_sense_is_refused(draws):
    with pytest.raises(bm.PredictionError, match="draws"):
        copy_of(fit("slope")).posterior_predictive(draws=draws)


# ---------------------------------------------------------------- prior predictive draws
@pytest.fixture(scope="module")
def from_priors():
    """Draws from priors of every kind, stated where the data are (default) or at zero (given)."""
    model = bm.MixedModel(
        "Reaction ~ Days + Third + (Third | Subject)",
        table("third slope"),
        priors={"Days": bm.StudentT(4, 3, 2), "sigma": bm.Gamma(4, 0.1), "Subject_corr": bm.LKJ(1.5)},
    )
    return model, model.prior_predictive(draws=4000, random_seed=3)


def test_prior_draws_have_the_names_of_the_posterior(from_priors):
    tree = from_priors[1]
    names = {"Intercept", "Days", "Third", "1|Subject_sigma", "Third|Subject_sigma", "Subject_corr", "sigma"}
    assert set(tree["prior"].data_vars) == names
    assert tree["prior"]["Third|Subject_sigma"].dims == ("chain", "draw", "Third__expr_dim")
    assert tree["prior_predictive"]["Reaction"].dims == ("chain", "draw", "__obs__")
    assert tree["prior_predictive"]["Reaction"].shape == (1, 4000, 180)


def test_prior_draws_have_the_distributions_of_the_priors(from_priors):
    model, tree = from_priors
    prior, families = tree["prior"], model.priors.resolved
    for name in ("Days", "sigma", "1|Subject_sigma"):
        found = stats.kstest(prior[name].to_numpy().ravel(), families[name].distribution().cdf)
        assert found.pvalue > 1e-3, name
    beta = np.column_stack([prior["Intercept"][0], prior["Days"][0], prior["Third"][0]])
    for k, row in enumerate(families.fixed_coding.matrix[2:]):  # uncorrelated columns
        assert stats.kstest(beta @ row, families["Third"].entry(k).distribution().cdf).pvalue > 1e-3, k
    for k, level in enumerate(["b", "c"]):
        draws = prior["Third|Subject_sigma"].sel({"Third__expr_dim": level}).to_numpy().ravel()
        cdf = families["Third|Subject_sigma"].entry(k).distribution().cdf
        assert stats.kstest(draws, cdf).pvalue > 1e-3, level
    # The default prior of the intercept is stated at the means of the columns.
    means = model.design.X.mean(axis=0)
    at_means = prior["Intercept"] + means[1] * prior["Days"] + (prior["Third"] * means[2:]).sum("Third_dim")
    cdf = families["Intercept"].distribution().cdf
    assert stats.kstest(at_means.to_numpy().ravel(), cdf).pvalue > 1e-3
    assert stats.kstest(prior["Intercept"].to_numpy().ravel(), cdf).pvalue < 1e-6
    # A correlation of a 3 x 3 matrix from LKJ(eta) is 2 Beta(eta + 1/2, eta + 1/2) - 1.
    corr = prior["Subject_corr"].to_numpy()[0]
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert stats.kstest((corr[:, i, j] + 1) / 2, stats.beta(2.0, 2.0).cdf).pvalue > 1e-3, (i, j)


def test_prior_tables_are_made_from_their_parameters(from_priors):
    """Given its parameters a table is normal about X beta with covariance V."""
    model, tree = from_priors
    y = tree["prior_predictive"]["Reaction"].to_numpy()[0]
    prior, design = tree["prior"].to_dataset(), model.design
    beta = np.column_stack([prior["Intercept"][0], prior["Days"][0], prior["Third"][0]])
    params = {str(name): values[0].to_numpy() for name, values in prior.items()}
    G, sigma = model.names.covariance(params).G, params["sigma"]
    z = design.Z_rows[7]
    sd = np.sqrt(np.einsum("k,dkl,l->d", z, G, z) + sigma**2)
    scaled = (y[:, 7] - beta @ design.X[7]) / sd
    assert stats.kstest(scaled, stats.norm.cdf).pvalue > 1e-3


def test_prior_draws_of_a_fit_join_its_datatree():
    found = copy_of(fit("slope"))
    tree = found.prior_predictive(draws=20, random_seed=1)
    assert tree is found.idata
    assert {"prior", "prior_predictive", "posterior"} <= set(tree.children)
    again = model("slope").prior_predictive(draws=20, random_seed=1)
    assert again["prior"].identical(tree["prior"])


def test_improper_priors_have_no_draws(sleepstudy):
    found = bm.MixedModel("Reaction ~ Days + (1 | Subject)", sleepstudy, priors="brms")
    with pytest.raises(bm.PriorError, match="'Days'"):
        found.prior_predictive()


@pytest.mark.parametrize("draws", [0, -1, 2.5])
def test_a_number_of_prior_draws_that_makes_no_sense_is_refused(draws):
    with pytest.raises(bm.PredictionError, match="draws must be a whole number"):
        model("slope").prior_predictive(draws=draws)


@pytest.mark.parametrize("groups", ["observed", "new", "population"])
def test_replicates_are_the_posterior_predictive_without_a_trace(groups):
    found = copy_of(fit("weighted"))
    before = set(found.idata.children)
    values = replicates(found, groups, 11, np.random.default_rng(5))
    assert set(found.idata.children) == before
    added = found.posterior_predictive(groups, draws=11, random_seed=5)["posterior_predictive"]["y"]
    assert values.shape == (2, 6, found.model.design.n_obs)
    np.testing.assert_array_equal(added.transpose("chain", "draw", ...), values)


def test_replicates_of_no_kind_are_refused():
    rng = np.random.default_rng(5)
    with pytest.raises(bm.PredictionError, match="groups must be 'observed', 'new' or 'population', not 'old'"):
        replicates(fit("slope"), "old", 10, rng)
    with pytest.raises(bm.PredictionError, match="draws must be a whole number of at least 1, not 0"):
        replicates(fit("slope"), "new", 0, rng)


# ---------------------------------------------------------------- refusals and single values
def test_one_value_may_stand_for_all_rows():
    found, rows = fit("weighted"), {"t": [0.0, 2.0], "f": ["A", "B"], "o": [0.0, 1.0]}
    whole = rows | {"g": ["new", "new"], "w": [4.0, 4.0]}
    for each in (found.predict, model("weighted").reml().predict):
        one = each(rows | {"g": "new", "w": 4.0}, groups="new", kind="response")
        pd.testing.assert_frame_equal(one, each(whole, groups="new", kind="response"))


def test_a_wrong_keyword_names_the_call_of_the_user():
    with pytest.raises(TypeError, match=r"Fit\.predict\(\) got an unexpected keyword argument 'level'"):
        fit("slope").predict(level=0.9)


@pytest.mark.parametrize("option", ["groups", "kind"])
def test_choices_that_are_no_text(option):
    for each in (fit("slope").predict, model("slope").reml().predict):
        with pytest.raises(bm.PredictionError, match=f"{option} must be"):
            each(ROWS, **{option: np.ones(3)})


@pytest.mark.parametrize("ci_prob", ["most", [0.9], {}])
def test_reml_refuses_impossible_probabilities(ci_prob):
    with pytest.raises(bm.PredictionError, match="ci_prob must lie between 0 and 1"):
        model("slope").reml().predict(ROWS, ci_prob=ci_prob)


def test_lists_of_columns_show_the_users_names():
    with pytest.raises(bm.PredictionError, match=r"no column 'Days'. The table has: Subject$"):
        fit("slope").predict({"Subject": ["308"]}, groups="new")
