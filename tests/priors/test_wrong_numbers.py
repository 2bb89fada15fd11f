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
