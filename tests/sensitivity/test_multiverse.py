"""Grid re-analysis: each analysis is the fit that one would make by hand; what it reports and refuses."""

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.errors import SamplingError
from bayesmixed.sensitivity.subsets import subsets_of_rows

FORMULA = "Yield ~ 1 + (1 | Batch)"


@pytest.fixture
def model(dyestuff):
    return bm.MixedModel(FORMULA, dyestuff)


def run(model, priors=None, rows=None, **options):
    return bm.multiverse(model, priors, rows, **({"draws": 400, "random_seed": 1, "progressbar": False} | options))


def test_each_analysis_is_the_fit_of_its_rows_under_its_priors(model, dyestuff):
    priors = {"default": "default", "wide": {"1|Batch_sigma": bm.HalfNormal(120)}}
    found = run(model, priors, {"not F": lambda table: table["Batch"] != "F"}, draws=4000)
    assert list(zip(*[found.table.drop_duplicates("analysis")[c] for c in ("priors", "rows")], strict=True)) == [
        ("default", "all rows"), ("default", "not F"), ("wide", "all rows"), ("wide", "not F"),
    ]  # fmt: skip
    # The numbers of the priors are those of all rows.
    resolved = bm.MixedModel(FORMULA, dyestuff, priors=priors["wide"]).priors.resolved
    own = bm.MixedModel._with_resolved(FORMULA, dyestuff[dyestuff["Batch"] != "F"], resolved)
    expected = own.fit(1000, engine="quadrature", random_seed=2, progressbar=False)
    last = found.table[found.table["analysis"] == 3].set_index("quantity")
    for label, values in expected.scalars().items():
        assert last.loc[label, "mean"] == pytest.approx(values.mean(), abs=5 * values.std() / np.sqrt(2000))
        assert last.loc[label, "sd"] == pytest.approx(values.std(), rel=0.15)
    assert (last["n_rows"] == 25).all()


def test_numbers_of_the_table_are_those_of_the_fits(model):
    found = run(model, rows=bm.load_dataset("Dyestuff")["Batch"].to_numpy() != "A", ci_prob=0.9)
    for k, fit in enumerate(found.fits):
        own = found.table[found.table["analysis"] == k].set_index("quantity")
        sd, sigma = fit.covariance.sd[:, 0], fit.covariance.sigma
        icc = sd**2 / (sd**2 + sigma**2)
        row = own.loc["ICC(Batch)"]
        expected = [icc.mean(), icc.std(ddof=1), *np.quantile(icc, [0.05, 0.5, 0.95])]
        np.testing.assert_allclose(row[["mean", "sd", "lower", "median", "upper"]].astype(float), expected)
        reml = fit.model.reml()
        assert own.loc["1|Batch_sigma", "reml"] == pytest.approx(reml.covariance.sd[0])
        assert own.loc["ICC(Batch)", "reml"] == pytest.approx(reml.icc()["estimate"].item())
        assert own["engine"].eq("importance").all()
        assert (own["k_hat"] < 0.7).all()


def test_priors_stay_or_are_resolved_anew(model):
    kept, anew = (run(model, rows="Yield < 1550", resolve=how) for how in ("once", "each"))
    numbers = [[str(fit.model.priors.resolved.to_dict()) for fit in one.fits] for one in (kept, anew)]
    assert numbers[0][0] == numbers[0][1]
    assert numbers[1][0] != numbers[1][1]


def test_each_group_is_left_out(model):
    found = run(model, rows="each group left out")
    assert [len(fit.model.design.levels) for fit in found.fits] == [6] + 6 * [5]
    assert list(found.table["rows"].unique())[1] == "without A"
    assert "A" not in found.fits[1].model.design.levels


def test_masks_queries_and_functions_are_the_same_rows(model, dyestuff):
    def high(table):
        return table["Yield"] > 1500

    masks = subsets_of_rows(model, ["Yield > 1500", high, (dyestuff["Yield"] > 1500).to_numpy()])
    assert list(masks) == ["all rows", "Yield > 1500", "high", "rows 3"]
    for mask in list(masks.values())[1:]:
        np.testing.assert_array_equal(mask, dyestuff["Yield"] > 1500)


def test_weights_offsets_and_functions_go_along(sleepstudy):
    table = sleepstudy.assign(w=np.linspace(0.5, 2.0, 180))
    functions = {"double": lambda x: 2.0 * x}
    model = bm.MixedModel(
        "Reaction ~ double(Days) + offset(Days) + (1 | Subject)", table, weights="w", functions=functions
    )
    own = run(model, rows={"late": "Days >= 2"}).fits[1].model
    np.testing.assert_allclose(own.design.weights, table["w"][table["Days"] >= 2])
    np.testing.assert_allclose(own.design.offset, table["Days"][table["Days"] >= 2])


def test_the_seed_decides(model):
    one, two = (run(model, ["default", "brms"], "Yield < 1560", cores=cores).table for cores in (1, 2))
    pd.testing.assert_frame_equal(one, two)


def test_ranges(model):
    found = run(model, ["default", bm.Priors.icc(2, 18)])
    medians = found.table.set_index(["quantity", "analysis"])["median"].loc["ICC(Batch)"]
    row = found.ranges().loc["ICC(Batch)"]
    assert (row["smallest"], row["largest"]) == (medians.min(), medians.max())
    assert found.table["priors"].unique()[1].startswith("icc(alpha=2, beta=18")
    assert repr(found) == "Multiverse(2 analyses: 2 priors x 1 sets of rows, 4 quantities)"


def test_the_picture_shows_the_table(model):
    found = run(model, ["default", "brms"], "each group left out")
    axes = found.plot()
    assert [ax.get_title(loc="left") for ax in axes] == ["Intercept", "1|Batch_sigma", "ICC(Batch)"]
    assert [text.get_text() for text in axes[0].get_yticklabels()][:2] == ["all rows", "without A"]
    dots = [line.get_xdata()[0] for line in axes[2].lines if line.get_marker() in "os"]
    expected = found.table[found.table["quantity"] == "ICC(Batch)"]["median"]
    np.testing.assert_allclose(dots, expected)
    (ax,) = found.plot(["sigma"], order="median")
    places = {line.get_ydata()[0]: line.get_xdata()[0] for line in ax.lines if line.get_marker() in "os"}
    assert (np.diff([places[k] for k in sorted(places)]) >= 0).all()
    with pytest.raises(SamplingError, match="no quantity 'Days'"):
        found.plot(["Days"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rows": "Day > 2"}, "cannot be evaluated"),
        ({"rows": {"none": "Yield < 0"}}, "leave no rows"),
        ({"rows": {"bad": [1, 2]}}, "True and False"),
        ({"rows": {"one": "Batch == 'A'"}}, "rows 'one'"),
        ({"priors": ["default", "default"]}, "different ones"),
        ({"resolve": "never"}, "resolve must be"),
        ({"ci_prob": 1.0}, "ci_prob must"),
    ],
)
def test_what_cannot_be_analysed_is_said(model, options, message):
    with pytest.raises(SamplingError, match=message):
        run(model, **options)


def test_a_coefficient_that_is_lost_is_named():
    data = bm.load_dataset("sleepstudy").assign(phase=lambda d: np.where(d["Days"] < 2, "early", "late"))
    model = bm.MixedModel("Reaction ~ phase + (1 | Subject)", data)
    with pytest.raises(SamplingError, match="phase has one level only"):
        run(model, rows="phase == 'late'")
    with pytest.raises(SamplingError, match="takes a MixedModel"):
        bm.multiverse(data)


@pytest.mark.parametrize(
    ("priors", "rows", "options", "message"),
    [
        (3, None, {}, "priors must be several"),
        ({}, None, {}, "priors must be several"),
        (None, None, {"ci_prob": "x"}, "ci_prob must lie between 0 and 1"),
        (None, {"all rows": "Yield > 1500"}, {}, "two sets of rows are labelled 'all rows'"),
        (None, ["Yield > 1500", "Yield > 1500"], {}, "two sets of rows are labelled 'Yield > 1500'"),
        (None, ["Yield + 2"], {}, "must give 30 of True and False"),
    ],
)
def test_other_wrong_calls(model, priors, rows, options, message):
    with pytest.raises(SamplingError, match=message):
        run(model, priors, rows, **options)
