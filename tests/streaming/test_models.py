"""What a model without rows can do, and what it says of the rest."""

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.errors import BayesmixedError, DesignError, PredictionError, PriorError, StorageError, TableError

FORMULA = "Reaction ~ Days + (Days | Subject)"


@pytest.fixture
def model(sleepstudy):
    return bm.MixedModel.stream(FORMULA, sleepstudy, batch_rows=47)


def test_tables_equal_those_in_memory(model, sleepstudy):
    one, other = bm.MixedModel(FORMULA, sleepstudy).reml(), model.reml()
    for name in ("icc", "variance_components", "fixed_effects"):
        want, got = getattr(one, name)(), getattr(other, name)()
        pd.testing.assert_frame_equal(got, want, rtol=1e-7)
    want, got = one.icc({"Days": [0, 3]}), other.icc({"Days": [0, 3]})
    pd.testing.assert_frame_equal(got, want, rtol=1e-9)
    pd.testing.assert_frame_equal(other.predict(sleepstudy.head()), one.predict(sleepstudy.head()), rtol=1e-9)


def test_the_posterior_is_that_in_memory(model, sleepstudy):
    options = {"draws": 100, "tune": 200, "chains": 2, "random_seed": 1, "progressbar": False}
    fit = model.fit(**options)
    want = bm.MixedModel(FORMULA, sleepstudy).fit(**options)
    # The same seed: chains of the same model part at rounding.
    se = want.summary()["sd"] / np.sqrt(50)
    assert ((fit.summary()["mean"] - want.summary()["mean"]).abs() < 5 * se).all()
    assert "observed_data" not in fit.idata.children
    assert len(fit.random_effects()) == 36
    assert len(fit.predict(sleepstudy.head())) == 5


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model.explain(),
        lambda model: model.V(model.reml()),
        lambda model: model.design.X,
        lambda model: model.design.Z,
        lambda model: model.reml().residuals(),
        lambda model: model.reml().predict(),
        lambda model: model.reml().influence(),
        lambda model: model.to_pymc("hierarchical"),
        lambda model: model.prior_predictive(),
    ],
)
def test_what_needs_the_rows_says_that_they_are_gone(model, ask):
    with pytest.raises(DesignError, match="streamed and are gone"):
        ask(model)


ROWS_NEEDED = {
    "fit": (
        "posterior_predictive log_likelihood residuals fitted predict prior_predictive r2 design_effect "
        "bayesian_r2 loo logo plot_data plot_ppc"
    ),
    "reml": "residuals fitted predict leverage influence robust r2 design_effect anova",
}
#: Of the model alone, or of what it is given.
ROWS_NOT_NEEDED = {
    "fit": (
        "summary fixed_effects variance_components icc random_effects compare_reml explain_reml to_dataframe "
        "plot_icc plot_posterior plot_variance_components plot_random_effects plot_compare_reml scalars"
    ),
    "reml": "fixed_effects variance_components icc random_effects confint test_random_effects standard_errors",
}


@pytest.fixture(scope="module")
def fitted():
    model = bm.MixedModel.stream(FORMULA, bm.load_dataset("sleepstudy"), batch_rows=47)
    fit = model.fit(draws=100, tune=200, chains=2, random_seed=1, progressbar=False)
    return {"fit": fit, "reml": model.reml()}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in ROWS_NEEDED for name in ROWS_NEEDED[kind].split()]
)
def test_methods_that_need_the_rows_say_so(fitted, kind, name):
    with pytest.raises(BayesmixedError, match=r"needs? (them|the rows)") as caught:
        getattr(fitted[kind], name)()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in ROWS_NOT_NEEDED for name in ROWS_NOT_NEEDED[kind].split()]
)
def test_methods_that_do_not_need_the_rows(fitted, kind, name):
    assert getattr(fitted[kind], name)() is not None


def test_brms_priors_are_refused(sleepstudy):
    with pytest.raises(PriorError, match="median of y"):
        bm.MixedModel.stream(FORMULA, sleepstudy, priors="brms").priors.resolved  # noqa: B018


@pytest.mark.parametrize("term", ["poly(Days, 2)", "bs(Days, df=4)", "scale(center(Days))"])
def test_transformations_of_all_rows_at_once_are_refused(sleepstudy, term):
    with pytest.raises(DesignError, match="all rows at once"):
        bm.MixedModel.stream(f"Reaction ~ {term} + (1 | Subject)", sleepstudy)


@pytest.mark.parametrize(
    ("formula", "change", "match"),
    [
        (FORMULA, {"Reaction": 1.0}, "constant"),
        ("Reaction ~ Days + u + (1 | Subject)", {"u": lambda d: 2 * d["Days"] + 1}, "collinear"),
        ("Reaction ~ Days + u + (1 | Subject)", {"u": 3.0}, "collinear"),
        (
            "Reaction ~ Days + (u | Subject)",
            {"u": lambda d: d["Subject"].astype(int) * 1.0},
            "varies within no group",
        ),
        (FORMULA, {"Subject": "a"}, "one group only"),
        ("Reaction ~ (1 | Subject)", {"Subject": range(180)}, "as many groups as rows"),
        (FORMULA, {"Reaction": np.nan}, "missing value"),
    ],
)
def test_refusals_are_those_in_memory(sleepstudy, formula, change, match):
    table = sleepstudy.assign(**change)
    messages = []
    for build in (bm.MixedModel, bm.MixedModel.stream):
        with pytest.raises((DesignError, TableError), match=match) as caught:
            build(formula, table)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


def test_sources_that_are_none(tmp_path):
    with pytest.raises(TableError, match="does not exist"):
        bm.MixedModel(FORMULA, tmp_path / "none.parquet")
    with pytest.raises(TableError, match="is not a table"):
        bm.MixedModel.stream(FORMULA, 3)
    with pytest.raises(TableError, match="batch_rows"):
        bm.MixedModel.stream(FORMULA, {"a": [1]}, batch_rows=0)
    with pytest.raises(TableError, match="no column"):
        bm.MixedModel.stream(FORMULA, {"a": [1]})


# ---------------------------------------------------------------- moments
def test_hospitals_pool_without_sharing_a_row(sleepstudy):
    parts = [sleepstudy[::2], sleepstudy[1::2]]  # groups straddle
    agreed = bm.agree([bm.summarise(FORMULA, part) for part in parts])
    pooled = bm.MixedModel.from_moments(FORMULA, [bm.sum_moments(agreed, part) for part in parts])
    whole = bm.MixedModel(FORMULA, sleepstudy)
    assert pooled.reml().criterion == pytest.approx(whole.reml().criterion, abs=1e-9)
    np.testing.assert_allclose(pooled.reml().se, whole.reml().se, rtol=1e-9)
    assert set(pooled.design.levels) == set(whole.design.levels)


def test_an_agreement_travels_as_json(sleepstudy):
    import json

    from bayesmixed.streaming import Agreement

    agreed = bm.agree(bm.summarise("Reaction ~ scale(Days) + (1 | Subject)", sleepstudy))
    again = Agreement.from_dict(json.loads(json.dumps(agreed.to_dict())))
    assert again.digest == agreed.digest
    one, other = bm.sum_moments(agreed, sleepstudy[:90]), bm.sum_moments(again, sleepstudy[90:])
    assert (one + other).n_rows == 180


def test_moments_of_other_agreements_do_not_add_up(sleepstudy):
    one = bm.sum_moments(bm.agree(bm.summarise(FORMULA, sleepstudy[:90])), sleepstudy[:90])
    other = bm.sum_moments(bm.agree(bm.summarise(FORMULA, sleepstudy[90:])), sleepstudy[90:])
    with pytest.raises(DesignError, match="different agreements"):
        one + other
    with pytest.raises(DesignError, match="made with the formula"):
        bm.MixedModel.from_moments("Reaction ~ Days + (1 | Subject)", one)
    with pytest.raises(DesignError, match="do not say what they belong to"):
        bm.MixedModel.from_moments(FORMULA, bm.MixedModel(FORMULA, sleepstudy).coded.moments)
    with pytest.raises(DesignError, match="different models"):
        bm.agree([bm.summarise(FORMULA, sleepstudy), bm.summarise("Reaction ~ (1 | Subject)", sleepstudy)])


@pytest.mark.parametrize("streamed", [True, False])
def test_moments_to_a_file_and_back(sleepstudy, tmp_path, streamed):
    build = bm.MixedModel.stream if streamed else bm.MixedModel
    one = build(FORMULA, sleepstudy)
    one.moments.save(tmp_path / "m.moments")
    other = bm.MixedModel.from_moments(FORMULA, bm.Moments.load(tmp_path / "m.moments"))
    assert other.reml().criterion == pytest.approx(one.reml().criterion, abs=1e-9)
    assert str(other.priors) == str(one.priors)
    pd.testing.assert_frame_equal(other.reml().icc(), one.reml().icc(), rtol=1e-7)


def test_damaged_files_are_refused(sleepstudy, tmp_path):
    path = tmp_path / "m.moments"
    with pytest.raises(StorageError, match="does not exist"):
        bm.Moments.load(path)
    bm.MixedModel(FORMULA, sleepstudy).moments.save(path)
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(StorageError, match="whole moments"):
        bm.Moments.load(path)


def test_update_equals_the_fit_of_all_rows(sleepstudy):
    from bayesmixed.streaming.build import updated

    old = bm.MixedModel(FORMULA, sleepstudy[:150])
    new = updated(old, sleepstudy[150:])
    whole = bm.MixedModel(FORMULA, sleepstudy)
    assert new.reml().criterion == pytest.approx(whole.reml().criterion, abs=1e-9)
    assert new.priors.resolved is old.priors.resolved
    assert new.design.n_groups == 18
    again = updated(updated(old, sleepstudy[150:160]), sleepstudy[160:])
    assert again.reml().criterion == pytest.approx(whole.reml().criterion, abs=1e-9)


def test_update_of_a_fit(sleepstudy):
    options = {"draws": 50, "tune": 100, "chains": 1, "random_seed": 1, "progressbar": False}
    fit = bm.MixedModel(FORMULA, sleepstudy[:150]).fit(**options).update(sleepstudy[150:], **options)
    assert fit.model.design.n_obs == 180


def test_update_refuses_new_levels_of_predictors():
    from bayesmixed.streaming.build import updated

    rng = np.random.default_rng(3)
    table = pd.DataFrame({"y": rng.normal(size=40), "f": list("ab") * 20, "g": np.arange(40) // 4})
    model = bm.MixedModel("y ~ f + (1 | g)", table)
    with pytest.raises(PredictionError, match="not in the data"):
        updated(model, table.assign(f="z"))
