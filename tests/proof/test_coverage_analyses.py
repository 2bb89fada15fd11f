"""The study's own analyses of many data sets, against those that the package gives to users, and exact facts."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesmixed as bm
from proof.coverage.cells import Cell
from proof.coverage.draws import Data, Layout, draw, rows_of
from proof.coverage.grid import PriorScales
from proof.coverage.posterior import posteriors
from proof.coverage.study import OF_BETA, OF_VARIANCES, analyse, exact_zeros, named, run

CELLS = [
    Cell("treatment", 3, 5, 0.1, False),
    Cell("treatment", 5, 5, 0.3, True),
    Cell("covariate", 8, 20, 0.1, False),
    Cell("intercept", 5, 5, 0.05, False),
]
QUANTITIES = ("Intercept", "x")


def model_of(cell: Cell, y, priors=None) -> bm.MixedModel:
    table = pd.DataFrame({"g": cell.group, "y": y})
    if cell.p == 1:
        return bm.MixedModel("y ~ 1 + (1 | g)", table, priors=priors)
    return bm.MixedModel("y ~ x + (1 | g)", table.assign(x=cell.X[:, 1]), priors=priors)


def analysed(cell: Cell, count: int):
    layout = Layout.of(cell)
    data = draw(cell, layout, count)
    found, reml = analyse(layout, data)
    return rows_of(cell, layout, data, np.random.default_rng(1)), named(found), reml


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_reml_intervals_are_those_of_the_package(cell):
    y, found, reml = analysed(cell, 12)
    # One data set on the boundary, where there is one, and one that is not.
    for d in {int(reml.zero.argmin()), int(reml.zero.argmax())}:
        fit = model_of(cell, y[d]).reml()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", bm.BayesmixedWarning)
            tables = {
                "Satterthwaite": fit.fixed_effects(),
                "Kenward-Roger": fit.fixed_effects(df="kenward-roger"),
                "CR2": fit.robust(),
                "Wald": fit.confint("wald"),
                "profile": fit.confint("profile"),
                "profile REML": fit.confint("profile-reml"),
            }
        z = tables["Satterthwaite"]
        half = stats.norm.ppf(0.975) * z["se"]
        tables["Wald z"] = pd.DataFrame({"lower": z["estimate"] - half, "upper": z["estimate"] + half})
        places = QUANTITIES[: cell.p] + ("sd", "sigma", "ICC")
        for (quantity, method), ours in found.items():
            if method != "posterior":
                theirs = tables[method].iloc[places.index(quantity)]
                limits = [ours.lower[d], ours.upper[d]]
                expected = theirs[["lower", "upper"]].astype(float)
                np.testing.assert_allclose(limits, expected, rtol=1e-4, atol=1e-4, err_msg=f"{quantity} {method}")


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_posteriors_are_those_of_the_package_with_its_default_priors(cell):
    y, found, _ = analysed(cell, 1)
    draws = 20_000
    options = {"draws": draws, "chains": 1, "random_seed": 1, "progressbar": False}
    with warnings.catch_warnings():  # three groups are few
        warnings.simplefilter("ignore", bm.BayesmixedWarning)
        fit = model_of(cell, y[0]).fit(engine="quadrature", **options)
    posterior = fit.idata.posterior
    sd, sigma = (posterior[name].to_numpy().ravel() for name in ("1|g_sigma", "sigma"))
    values = {"sd": sd, "sigma": sigma, "ICC": sd**2 / (sd**2 + sigma**2)}
    values |= {name: posterior[name].to_numpy().ravel() for name in QUANTITIES[: cell.p]}
    for name, drawn in values.items():
        ours = found[name, "posterior"]
        for limit, probability in ((ours.lower, 0.025), (ours.median, 0.5), (ours.upper, 0.975)):
            error = np.sqrt(probability * (1 - probability) / draws)
            assert np.mean(drawn < limit[0]) == pytest.approx(probability, abs=4.5 * error), name
        assert ours.estimate[0] == pytest.approx(drawn.mean(), abs=4.5 * drawn.std() / np.sqrt(draws)), name


def test_other_priors_are_those_that_they_are_called():
    """A half-Cauchy of sd, against the package with that prior."""
    cell = Cell("intercept", 5, 5, 0.3, True)
    layout = Layout.of(cell)
    data = draw(cell, layout, 1)
    y = rows_of(cell, layout, data, np.random.default_rng(1))[0]
    model = model_of(cell, y, {"1|g_sigma": bm.HalfCauchy(0.5 * y.std())})
    with warnings.catch_warnings():  # few groups
        warnings.simplefilter("ignore", bm.BayesmixedWarning)
        fit = model.fit(engine="quadrature", draws=20_000, chains=1, random_seed=1, progressbar=False)
    drawn = fit.idata.posterior["1|g_sigma"].to_numpy()
    ours = posteriors(layout, data, PriorScales(sd=0.5, nu=1.0))["sd"]
    for limit, probability in ((ours.lower, 0.025), (ours.median, 0.5), (ours.upper, 0.975)):
        assert np.mean(drawn < limit[0]) == pytest.approx(probability, abs=0.015 * np.sqrt(probability))


def test_posteriors_follow_shift_and_scale_of_y():
    cell = CELLS[0]
    layout = Layout.of(cell)
    data = draw(cell, layout, 3)
    moved = Data(1000.0 * (data.y + 7.0 * np.sqrt(layout.m)), 1e6 * data.rest)
    plain, other = (named(analyse(layout, one)[0]) for one in (data, moved))
    for name, scale, shift in (("Intercept", 1e3, 7e3), ("x", 1e3, 0.0), ("sd", 1e3, 0.0), ("ICC", 1.0, 0.0)):
        for side in ("lower", "upper", "estimate", "median"):
            ours, theirs = (getattr(one[name, "posterior"], side) for one in (plain, other))
            np.testing.assert_allclose(theirs, scale * ours + shift, rtol=1e-6)


def test_balanced_intercepts_have_the_t_interval_of_group_means_inside_the_boundary():
    """Satterthwaite and Kenward-Roger are ``mean -+ t(J - 1) sqrt(MSB / N)`` there."""
    cell = Cell("intercept", 5, 5, 0.3, True)
    layout = Layout.of(cell)
    data = draw(cell, layout, 200)
    found, reml = analyse(layout, data)
    means = data.y / np.sqrt(cell.rows)
    between, within = cell.rows * means.var(axis=1, ddof=1), data.rest / layout.others
    np.testing.assert_array_equal(reml.zero, between <= within)
    half = stats.t.ppf(0.975, cell.groups - 1) * np.sqrt(between / layout.N)
    inside = ~reml.zero
    assert 100 < inside.sum() < 200
    for method in ("Satterthwaite", "Kenward-Roger"):
        ours = named(found)["Intercept", method]
        np.testing.assert_allclose(ours.lower[inside], (means.mean(axis=1) - half)[inside], rtol=1e-6)
        np.testing.assert_allclose(ours.upper[inside], (means.mean(axis=1) + half)[inside], rtol=1e-6)
    np.testing.assert_allclose(
        reml.t[inside], (between / within - 1.0)[inside] / cell.rows, rtol=1e-8
    )  # sd^2 = (MSB - MSW) / n


def test_t_intervals_of_balanced_intercepts_cover_exactly_where_the_boundary_is_rare():
    result = run(Cell("intercept", 8, 20, 0.3, True), 2000)
    rows = pd.DataFrame(result.intervals).set_index(["quantity", "method"])
    for method in ("Satterthwaite", "Kenward-Roger", "CR2"):
        assert rows.loc[("Intercept", method), "coverage"] == pytest.approx(
            0.95, abs=4 * np.sqrt(0.95 * 0.05 / 2000)
        )
    assert result.cell["reml_zeros"] < 0.01


@pytest.mark.parametrize(("groups", "rows", "icc"), [(3, 5, 0.1), (5, 20, 0.05), (30, 5, 0.0)])
def test_zeros_are_as_frequent_as_the_F_distribution_says(groups, rows, icc):
    cell = Cell("intercept", groups, rows, icc, True)
    layout = Layout.of(cell)
    _, reml = analyse(layout, draw(cell, layout, 1000))
    exact = exact_zeros(cell)
    bound = (1 - icc) / (1 + (rows - 1) * icc)
    assert exact == pytest.approx(stats.f.cdf(bound, groups - 1, groups * (rows - 1)))
    assert reml.zero.mean() == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 1000))


def test_a_cell_gives_every_method_of_every_quantity():
    result = run(CELLS[0], 30)
    pairs = {(row["quantity"], row["method"]) for row in result.intervals}
    assert pairs == {(a, b) for a in QUANTITIES for b in OF_BETA} | {
        (a, b) for a in ("sd", "sigma", "ICC") for b in OF_VARIANCES
    }
    for row in result.intervals:
        assert row["coverage"] + row["truth_below"] + row["truth_above"] == pytest.approx(1.0)
