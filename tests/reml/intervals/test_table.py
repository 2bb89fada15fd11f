"""Tables of intervals: labels, scales of Wald's, what each method does at the boundary, what is refused."""

import numpy as np
import pytest
from scipy import stats

import bayesmixed as bm
from bayesmixed.errors import BayesmixedWarning, RemlError
from bayesmixed.icc import icc_points, icc_values
from bayesmixed.reml.intervals.profile import ProfileLikelihood
from bayesmixed.reml.intervals.standard_errors import icc_standard_errors
from bayesmixed.reml.intervals.table import icc_intervals
from tests.reml.test_fit import SLOPE, fit

LABELS = [
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


@pytest.fixture
def found(sleepstudy):
    return fit(SLOPE, sleepstudy)


@pytest.mark.parametrize("method", ["wald", "profile", "profile-reml"])
def test_one_row_a_quantity(found, method):
    table = found.confint(method)
    assert list(table.index) == LABELS
    assert list(table.columns) == ["estimate", "lower", "upper"]
    assert (table["lower"] < table["estimate"]).all()
    assert (table["estimate"] < table["upper"]).all()
    np.testing.assert_allclose(table["estimate"][:2], found.beta)
    np.testing.assert_allclose(table["estimate"][LABELS[2:4]], found.covariance.sd)


def test_walds_scales(found):
    table = found.confint(ci_prob=0.9)
    z = stats.norm.ppf(0.95)
    for label, to, slope in [
        ("1|Subject_sigma", np.log, lambda v: 1 / v),
        ("sigma", np.log, lambda v: 1 / v),
        ("Subject_corr[Intercept,Days]", np.arctanh, lambda v: 1 / (1 - v**2)),
    ]:
        v, lower, upper = table.loc[label]
        half = z * found.variance_se[label] * slope(v)
        assert [to(lower), to(upper)] == pytest.approx([to(v) - half, to(v) + half])
    np.testing.assert_allclose(table.loc["Days", ["lower", "upper"]], found.fixed_effects(0.9).loc["Days"][-2:])


def test_the_standard_error_of_an_icc(dyestuff):
    """(1 | g): the delta method by hand from those of sd^2 and sigma^2 in a balanced one-way layout."""
    one = fit("Yield ~ 1 + (1 | Batch)", dyestuff)
    groups = dyestuff.groupby("Batch")["Yield"]
    within, between = groups.var().mean(), 5 * groups.mean().var()
    # MSB and MSW are independent, with variances 2 E^2 / df.
    ratio = between / within
    variance = ratio**2 * (2 / 5 + 2 / 24)
    se = 5 / (ratio + 4) ** 2 * np.sqrt(variance)
    assert icc_standard_errors(one, icc_points(one.design))[0] == pytest.approx(se, rel=1e-5)
    lower, upper = icc_intervals(one, icc_points(one.design), method="wald")[0]
    v = float(icc_values(one.covariance, np.ones((1, 1))))
    middle = 0.5 * (np.log(lower / (1 - lower)) + np.log(upper / (1 - upper)))
    assert middle == pytest.approx(np.log(v / (1 - v)))


def test_degrees_of_freedom_of_t_intervals(sleepstudy_unbalanced):
    one = fit(SLOPE, sleepstudy_unbalanced)
    for df in ("satterthwaite", "kenward-roger"):
        expected = one.fixed_effects(df=df)[["lower", "upper"]]
        for method in ("wald", "profile-reml"):
            np.testing.assert_allclose(
                one.confint(method, df=df).loc[expected.index, ["lower", "upper"]], expected
            )


def test_bootstrap(dyestuff):
    one = fit("Yield ~ 1 + (1 | Batch)", dyestuff)
    table = one.confint("bootstrap", 0.8, replicates=50, random_seed=1)
    assert table.equals(one.bootstrap(50, random_seed=1).confint(0.8))
    assert list(table.index) == ["Intercept", "1|Batch_sigma", "sigma", "ICC(Batch)"]
    own = one.icc(ci_prob=0.8, method="bootstrap", replicates=50, random_seed=1)
    np.testing.assert_allclose(own.to_numpy()[0], table.loc["ICC(Batch)"])
    components = one.variance_components(0.8, "bootstrap", replicates=50, random_seed=1)
    sd = components.loc[("Batch", "Intercept", "sd"), ["lower", "upper"]]
    np.testing.assert_allclose(sd, table.loc["1|Batch_sigma", ["lower", "upper"]])


def test_at_the_boundary(dyestuff2):
    one = fit("Yield ~ 1 + (1 | Batch)", dyestuff2)
    wald, profile = one.confint("wald"), one.confint("profile-reml")
    for label in ("1|Batch_sigma", "ICC(Batch)"):
        assert wald.loc[label, ["lower", "upper"]].isna().all()
        assert profile.loc[label, "lower"] == 0.0
        assert profile.loc[label, "upper"] > 0.3
    assert np.isfinite(wald.loc[["Intercept", "sigma"]].to_numpy()).all()


def test_intervals_of_the_icc(found):
    assert list(found.icc().columns) == ["estimate"]
    table = found.icc(method="profile-reml")
    expected = found.confint("profile-reml").loc[LABELS[6:]]
    np.testing.assert_allclose(table.to_numpy(), expected.to_numpy(), rtol=1e-9)
    at = found.icc(at={"Days": [0, 9]}, method="profile")
    np.testing.assert_allclose(
        at[["lower", "upper"]], found.confint("profile").loc[LABELS[6:9:2], ["lower", "upper"]]
    )
    with pytest.raises(RemlError, match="the bootstrap has no ICC"):
        found.icc(at={"Days": 2}, method="bootstrap", replicates=3, random_seed=1)


@pytest.mark.parametrize("method", ["wald", "profile-reml"])
def test_variance_components(found, method):
    assert list(found.variance_components().columns) == ["estimate"]
    table, limits = found.variance_components(method=method), found.confint(method)
    assert list(table.columns) == ["estimate", "se", "lower", "upper"]
    for term, label in [("Intercept", LABELS[2]), ("Days", LABELS[3])]:
        sd, variance = table.loc[("Subject", term, "sd")], table.loc[("Subject", term, "variance")]
        np.testing.assert_allclose(sd[["lower", "upper"]], limits.loc[label, ["lower", "upper"]])
        np.testing.assert_allclose(variance[["lower", "upper"]], limits.loc[label, ["lower", "upper"]] ** 2)
        assert sd["se"] == pytest.approx(found.variance_se[label])
        assert variance["se"] == pytest.approx(2 * sd["estimate"] * sd["se"])
    correlation = table.loc[("Subject", "Intercept,Days", "correlation")]
    np.testing.assert_allclose(correlation[["lower", "upper"]], limits.loc[LABELS[4], ["lower", "upper"]])
    residual = table.loc[("Residual", "", "sd")]
    np.testing.assert_allclose(residual[["lower", "upper"]], limits.loc["sigma", ["lower", "upper"]])
    assert table.loc[("Subject", "Intercept,Days", "covariance"), ["se", "lower", "upper"]].isna().all()


def test_a_curve(found):
    curve = found.profile("Days|Subject_sigma", points=7)
    assert list(curve.columns) == ["value", "increase", "zeta"]
    assert len(curve) == 8
    assert (np.diff(curve["value"]) > 0).all()
    assert (np.diff(curve["zeta"]) > 0).all()
    np.testing.assert_allclose(curve["zeta"] ** 2, curve["increase"])
    ends = stats.norm.ppf([0.005, 0.995])
    np.testing.assert_allclose(curve["zeta"].iloc[[0, -1]], ends, rtol=1e-7)
    assert curve["increase"].min() == pytest.approx(0, abs=1e-9)
    # The same points, in any order.
    some = found.profile("Days|Subject_sigma", curve["value"].to_numpy()[[5, 1, 3]])
    np.testing.assert_allclose(some["increase"], curve["increase"].iloc[[5, 1, 3]], atol=1e-7)


def test_the_profile_of_a_coefficient_is_the_deviance_without_it(found, sleepstudy):
    """At 0: the ML deviance of the model without the slope."""
    less = fit("Reaction ~ 1 + (Days | Subject)", sleepstudy, "ML").criterion
    increase = found.profile("Days", [0.0])["increase"][0]
    assert increase == pytest.approx(less - fit(SLOPE, sleepstudy, "ML").criterion, abs=1e-8)


def test_the_profile_of_an_sd_of_zero_is_the_criterion_without_it(found, sleepstudy):
    less = fit("Reaction ~ Days + (1 | Subject)", sleepstudy)
    increase = found.profile("Days|Subject_sigma", [0.0], "profile-reml")["increase"][0]
    assert increase == pytest.approx(less.criterion - found.criterion, abs=1e-8)


def test_a_limit_that_is_not_found_is_nan_and_told(found, monkeypatch):
    def fail(self, path, cut):
        raise RemlError("no minimum")

    monkeypatch.setattr(ProfileLikelihood, "limits", fail)
    with pytest.warns(BayesmixedWarning, match="no profile limits of ICC.*: no minimum"):
        limits = icc_intervals(found, icc_points(found.design, {"Days": 1}))
    assert np.isnan(limits).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: f.confint("exact"), "method must be 'wald', 'profile', .*, not 'exact'"),
        (lambda f: f.confint("profile", 95), "ci_prob must lie between 0 and 1, not 95"),
        (lambda f: f.confint("wald", replicates=5), "replicates belongs to method='bootstrap'"),
        (lambda f: f.confint(df="between"), "df must be"),
        (lambda f: f.icc(method="exact"), "method must be"),
        (lambda f: f.variance_components(method="exact"), "method must be"),
        (lambda f: f.profile("sigma", method="wald"), "method must be 'profile' or 'profile-reml', not"),
        (lambda f: f.profile("sigma", 1), "points must be a list of values or a number of them from 2"),
        (lambda f: f.profile("sigma", [0.0]), "sigma cannot be held at 0"),
        (lambda f: f.profile("1|Subject_sigma", [-1.0]), "cannot be held at -1"),
        (lambda f: f.profile(LABELS[4], [1.5]), "cannot be held at 1.5"),
        (lambda f: f.profile(LABELS[6], [1.0]), "cannot be held at 1"),
    ],
)
def test_what_is_refused(found, call, message):
    with pytest.raises(RemlError, match=message):
        call(found)


def test_an_icc_that_is_zero_by_the_model_has_that_interval():
    """Where a slope alone varies, groups do not differ at t = 0."""
    rng = np.random.default_rng(2)
    g, t = np.repeat(np.arange(10), 6), np.tile(np.arange(6.0), 10)
    y = 1 + rng.normal(size=10)[g] * t + rng.normal(size=60)
    found = bm.MixedModel("y ~ t + (0 + t | g)", {"y": y, "t": t, "g": g}).reml()
    for method in ("wald", "profile-reml"):
        assert found.icc(at={"t": 0}, method=method)[["lower", "upper"]].to_numpy().tolist() == [[0.0, 0.0]]
    assert found.confint().loc["ICC(g | t = 5)", "lower"] > 0
