"""The paragraph of a methods section and the checklist: true of every way of making draws."""

import re

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.report.checklist import AUTHOR, DONE, NONE, PARTLY, checklist, count_of_points
from bayesmixed.report.prior_sections import sensitivity
from bayesmixed.report.sections import sections
from bayesmixed.report.table import number
from tests import fits
from tests.fits import QUICK


@pytest.fixture(scope="module")
def fit():
    return fits.fit("slope")


@pytest.fixture(scope="module")
def external(fit):
    return fit.model.fit_from(fit.idata, random_seed=5)


def statuses(fit):
    return {row[0]: row[2] for row in checklist(fit).rows}


def test_it_has_the_numbers_of_the_fit(fit):
    text = fit.explain_methods()
    days = fit.fixed_effects().loc["Days"]
    low, high = number(days["eti95_lb"]), number(days["eti95_ub"])
    assert f"Days {number(days['median'])} ms/d [{low}, {high}]" in text
    for words in (
        *("Reaction (in ms)", "180 rows in 18 groups of Subject", "Groups have 10 rows", "No row was dropped"),
        *("Intercept at Days = 4.5 ~ Normal(mu=298.5, sigma=140.4)", "LKJ(eta=2)", "preset 'default'"),
        *("NUTS (nutpie; 2 chains of 200 draws after 300 of tuning", "random seed 1", fit.verdict.sentence),
        *("ICC", "replicated tables", "power-scaling", "REML", f"bayesmixed {bm.__version__}"),
    ):
        assert words in text
    assert "\n" not in text


def test_rows_that_were_dropped_are_told():
    data = bm.load_dataset("Dyestuff")
    data.loc[3, "Yield"] = np.nan
    model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", data)
    with pytest.warns(bm.BayesmixedWarning, match="dropped"):
        found = model.fit(draws=100, chains=2, random_seed=1, engine="importance", progressbar=False)
    text = found.explain_methods()
    assert f"{model.design.dropped}." in text
    assert "No row was dropped" not in text


@pytest.mark.parametrize("engine", ["importance", "quadrature"])
def test_independent_draws_are_called_so(engine):
    options = {"draws": 250, "random_seed": 1, "progressbar": False}
    found = fits.model("intercept").fit(engine=engine, **options)
    text, words = found.explain_methods(), {"importance": "importance sampling"}.get(engine, engine)
    assert f"computed by {words}, 1000 independent draws were taken of it" in text
    assert "NUTS" not in text
    assert "R-hat" not in text
    own = statuses(found)
    assert own["BARG 2B"] == own["WAMBS 2"] == own["WAMBS 5"] == NONE
    assert own["BARG 2D"] == (DONE if engine == "importance" else PARTLY)


def test_draws_from_elsewhere_are_not_said_to_be_ours(external):
    text = external.explain_methods()
    assert "sampled outside of bayesmixed, by nutpie (2 chains of 200 draws after 300 of tuning" in text
    assert statuses(external)["BARG 6A"] == PARTLY


def test_draws_of_an_unknown_sampler():
    fit = fits.fit("intercept")
    bare = fits.copy_of(fit).idata
    for node in bare.subtree:
        node.attrs = {}
    text = fit.model.fit_from(bare, random_seed=5).explain_methods()
    assert "by software that the draws do not name (2 chains of 200 draws)" in text


@pytest.mark.slow
def test_draws_by_pymc_are_by_nuts():
    found = fits.model("intercept").fit(engine="pymc", random_seed=1, **QUICK)
    assert "The posterior was sampled by NUTS (nutpie; 2 chains of 200 draws after 300" in found.explain_methods()


def test_one_chain_has_no_convergence():
    quick = {**QUICK, "chains": 1}
    found = fits.model("intercept").fit(random_seed=1, **quick)
    assert statuses(found)["BARG 2B"] == AUTHOR
    assert "The draws are doubtful" in found.explain_methods()


def test_the_checklist_counts_every_point_once(fit):
    table = checklist(fit)
    names = [row[0] for row in table.rows]
    assert len(set(names)) == len(names) == 30
    assert {name.split()[0] for name in names} == {"BARG", "WAMBS"}
    assert {f"WAMBS {k}" for k in range(1, 11)} <= set(names)
    assert sum(map(int, re.findall(r"\d+", count_of_points(table).split(":")[1]))) == 30


@pytest.mark.parametrize("fixed", ["", "0 + "])
def test_it_points_at_sections_that_exist(fixed):
    model = bm.MixedModel(f"Yield ~ {fixed}(1 | Batch)", bm.load_dataset("Dyestuff2"))
    fit = model.fit(draws=250, random_seed=1, progressbar=False, engine="importance")
    titles = {section.title for section in sections(fit)}
    for row in checklist(fit).rows:
        assert {where for where in row[3].split("; ") if where} <= titles
        assert bool(row[3]) == (row[2] in (DONE, PARTLY))


def test_what_is_not_done_says_what_is_left(fit):
    assert all(row[4] for row in checklist(fit).rows if row[2] in (PARTLY, AUTHOR))


def test_sensitivity_is_that_of_the_fit(fit):
    own = fit.sensitivity()
    table = fit.tables()["sensitivity"].frame.set_index("quantity")
    np.testing.assert_allclose(table["to the prior"], own["prior"])
    assert table["reading"].tolist() == own["reading"].tolist()


def test_what_cannot_be_computed_is_said_and_does_not_fail_a_report(monkeypatch):
    def refused(*args):
        raise bm.SamplingError("all priors are flat")

    monkeypatch.setattr("bayesmixed.sensitivity.power_scaling", refused)
    monkeypatch.setattr("bayesmixed.priors.shown.implied_draws", refused)
    found = fits.copy_of(fits.fit("intercept"))
    (paragraph,) = sensitivity(found).blocks
    assert paragraph.text == "It could not be computed: all priors are flat."
    assert "could not be computed: all priors are flat" in found.explain_methods()
    own = statuses(found)
    assert own["BARG 5"] == own["WAMBS 7"] == own["BARG 1E"] == AUTHOR
    assert not {"sensitivity", "implied"} & set(found.tables())


def test_of_a_table_read_in_parts():
    rows = bm.load_dataset("sleepstudy")
    model = bm.MixedModel.stream("Reaction ~ Days + (1 | Subject)", rows)
    found = model.fit(draws=100, chains=2, random_seed=1, engine="importance", progressbar=False)
    assert "read in parts" in found.explain_methods()
    assert statuses(found)["BARG 3A"] == AUTHOR
    assert "check" not in found.tables()


def test_without_reml_it_says_so(ergostool):
    model = bm.MixedModel("effort ~ Type + (Type | Subject)", ergostool)
    with pytest.warns(bm.BayesmixedWarning):
        found = model.fit(random_seed=1, **QUICK)
    assert "The same model has no REML estimates" in found.explain_methods()
    assert statuses(found)["WAMBS 8"] == AUTHOR
