"""Parametric bootstrap: lme4's intervals, closed forms, seeds, what is refused."""

import numpy as np
import pytest
from scipy import stats

import bayesmixed as bm
from bayesmixed.errors import RemlError, SamplingError
from bayesmixed.reml import fit_reml
from tests.designs import random_table, stages

SLOPE = "Reaction ~ Days + (Days | Subject)"


def fit(formula, table, method="REML", weights=None):
    model = stages(formula, table, weights=weights)
    return fit_reml(model.design, model.coded, method)


@pytest.fixture(scope="module")
def slope():
    return fit(SLOPE, bm.load_dataset("sleepstudy"))


@pytest.fixture(scope="module")
def boot(slope):
    return slope.bootstrap(1000, random_seed=1)


def test_labels_are_those_of_the_other_tables(boot):
    assert list(boot.draws) == [
        "Intercept",
        "Days",
        "1|Subject_sigma",
        "Days|Subject_sigma",
        "Subject_corr[Intercept,Days]",
        "sigma",
        "ICC(Subject | Days = 0)",
        "ICC(Subject | Days = 4.5)",
        "ICC(Subject | Days = 9)",
        "ICC(Subject | mean over rows)",
    ]
    assert list(boot.confint()) == ["estimate", "lower", "upper"]
    assert list(boot.confint().index) == list(boot.draws)
    assert boot.draws.index.name == "replicate"


def test_estimates_are_those_of_the_fit(slope, boot):
    np.testing.assert_allclose(boot.estimates[["Intercept", "Days"]], slope.beta, rtol=1e-12)
    assert boot.estimates["sigma"] == pytest.approx(slope.sigma)
    np.testing.assert_allclose(
        boot.estimates[["1|Subject_sigma", "Days|Subject_sigma"]], slope.covariance.sd, rtol=1e-10
    )
    np.testing.assert_allclose(boot.estimates.iloc[-4:], slope.icc()["estimate"], rtol=1e-10)


def test_intervals_are_lme4s(boot):
    """confint(m, method="boot", nsim=2000) of lme4 1.1, seed 1; both carry Monte Carlo errors."""
    golden = {
        "1|Subject_sigma": (11.766, 35.657),
        "Subject_corr[Intercept,Days]": (-0.504, 0.895),
        "Days|Subject_sigma": (3.195, 8.300),
        "sigma": (22.728, 28.527),
        "Intercept": (237.697, 264.415),
        "Days": (7.304, 13.456),
    }
    found = boot.confint()
    for label, limits in golden.items():
        width = limits[1] - limits[0]
        np.testing.assert_allclose(found.loc[label, ["lower", "upper"]].astype(float), limits, atol=0.07 * width)


def test_standard_errors_of_coefficients(slope, boot):
    # 1,000 draws know an sd to 2.2 %.
    np.testing.assert_allclose(boot.standard_errors()[["Intercept", "Days"]], slope.se, rtol=0.09)


def test_percentile_and_basic_intervals(boot):
    draws = np.sort(boot.draws["sigma"].to_numpy())
    assert len(draws) == 1000 - boot.failed
    low, high = boot.confint(0.9).loc["sigma", ["lower", "upper"]]
    position = 0.05 * (len(draws) + 1) - 1
    k = int(position)
    assert low == pytest.approx(draws[k] + (position - k) * (draws[k + 1] - draws[k]))
    basic = boot.confint(0.9, kind="basic").loc["sigma"]
    assert basic["lower"] == pytest.approx(2 * basic["estimate"] - high)
    assert basic["upper"] == pytest.approx(2 * basic["estimate"] - low)


@pytest.mark.slow
def test_share_of_singular_fits_is_that_of_the_closed_form(dyestuff):
    """Balanced one-way layout: P(zero) = cdf of F at (1 - ICC) / (1 + (n - 1) ICC)."""
    one = fit("Yield ~ 1 + (1 | Batch)", dyestuff)
    boot = one.bootstrap(1500, random_seed=2)
    icc = float(one.icc()["estimate"].iloc[0])
    expected = stats.f(5, 24).cdf((1 - icc) / (1 + 4 * icc))
    assert boot.failed == 0
    assert boot.singular_share == pytest.approx(expected, abs=4 * np.sqrt(expected / 1500))
    zero = boot.draws["1|Batch_sigma"] == 0.0
    np.testing.assert_array_equal(zero, boot.singular)
    assert (boot.draws.loc[zero, "ICC(Batch)"] == 0.0).all()


@pytest.mark.slow
def test_balanced_layout_has_the_distribution_of_mean_squares(dyestuff):
    """sigma^2 = MSW and sd^2 = (MSB - MSW) / n where that is positive; MSB and MSW are chi-squares."""
    one = fit("Yield ~ 1 + (1 | Batch)", dyestuff)
    draws = one.bootstrap(1000, random_seed=3).draws
    inside = draws[draws["1|Batch_sigma"] > 0]
    between = 5 * inside["1|Batch_sigma"] ** 2 + inside["sigma"] ** 2
    sd, sigma = float(one.covariance.sd[0]), one.sigma
    rng = np.random.default_rng(4)
    msb = (5 * sd**2 + sigma**2) * rng.chisquare(5, 20_000) / 5
    msw = sigma**2 * rng.chisquare(24, 20_000) / 24
    assert stats.ks_2samp(between, msb[msb > msw]).pvalue > 1e-3
    assert stats.ks_2samp(inside["sigma"] ** 2, msw[msb > msw]).pvalue > 1e-3


@pytest.mark.parametrize("seed", [7, np.random.SeedSequence(7), np.random.default_rng(7)])
def test_seeds(dyestuff2, seed):
    one = fit("Yield ~ 1 + (1 | Batch)", dyestuff2)
    assert one.bootstrap(20, random_seed=seed).draws.shape == (20, 4)


def test_the_same_seed_gives_the_same_draws_on_any_number_of_cores(slope):
    one, two = (slope.bootstrap(40, random_seed=5, cores=cores).draws for cores in (1, 2))
    np.testing.assert_array_equal(one, two)
    assert not np.allclose(one, slope.bootstrap(40, random_seed=6).draws)


def test_correlations_with_an_effect_of_sd_zero_do_not_exist():
    table = random_table((4,) * 6, seed=3)
    boot = fit("x ~ 1 + (t | g)", table).bootstrap(100, random_seed=1)
    zero = (boot.draws["1|g_sigma"] == 0.0) | (boot.draws["t|g_sigma"] == 0.0)
    assert 0 < zero.sum() < 100
    np.testing.assert_array_equal(boot.draws["g_corr[Intercept,t]"].isna(), zero)
    assert np.isfinite(boot.confint().loc["g_corr[Intercept,t]", "lower"])


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_weights_offset_and_factors(method):
    one = fit("y ~ t + f + offset(o) + (t | g)", random_table((6,) * 8), method, weights="w")
    boot = one.bootstrap(150, random_seed=1)
    np.testing.assert_allclose(boot.draws.mean()[: len(one.beta)], one.beta, atol=4 * one.se.max() / 12)
    assert boot.draws["sigma"].mean() == pytest.approx(one.sigma, rel=0.1)


def test_progress_is_told_on_standard_error(dyestuff, capsys):
    fit("Yield ~ 1 + (1 | Batch)", dyestuff).bootstrap(10, random_seed=1, progressbar=True)
    shown = capsys.readouterr()
    assert shown.err.endswith("100 %\n")
    assert shown.out == ""


def test_repr(boot):
    assert repr(boot).startswith(f"Bootstrap({len(boot.draws)} replicates, {boot.singular_share:.1%}")


@pytest.mark.parametrize("value", [0, 1, -3, 2.5, True, "many"])
def test_replicates_must_be_a_whole_number(slope, value):
    with pytest.raises(RemlError, match="replicates must be a whole number of at least 2"):
        slope.bootstrap(value)


def test_what_is_refused(slope, boot):
    with pytest.raises(RemlError, match="cores must be"):
        slope.bootstrap(10, cores=0)
    with pytest.raises(SamplingError, match="random_seed"):
        slope.bootstrap(10, random_seed="x")
    with pytest.raises(RemlError, match="'percentile' or 'basic', not 'bca'"):
        boot.confint(kind="bca")
    with pytest.raises(RemlError, match="ci_prob"):
        boot.confint(95)
