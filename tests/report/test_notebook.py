"""Compact HTML of models and fits."""

import pytest

from bayesmixed.report.notebook import fit_html, model_html, reml_html
from tests import fits
from tests.report.hostile import MARK, Page, hostile_fit


@pytest.mark.parametrize("key", ["slope", "intercept", "weighted"])
def test_tables_of_a_fit(key):
    page = Page.of(fit_html(fits.fit(key)))
    assert page.counts["table"] == 3
    assert fits.FORMULAS[key] in page.text
    assert "R-hat" in page.text


def test_tables_of_a_model():
    page = Page.of(model_html(fits.model("slope")))
    assert page.counts["table"] == 2
    assert "HalfStudentT" in page.text


def test_tables_of_a_reml_fit():
    page = Page.of(reml_html(fits.model("slope").reml()))
    assert page.counts["table"] == 3
    assert "1743.6283" in page.text


def test_jupyter_finds_it():
    assert fits.fit("slope")._repr_html_() == fit_html(fits.fit("slope"))


def test_names_with_html_come_out_harmless():
    found = hostile_fit()
    for html in (fit_html(found), model_html(found.model), reml_html(found.model.reml())):
        page = Page.of(html)
        assert page.counts["script"] == page.counts["img"] == page.counts["i"] == 0
        assert MARK in page.text
