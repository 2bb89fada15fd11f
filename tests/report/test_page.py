"""The page: whole, self-contained, harmless, the same for the same fit."""

import re

import pytest

import bayesmixed as bm
from bayesmixed.errors import StorageError
from bayesmixed.report.check_contents import replicates_of_report
from bayesmixed.report.page import page, write_report
from bayesmixed.report.svg import embedded
from tests import fits
from tests.report.hostile import COLUMN, FACTOR, MARK, Page, hostile_fit

SECTIONS = (
    *("glance", "model", "data", "priors", "implied", "diagnostics", "fixed", "variance"),
    *("icc", "reml", "effects", "check", "sensitivity", "methods", "warnings", "session"),
)


@pytest.fixture(scope="module")
def html():
    return page(fits.fit("slope"))


@pytest.fixture(scope="module")
def read(html):
    return Page.of(html)


def test_every_section_is_there_and_linked(read):
    sections = [value for tag, key, value in read.attributes if (tag, key) == ("section", "id")]
    assert tuple(sections) == SECTIONS
    assert [link for link in read.values("href") if link in {f"#{name}" for name in SECTIONS}] == [
        f"#{name}" for name in SECTIONS
    ]


def test_every_element_is_closed(read):
    assert read.unclosed == []


def test_pictures_have_captions_and_alternative_text(read):
    assert read.counts["figure"] == read.counts["figcaption"] == read.counts["svg"] == 7
    assert read.values("role").count("img") == 7
    titles = {value for tag, key, value in read.attributes if (tag, key) == ("title", "id")}
    assert set(read.values("aria-labelledby")) == titles
    assert "Days: median" in read.text


def test_tables(read):
    assert read.counts["table"] == read.counts["caption"] == 13


@pytest.mark.parametrize(
    "words",
    ["R-hat", "ESS", "ICC", "REML", "prior", "divergences", "shrinkage", "1743.6283", "ms/d", "nutpie", "seed"],
)
def test_words_that_a_reader_looks_for(read, words):
    assert words in read.text


def test_it_asks_the_network_for_nothing(html, read):
    for name in ("src", "href", "xlink:href", "srcset", "action", "data"):
        assert all(value.startswith("#") for value in read.values(name))
    assert read.counts["link"] == read.counts["img"] == read.counts["iframe"] == 0
    assert read.counts["script"] == 1  # it copies tables
    (policy,) = [value for value in read.values("content") if "default-src" in value]
    assert policy.startswith("default-src 'none'; ")
    assert "@import" not in html
    assert all(address.startswith("#") for address in re.findall(r"url\(([^)]+)\)", html))


def test_no_identifier_comes_twice(read):
    identifiers = read.values("id")
    assert len(identifiers) == len(set(identifiers))


def test_references_inside_pictures_lead_somewhere(html, read):
    wanted = {link[1:] for link in read.values("href")} | set(re.findall(r"url\(#([^)]+)\)", html))
    assert wanted <= set(read.values("id"))


@pytest.mark.slow
def test_the_same_fit_gives_the_same_page(html):
    assert page(fits.fit("slope")) == html


def test_the_fit_stays_as_it_was(html):
    assert "posterior_predictive" not in fits.fit("slope").idata.children


def test_it_is_small(html):
    assert len(html.encode()) < 3_000_000


@pytest.mark.slow
def test_pictures_are_closed():
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    page(fits.fit("slope"))
    assert plt.get_fignums() == before


@pytest.mark.slow
@pytest.mark.parametrize("key", ["intercept", "factor slope", "weighted", "slash"])
def test_other_models(key):
    found = Page.of(page(fits.fit(key)))
    assert found.counts["figure"] == 7
    assert "nan" not in found.text.split()


@pytest.mark.slow
def test_without_draws_of_b():
    found = Page.of(page(fits.fit_without_groups("slope")))
    assert found.counts["figure"] == 7
    assert "Replicates of new groups" in found.text


def test_the_check_is_that_of_the_fit(read):
    table = fits.fit("slope").check()
    assert all(sentence[1:] in read.text for sentence in table["reading"])
    assert "between-group sd (ms)" in read.text
    assert "400 tables were drawn" in read.text


@pytest.mark.parametrize(("n_obs", "draws"), [(180, 1000), (40_000, 250), (10**7, 50)])
def test_large_tables_are_replicated_less_often(n_obs, draws):
    assert replicates_of_report(n_obs) == draws


@pytest.mark.slow
def test_without_reml_it_says_why(ergostool):
    model = bm.MixedModel("effort ~ Type + (Type | Subject)", ergostool)
    with pytest.warns(bm.BayesmixedWarning):
        found = Page.of(page(model.fit(random_seed=1, **fits.QUICK)))
    assert "REML does not exist" in found.text
    assert found.counts["figure"] == 6


@pytest.mark.slow
def test_names_with_html_come_out_harmless():
    html = page(hostile_fit())
    found = Page.of(html)
    assert found.counts["img"] == found.counts["iframe"] == 0
    assert found.counts["script"] == 1  # our own
    assert found.unclosed == []
    for name in (MARK, COLUMN, FACTOR):
        assert name in found.text


@pytest.mark.slow
def test_write_report_leaves_one_file(tmp_path):
    path = tmp_path / "report.html"
    write_report(fits.fit("intercept"), path)
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize("place", ["missing/report.html", "."])
def test_an_unwritable_path_is_one_line(tmp_path, place):
    with pytest.raises(StorageError) as caught:
        write_report(fits.fit("intercept"), tmp_path / place)
    assert "\n" not in str(caught.value)


def test_a_report_that_fails_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("old")

    def interrupted(fit):
        raise KeyboardInterrupt

    monkeypatch.setattr("bayesmixed.report.page.page", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_report(fits.fit("intercept"), path)
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_svg_takes_the_ink_of_the_page():
    source = (
        '<?xml?><svg viewBox="0 0 1 1" width="1pt"><path id="a" style="fill: #222222; stroke: #0072b2"/></svg>'
    )
    text = embedded(source, "x", 'a "quoted" <title>')
    assert text.startswith('<svg viewBox="0 0 1 1" role="img" aria-labelledby="x-title">')
    assert "fill: currentColor" in text
    assert "var(--blue, #0072b2)" in text
    assert 'id="x-a"' in text
    assert "&lt;title&gt;" in text
