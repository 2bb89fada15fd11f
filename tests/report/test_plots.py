"""Pictures: what is drawn, with which labels, and that nothing is drawn that would not be read."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

import bayesmixed as bm
from bayesmixed.errors import SamplingError
from bayesmixed.priors.families import LKJ
from bayesmixed.report import plots
from bayesmixed.report.plots.prior import covariance_draws, lkj_draws, prior_density
from bayesmixed.report.plots.rows import numeric_variable
from tests import fits
from tests.report.hostile import hostile_fit

#: Of priors, of a REML fit, or of models with a predictor or slopes only: tested elsewhere.
OTHERS = {
    *("plot_priors", "plot_profile", "plot_correlation", "plot_ellipse", "plot_variance_over"),
    *("plot_lattice", "plot_shrinkage", "plot_G"),
}
FUNCTIONS = [name for name in plots.__all__ if name.startswith("plot_") and name not in OTHERS]
COLLECTIONS = {"plot_posterior", "plot_variance_components", "plot_ppc"}


def texts(plot):
    """Every text of a figure."""
    figure = plots.figure_of(plot)
    figure.canvas.draw()
    return [text.get_text() for text in figure.findobj(plt.Text) if text.get_text()]


@pytest.mark.parametrize(
    "key",
    ["slope", "intercept", *(pytest.param(key, marks=pytest.mark.slow) for key in ("third slope", "weighted"))],
)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_plot_of_every_model(name, key):
    from arviz_plots import PlotCollection

    found = getattr(plots, name)(fits.fit(key))
    if name in COLLECTIONS:
        assert isinstance(found, PlotCollection)
    else:
        assert all(isinstance(ax, Axes) for ax in np.ravel(found))
    assert plots.figure_of(found).get_size_inches()[0] == pytest.approx(6.4)
    assert texts(found)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_names_with_dollars_and_html_are_text(name):
    assert any("<" in text for text in texts(getattr(plots, name)(hostile_fit())))


@pytest.mark.parametrize("name", ["plot_posterior", "plot_data", "plot_random_effects", "plot_compare_reml"])
def test_labels_carry_units(name):
    joined = " ".join(texts(getattr(plots, name)(fits.fit("slope"))))
    assert "(ms" in joined


def test_the_callers_settings_stay():
    before = plt.rcParams.copy()
    plots.plot_data(fits.fit("slope"))
    assert plt.rcParams == before


# ---------------------------------------------------------------- data
def test_data_lines_go_through_the_posterior_means():
    found = fits.fit("slope")
    ax = plots.plot_data(found)
    line = next(line for line in ax.lines if line.get_label().startswith("population"))
    beta = found.beta.mean(axis=0)
    np.testing.assert_allclose(line.get_ydata()[[0, -1]], [beta[0], beta[0] + 9 * beta[1]])
    assert sum(len(line.get_xdata()) == 40 for line in ax.lines) == 18 + 1
    assert ax.get_xlabel() == "Days (d)"
    assert ax.get_ylabel() == "Reaction (ms)"


def test_without_a_numeric_predictor_means_are_drawn():
    found = fits.fit("intercept")
    assert numeric_variable(found.model.design) is None
    ax = plots.plot_data(found)
    means = np.sort(found.model.design.frame.groupby("Batch")["Yield"].mean())
    line = next(line for line in ax.lines if line.get_label() == "mean of the rows")
    np.testing.assert_allclose(line.get_ydata(), means)


def test_data_draws_into_the_callers_axes():
    _, ax = plt.subplots()
    assert plots.plot_data(fits.fit("slope"), ax=ax) is ax


# ---------------------------------------------------------------- random effects
def test_caterpillar_is_sorted_and_shows_no_pooling():
    found = fits.fit("slope")
    axes = plots.plot_random_effects(found)
    assert len(axes) == 2
    table = found.random_effects().xs("Days", level="term").sort_values("median")
    median, alone = axes[1].lines[1:3]
    np.testing.assert_allclose(median.get_xdata(), table["median"])
    np.testing.assert_allclose(alone.get_xdata(), table["no_pooling"])
    assert [label.get_text() for label in axes[1].get_yticklabels()] == list(table.index)


@pytest.fixture(scope="module")
def many_groups():
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(300), 4)
    y = rng.normal(size=300)[group] + rng.normal(size=1200)
    table = pd.DataFrame(
        {"y": y, "t": np.tile(np.arange(4.0), 300), "school": [f"School number {g}" for g in group]}
    )
    return bm.MixedModel("y ~ t + (1 | school)", table).fit(random_seed=1, **fits.QUICK)


def test_many_groups_are_thinned_with_a_note(many_groups):
    (ax,) = plots.plot_random_effects(many_groups)
    assert len(ax.get_yticks()) == 40
    assert any("40 of 300 groups" in text for text in texts(ax))
    place = many_groups.random_effects()["median"]
    assert ax.lines[1].get_xdata()[-1] == pytest.approx(place.max())


def test_many_lines_are_thinned_with_a_note(many_groups):
    assert any("40 of 300" in text for text in texts(plots.plot_data(many_groups)))


def test_effects_from_moments():
    kept, moments = fits.fit("slope"), fits.fit_without_groups("slope")
    first, second = (plots.plot_random_effects(found)[0].lines[1].get_xdata() for found in (kept, moments))
    np.testing.assert_allclose(first, second, atol=5.0)


# ---------------------------------------------------------------- ICC
def test_icc_curve_is_the_table():
    found = fits.fit("slope")
    ax = plots.plot_icc(found)
    line = ax.lines[0]
    table = found.icc({"Days": list(line.get_xdata())})
    np.testing.assert_allclose(line.get_ydata(), table["median"])
    assert ax.get_xlabel() == "Days (d)"


def test_icc_of_levels():
    ax = plots.plot_icc(fits.fit("third slope"))
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b", "c"]


# ---------------------------------------------------------------- REML
def test_intervals_of_reml_and_reasons_are_drawn():
    found = fits.fit("slope")
    (ax,) = plots.plot_compare_reml(found, ["sigma"], method="profile-reml", axes=[plt.subplots()[1]])
    limits = found.model.reml().confint(method="profile-reml").loc["sigma", ["lower", "upper"]]
    drawn = [line.get_xdata() for line in ax.lines if len(line.get_xdata()) == 2]
    assert any(np.allclose(x, limits.to_numpy(dtype=float)) for x in drawn)
    assert ax.get_title(loc="right") == found.compare_reml(effects=False).loc["sigma", "reasons"]


def test_quantities_can_be_chosen():
    _, axes = plt.subplots(2)
    found = plots.plot_compare_reml(fits.fit("slope"), ["Days", "sigma"], axes=axes)
    assert [ax.get_title(loc="left") for ax in found] == ["Days (ms/d)", "sigma (ms)"]


# ---------------------------------------------------------------- posterior and prior
def test_parameters_can_be_chosen():
    found = plots.plot_posterior(fits.fit("slope"), ["sigma"])
    assert list(found.data.data_vars) == ["sigma"]
    with pytest.raises(SamplingError, match="no parameter 'tau' to draw"):
        plots.plot_posterior(fits.fit("slope"), ["tau"])


def test_check_draws_the_statistics_and_the_observed_values():
    fit = fits.fit("slope")
    found, table = plots.plot_ppc(fit, draws=100), fit.check(draws=100)
    assert set(found.data.data_vars) == set(table.index)
    for name, observed in table["observed"].items():
        line = found.get_viz("ref_line", name)
        assert np.ravel(line.get_xdata())[0] == pytest.approx(observed)
    titles = [ax.get_title() for ax in plots.figure_of(found).axes if ax.get_title()]
    names = ["between-group sd (ms)", "within-group sd (ms)", "ICC (ANOVA)"]
    assert [title.split("\n")[0] for title in titles][:3] == names
    assert [title.split("\n")[1] for title in titles] == [f"p = {p:.3f}" for p in table["p"]]
    (legend,) = plots.figure_of(found).legends
    assert [text.get_text() for text in legend.get_texts()] == ["the model's tables, of new groups", "your table"]


def test_check_takes_what_check_takes():
    found = fits.fit("slope").plot_ppc(groups="observed", statistics="ICC (ANOVA)", draws=20, random_seed=2)
    assert list(found.data.data_vars) == ["ICC (ANOVA)"]


@pytest.mark.parametrize("label", ["Intercept", "Days", "Days|Subject_sigma", "1|Subject_sigma", "sigma"])
def test_prior_densities_integrate_to_one(label):
    model = fits.model("slope")
    low = 0.0 if "igma" in label else -2000.0
    x = np.linspace(low, 3000.0, 4_000)
    assert np.trapezoid(prior_density(model, label, x), x) == pytest.approx(1.0, abs=0.01)


def test_the_prior_of_the_intercept_is_carried_to_zero():
    model = fits.model("slope")
    fixed = model.priors.resolved.fixed
    mean = fixed["Intercept"].mu
    sd = np.hypot(fixed["Intercept"].sigma, 4.5 * fixed["Days"].sigma)
    expected = 1.0 / (sd * np.sqrt(2.0 * np.pi))
    assert prior_density(model, "Intercept", np.array([mean]))[0] == pytest.approx(expected)


def test_a_joint_prior_has_densities_by_draws(sleepstudy):
    """sd and sigma that share a total; their joint prior says what ratio of the two is likely."""
    model = bm.MixedModel("Reaction ~ Days + (1 | Subject)", sleepstudy, priors=bm.Priors.icc(2, 8))
    x = np.linspace(1e-6, 1500, 3000)
    densities = {label: prior_density(model, label, x) for label in ("1|Subject_sigma", "sigma")}
    for label, density in densities.items():
        assert np.trapezoid(density, x) == pytest.approx(1.0, abs=0.02), label
    half = {label: x[np.searchsorted(np.cumsum(own) / own.sum(), 0.5)] for label, own in densities.items()}
    expected = model.priors.implied().loc[list(half), "50 %"]
    np.testing.assert_allclose(list(half.values()), expected, rtol=0.06)


def test_improper_priors_have_no_density(sleepstudy):
    model = bm.MixedModel("Reaction ~ Days + (1 | Subject)", sleepstudy, priors="brms")
    assert prior_density(model, "Days", np.zeros(1)) is None
    assert prior_density(model, "Intercept", np.zeros(1)) is None


def test_prior_draws_are_those_of_the_rows_means():
    model = fits.model("slope")
    draws = covariance_draws(model)
    z = np.array([1.0, 4.5])
    sd = np.sqrt(np.einsum("k,dkl,l->d", z, draws.G, z))
    prior = model.priors.resolved["1|Subject_sigma"].distribution()
    np.testing.assert_allclose(np.quantile(sd, [0.25, 0.5, 0.75]), prior.ppf([0.25, 0.5, 0.75]), rtol=0.05)


@pytest.mark.parametrize(("size", "eta"), [(2, 1.0), (3, 2.0), (4, 0.7)])
def test_lkj_draws_have_the_known_margin(size, eta, rng):
    from scipy import stats

    draws = lkj_draws(LKJ(eta), size, 4000, rng)
    assert np.linalg.eigvalsh(draws).min() > 0
    shape = eta + (size - 2) / 2.0
    for k, m in zip(*np.triu_indices(size, 1), strict=True):
        assert stats.kstest((draws[:, k, m] + 1) / 2, stats.beta(shape, shape).cdf).pvalue > 1e-3


def test_a_first_picture_leaves_pyplot_as_interactive_as_its_backend_made_it():
    """A notebook's backend says so when the first figure is made; put back, no later figure would be shown."""
    import matplotlib as mpl

    before = mpl.is_interactive()
    try:
        mpl.interactive(False)
        with plots.style.drawing():
            mpl.interactive(True)
        assert mpl.is_interactive()
    finally:
        mpl.interactive(before)
