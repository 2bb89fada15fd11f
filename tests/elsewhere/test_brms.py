"""Code for brms: the expected text, and from R, where brms is, the columns and the priors of its Stan program."""

import re

import numpy as np
import pymc as pm
import pytest

import bayesmixed as bm
from bayesmixed.elsewhere.brms_priors import stan
from bayesmixed.errors import DesignError, PriorError
from bayesmixed.priors.families import Flat
from tests.elsewhere.cases import CASES, mixed_table, model
from tests.elsewhere.r import needs, run

OWN = {
    "Intercept": bm.StudentT(4, 250, 30),
    "Days": bm.Normal(10, 5),
    "1|Subject_sigma": bm.HalfCauchy(20),
    "Days|Subject_sigma": bm.Gamma(2, 0.2),
    "Subject_corr": bm.LKJ(3),
    "sigma": bm.Exponential(0.04),
}
#: Cases under presets, and priors of a user's own.
MODELS = {f"{name}, {preset}": (name, preset) for name in CASES for preset in ("default", "brms")} | {
    "two factors, bambi": ("two factors", "bambi"),
    "scaled, bambi": ("scaled", "bambi"),
    "slope, own": ("slope", OWN),
    "slope, flat": ("slope", {"Intercept": bm.Flat(), "Days": bm.Flat()}),
    "factor, own": ("factor", {"Type": bm.Normal((0, 1, 2), (3, 4, 5))}),
}
MODELS = {key: value for key, value in MODELS.items() if not value[0].startswith("odd name")}

ENDING = """
report(code = texts(fit$code), X = numbers(t(fit$data$X)), p = fit$data$K,
  Z = numbers(unlist(fit$data[grep("^Z_", names(fit$data))])), names = texts(names(fit$data)),
  y = numbers(fit$data$Y), offset = numbers(fit$data$offsets), rows = fit$data$N)
"""
ASK = """
ask <- function(formula, data, prior, seed) list(
  code = as.character(make_stancode(formula, data, prior = prior)),
  data = make_standata(formula, data, prior = prior))
"""


class Asked:
    """A script whose `brm` says what it would sample instead."""

    def __init__(self, script):
        self.data, self.write_table = script.data, script.write_table
        self.text = ASK + script.text.replace("fit <- brm(", "fit <- ask(").replace("\nsummary(fit)\n", "\n")


def of(key):
    name, priors = MODELS[key]
    return model(name, priors=priors)


@pytest.fixture(scope="module")
def in_r(tmp_path_factory):
    scripts = {key: Asked(of(key).code("brms")) for key in MODELS}
    return run(scripts, tmp_path_factory.mktemp("brms"), ENDING)


def combinations(theirs, ours):
    """M with ``theirs M = ours``: their coefficients are M times ours."""
    found, *_ = np.linalg.lstsq(theirs, ours, rcond=None)
    np.testing.assert_allclose(theirs @ found, ours, atol=1e-9 * max(1.0, np.abs(ours).max()))
    return found


def place(M, row):
    """Which of their coefficients is this combination of ours."""
    (found,) = np.flatnonzero(np.isclose(M, row, rtol=1e-8, atol=1e-8 * np.abs(row).max()).all(axis=1))
    return int(found)


def densities(code):
    """``{"b[1]": "normal(0, 5)"}`` of the statements about lprior."""
    found = re.findall(r"lprior \+= (\w+)_lpdf\((\w+(?:\[\d+\])?) \| ([^)]*)\)", code)
    return {variable: _rounded(family, numbers) for family, variable, numbers in found}


def _rounded(family, numbers):
    return f"{family}({', '.join(f'{float(one):.8g}' for one in numbers.split(', '))})"


def rounded(prior):
    return _rounded(*re.fullmatch(r"(\w+)\((.*)\)", stan(prior)).groups())


def each(parameters, priors):
    for parameter in parameters:
        for k in range(len(parameter.columns)):
            prior = priors[parameter.name]
            yield prior if parameter.dim is None else prior.entry(k)


@needs("brms")
@pytest.mark.slow
@pytest.mark.parametrize("key", MODELS)
def test_brms_has_the_same_columns_and_priors(in_r, key):
    asked, theirs = of(key), in_r[key]
    design, priors, code = asked.design, asked.priors.resolved, theirs["code"][0]
    said = densities(code)
    np.testing.assert_allclose(theirs["y"], design.y)
    if len(theirs["offset"]):
        np.testing.assert_allclose(theirs["offset"], design.offset)
    # coefficients
    X = np.reshape(theirs["X"], (design.n_obs, -1))
    at_means = "Intercept" in said or "Intercept" in re.findall(r"real (Intercept);", code)
    if at_means:
        X = np.column_stack([X[:, 0], X[:, 1:] - X[:, 1:].mean(axis=0)])
    M = combinations(X, design.X)
    families = list(each(asked.names.fixed, priors))
    for family, row in zip(families, priors.fixed_coding.matrix, strict=True):
        if not isinstance(family, Flat):
            k = place(M, row)
            name = "Intercept" if at_means and k == 0 else f"b[{k + 1 - at_means}]"
            assert said.pop(name) == rounded(family)
    assert not [name for name in said if name == "b" or name.startswith("b[")]
    # random effects
    Z = np.reshape(theirs["Z"], (-1, design.n_obs)).T
    M = combinations(Z, design.Z_rows)
    numbered = [
        f"sd_{number + 1}[{k + 1}]"
        for number, side in enumerate(design.encoding.random)
        for k in range(len(side.labels))
    ]
    for row, family in zip(priors.T, each(asked.names.sd, priors), strict=True):
        name = numbered[place(M, row)]
        assert said.get(name, said.get(name.partition("[")[0])) == rounded(family)
    correlated = [block for block in design.blocks if block.size > 1]
    assert code.count("lkj_corr_cholesky") == (2 if correlated else 0) / 2 * len(correlated)
    if correlated:
        assert f"lkj_corr_cholesky_lpdf(L_1 | {priors.corr.eta:g})" in code
    # sigma
    name = next(name for name in ("b_s[1]", "b_s", "sigma") if name in said)
    assert said[name] == rounded(priors.sigma)
    assert (name == "sigma") == (design.weights_name is None)


# ---------------------------------------------------------------- the text
def test_the_text():
    assert model("slope", priors="brms").code("brms").text == (
        "# Reaction ~ Days + (Days | Subject) in R with brms: 180 rows, 18 groups of Subject\n"
        "library(brms)\n"
        'table <- read.csv("table.csv", colClasses = c(Subject = "character"))\n'
        "priors <- c(\n"
        '  set_prior("student_t(3, 288.7, 59.3)", class = "Intercept"),\n'
        '  set_prior("student_t(3, 0, 59.3)", class = "sd"),\n'
        '  set_prior("lkj(1)", class = "cor"),\n'
        '  set_prior("student_t(3, 0, 59.3)", class = "sigma")\n'
        ")\n"
        "fit <- brm(Reaction ~ Days + (1 + Days | Subject), table, prior = priors, seed = 1)\n"
        "summary(fit)\n"
    )


def test_priors_are_stated_where_they_are():
    """Ours of the sd at the mean day, so brms gets days counted from there; of one's own at day 0."""
    default = model("slope").code("brms").text
    assert "Reaction ~ Days + (1 + I(Days - 4.5) | Subject)" in default
    assert "# the sd and correlations of Intercept are those at Days = 4.5" in default
    assert 'class = "sd", coef = "IDaysM4.5", group = "Subject"' in default
    own = model("slope", priors=OWN).code("brms").text
    assert "Reaction ~ 0 + Intercept + Days + (1 + Days | Subject)" in own
    assert 'set_prior("student_t(4, 250, 30)", class = "b", coef = "Intercept")' in own
    assert 'set_prior("gamma(2, 0.2)", class = "sd", coef = "Days", group = "Subject")' in own
    assert 'set_prior("exponential(0.04)", class = "sigma")' in own
    combined = model("factor").code("brms").text
    assert "effort ~ 0 + X + (1 | Subject)" in combined
    assert "coefficients here are X_inverse %*% those of brms" in combined


def test_weights_divide_the_variance():
    """Those of brms count rows, so sigma of a row is said by a formula."""
    text = model("weights").code("brms").text
    assert "nlf(sigma ~ log(s) - log(w) / 2), s ~ 1)" in text
    assert 'class = "b", nlpar = "s", lb = 0)' in text


def test_what_cannot_be_said():
    with pytest.raises(DesignError, match="brms cannot have a column called 'odd name': rename it"):
        model("odd name").code("brms")
    with pytest.raises(PriorError, match="'rstanarm' has a joint prior of several sd"):
        model("slope", priors="rstanarm").code("brms")
    own = bm.MixedModel("y ~ u + (1 | g)", mixed_table(), priors={"u": pm.Laplace.dist(0, 1)})
    with pytest.raises(PriorError, match="the prior of 'u' is a PyMC distribution"):
        own.code("brms")
    positive = bm.MixedModel("y ~ u + (1 | g)", mixed_table(), priors={"u": bm.HalfNormal(1)})
    with pytest.raises(PriorError, match="no positive prior of one coefficient"):
        positive.code("brms")


def test_a_table_read_in_parts_has_the_calls_of_one_in_memory():
    for weights in (None, "w"):
        formula, rows = "y ~ f + t + (t | g)", mixed_table().dropna()
        streamed = bm.MixedModel.stream(formula, rows, weights=weights).code("brms").text
        whole = bm.MixedModel(formula, rows, weights=weights).code("brms").text
        assert "# the rows were read in parts: table.csv must be that table\n" in streamed
        kinds = [re.findall(r'set_prior\("(\w+)|class = "(\w+)"', text) for text in (streamed, whole)]
        assert kinds[0] == kinds[1]
        numbers = [re.findall(r"-?\d+\.\d{6,}", text) for text in (streamed, whole)]
        np.testing.assert_allclose(*(np.array(found, dtype=float) for found in numbers), rtol=1e-9)
    slope = bm.MixedModel.stream("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"))
    assert "brm(Reaction ~ Days + (1 + I(Days - 4.5) | Subject), table" in slope.code("brms").text
