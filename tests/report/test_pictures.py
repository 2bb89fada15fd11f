"""Pictures of groups, of matrices, of variances: what is drawn, against numbers found in another way."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from scipy import stats
from scipy.linalg import block_diag

import bayesmixed as bm
from bayesmixed.errors import PictureError
from bayesmixed.report import plots
from bayesmixed.report.plots.ellipse import contour
from bayesmixed.report.plots.lines import between_factor, chosen_axis
from tests import dense, fits
from tests.report.hostile import hostile_fit
from tests.report.test_plots import texts

SLOPES = ["plot_lattice", "plot_shrinkage", "plot_ellipse", "plot_variance_over", "plot_correlation", "plot_G"]
BOTH = ["plot_lattice", "plot_shrinkage", "plot_ellipse", "plot_random_effects", "plot_data", "plot_G", "plot_V"]


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def of_both(key):
    return [fits.fit(key), fits.model(key).reml()]


def line(ax, label):
    return next(one for one in ax.lines if str(one.get_label()).startswith(label))


@pytest.fixture(scope="module")
def arms():
    rng = np.random.default_rng(4)
    group = np.repeat(np.arange(10), 6)
    table = pd.DataFrame({"patient": [f"P{g}" for g in group], "t": np.tile(np.arange(6.0), 10)})
    table["arm"] = np.where(group % 2, "drug", "control")
    effect = rng.normal(size=10)[group] + (table["arm"] == "drug") * table["t"]
    table["y"] = effect + 0.5 * rng.normal(size=60)
    return bm.MixedModel("y ~ arm * t + (t | patient)", table, units={"y": "mmHg", "t": "week"})


# ---------------------------------------------------------------- all
@pytest.mark.parametrize("name", SLOPES)
@pytest.mark.parametrize("key", ["slope", "weighted"])
def test_pictures_of_slopes(name, key):
    found = getattr(fits.fit(key), name)()
    assert all(isinstance(ax, Axes) for ax in np.ravel(found))
    assert plots.figure_of(found).get_size_inches()[0] == pytest.approx(6.4)
    assert texts(found)


@pytest.mark.parametrize("name", BOTH)
def test_reml_has_the_same_pictures_with_units(name):
    found = getattr(fits.model("slope").reml(), name)()
    assert "ms" in " ".join(texts(found))


@pytest.mark.parametrize("name", ["plot_lattice", "plot_ellipse", "plot_V", "plot_Z", "plot_shrinkage"])
def test_names_with_dollars_and_html_are_text(name):
    fit = hostile_fit()
    try:
        found = getattr(fit, name)()
    except PictureError:
        pytest.skip("not of this model")
    assert any("<" in text for text in texts(found))


@pytest.mark.parametrize(
    ("name", "what"),
    [
        *[(name, "ax") for name in ("plot_data", "plot_ellipse", "plot_variance_partition", "plot_V", "plot_Z")],
        *[(name, "ax") for name in ("plot_G", "plot_icc", "plot_correlation", "plot_variance_over")],
        *[(name, "axes") for name in ("plot_lattice", "plot_shrinkage", "plot_compare_reml")],
    ],
)
@pytest.mark.parametrize("wrong", ["here", 3, plt])
def test_what_is_no_axes_is_refused_in_one_line(name, what, wrong):
    with pytest.raises(PictureError, match="matplotlib Axes") as error:
        getattr(fits.fit("slope"), name)(**{what: wrong})
    assert "\n" not in str(error.value)


def test_too_few_axes_are_refused():
    _, axes = plt.subplots(1, 3)
    with pytest.raises(PictureError, match="needs 18 matplotlib Axes, not 3 of them"):
        fits.fit("slope").plot_lattice(axes=axes)


@pytest.mark.parametrize(
    "name", ["plot_data", "plot_lattice", "plot_shrinkage", "plot_V", "plot_Z", "plot_variance_partition"]
)
def test_rows_that_are_gone_are_not_drawn(name, tmp_path, sleepstudy):
    path = tmp_path / "rows.parquet"
    sleepstudy.to_parquet(path)
    model = bm.MixedModel(fits.FORMULAS["slope"], str(path))
    with pytest.raises(PictureError, match="needs the rows, which are gone"):
        getattr(model.reml(), name)()
    assert isinstance(model.reml().plot_ellipse(), Axes)


@pytest.mark.parametrize(
    "name", ["plot_lattice", "plot_shrinkage", "plot_ellipse", "plot_variance_over", "plot_G"]
)
def test_a_model_without_slopes_says_why(name):
    with pytest.raises(PictureError):
        getattr(fits.fit("intercept"), name)()


# ---------------------------------------------------------------- rows and groups
@pytest.mark.parametrize("which", [0, 1])
def test_lattice_lines_are_predictions(which, sleepstudy):
    fit = of_both("slope")[which]
    axes = fit.plot_lattice(groups=["335", "308"])
    assert [ax.get_title() for ax in axes] == ["335", "308"]
    for ax, subject in zip(axes, ["335", "308"], strict=True):
        drawn = line(ax, "in the model")
        rows = {"Days": drawn.get_xdata(), "Subject": [subject] * len(drawn.get_xdata())}
        middle = fit.predict(rows).iloc[:, 0]
        np.testing.assert_allclose(drawn.get_ydata(), middle, rtol=1e-8 if which else 1e-2)
        own = sleepstudy[sleepstudy["Subject"].astype(str) == subject]
        slope, intercept = np.polyfit(own["Days"], own["Reaction"], 1)
        alone = line(ax, "group alone")
        np.testing.assert_allclose(alone.get_ydata(), intercept + slope * alone.get_xdata(), rtol=1e-8)
        np.testing.assert_allclose(line(ax, "rows").get_ydata(), own["Reaction"])
        population = fit.predict({"Days": drawn.get_xdata()}, groups="population").iloc[:, 0]
        np.testing.assert_allclose(line(ax, "population").get_ydata(), population, rtol=1e-8)


def test_many_groups_are_thinned_and_the_picture_says_so():
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(200), 3)
    table = {"g": [f"school {g}" for g in group], "t": np.tile([0.0, 1.0, 2.0], 200)}
    table["y"] = rng.normal(size=200)[group] + rng.normal(size=600)
    fit = bm.MixedModel("y ~ t + (1 | g)", table).reml()
    axes = fit.plot_lattice(most=12)
    assert len(axes) == 12
    assert any("12 of 200 groups of g, evenly spaced" in text for text in texts(axes))
    assert any("60 of 200 groups" in text for text in texts(fit.plot_shrinkage()))
    with pytest.raises(PictureError, match="1 to 60 groups, not 70"):
        fit.plot_lattice(groups=[f"school {g}" for g in range(70)])
    with pytest.raises(PictureError, match="no group 'nowhere' of g"):
        fit.plot_lattice(groups="nowhere")


def test_a_group_with_one_row_has_no_line_of_its_own(sleepstudy):
    table = sleepstudy.drop(sleepstudy.index[1:10])
    fit = bm.MixedModel(fits.FORMULAS["slope"], table).reml()
    (ax,) = fit.plot_lattice(groups="308")
    assert not any(one.get_label() == "group alone" for one in ax.lines)
    assert any("1 have too few rows" in text for text in texts(fit.plot_shrinkage()))


def test_shrinkage_draws_lines_together():
    left, right = fits.model("slope").reml().plot_shrinkage()
    ends = [np.std([one.get_ydata()[-1] for one in ax.lines[:18]]) for ax in (left, right)]
    assert len(left.lines) == len(right.lines) == 19
    assert ends[1] < ends[0]


def test_levels_of_a_factor_between_groups_have_lines_of_their_own(arms):
    fit = arms.reml()
    assert between_factor(arms.design, "t") == ("arm", ["control", "drug"])
    ax = fit.plot_data()
    for arm in ("control", "drug"):
        drawn = line(ax, f"arm {arm}")
        rows = {"t": drawn.get_xdata(), "arm": [arm] * len(drawn.get_xdata())}
        expected = fit.predict(rows, groups="population")["estimate"]
        np.testing.assert_allclose(drawn.get_ydata(), expected, rtol=1e-8)
    groups = [one for one in ax.lines if one.get_linewidth() == 0.9]
    b = fit.random_effects()["mode"].unstack()
    rows = pd.DataFrame({"t": 5.0, "arm": ["drug" if k % 2 else "control" for k in range(10)]})
    ends = fit.predict(rows, groups="population")["estimate"].to_numpy() + b["Intercept"] + 5.0 * b["t"]
    np.testing.assert_allclose(sorted(one.get_ydata()[-1] for one in groups), sorted(ends), rtol=1e-8)


def test_a_factor_with_slopes_is_drawn_level_by_level():
    fit = fits.model("third slope").reml()
    ax = fit.plot_data()
    drawn = line(ax, "population")
    expected = fit.predict({"Third": ["a", "b", "c"]}, groups="population")["estimate"]
    np.testing.assert_allclose(drawn.get_ydata(), expected)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b", "c"]


def test_what_is_no_predictor_is_refused(arms):
    with pytest.raises(PictureError, match="'dose' is no predictor of this model; there are arm, t"):
        arms.reml().plot_data(variable="dose")
    between = bm.MixedModel("y ~ arm + (1 | patient)", arms.design.frame).reml()
    with pytest.raises(PictureError, match="no predictor varies within groups"):
        chosen_axis(between, None)


def test_reml_caterpillar_has_conditional_standard_errors():
    fit = fits.model("slope").reml()
    axes = fit.plot_random_effects(ci_prob=0.9)
    table = fit.random_effects().xs("Days", level="term").sort_values("mode")
    np.testing.assert_allclose(axes[1].lines[1].get_xdata(), table["mode"])
    ends = np.array([segment[:, 0] for segment in axes[1].collections[0].get_segments()])
    half = stats.norm.ppf(0.95) * np.sqrt(np.sort(fit.effects[1][:, 1, 1]))
    np.testing.assert_allclose(np.sort(np.ptp(ends, axis=1)) / 2.0, half)


# ---------------------------------------------------------------- ellipse
@pytest.mark.parametrize("level", [0.5, 0.95])
def test_contours_have_one_mahalanobis_distance(level):
    fit = fits.model("slope").reml()
    drawn = line(fit.plot_ellipse(), f"{100 * level:g} %")
    points = np.column_stack(drawn.get_data())
    distance = np.einsum("ik,kl,il->i", points, np.linalg.inv(fit.G), points)
    np.testing.assert_allclose(distance, stats.chi2.ppf(level, 2))


def test_so_many_draws_lie_within_a_contour(rng):
    G = np.array([[4.0, -1.0], [-1.0, 1.0]])
    x, y = contour(np.array([2.0, 1.0]), -0.5, 0.8)
    from matplotlib.path import Path

    inside = Path(np.column_stack([x, y])).contains_points(rng.multivariate_normal([0, 0], G, size=20_000))
    assert inside.mean() == pytest.approx(0.8, abs=0.01)


def test_ellipse_points_and_arrows():
    fit = fits.fit("slope")
    ax = fit.plot_ellipse("Days", "Intercept")
    table = fit.random_effects()
    days, intercept = (table.xs(term, level="term") for term in ("Days", "Intercept"))
    np.testing.assert_allclose(line(ax, "posterior mean").get_xdata(), days["mean"])
    np.testing.assert_allclose(line(ax, "no pooling").get_ydata(), intercept["no_pooling"])
    arrows = [text for text in ax.texts if text.arrow_patch is not None]
    np.testing.assert_allclose([arrow.xy[0] for arrow in arrows], days["mean"])
    assert ax.get_xlabel() == "b of Days (ms/d)"


def test_ellipse_of_what_there_is():
    fit = fits.fit("third slope")
    assert fit.plot_ellipse("Third[c]").get_xlabel() == "b of Third[c]"
    for terms, message in [
        (("Half",), "no random effect 'Half'; there are Intercept, "),
        (("Intercept", "1"), "two different random effects"),
    ]:
        with pytest.raises(PictureError, match=message):
            fit.plot_ellipse(*terms)
    with pytest.raises(PictureError, match="must lie between 0 and 1, not 95"):
        fit.plot_ellipse(levels=(95,))


# ---------------------------------------------------------------- variance
@pytest.mark.parametrize("which", [0, 1])
def test_shares_sum_to_one_and_are_r2(which):
    fit = of_both("slope")[which]
    bars = [bar.get_width() for bar in fit.plot_variance_partition().patches]
    assert sum(bars) == pytest.approx(1.0)
    r2 = fit.r2().iloc[:, 0]
    assert bars[0] == pytest.approx(r2["marginal"])
    assert bars[0] + bars[1] == pytest.approx(r2["conditional"])


def test_intervals_of_shares_are_quantiles():
    fit = fits.fit("slope")
    lines = fit.plot_variance_partition(ci_prob=0.8).collections[0].get_segments()
    expected = np.quantile(1.0 - fit.r2_draws()[:, 1], [0.1, 0.9])
    np.testing.assert_allclose(lines[2][:, 0], expected)


def test_variance_over_time_is_that_of_the_model():
    fit = fits.fit("slope")
    ax = fit.plot_variance_over()
    total = ax.lines[0]
    sd, rho, sigma = fit.covariance.sd, fit.covariance.corr[:, 0, 1], fit.covariance.sigma
    t = total.get_xdata()[:, None]
    draws = sd[:, 0] ** 2 + 2 * t * rho * sd[:, 0] * sd[:, 1] + t**2 * sd[:, 1] ** 2 + sigma**2
    np.testing.assert_allclose(total.get_ydata(), draws.mean(axis=1))
    np.testing.assert_allclose(line(ax, "95 % interval").get_ydata(), np.quantile(draws, 0.025, axis=1))
    assert ax.get_ylabel() == "variance of Reaction (ms^2)"


def test_share_over_time_is_the_icc():
    fit = fits.fit("slope")
    border = fit.plot_variance_over(kind="share").lines[0]
    icc = fit.icc({"Days": list(border.get_xdata())})
    np.testing.assert_allclose(border.get_ydata(), icc["mean"])
    with pytest.raises(PictureError, match="'Subject' is no number with a random slope; there are Days"):
        fit.plot_variance_over("Subject")


# ---------------------------------------------------------------- profile
@pytest.mark.parametrize("kind", ["zeta", "increase"])
def test_profile_curves_are_the_table_and_its_interval(kind):
    fit = fits.model("slope").reml()
    axes = fit.plot_profile("sigma", "Days", kind=kind, points=15)
    assert [ax.get_title() for ax in axes] == ["sigma (ms)", "Days (ms/d)"]
    table = fit.profile("sigma", 15)
    curve = axes[0].lines[-1]
    np.testing.assert_allclose(curve.get_ydata(), table[kind])
    np.testing.assert_allclose(curve.get_xdata(), table["value"])
    span = axes[0].patches[0].get_extents().transformed(axes[0].transData.inverted())
    limits = fit.confint(method="profile").loc["sigma", ["lower", "upper"]].to_numpy(dtype=float)
    np.testing.assert_allclose([span.x0, span.x1], limits, rtol=2e-3)


def test_profile_of_everything():
    fit = fits.model("intercept").reml()
    assert [ax.get_title() for ax in fit.plot_profile(points=5)] == ["Intercept", "1|Batch_sigma", "sigma"]
    assert len(fit.plot_profile(points=5, method="profile-reml")) == 2
    with pytest.raises(PictureError, match="kind must be 'zeta' or 'increase'"):
        fit.plot_profile(kind="deviance")


def test_profile_says_which_criterion_and_its_line_is_where_that_one_is_smallest():
    fit = fits.model("intercept").reml()
    (of_ml,) = fit.plot_profile("1|Batch_sigma", points=5)
    (of_reml,) = fit.plot_profile("1|Batch_sigma", points=5, method="profile-reml", kind="increase")
    assert of_ml.get_ylabel() == "zeta (ML deviance)"
    assert of_reml.get_ylabel() == "increase (REML criterion)"
    by_ml = fits.model("intercept").reml("ML")
    for ax, best in ((of_ml, by_ml.G[0, 0]), (of_reml, fit.G[0, 0])):
        assert ax.lines[-2].get_xdata()[0] == pytest.approx(np.sqrt(best), rel=1e-6)


# ---------------------------------------------------------------- arguments of the wrong kind
@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        *(("plot_lattice", {"most": most}, "most must be a whole number") for most in (0, -1, "two", None, 2.5)),
        ("plot_random_effects", {"most": -1}, "most must be a whole number of at least 1, not -1"),
        ("plot_ellipse", {"names": None}, "names must be a whole number of at least 0, not None"),
        (
            "plot_ellipse",
            {"levels": 0.5},
            "levels must be a tuple of probabilities, such as",
        ),
        ("plot_data", {"variable": np.arange(2)}, "is no predictor of this model"),
        ("plot_data", {"ci_prob": None}, "ci_prob must lie between 0 and 1, not None"),
        ("plot_shrinkage", {"variable": np.arange(2)}, "is no predictor of this model"),
        ("plot_profile", {"method": np.arange(2)}, "method must be 'profile' or 'profile-reml'"),
        ("plot_profile", {"points": []}, "points must be a whole number of at least 2"),
    ],
)
def test_wrong_kinds_are_one_line(name, options, message):
    with pytest.raises(PictureError, match=message):
        getattr(fits.model("slope").reml(), name)(**options)


def test_names_of_profiles_are_text():
    with pytest.raises(PictureError, match="names of quantities are text, such as 'Intercept', not 3"):
        fits.model("slope").reml().plot_profile(3)
    with pytest.raises(PictureError, match="is no number with a random slope"):
        fits.fit("slope").plot_variance_over(np.arange(2))


# ---------------------------------------------------------------- truth values, numbers as levels
@pytest.mark.parametrize("kind", [int, float])
def test_numbers_inside_C_are_levels_of_the_horizontal_axis(kind):
    rows = fits.table("slope").assign(third=lambda table: (table["Days"] // 4).astype(kind))
    fit = bm.MixedModel("Reaction ~ C(third) + (1 | Subject)", rows).reml()
    (ax,) = fit.plot_lattice(groups=["308"])
    assert [float(text.get_text()) for text in ax.get_xticklabels()] == [0, 1, 2]
    expected = fit.beta[0] + np.r_[0.0, fit.beta[1:]]
    (population,) = (line for line in ax.lines if line.get_label() == "population")
    np.testing.assert_allclose(population.get_ydata(), expected)
    fit.plot_data()


def test_truth_values_are_a_horizontal_axis_of_two_places():
    rows = fits.table("slope").assign(Late=lambda table: table["Days"] > 4)
    fit = bm.MixedModel("Reaction ~ Late + (Late | Subject)", rows).reml()
    for ax in (fit.plot_data(), *fit.plot_lattice(groups=["308"]), *fit.plot_shrinkage()):
        assert [text.get_text() for text in ax.get_xticklabels()] == ["False", "True"]
    pooled = fit.plot_lattice(groups=["308"])[0].lines[-1].get_ydata()
    b = fit.random_effects().loc["308", "mode"].to_numpy()
    np.testing.assert_allclose(pooled, [fit.beta[0] + b[0], fit.beta.sum() + b.sum()])


# ---------------------------------------------------------------- matrices
def test_V_is_the_dense_one():
    fit = fits.model("weighted").reml()
    design = fit.design
    V = dense.covariance(design.Z_rows, design.group, fit.G, fit.sigma, design.weights)
    levels = list(design.levels[:2])
    rows = np.concatenate([np.flatnonzero(design.group == k) for k in range(2)])
    drawn = np.asarray(fit.plot_V(levels).images[0].get_array())
    np.testing.assert_allclose(drawn, V[np.ix_(rows, rows)])
    scaled = np.asarray(fit.plot_V(levels[0], correlation=True).images[0].get_array())
    np.testing.assert_allclose(np.diag(scaled), 1.0)


def test_V_of_a_posterior_is_its_mean():
    fit = fits.fit("slope")
    Z = np.column_stack([np.ones(10), np.arange(10.0)])
    draws = Z @ fit.covariance.G @ Z.T + fit.covariance.sigma[:, None, None] ** 2 * np.eye(10)
    ax = fit.plot_V("308")
    np.testing.assert_allclose(np.asarray(ax.images[0].get_array()), draws.mean(axis=0))
    assert any("covariance of two rows (ms^2)" in text for text in texts(ax))


def test_Z_is_the_dense_one():
    fit = fits.model("slope").reml()
    drawn = np.asarray(fit.plot_Z(["308", "309"]).images[0].get_array())
    own = np.column_stack([np.ones(10), np.arange(10.0)])
    np.testing.assert_array_equal(drawn, block_diag(own, own))
    with pytest.raises(PictureError, match="180 rows are too many"):
        fit.plot_Z(list(fit.design.levels))


def test_G_shows_correlations_and_sd():
    fit = fits.fit("third slope")
    ax = fit.plot_G()
    np.testing.assert_allclose(np.asarray(ax.images[0].get_array()), np.median(fit.covariance.corr, axis=0))
    assert f"sd {np.median(fit.covariance.sd[:, 0]):.3g}" in ax.get_yticklabels()[0].get_text()


# ---------------------------------------------------------------- what is left out
def test_what_is_left_out_is_said():
    rng = np.random.default_rng(6)
    group = np.repeat(np.arange(12), 30)
    table = {"g": group, "f": np.tile(list("abcdef"), 60), "y": rng.normal(size=12)[group] + rng.normal(size=360)}
    fit = bm.MixedModel("y ~ f + (f | g)", table).fit(random_seed=1, **fits.QUICK)
    assert any("24 of 28 parameters" in text for text in texts(fit.plot_posterior()))
    assert any("4 of 6 random effects" in text for text in texts(fit.plot_random_effects()))
    total = len(fit.compare_reml(effects=False))
    assert any(f"16 of {total} quantities" in text for text in texts(fit.plot_compare_reml()))
    assert not any(" of " in text for text in texts(fit.plot_posterior(["sigma"])))


def test_a_quantity_that_does_not_exist_is_refused():
    fit = fits.fit("slope")
    assert len(fit.plot_compare_reml("sigma")) == 1
    with pytest.raises(PictureError, match="no quantity 'tau' to draw; there are Intercept, Days"):
        fit.plot_compare_reml(["tau"])
