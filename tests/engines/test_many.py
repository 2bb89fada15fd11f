"""Many models at once: the same as a fit of each, on any number of cores."""

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.engines import weighted, weights
from tests.fits import model

DYESTUFF = bm.load_dataset("Dyestuff")
FORMULA = "Yield ~ 1 + (1 | Batch)"


def without(batch, **options):
    return bm.MixedModel(FORMULA, DYESTUFF[DYESTUFF["Batch"] != batch], **options)


def draws_of(fit):
    return fit.to_dataframe().to_numpy()


def test_each_is_a_fit_of_its_own_on_any_number_of_cores():
    models = [without("A"), without("B", priors="brms"), model("slope")]
    one, two = (bm.fit_many(models, draws=400, random_seed=3, cores=cores) for cores in (1, 2))
    for first, second in zip(one, two, strict=True):
        np.testing.assert_array_equal(draws_of(first), draws_of(second))
    alone = bm.fit_many(models[:1], draws=400, random_seed=3)
    np.testing.assert_array_equal(draws_of(alone[0]), draws_of(one[0]))
    assert [fit.model for fit in one] == models
    assert one[0].shape == (4, 100)
    assert not one[0].has_effects
    assert len(one[0].random_effects()) == 5


def test_it_agrees_with_the_exact_posterior():
    ours = bm.fit_many([without("A")], draws=4000, random_seed=1)[0].summary()
    exact = without("A").fit(engine="quadrature", random_seed=1, progressbar=False).summary()
    error = exact["sd"] * np.sqrt(1 / ours["ess_bulk"] + 1 / exact["ess_bulk"])
    assert ((ours["mean"] - exact["mean"]) / error).abs().max() < 4.0


def test_streamed_tables_and_summed_moments_are_fitted_too():
    whole = bm.MixedModel(FORMULA, DYESTUFF)
    streamed = bm.MixedModel.stream(FORMULA, DYESTUFF, batch_rows=7)
    pooled = bm.MixedModel.from_moments(FORMULA, streamed.moments)
    fits = [bm.fit_many([each], draws=2000, random_seed=2)[0] for each in (whole, streamed, pooled)]
    for fit in fits[1:]:
        np.testing.assert_allclose(fit.summary()["mean"], fits[0].summary()["mean"], rtol=1e-4)
    exact = [each.fit(engine="quadrature", random_seed=1, progressbar=False) for each in (whole, streamed, pooled)]
    for fit in exact[1:]:
        assert fit.idata.attrs["log_evidence"] == pytest.approx(exact[0].idata.attrs["log_evidence"], abs=1e-6)


def test_one_warning_counts_where_nuts_took_over(monkeypatch):
    monkeypatch.setattr(weights, "K_HAT_LIMIT", -5.0)
    with pytest.warns(bm.BayesmixedWarning) as caught:
        fits = bm.fit_many([model("slope")] * 2, draws=1200, random_seed=1, cores=1)
    assert [str(one.message) for one in caught if "models" in str(one.message)] == [
        "2 of 2 models have importance weights with k-hat > 0.7: their draws are those of NUTS instead"
    ]
    assert len(caught) == 1
    assert all(fit.idata.attrs["engine"] == "compiled" for fit in fits)


@pytest.mark.parametrize(
    ("models", "options", "text"),
    [
        ([], {}, "no models"),
        (["y"], {}, "number 0 is a str"),
        ([model("intercept")], {"draws": 10}, "multiple of 4"),
    ],
)
def test_what_cannot_be_fitted_is_refused(models, options, text):
    with pytest.raises(bm.SamplingError, match=text):
        bm.fit_many(models, **options)


def test_the_pilot_takes_few_draws(monkeypatch):
    counts, true = [], weighted._weigh

    def counted(evaluate, source, count, rng):
        counts.append(count)
        return true(evaluate, source, count, rng)

    monkeypatch.setattr(weighted, "_weigh", counted)
    bm.fit_many([model("slope")], draws=1000, random_seed=1)
    assert counts[0] == 200
