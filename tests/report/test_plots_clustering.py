"""Pictures of correlations within groups and of what ignoring them does."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.errors import BayesmixedError, DesignError, PredictionError, RemlError
from bayesmixed.report.plots.sizes import GAP, _apart
from bayesmixed.report.plots.style import figure_of
from tests import fits


def texts(ax):
    return [text.get_text() for text in ax.findobj(plt.Text) if text.get_text()]


# ---------------------------------------------------------------- ignored clusters
@pytest.mark.parametrize(
    ("draw", "number", "name", "claimed"),
    [
        (bm.plot_type_one_error, bm.type_one_error, "type_one_error", 0.05),
        (bm.plot_interval_coverage, bm.interval_coverage, "coverage", 0.95),
    ],
)
def test_lines_are_the_numbers(draw, number, name, claimed):
    axes = draw(n=[3, 20], clusters=2, icc_max=0.4)
    assert figure_of(axes).get_size_inches()[0] == pytest.approx(6.4)
    assert [ax.get_title(loc="left") for ax in axes] == ["2 groups", "3 groups", "5 groups"]
    for ax, groups in zip(axes, (2, 3, 5), strict=True):
        for line, n in zip(ax.lines, (3, 20), strict=False):
            x, y = line.get_data()
            np.testing.assert_allclose(y, number(groups, n, x, clusters=2)[name])
        assert claimed in [line.get_ydata()[0] for line in ax.lines if len(line.get_ydata()) == 2]
        assert {"3", "n = 20"} <= set(texts(ax))
    assert "claimed" in " ".join(texts(axes[0]))
    assert "2 clusters of n rows each" in " ".join(texts(figure_of(axes)))


def test_the_callers_axes():
    _, axes = plt.subplots(1, 2)
    drawn = bm.plot_type_one_error(groups=[2, 4], n=[7], axes=axes)
    assert list(drawn) == list(axes)
    assert figure_of(drawn).get_suptitle() == ""


def test_labels_do_not_overlap():
    places = np.array([0.79, 0.8, 0.785, 0.3])
    apart = _apart(places)
    assert np.diff(np.sort(apart)).min() >= GAP - 1e-12
    assert (np.argsort(apart) == np.argsort(places)).all()
    assert apart[3] == 0.3
    assert apart[:3].mean() == pytest.approx(places[:3].mean())


@pytest.mark.parametrize("options", [{"icc_max": 1.5}, {"groups": [2, 3, 4, 5, 6]}, {"n": range(2, 30)}])
def test_too_much_is_refused(options):
    with pytest.raises(DesignError):
        bm.plot_type_one_error(**options)


# ---------------------------------------------------------------- correlations
def test_the_heat_map_has_the_numbers():
    fit = fits.fit("slope")
    ax = fit.plot_correlation(at=[0, 3, 9])
    table = fit.correlation([0, 3, 9])
    np.testing.assert_allclose(ax.images[0].get_array(), table)
    written = [text.get_text() for text in ax.texts]
    assert written[:3] == [f"{value:.2f}".replace("0.", ".", 1) for value in table.iloc[0]]
    assert ax.get_xlabel() == "Days (d)"
    assert ax.get_title(loc="left").startswith("ICC (bold):")
    assert max(map(len, ax.get_title(loc="left").split("\n"))) < 60  # or it is cut off at the right


def test_heat_maps_of_estimates_levels_and_means():
    assert fits.model("slope").reml().plot_correlation().get_xlabel() == "Days (d)"
    ax = fits.fit("third slope").plot_correlation(point="mean")
    assert [text.get_text() for text in ax.get_xticklabels()] == ["a", "b", "c"]
    many = fits.model("slope").reml().plot_correlation(list(np.linspace(-20, 9, 15)))
    assert not many.texts
    assert many.images[0].get_clim() == (-1.0, 1.0)


def test_a_random_intercept_has_no_map():
    with pytest.raises(PredictionError, match="it is the ICC, see icc"):
        fits.fit("intercept").plot_correlation()


def test_the_curve_of_estimates_has_the_band():
    fit = fits.model("slope").reml()
    ax = fit.plot_icc(ci_prob=0.9)
    x, y = ax.lines[0].get_data()
    at = {"Days": [float(x[0]), float(x[-1])]}
    table = fit.icc(at, 0.9, "wald")
    np.testing.assert_allclose(y[[0, -1]], table["estimate"])
    corners = ax.collections[0].get_paths()[0].vertices
    for column in ("lower", "upper"):
        assert np.isclose(corners[:, 1], table[column].iloc[0]).any()
    with pytest.raises(RemlError, match="no number has a random slope"):
        fits.model("intercept").reml().plot_icc()
    with pytest.raises(RemlError, match="no number has a random slope"):
        fits.model("third slope").reml().plot_icc()


def test_labels_stay_within_the_axis():
    places = _apart(np.array([0.001, 0.002, 0.0, 0.003, 0.999]))
    assert places.min() >= 0.0
    assert places.max() <= 1.0
    assert np.diff(np.sort(places)).min() >= GAP - 1e-12


def test_a_map_of_many_values_names_some_of_them():
    ax = fits.model("slope").reml().plot_correlation(list(np.linspace(0, 9, 30)))
    assert len(ax.get_xticks()) == 7
    assert [ax.get_xticklabels()[k].get_text() for k in (0, -1)] == ["0", "9"]


def test_the_probability_of_a_band_is_checked():
    for fit in (fits.fit("slope"), fits.fit("intercept"), fits.model("slope").reml()):
        for wrong in ("a", 3):
            with pytest.raises(BayesmixedError, match="ci_prob must lie between 0 and 1"):
                fit.plot_icc(ci_prob=wrong)
