"""Code for lme4: the expected text, and in R, where it is, the same criterion, beta, G and sigma."""

import numpy as np
import pytest
from scipy.linalg import block_diag

import bayesmixed as bm
from bayesmixed.errors import DesignError, RemlError, StorageError
from tests.elsewhere.cases import CASES, mixed_table, model
from tests.elsewhere.r import needs, run

#: As narrow a search as nlopt offers, and what it found.
ENDING = """
fit <- update(fit, control = lmerControl(optCtrl = list(
  xtol_abs = 1e-12, ftol_abs = 1e-13, xtol_rel = 0, ftol_rel = 0, maxeval = 1e5),
  check.conv.singular = "ignore", check.conv.grad = "ignore", check.conv.hess = "ignore"))
report(criterion = sprintf("%.17g", -2 * as.numeric(logLik(fit))), beta = numbers(fixef(fit)),
  sigma = sprintf("%.17g", sigma(fit)), sizes = numbers(vapply(VarCorr(fit), nrow, 1)),
  G = numbers(unlist(lapply(VarCorr(fit), as.vector))), rows = nobs(fit))
"""


@pytest.fixture(scope="module")
def in_r(tmp_path_factory):
    """What lme4 finds of every case, by REML and by ML."""
    fits = {f"{name} {method}": model(name).reml(method) for name in CASES for method in ("REML", "ML")}
    scripts = {name: fit.code("lme4") for name, fit in fits.items()}
    return fits, run(scripts, tmp_path_factory.mktemp("lme4"), ENDING)


@needs("lme4")
@pytest.mark.slow
@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("name", CASES)
def test_lme4_finds_the_same(in_r, name, method):
    fits, found = in_r
    fit, theirs = fits[f"{name} {method}"], found[f"{name} {method}"]
    assert theirs["rows"] == fit.design.n_obs
    assert theirs["criterion"] == pytest.approx(fit.criterion, abs=1e-7)
    # R runs through the first factor of an interaction first, we through the last
    np.testing.assert_allclose(np.sort(theirs["beta"]), np.sort(fit.beta), rtol=1e-5, atol=1e-5)
    assert theirs["sigma"] == pytest.approx(fit.sigma, rel=1e-5)
    ends = np.cumsum(np.square(theirs["sizes"])).astype(int)
    blocks = np.split(np.array(theirs["G"]), ends[:-1])
    G = block_diag(*(block.reshape(int(np.sqrt(len(block))), -1) for block in blocks))
    np.testing.assert_allclose(G, fit.G, rtol=0, atol=1e-5 * fit.sigma**2)


# ---------------------------------------------------------------- the text
def test_the_text():
    fit = model("slope").reml()
    assert fit.code("lme4").text == (
        "# Reaction ~ Days + (Days | Subject) in R with lme4: 180 rows, 18 groups of Subject\n"
        "library(lme4)\n"
        'table <- read.csv("table.csv", colClasses = c(Subject = "character"))\n'
        "fit <- lmer(Reaction ~ Days + (Days | Subject), table, REML = TRUE)\n"
        "summary(fit)  # here: REML criterion 1743.628272, sigma 25.59182\n"
    )
    assert "REML = FALSE" in str(model("slope").reml("ML").code())


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("uncorrelated", "lmer(Reaction ~ Days + (Days || Subject), table, REML = TRUE)"),
        ("two brackets", "lmer(Reaction ~ Days + (1 | Subject) + (0 + Days | Subject), table, REML = TRUE)"),
        ("arithmetic", "lmer(y ~ I((t + u)^2 / 3 - -t) + as.numeric(t > 3) + log(abs(u - 12)) + (1 | g), "),
        ("powers", "lmer(y ~ I(-t^2) + I(u - 2 - (t - 1)) + I(u / (t * 2)) + I(2^((t / 9)^2)) + (1 | g), "),
        ("offset", "lmer(y ~ t + offset(log(u)) + offset(t / 7) + (1 | g), table, REML = TRUE)"),
        ("weights", "lmer(y ~ t + f + (t | g), table, weights = w, REML = TRUE)"),
        ("reference", 'lmer(y ~ relevel(f, "b") + t + relevel(f, "b"):t + (1 | g), table, REML = TRUE)'),
        ("sum", 'lmer(y ~ C(f, "contr.sum") + t + (1 | g), table, REML = TRUE)'),
        ("number as factor", "lmer(y ~ factor(k) + k:t + (1 | g), table, REML = TRUE)"),
        (
            "odd names apart",  # lme4's || forgets backquotes
            "lmer(y ~ t + (1 | `odd group`) + (0 + t | `odd group`) + (0 + `odd name` | `odd group`), table, ",
        ),
        ("odd name", "lmer(y ~ `odd name` + t + `odd name`:t + (`odd name` | g), table, REML = TRUE)"),
        ("groups of two columns", "lmer(y ~ t + (1 | g:h), table, REML = TRUE)"),
        (
            "factor slopes apart",  # lme4's own || leaves the levels of a factor correlated
            'lmer(y ~ f + t + (1 | g) + (0 + as.numeric(f == "b") | g) + (0 + as.numeric(f == "c") | g) + '
            "(0 + t | g), table, REML = TRUE)",
        ),
    ],
)
def test_the_call(name, call):
    assert f"fit <- {call}" in model(name).code("lme4").text


def test_levels_and_texts_are_told():
    text = model("texts like numbers").code("lme4").text
    assert 'colClasses = c(lot = "character")' in text
    assert 'table$lot <- factor(table$lot, levels = c("01", "1", "10"))' in text
    assert 'levels = c("s", "m", "l")' in model("ordered").code("lme4").text
    assert "na.strings = character()" in model("a word for missing").code("lme4").text
    assert "check.names = FALSE" in model("odd name").code("lme4").text


def test_dropped_rows_are_told():
    assert "must hold the rows in use, without the 2 that were dropped" in model("weights").code("lme4").text


def test_other_tables():
    text = model("slope").code("lme4", data="my table.parquet").text
    assert 'as.data.frame(arrow::read_parquet("my table.parquet"))' in text


def test_the_table_holds_the_rows_in_use(tmp_path):
    script = model("truth").code("lme4")
    path = script.write_table(tmp_path / "rows.csv")
    frame = bm.read_table(path)
    assert len(frame) == 238
    assert set(frame["yes"]) == {0, 1}
    np.testing.assert_array_equal(frame["t"], mixed_table()["t"].dropna())


def test_a_fit_and_its_model_give_the_same_code():
    fit = model("slope").fit(engine="importance", draws=50, random_seed=1, progressbar=False)
    assert fit.code("lme4").text == model("slope").code("lme4").text
    assert "<pre>" in fit.code("lme4")._repr_html_()


def test_what_cannot_be_said():
    table = bm.load_dataset("sleepstudy")
    own = bm.MixedModel("Reaction ~ half(Days) + (1 | Subject)", table, functions={"half": lambda x: x / 2})
    with pytest.raises(DesignError, match="half is a function of your own; make a column of it"):
        own.code("lme4")
    with pytest.raises(DesignError, match="program must be 'lme4', 'brms' or 'bambi', not 'lme'"):
        own.code("lme")
    with pytest.raises(DesignError, match="data must be the path"):
        own.code("lme4", data=table)
    with pytest.raises(RemlError, match=r"a REML fit has no priors, which brms needs: use model.code\('brms'\)"):
        own.reml().code("brms")
    streamed = bm.MixedModel.stream("Reaction ~ Days + (Days | Subject)", table)
    assert "(Days | Subject)" in streamed.code("lme4").text
    assert "# the rows were read in parts: table.csv must be that table" in streamed.code("lme4").text
    with pytest.raises(DesignError, match="the rows were read in parts"):
        streamed.code("lme4").write_table()


def test_a_folder_of_parquet_and_a_table_named_as_parquet(tmp_path):
    fit = model("slope").reml()
    assert f'dplyr::collect(arrow::open_dataset("{tmp_path}"))' in fit.code(data=str(tmp_path)).text
    with pytest.raises(StorageError, match=r"as CSV, and rows.parquet is named as Parquet: end it in .csv"):
        fit.code(data="rows.parquet").write_table()
