"""What can be asked of a fit: draws by name, tables, and the verdict on the sampler."""

import arviz as az
import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.fit import Fit
from tests.fits import copy_of, fit, fit_without_groups, model, z_scores


# ---------------------------------------------------------------- draws
def test_draws_are_found_by_the_name_as_typed():
    found = fit("slash")
    draws = found.draws_of("I(Days / 2)|Subject")
    assert draws.shape == (400, 18)
    stored = found.idata["posterior"]["I(Days \u2215 2)|Subject"].to_numpy()
    np.testing.assert_array_equal(draws, stored.reshape(400, 18))
    with pytest.raises(bm.SamplingError, match=r"no variable 'Hours'; it has Intercept, I\(Days / 2\),"):
        found.draws_of("Hours")


def test_scalars_are_every_free_number_in_the_order_of_the_tables():
    labels = [
        *("Intercept", "Third[b]", "Third[c]", "1|Subject_sigma", "Third|Subject_sigma[b]"),
        *("Third|Subject_sigma[c]", "Subject_corr[Intercept,Third[b]]", "Subject_corr[Intercept,Third[c]]"),
        *("Subject_corr[Third[b],Third[c]]", "sigma"),
    ]
    found = fit("third slope")
    scalars = found.scalars()
    assert list(scalars) == labels
    assert all(values.shape == (2, 200) for values in scalars.values())
    posterior = found.idata["posterior"]
    np.testing.assert_array_equal(scalars["Third|Subject_sigma[c]"], posterior["Third|Subject_sigma"][..., 1])
    np.testing.assert_array_equal(
        scalars["Subject_corr[Intercept,Third[c]]"], posterior["Subject_corr"][:, :, 0, 2]
    )


def test_zero_correlations_are_no_free_numbers():
    assert list(fit("uncorrelated").scalars()) == [
        *("Intercept", "Days", "1|Subject_sigma", "Days|Subject_sigma", "sigma")
    ]


def test_one_row_a_draw():
    found = fit("slope")
    frame = found.to_dataframe()
    assert list(frame.columns) == ["chain", "draw", *found.scalars()]
    assert len(frame) == 400
    row = frame[(frame["chain"] == 1) & (frame["draw"] == 7)].iloc[0]
    assert row["Days"] == found.idata["posterior"]["Days"].sel(chain=1, draw=7)


def test_variables_of_the_frame_by_name():
    found = fit("third slope")
    frame = found.to_dataframe(["sigma", "Third|Subject"])
    with np.errstate(invalid="ignore"):
        labels = list(az.summary(found.idata, var_names=["Third|Subject"]).index)
    assert list(frame.columns) == ["chain", "draw", "sigma", *labels]
    entry = found.idata["posterior"]["Third|Subject"].sel(Subject__factor_dim="309", Third__expr_dim="c")
    np.testing.assert_array_equal(frame["Third|Subject[c, 309]"], entry.to_numpy().ravel())
    assert list(found.to_dataframe("sigma").columns) == ["chain", "draw", "sigma"]
    with pytest.raises(bm.SamplingError, match="no variable 'tau'"):
        found.to_dataframe(["tau"])


# ---------------------------------------------------------------- tables
def test_summary_describes_the_draws():
    found = fit("slope")
    summary = found.summary(ci_prob=0.9)
    assert list(summary.index) == list(found.scalars())
    draws = found.scalars()["Days"]
    row = summary.loc["Days"]
    assert row["mean"] == pytest.approx(draws.mean())
    assert row["sd"] == pytest.approx(draws.std(ddof=1))
    assert row["median"] == pytest.approx(np.median(draws))
    np.testing.assert_allclose(row[["eti90_lb", "eti90_ub"]].astype(float), np.quantile(draws, [0.05, 0.95]))


def test_the_shortest_interval_is_that_of_arviz():
    found = fit("slope")
    ours = found.summary(ci_prob=0.9, ci_kind="hdi").loc["1|Subject_sigma", ["hdi90_lb", "hdi90_ub"]].astype(float)
    theirs = az.hdi(found.draws_of("1|Subject_sigma"), prob=0.9)
    assert ours["hdi90_ub"] - ours["hdi90_lb"] == pytest.approx(np.ptp(theirs), rel=0.05)
    equal = found.summary(ci_prob=0.9).loc["1|Subject_sigma"]
    assert ours["hdi90_ub"] - ours["hdi90_lb"] < equal["eti90_ub"] - equal["eti90_lb"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"ci_prob": 95}, "ci_prob must lie between 0 and 1, not 95"),
        ({"ci_prob": 0.0}, "ci_prob must lie between 0 and 1"),
        ({"ci_prob": "a"}, "ci_prob must lie between 0 and 1, not 'a'"),
        ({"ci_kind": "hpd"}, "ci_kind must be 'eti' or 'hdi', not 'hpd'"),
    ],
)
@pytest.mark.parametrize("table", ["summary", "fixed_effects", "variance_components", "icc", "random_effects"])
def test_an_interval_that_makes_no_sense_is_refused(table, options, text):
    with pytest.raises(bm.SamplingError, match=text):
        getattr(fit("slope"), table)(**options)


def test_fixed_effects_are_one_row_a_column_of_X():
    found = fit("factor")
    table = found.fixed_effects()
    assert list(table.index) == ["Intercept", "Type[T2]", "Type[T3]", "Type[T4]"]
    np.testing.assert_allclose(table["mean"], found.beta.mean(axis=0))
    np.testing.assert_allclose(table["median"], np.median(found.beta, axis=0))


def test_variance_components_follow_from_sd_and_sigma_draw_by_draw():
    found = fit("intercept")
    table = found.variance_components()
    sd, sigma = found.draws_of("1|Batch_sigma"), found.draws_of("sigma")
    expected = {
        ("Batch", "Intercept", "sd"): sd,
        ("Batch", "Intercept", "variance"): sd**2,
        ("Batch", "", "share of variance"): sd**2 / (sd**2 + sigma**2),
        ("Residual", "", "sd"): sigma,
        ("Residual", "", "variance"): sigma**2,
        ("Residual", "", "share of variance"): sigma**2 / (sd**2 + sigma**2),
    }
    assert list(table.index) == list(expected)
    np.testing.assert_allclose(table["mean"], [values.mean() for values in expected.values()])
    lower = [np.quantile(values, 0.025) for values in expected.values()]
    np.testing.assert_allclose(table["eti95_lb"], lower)


def test_icc_of_an_intercept_is_the_share_of_variance():
    found = fit("intercept")
    sd, sigma = found.draws_of("1|Batch_sigma"), found.draws_of("sigma")
    assert found.icc_draws().shape == (400, 1)
    np.testing.assert_allclose(found.icc_draws()[:, 0], sd**2 / (sd**2 + sigma**2))
    assert found.icc().loc["Batch", "mean"].item() == pytest.approx((sd**2 / (sd**2 + sigma**2)).mean())


def test_icc_of_a_slope_is_a_function_of_time():
    found = fit("slope")
    G, sigma = found.covariance.G, found.covariance.sigma
    z = np.array([1.0, 3.0])
    between = np.einsum("k,dkl,l->d", z, G, z)
    table = found.icc(at={"Days": [3.0, 0.0]})
    assert list(table.index) == [("Subject", 3.0), ("Subject", 0.0)]
    assert table["mean"].iloc[0] == pytest.approx((between / (between + sigma**2)).mean())
    with pytest.raises(bm.PredictionError, match="does not depend on 'Hours'; it can vary with Days"):
        found.icc(at={"Hours": 1})


def test_random_effects_beside_no_pooling():
    found = fit("slope")
    table = found.random_effects()
    assert table.index.names == ["Subject", "term"]
    assert list(table.index[:2]) == [("308", "Intercept"), ("308", "Days")]
    rows = found.model.design.frame.query("Subject == '308'")
    alone = np.polyfit(rows["Days"], rows["Reaction"], 1)[::-1] - found.beta.mean(axis=0)
    np.testing.assert_allclose(table.loc["308", "no_pooling"], alone, rtol=1e-8)
    np.testing.assert_allclose(table.loc["308", "mean"], found.effects[:, 0].mean(axis=0))
    np.testing.assert_allclose(table["shrinkage"], 1.0 - table["mean"] / table["no_pooling"])


def test_random_effects_from_moments_agree_with_those_from_draws():
    kept, moments = fit("third slope").random_effects(), fit_without_groups("third slope").random_effects()
    assert list(kept.columns) == list(moments.columns)
    assert kept.index.equals(moments.index)
    assert np.abs((kept["mean"] - moments["mean"]) / moments["sd"]).max() < 5.0 / np.sqrt(400)
    assert np.abs(np.log(kept["sd"] / moments["sd"])).max() < 0.2
    np.testing.assert_allclose(kept["no_pooling"], moments["no_pooling"])


def test_what_needs_draws_of_b_says_how_to_keep_them():
    found = fit_without_groups("slope")
    for ask in (lambda: found.effects, found.bayesian_r2):
        with pytest.raises(bm.SamplingError, match="keep_groups=True"):
            ask()


# ---------------------------------------------------------------- verdict
def test_a_good_run_has_no_reasons():
    found = model("intercept").fit(draws=1000, tune=1000, chains=4, random_seed=1, progressbar=False)
    assert found.verdict.ok, found.verdict
    assert found.warnings == ()
    assert "good: 0 divergences" in repr(found)
    assert "4 chains of 1000 draws" in repr(found)


def test_a_short_run_says_what_is_wrong():
    found = model("intercept").fit(draws=20, tune=20, chains=1, random_seed=1, progressbar=False)
    assert not found.verdict.ok
    assert any("one chain" in reason for reason in found.verdict.reasons)
    assert any("ESS" in reason and "raise draws" in reason for reason in found.verdict.reasons)
    assert set(found.verdict.reasons) <= set(found.warnings)
    assert "doubtful" in repr(found)


def test_divergences_are_counted():
    found = copy_of(fit("intercept"))
    found.idata["sample_stats"]["diverging"][0, :3] = True
    assert found.verdict.divergences == 3
    assert "3 divergent transitions" in found.verdict.reasons[0]


def test_chains_that_disagree_are_told():
    found = copy_of(fit("intercept"))
    found.idata["posterior"]["sigma"][1] += 40.0
    assert found.verdict.max_rhat > 1.1
    assert any("R-hat of sigma" in reason for reason in found.verdict.reasons)


def test_draws_without_statistics_are_judged_by_the_draws_alone():
    tree = fit("intercept").idata.copy()
    del tree["sample_stats"]
    verdict = Fit(model("intercept"), tree).verdict
    assert verdict.divergences == 0
    assert np.isnan(verdict.min_bfmi)
    assert verdict.max_rhat == fit("intercept").verdict.max_rhat


def test_notebooks_get_html():
    assert "<table" in fit("slope")._repr_html_()


# ---------------------------------------------------------------- default priors do not depend on units and zeros
LONG = {"draws": 1500, "tune": 500, "chains": 2, "progressbar": False, "random_seed": 3}


@pytest.fixture(scope="module")
def plain():
    return model("slope").fit(**LONG)


@pytest.mark.parametrize("start", [1e6, 2015.0])
def test_counting_time_from_far_away_changes_nothing(sleepstudy, plain, start):
    moved = sleepstudy.assign(Days=sleepstudy["Days"] + start)
    found = bm.MixedModel("Reaction ~ Days + (Days | Subject)", moved).fit(**LONG)
    z = z_scores(found, plain)[["Days", "Days|Subject_sigma", "sigma"]]
    assert z.abs().max() < 4.0, z
    ours, theirs = found.summary()["sd"], plain.summary()["sd"]
    for name in ("Days", "Days|Subject_sigma", "sigma"):
        assert ours[name] == pytest.approx(theirs[name], rel=0.1)
    middle = found.beta[:, 0] + (start + 4.5) * found.beta[:, 1]
    expected = plain.beta[:, 0] + 4.5 * plain.beta[:, 1]
    assert middle.mean() == pytest.approx(expected.mean(), abs=4 * expected.std() * np.sqrt(2 / 2000))
    at = {"Days": start + 4.5}
    assert found.icc(at)["mean"].item() == pytest.approx(plain.icc({"Days": 4.5})["mean"].item(), abs=0.012)


def test_units_of_y_scale_everything(sleepstudy, plain):
    seconds = sleepstudy.assign(Reaction=sleepstudy["Reaction"] * 1000.0)
    found = bm.MixedModel("Reaction ~ Days + (Days | Subject)", seconds).fit(**LONG)
    ours, theirs = found.summary(), plain.summary()
    scale = pd.Series(1000.0, index=ours.index)
    scale["Subject_corr[Intercept,Days]"] = 1.0
    z = (ours["mean"] / scale - theirs["mean"]) / np.hypot(ours["mcse_mean"] / scale, theirs["mcse_mean"])
    assert z.abs().max() < 4.0, z
    np.testing.assert_allclose(ours["sd"] / scale, theirs["sd"], rtol=0.1)
