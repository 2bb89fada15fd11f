"""`Fit.check`: what its table says, calibration under a true model, and what it flags."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesmixed as bm
from bayesmixed.checks.catalogue import STATISTICS
from bayesmixed.checks.replicated import replicated_statistics, two_sided_p
from bayesmixed.checks.statistics import anova_icc
from bayesmixed.errors import PredictionError
from bayesmixed.prediction import predict as prediction
from bayesmixed.seeds import generator, seed_sequence
from tests import fits

J, N = 30, 8
FAST = {"engine": "importance", "draws": 250, "chains": 2, "random_seed": 1, "progressbar": False}


def table_of(seed, effects=None, noise=None):
    """Rows of 30 groups, by default of a right model."""
    rng = np.random.default_rng(seed)
    effects = 2.0 * rng.normal(size=J) if effects is None else effects(rng)
    noise = rng.normal(size=(J, N)) if noise is None else noise(rng)
    y = 10.0 + effects[:, None] + noise
    return pd.DataFrame({"y": y.ravel(), "t": np.tile(np.arange(N), J), "g": np.repeat(np.arange(J), N)})


def check(table, formula="y ~ t + (1 | g)", **options):
    return bm.MixedModel(formula, table).fit(**FAST).check(**options)


def autoregressive(rng, correlation=0.5):
    e = rng.normal(size=(J, N))
    for k in range(1, N):
        e[:, k] = correlation * e[:, k - 1] + np.sqrt(1 - correlation**2) * e[:, k]
    return e


# ---------------------------------------------------------------- the table
def test_the_table_compares_data_with_replicates():
    found, fit = fits.fit("slope").check(draws=100, random_seed=3), fits.fit("slope")
    design = fit.model.design
    y = prediction.replicates(fit, "new", 100, generator(seed_sequence(3), 0)).reshape(-1, design.n_obs)
    values = np.array([anova_icc(row, design.group) for row in y])
    row = found.loc["ICC (ANOVA)"]
    assert row["observed"] == pytest.approx(anova_icc(design.y, design.group))
    assert row["mean"] == pytest.approx(values.mean())
    assert row["eti95_lb"] == pytest.approx(np.quantile(values, 0.025))
    share = ((values > row["observed"]).sum() + 0.5) / 101
    assert row["p"] == pytest.approx(2 * min(share, 1 - share))
    assert list(found.index) == list(STATISTICS)
    assert found["groups"].tolist() == ["new"] * 6 + ["either"] * 2


def test_replicates_are_not_all_held(monkeypatch):
    """In blocks of three tables: the statistics are those of the same draws."""
    whole = replicated_statistics(fits.fit("slope"), draws=40).replicated["residual spread"]
    monkeypatch.setattr(prediction, "BLOCK", 3 * (180 + 36))
    parts = replicated_statistics(fits.fit("slope"), draws=40).replicated["residual spread"]
    assert parts.shape == whole.shape == (2, 20)
    assert parts.mean() == pytest.approx(whole.mean(), abs=4.5 * whole.std() * np.sqrt(2 / 40))


def test_without_kept_draws_of_b():
    found = fits.fit_without_groups("slope").check(groups="observed", draws=100)
    kept = fits.fit("slope").check(groups="observed", draws=100)
    assert (found["mean"] - kept["mean"]).abs().div(kept["eti95_ub"] - kept["eti95_lb"]).max() < 0.25


def test_a_model_without_fixed_effects():
    found = check(table_of(1), "y ~ 0 + (1 | g)")
    assert np.isfinite(found["p"]).all()


@pytest.mark.parametrize("groups", ["observed", "new"])
def test_a_check_leaves_the_fit_as_it_was(groups):
    fit = fits.fit("intercept")
    before = set(fit.idata.children)
    found = replicated_statistics(fit, groups, draws=20)
    assert set(fit.idata.children) == before
    assert found.replicated["between-group sd"].shape == (2, 10)
    assert found.n_replicates == 20


def test_words():
    found = fits.fit("slope").check()
    assert found.loc["between-group sd", "reading"].startswith("your between-group sd is like that of the model's")
    spread = found.loc["residual spread", "reading"]
    assert "higher than that of any of the model's 400 tables" in spread
    assert "one sigma does not fit all groups" in spread
    same = fits.fit("slope").check(groups="observed")["reading"]
    assert "hardly test this" in same["ICC (ANOVA)"]
    assert "hardly test this" not in same["residual spread"]


def test_residuals_do_not_care_which_groups_are_replicated():
    new, same = (fits.fit("slope").check(groups=groups, draws=None) for groups in ("new", "observed"))
    for name in ("autocorrelation", "residual spread"):
        width = new.loc[name, "eti95_ub"] - new.loc[name, "eti95_lb"]
        assert abs(new.loc[name, "mean"] - same.loc[name, "mean"]) < 0.1 * width
    width = new["eti95_ub"] - new["eti95_lb"] - 1.5 * (same["eti95_ub"] - same["eti95_lb"])
    assert width["between-group sd"] > 0


# ---------------------------------------------------------------- which statistics
def test_functions_of_the_users_own():
    def slowest(y, table):
        return y[table["Days"].to_numpy() == 9].max()

    fit = fits.fit("slope")
    found = fit.check(statistics=["ICC (ANOVA)", slowest], draws=50)
    assert list(found.index) == ["ICC (ANOVA)", "slowest"]
    assert found.loc["slowest", "observed"] == 466.3535
    named = fit.check(statistics={"last day": slowest}, draws=50)
    assert named.loc["last day"].drop("reading").equals(found.loc["slowest"].drop("reading"))


@pytest.mark.parametrize(
    ("statistics", "text"),
    [
        ("skewness", "no statistic 'skewness'; there are between-group sd"),
        ([], "statistics is empty"),
        ({"a": 3}, "must be a function"),
        ({"a": lambda y, table: y}, "must give one number"),
        ({"a": lambda y, table: np.nan}, "gives nan"),
        (["ICC (ANOVA)", "ICC (ANOVA)"], "the same name"),
    ],
)
def test_statistics_that_make_no_sense_are_refused(statistics, text):
    with pytest.raises(bm.PredictionError, match=text):
        fits.fit("slope").check(statistics=statistics, draws=10)


def test_what_a_table_does_not_have_is_left_out():
    fit = fits.fit("intercept")
    assert "autocorrelation" not in fit.check(draws=10).index
    with pytest.raises(bm.PredictionError, match="this table has no autocorrelation"):
        fit.check(statistics="autocorrelation", draws=10)
    assert "autocorrelation" in fit.check(draws=10, time=np.arange(30)).index
    with pytest.raises(bm.PredictionError, match="groups must be 'observed' or 'new'"):
        fit.check(groups="population")


def test_p_of_ranks():
    values = np.arange(99.0)
    assert [two_sided_p(value, values) for value in (-1.0, 100.0)] == pytest.approx([0.01, 0.01])
    assert two_sided_p(49.0, values) == 1.0
    assert two_sided_p(1.0, np.ones(9)) == 1.0


# ---------------------------------------------------------------- power
def test_a_right_model_is_not_flagged():
    assert (check(table_of(7))["p"] > 0.05).all()


def test_autocorrelated_residuals_are_flagged():
    found = check(table_of(2, noise=autoregressive))
    assert found.loc["autocorrelation", "p"] < 0.01
    assert found.loc["residual spread", "p"] > 0.05
    assert "neighbours in time are more alike" in found.loc["autocorrelation", "reading"]


def test_residuals_of_unequal_spread_are_flagged():
    def noise(rng):
        return rng.normal(size=(J, N)) * np.exp(0.6 * rng.normal(size=(J, 1)))

    found = check(table_of(3, noise=noise))
    assert found.loc["residual spread", "p"] < 0.01
    assert found.loc["autocorrelation", "p"] > 0.05


def test_heavy_tails_of_group_effects_are_flagged_by_new_groups_only():
    table = table_of(5, effects=lambda rng: 2.0 * rng.standard_t(1.5, size=J))
    new, same = check(table), check(table, groups="observed")
    assert new.loc["farthest group", "p"] < 0.01
    assert same.loc["farthest group", "p"] > 0.05
    assert "heavier tails" in new.loc["farthest group", "reading"]


def test_a_prior_that_holds_the_groups_together_is_flagged():
    priors = {"1|g_sigma": bm.HalfNormal(0.1)}
    model = bm.MixedModel("y ~ t + (1 | g)", table_of(6), priors=priors)
    with pytest.warns(bm.BayesmixedWarning, match="of their mass on an ICC"):
        fit = model.fit(**FAST)
    found = fit.check()
    assert found.loc["between-group sd", "p"] < 0.01
    assert "the prior of the sd between groups may pull it down" in found.loc["between-group sd", "reading"]


# ---------------------------------------------------------------- calibration
@pytest.mark.slow
def test_p_values_under_a_right_model():
    """Exact for statistics of residuals; conservative for those of groups, whose sd was estimated."""
    p = pd.DataFrame([check(table_of(1000 + seed))["p"] for seed in range(300)])
    for name in ("autocorrelation", "residual spread"):
        assert stats.kstest(p[name], "uniform").pvalue > 0.005
    for name in set(STATISTICS) - {"autocorrelation", "residual spread"}:
        assert (p[name] < 0.05).mean() < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)
    assert stats.kstest(p["farthest group"], "uniform").pvalue > 1e-4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"statistics": {}}, "statistics is empty"),
        ({"statistics": np.mean}, "'mean' fails when called with .y, table.*: TypeError"),
        ({"statistics": {"gap": lambda y, table: table["nope"]}}, "'gap' fails .*: KeyError: 'nope'"),
        ({"time": np.ones((180, 2))}, r"not an array of shape \(180, 2\)"),
        ({"groups": np.ones(3)}, "groups must be 'observed' or 'new'"),
    ],
)
def test_what_else_is_refused(options, message):
    with pytest.raises(PredictionError, match=message):
        fits.fit("slope").check(draws=20, **options)
