"""Tables of draws and of estimates, against the coefficients that they are made of."""

import pickle

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.errors import DesignError, PredictionError, RemlError, SamplingError
from bayesmixed.summary import describe


@pytest.fixture(scope="module")
def model() -> bm.MixedModel:
    rng = np.random.default_rng(8)
    table = pd.DataFrame({"f": list("abc") * 24, "h": list("uv") * 36, "x": rng.normal(2, 1, 72)})
    table["g"] = np.arange(72) // 9
    table["y"] = (
        3 + (table["f"] == "b") + 0.5 * table["x"] + rng.normal(0, 1, 8)[table["g"]] + rng.normal(0, 1, 72)
    )
    return bm.MixedModel("y ~ f * x + h + (1 | g)", table)


@pytest.fixture(scope="module")
def fit(model):
    return model.fit(engine="importance", draws=500, chains=2, random_seed=3, progressbar=False)


def column(fit, label):
    return fit.beta[:, fit.model.design.fixed_labels.index(label)]


def test_draws_of_a_mean_are_sums_of_coefficients(fit, model):
    found, x = fit.marginal_means("f"), model.design.frame["x"].mean()
    draws = column(fit, "Intercept") + column(fit, "h[v]") / 2 + x * column(fit, "x")
    np.testing.assert_allclose(found.draws[:, 0], draws, rtol=1e-12)
    assert found.loc["a"].to_dict() == pytest.approx(describe(draws))
    assert list(fit.marginal_means("f", ci_prob=0.9, ci_kind="hdi"))[3:] == ["hdi90_lb", "hdi90_ub"]


def test_draws_of_contrasts_and_their_directions(fit, model):
    found, x = fit.contrasts("f", at={"x": 3.0}), model.design.frame["x"]
    draws = -column(fit, "f[b]") - 3.0 * column(fit, "f:x[b]")
    np.testing.assert_allclose(found.draws[:, 0], draws, atol=1e-12)
    assert found.loc["a - b", "direction"] == max((draws > 0).mean(), (draws < 0).mean())
    against = fit.contrasts("f", "b - a = 1", at={"x": 3.0})
    assert against["direction"].iloc[0] == max((-draws > 1).mean(), (-draws < 1).mean())
    assert against["mean"].iloc[0] == pytest.approx(-draws.mean())
    by_rows = fit.contrasts("f", "reference", weights="rows").draws[:, 0]
    np.testing.assert_allclose(by_rows, column(fit, "f[b]") + x.mean() * column(fit, "f:x[b]"), atol=1e-12)


def test_draws_of_slopes_and_of_their_differences(fit):
    found = fit.slopes("x", by="f")
    np.testing.assert_allclose(found.draws[:, 2], column(fit, "x") + column(fit, "f:x[c]"), atol=1e-9)
    differences = fit.contrasts("f", "reference", slope="x")
    np.testing.assert_allclose(differences.draws[:, 1], column(fit, "f:x[c]"), atol=1e-9)
    within = fit.contrasts("f", "sequential", by="h", slope="x")
    assert within.index.tolist()[:3] == [("u", "b - a"), ("u", "c - b"), ("v", "b - a")]


def test_what_is_sliced_from_a_table_is_ordinary_and_a_copy_keeps_its_draws(fit):
    found = fit.contrasts("f")
    assert type(found[["mean"]]) is type(found.head(1)) is type(found * 2) is pd.DataFrame
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.draws, found.draws)
    pd.testing.assert_frame_equal(pd.DataFrame(again), pd.DataFrame(found))


def test_rope_of_a_table_counts_its_draws(fit):
    found = fit.contrasts("f")
    table = found.rope((-0.5, 0.25))
    expected = ((found.draws >= -0.5) & (found.draws <= 0.25)).mean(axis=0)
    np.testing.assert_allclose(table["share"], expected)
    assert found.rope({"a - b": 100})["decision"].tolist() == ["accept", "no region", "no region"]


def test_direction_and_rope_of_coefficients(fit, model):
    found, x = fit.direction(), column(fit, "x")
    assert found.index.tolist() == list(model.design.fixed_labels)
    assert found.loc["x"].to_dict() == {
        "median": np.median(x),
        "positive": (x > 0).mean(),
        "direction": max((x > 0).mean(), (x < 0).mean()),
    }
    one = fit.direction("f[b] - f[c] = 0.5")
    draws = column(fit, "f[b]") - column(fit, "f[c]")
    assert one["positive"].iloc[0] == (draws > 0.5).mean()
    table = fit.rope()
    half = 0.1 * model.design.y.std() / model.design.frame["x"].std(ddof=0)
    assert table.loc["x", "high"] == pytest.approx(half)
    assert table.loc["x", "share"] == (np.abs(x) <= half).mean()
    assert table.loc["Intercept", "decision"] == "no region"
    shifted = fit.rope(0.2, "f[b] - f[c] = 0.5")
    assert shifted["share"].iloc[0] == (np.abs(draws - 0.5) <= 0.2).mean()
    with pytest.raises(SamplingError, match=r"'z' .*is no coefficient"):
        fit.direction("z = 0")


def test_reml_tables_are_those_of_the_same_contrasts_written_out(model):
    reml = model.reml()
    for df in ("satterthwaite", "kenward-roger"):
        found = reml.contrasts("f", at={"x": 3}, df=df, ci_prob=0.9)
        written = reml.test(["-f[b] - 3 * f:x[b]", "-f[c] - 3 * f:x[c]"], df, ci_prob=0.9)
        np.testing.assert_allclose(found.iloc[:2].to_numpy(), written.to_numpy(), rtol=1e-9)


def test_adjustments_that_do_not_fit_are_refused(model):
    reml = model.reml()
    with pytest.raises(RemlError, match="adjust must be None, 'holm' or 'tukey', not 'sidak'"):
        reml.contrasts("f", adjust="sidak")
    with pytest.raises(RemlError, match="method='pairwise' only"):
        reml.contrasts("f", "reference", adjust="tukey")
    with pytest.raises(PredictionError, match="'g' is no column"):
        reml.marginal_means("g")


def test_a_stored_fit_gives_the_same_tables(fit, tmp_path):
    fit.save(tmp_path / "fit.nc")
    again = bm.load(tmp_path / "fit.nc")
    pd.testing.assert_frame_equal(again.contrasts("f"), fit.contrasts("f"))
    pd.testing.assert_frame_equal(again.slopes("x", weights="rows"), fit.slopes("x", weights="rows"))


def test_a_table_that_was_read_in_parts_needs_the_values_of_numbers(model):
    formula = "y ~ f * x + h + (1 | g)"
    streamed, whole = bm.MixedModel.stream(formula, model.design.frame, batch_rows=30).reml(), model.reml()
    for call in (
        lambda fit: fit.marginal_means("f", at={"x": 2.0}),
        lambda fit: fit.contrasts("f", "reference", slope="x", at={"x": 0}),
    ):
        np.testing.assert_allclose(call(streamed), call(whole), rtol=1e-4, atol=1e-6)
    with pytest.raises(PredictionError, match=r"with them the mean of 'x': give its value, at={'x': ...}"):
        streamed.marginal_means("f")
    for options in ({"weights": "rows"}, {"at": {"x": 1}, "weights": "proportional"}):
        with pytest.raises(DesignError, match="streamed and are gone"):
            streamed.marginal_means("f", **options)
