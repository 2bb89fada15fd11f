"""Fits in a terminal."""

import pytest

from bayesmixed.report.text import fit_text, reml_text
from tests import fits


@pytest.mark.parametrize("key", fits.FORMULAS)
def test_a_fit_names_everything(key):
    found = fits.fit(key)
    text = fit_text(found)
    for word in ("Fixed effects", "Variance components", "Intraclass correlation", "REML", "R-hat"):
        assert word in text
    for label in found.scalars():
        assert label in text
    assert "\x1b" not in text


def test_reml_of_sleepstudy():
    text = reml_text(fits.model("slope").reml())
    assert "REML criterion (-2 log restricted likelihood): 1743.6283" in text
    assert "Days          10.47  1.546  17.00" in text
    assert "< 0.0001" in text


def test_ml_is_called_ml():
    assert "ML criterion (-2 log likelihood)" in reml_text(fits.model("slope").reml("ML"))


def test_warnings_come_last(dyestuff2):
    import bayesmixed as bm

    text = reml_text(bm.MixedModel("Yield ~ 1 + (1 | Batch)", dyestuff2).reml())
    assert "singular" in text.split("Warnings")[1]


def test_units_are_shown():
    text = fit_text(fits.fit("slope"))
    assert "ms/d" in text
    assert "(ms/d)^2" in text
