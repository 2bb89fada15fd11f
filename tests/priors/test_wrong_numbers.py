"""Numbers that no prior can have are refused in one line."""

import pytest

import bayesmixed as bm


@pytest.mark.parametrize("number", [-1.0, float("nan"), "a"])
def test_numbers_of_a_prior_on_the_icc_are_positive(number):
    data = bm.load_dataset("Dyestuff")
    with pytest.raises(bm.PriorError, match="alpha of a prior on the ICC must be a positive number"):
        bm.MixedModel("Yield ~ 1 + (1 | Batch)", data, priors=bm.Priors.icc(number, 1.0)).priors  # noqa: B018


@pytest.mark.parametrize("draws", [-1, "a"])
def test_implied_needs_a_number_of_draws(draws):
    model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"))
    with pytest.raises(bm.PriorError, match="draws must be a whole number"):
        model.priors.implied(draws=draws)


@pytest.mark.parametrize("number", [None, "2", -1, 0, float("nan"), float("inf"), [2], True])
@pytest.mark.parametrize(
    ("preset", "name"),
    [
        ("penalised_complexity", "probability"),
        ("penalised_complexity", "upper"),
        ("r2d2m2", "mean"),
        ("r2d2m2", "precision"),
        ("r2d2m2", "concentration"),
        ("icc", "alpha"),
        ("icc", "scale"),
    ],
)
def test_numbers_of_presets_are_refused_by_name(preset, name, number):
    priors = getattr(bm.Priors, preset)(**{name: number})
    if number is None and name in ("upper", "scale"):
        return  # what the data say
    with pytest.raises(bm.PriorError, match=f"^{name} of .* must be a (positive number|number between 0 and 1)"):
        bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"), priors=priors).priors  # noqa: B018


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"preset": "icc", "options": {"alfa": 1}},
            "'icc' has no number 'alfa'; there are alpha, beta, nu, scale",
        ),
        ({"preset": "brms", "options": {"alpha": 1}}, "'brms' has no number 'alpha'; there are none"),
        ({"options": 3}, "options must be a dict of numbers by name"),
        ({"given": 3}, "given must be a dict by names of parameters"),
    ],
)
def test_what_a_preset_does_not_take_is_refused(options, message):
    with pytest.raises(bm.PriorError, match=message):
        bm.Priors(**options)


def test_draws_are_not_true():
    model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"))
    with pytest.raises(bm.PriorError, match="draws must be a whole number"):
        model.priors.implied(draws=True)
