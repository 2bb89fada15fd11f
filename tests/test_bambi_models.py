"""Models to and from Bambi: the same density exactly, the same posterior, results that Bambi goes on with."""

import warnings

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from scipy import stats

import bayesmixed as bm
from bayesmixed.errors import DesignError, FormulaError, PriorError
from tests.designs import random_table
from tests.fits import QUICK
from tests.graphs import log_probability

#: Formulas that Bambi and we read alike; options of `bambi.Model`.
MODELS = {
    "intercept": ("y ~ t + (1|g)", {}),
    "slope": ("y ~ t + x + (t|g)", {}),
    "slope alone": ("y ~ t + (0 + t|g)", {}),
    "factor": ("y ~ f + t + (1|g)", {}),
    "factor slope": ("y ~ f + (f|g)", {}),
    "interaction": ("y ~ f*t + (1 + t|g)", {}),
    "no intercept": ("y ~ 0 + f + t + (0 + f|g)", {}),
    "only groups": ("y ~ 0 + (1|g)", {}),
    "scaled": ("y ~ scale(t) + center(u) + (scale(t)|g)", {}),
    "log and offset": ("log(y) ~ t + offset(o) + (1|g)", {}),
    "spline": ("y ~ bs(u, df=4) + (1|g)", {}),
    "polynomial slope": ("y ~ poly(u, 2) + (poly(u, 2)|g)", {}),
    "weighted": ("weighted(y, w1) ~ t + (t|g)", {}),
    "interaction groups": ("y ~ t + (1|g:h)", {}),
    "not centred": ("y ~ t + u + (t|g)", {"center_predictors": False}),
    "flat": ("y ~ t + (1|g)", {"auto_scale": False}),
    "own priors": ("y ~ t + f + (t|g)", {"priors": "own"}),
}


def table():
    rows = random_table((4, 3, 5, 2, 6, 4, 3, 2))
    half = rows.groupby("g").cumcount() % 2  # every g has rows of both
    return rows.assign(w1=rows["w"] / rows["w"].mean(), h=half.map({0: "a", 1: "b"}))


def own_priors():
    """Families of ours, and some that only PyMC has."""
    from bambi import Prior

    return {
        "Intercept": Prior("StudentT", nu=4, mu=50, sigma=20),
        "t": Prior("Laplace", mu=0, b=3),
        "f": Prior("Normal", mu=np.array([0.0, 1.0]), sigma=np.array([5.0, 6.0])),
        "1|g": Prior("Normal", mu=0, sigma=Prior("HalfCauchy", beta=9)),
        "t|g": Prior("Normal", mu=0, sigma=Prior("InverseGamma", alpha=3, beta=2)),
        "sigma": Prior("Gamma", alpha=2, beta=0.3),
    }


def bambi_model(formula, data=None, **options):
    """Bambi's own model, without its warnings about pandas."""
    import bambi

    if options.get("priors") == "own":
        options["priors"] = own_priors()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bambi.Model(formula, table() if data is None else data, **options)


def of(key, **more):
    formula, options = MODELS[key]
    return bambi_model(formula, **options, **more)


def quietly(function, *arguments, **options):
    """A call of Bambi's, whose dependencies deprecate things."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **options)


# ---------------------------------------------------------------- the same density
def random_point(model, rng):
    """Values of the parameters in the coding of the priors: coefficients, sd, effects (J, q), sigma."""
    design = model.design
    return {
        "gamma": rng.normal(scale=2.0, size=design.p),
        "sd": rng.uniform(0.5, 4.0, size=design.q),
        "u": rng.normal(size=(design.n_groups, design.q)),
        "sigma": rng.uniform(2.0, 8.0),
    }


def values_of(model, point, noncentered):
    """One point under the names of our hierarchical graph and of Bambi's."""
    names = model.names
    values = {"sigma": point["sigma"]}
    for parameter in names.fixed:
        values[parameter.name] = parameter.value(point["gamma"])
    for parameter in names.sd:
        values[parameter.name] = parameter.value(point["sd"])
    effects = point["u"] if noncentered else point["u"] * point["sd"]
    values[f"{names.factor}_{'offset' if noncentered else 'effects'}"] = effects
    for parameter in names.effects:
        # In Bambi's graph the group comes first.
        values[parameter.name + ("_offset" if noncentered else "")] = parameter.value(effects)
    return values


def log_densities(theirs, ours, noncentered, points=3):
    """Joint log density of Bambi's graph and of ours at random points, with all Jacobians."""
    quietly(theirs.build)
    graph = ours.to_pymc("hierarchical", "noncentered" if noncentered else "centered")
    own, bambis = log_probability(graph), log_probability(theirs.backend.model)
    rng = np.random.default_rng(5)
    found = []
    for _ in range(points):
        values = values_of(ours, random_point(ours, rng), noncentered)
        found.append((bambis(values), own(values)))
    return np.array(found).T


@pytest.mark.slow
@pytest.mark.parametrize("key", MODELS)
@pytest.mark.parametrize("noncentered", [True, False])
def test_the_joint_density_is_that_of_bambis_graph(key, noncentered):
    theirs = of(key, noncentered=noncentered)
    expected, found = log_densities(theirs, bm.from_bambi(theirs), noncentered)
    if key == "weighted":
        # Bambi's density of a row is to the power of its weight: a constant apart where weights have mean 1.
        w = table()["w1"]
        expected = expected + 0.5 * np.log(w).sum()
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("key", [key for key in MODELS if key not in ("flat", "own priors", "weighted")])
def test_the_marginal_density_is_bambis_integrated_by_hand(key):
    """``y ~ N(Xc m, Xc B Xc' + Z G Z' + sigma^2 I)`` with the matrices and priors as Bambi has them."""
    theirs = of(key)
    ours = bm.from_bambi(theirs)
    component = theirs.parameters["mu"]
    y = np.asarray(theirs.response_term.data, dtype=float)
    mean, V = np.zeros(len(y)), np.zeros((len(y), len(y)))
    for offset in component.offset_terms.values():
        mean = mean + np.ravel(offset.data)
    for term in component.common_terms.values():
        columns = term.data.reshape(len(y), -1)
        if component.intercept_term is not None and theirs.center_predictors:
            columns = columns - columns.mean(axis=0)
        V += columns * term.prior.args["sigma"] ** 2 @ columns.T
    if component.intercept_term is not None:
        prior = component.intercept_term.prior.args
        mean, V = mean + prior["mu"], V + prior["sigma"] ** 2
    point = random_point(ours, np.random.default_rng(8))
    values = values_of(ours, point, noncentered=False)
    for name, term in component.group_specific_terms.items():
        columns = term.predictor.reshape(len(y), -1)
        same = term.group_index[:, None] == term.group_index[None, :]
        V += same * (columns * values[f"{name}_sigma"] ** 2 @ columns.T)
    V += point["sigma"] ** 2 * np.eye(len(y))
    posterior = ours.posterior
    found = posterior.kernel.value(
        np.diag(point["sd"]) / point["sigma"], point["sigma"], posterior.coefficients.precision
    )
    assert found == pytest.approx(stats.multivariate_normal(mean, V).logpdf(y), rel=1e-9)


def test_priors_are_those_that_bambi_scaled():
    theirs = of("interaction")
    found = bm.from_bambi(theirs).priors.resolved
    terms = theirs.parameters["mu"].terms
    assert found.preset == "bambi"
    assert found["f:t"].sigma == tuple(terms["f:t"].prior.args["sigma"])
    assert found["1|g_sigma"] == bm.HalfNormal(terms["1|g"].prior.args["sigma"].args["sigma"])
    assert found["sigma"] == bm.HalfStudentT(4, np.std(table()["y"]))
    assert not found.needs_pymc


def test_the_intercepts_prior_is_stated_at_the_means():
    assert "Intercept at t = " in str(bm.from_bambi(of("intercept")).priors)
    assert "Intercept at" not in str(bm.from_bambi(of("not centred")).priors)


def test_priors_set_later_are_taken():
    from bambi import Prior

    theirs = of("intercept")
    quietly(theirs.set_priors, {"t": Prior("Normal", mu=1, sigma=2)})
    assert bm.from_bambi(theirs).priors.resolved["t"] == bm.Normal(1, 2)


def test_a_bar_of_bambi_becomes_two():
    assert bm.from_bambi(of("slope")).specification.formula == "y ~ t + x + (t||g)"
    assert bm.from_bambi(of("intercept")).specification.formula == "y ~ t + (1|g)"


def test_correlated_adds_the_correlation_and_keeps_the_priors():
    theirs = of("slope")
    plain, found = bm.from_bambi(theirs), bm.from_bambi(theirs, correlated=True)
    assert found.specification.formula == "y ~ t + x + (t|g)"
    assert found.priors.resolved["g_corr"] == bm.LKJ(2)
    assert bm.from_bambi(theirs, correlated=bm.LKJ(1)).priors.resolved["g_corr"] == bm.LKJ(1)
    assert {name: prior for name, prior in found.priors.resolved.items() if name != "g_corr"} == dict(
        plain.priors.resolved
    )
    assert found.design.blocks[0].size == 2
    np.testing.assert_array_equal(found.priors.resolved.T, np.eye(2))
    # At correlation 0 the two likelihoods are one.
    Lambda = np.diag([0.7, 0.3])
    precision = plain.posterior.coefficients.precision
    expected = plain.posterior.kernel.value(Lambda, 3.0, precision)
    assert found.posterior.kernel.value(Lambda, 3.0, precision) == pytest.approx(expected, rel=1e-12)


def test_rows_with_missing_values_are_dropped_alike():
    rows = table()
    rows.loc[3, "t"] = np.nan
    rows.loc[5, "w"] = np.nan  # not in the formula
    found = bm.from_bambi(bambi_model("y ~ t + (t|g)", rows, dropna=True))
    assert found.design.n_obs == len(rows) - 1


def test_numbers_as_names_of_levels():
    rows = table().assign(f=lambda rows: rows["f"].map({"A": 1, "B": 2, "C": 3}), g=lambda rows: rows["g"].str[1:])
    rows["g"] = rows["g"].astype(int)
    found = bm.from_bambi(bambi_model("y ~ f + (1|g)", rows, categorical="f"))
    assert found.design.fixed_labels == ("Intercept", "f[2]", "f[3]")
    assert found.design.levels[:2] == ("0", "1")


def test_functions_of_the_users_own():
    def halved(x):
        return x / 2.0

    theirs = bambi_model("y ~ halved(t) + (1|g)", extra_namespace={"halved": halved})
    assert bm.from_bambi(theirs, functions={"halved": halved}).design.fixed_labels == ("Intercept", "halved(t)")
    with pytest.raises(FormulaError, match="halved"):
        bm.from_bambi(theirs)


# ---------------------------------------------------------------- what cannot be translated
def test_errors_name_the_term():
    from bambi import Prior

    def normal(sigma, **more):
        return {"priors": {"1|g": Prior("Normal", sigma=sigma, **more)}}

    half = Prior("HalfNormal", sigma=3)
    cases = [
        ("y ~ t + (1|g) + (1|f)", {}, DesignError, "'g' and 'f'; bayesmixed fits one: '1.f'"),
        ("y ~ t + (1|g)", {"family": "t"}, DesignError, "family 't'"),
        ("y ~ t + (1|g)", {"link": "log"}, DesignError, "link 'log' of 'mu'"),
        ("y ~ hsgp(u, m=5, c=2) + (1|g)", {}, DesignError, r"'hsgp\(u, m=5, c=2\)' is a Gaussian process"),
        ("y ~ t", {}, DesignError, "no group-specific term"),
        ("weighted(y, w) ~ t + (1|g)", {}, DesignError, r"'weighted\(y, w\)' add up to .* divide them"),
        ("truncated(y, 0) ~ t + (1|g)", {}, DesignError, r"'truncated\(y, 0\)' is truncated"),
        ("censored(y, c) ~ t + (1|g)", {}, DesignError, r"'censored\(y, c\)' is censored"),
        ("y ~ t + (1|g)", {"potentials": [("t", lambda x: x)]}, DesignError, "potentials on t"),
        ("y ~ t + (1|g)", {"priors": {"sigma": 3.0}}, PriorError, "'sigma' is fixed at 3.0"),
        ("y ~ t + (1|g)", {"priors": {"t": Prior("Horseshoe")}}, PriorError, "'t': PyMC has no .* 'Horseshoe'"),
        ("y ~ t + (1|g)", {"priors": {"t": Prior("A", dist=pm.Normal)}}, PriorError, "'t' is a function"),
        ("y ~ t + (1|g)", normal(half, mu=1), PriorError, "'1.g' must have mean 0"),
        ("y ~ t + (1|g)", normal(half, mu=Prior("Normal", mu=0, sigma=1)), PriorError, "'1.g' must have mean 0"),
        ("y ~ t + (1|g)", {"priors": {"1|g": Prior("StudentT", nu=3, mu=0, sigma=half)}}, PriorError, "Normal"),
        ("y ~ t + (1|g)", normal(Prior("Normal", mu=0, sigma=1)), PriorError, "'1.g_sigma' must be positive"),
        ("y ~ t + (x:f|g)", {}, DesignError, "x:f"),
        ("y ~ t + (1|g:f)", {}, DesignError, "group 'g.:.' of '1.g:f' has no rows"),
    ]
    rows = table().assign(c="none")
    for formula, options, error, text in cases:
        with pytest.raises(error, match=text):
            bm.from_bambi(bambi_model(formula, rows, **options))


def test_a_formula_for_sigma_is_refused():
    import bambi

    with pytest.raises(DesignError, match="'sigma' is one number"):
        bm.from_bambi(bambi_model(bambi.Formula("y ~ t + (1|g)", "sigma ~ t")))


def test_a_fixed_sd_is_refused():
    from bambi import Prior

    priors = {"1|g": Prior("Normal", mu=Prior("Normal", mu=0, sigma=1), sigma=2)}
    with pytest.raises(PriorError, match=r"'1\|g' must have mean 0"):
        bm.from_bambi(bambi_model("y ~ t + (1|g)", priors=priors))


@pytest.mark.parametrize(
    ("name", "alias"), [("t", "slope"), ("sigma", "noise"), ("1|g", "level"), ("y", "response"), ("mu", "mean")]
)
def test_aliases_are_refused_by_name(name, alias):
    theirs = of("intercept")
    theirs.set_alias({name: alias})
    with pytest.raises(DesignError, match=f"alias '{alias}'"):
        bm.from_bambi(theirs)


def test_columns_that_are_read_differently_are_refused():
    """The same formula with another meaning of a name: only the columns tell."""
    theirs = bambi_model("y ~ halved(t) + (1|g)", extra_namespace={"halved": lambda x: x / 2})
    with pytest.raises(DesignError, match=r"'halved\(t\)' is not the same"):
        bm.from_bambi(theirs, functions={"halved": lambda x: x / 3})


def test_only_bambis_models_are_taken():
    with pytest.raises(DesignError, match=r"a bambi\.Model, not str"):
        bm.from_bambi("y ~ t + (t | g)")
    with pytest.raises(DesignError, match="correlated must be"):
        bm.from_bambi(of("slope"), correlated="yes")


# ---------------------------------------------------------------- Bambi goes on with the result
@pytest.fixture(scope="module")
def handed_over():
    theirs = of("interaction")
    return theirs, quietly(bm.from_bambi(theirs).fit, random_seed=2, **QUICK)


@pytest.fixture
def given(handed_over):
    """Bambi's model, our fit, and a DataTree that may be changed."""
    theirs, fit = handed_over
    return theirs, fit, fit.idata.copy(deep=True)


def test_bambi_predicts_the_mean_of_every_row(given):
    theirs, fit, idata = given
    quietly(theirs.predict, idata)
    found = idata["posterior"]["mu"].to_numpy().reshape(-1, fit.model.design.n_obs)
    np.testing.assert_allclose(found, fit.model.design.mean(fit.beta, fit.effects), rtol=1e-10)


@pytest.mark.parametrize("key", ["no intercept", "polynomial slope", "log and offset", "factor slope"])
@pytest.mark.filterwarnings("ignore::bayesmixed.errors.BayesmixedWarning")
def test_bambi_predicts_with_vectors_of_effects(key):
    theirs = of(key)
    fit = bm.from_bambi(theirs).fit(random_seed=2, **QUICK)
    idata = fit.idata.copy(deep=True)
    quietly(theirs.predict, idata)
    found = idata["posterior"]["mu"].to_numpy().reshape(-1, fit.model.design.n_obs)
    np.testing.assert_allclose(found, fit.model.design.mean(fit.beta, fit.effects), rtol=1e-9)


def test_a_fit_survives_bambis_additions_to_its_draws(given):
    theirs, fit, idata = given
    quietly(theirs.predict, idata, kind="response")
    pd.testing.assert_frame_equal(type(fit)(fit.model, idata).summary(), fit.summary())


def test_bambi_draws_responses(given):
    theirs, fit, idata = given
    quietly(theirs.predict, idata, kind="response", random_seed=3)
    found = idata["posterior_predictive"]["y"]
    assert found.dims == ("chain", "draw", "__obs__")
    mean = fit.model.design.mean(fit.beta, fit.effects)
    residual = (found.to_numpy().reshape(mean.shape) - mean) / fit.covariance.sigma[:, None]
    assert stats.kstest(residual.ravel()[::7], "norm").pvalue > 1e-4
    r2 = quietly(theirs.r2_score, idata)
    assert 0.2 < r2[0] < 1.0


def test_bambi_predicts_new_rows_and_new_groups(given):
    theirs, fit, idata = given
    rows = pd.DataFrame({"t": [1.0, 4.0], "f": ["A", "C"], "g": ["g0", "g2"]})
    quietly(theirs.predict, idata, data=rows)
    found = idata["posterior"]["mu"].to_numpy().reshape(-1, 2)
    expected = fit.predict(rows)["mean"].to_numpy()
    np.testing.assert_allclose(found.mean(axis=0), expected, rtol=1e-10)
    quietly(theirs.predict, idata, data=rows.assign(g=["g0", "unseen"]), sample_new_groups=True, kind="response")
    new = idata["posterior"]["mu"].to_numpy().reshape(-1, 2)
    np.testing.assert_allclose(new[:, 0], found[:, 0], rtol=1e-12)
    assert new[:, 1].std() > found[:, 1].std()
    assert idata["posterior_predictive"]["y"].shape[-1] == 2


def test_bambi_log_prior_and_likelihood(given):
    theirs, fit, idata = given
    quietly(theirs.compute_log_likelihood, idata)
    np.testing.assert_allclose(
        idata["log_likelihood"]["y"].to_numpy(), fit.idata["log_likelihood"]["y"].to_numpy(), rtol=1e-9
    )
    quietly(theirs.compute_log_prior, idata)
    assert {"1|g_sigma", "f:t", "sigma"} <= set(idata["log_prior"].data_vars)


def test_interpret_predictions_slopes_and_comparisons(given):
    import bambi

    theirs, fit, idata = given
    where = {"f": ["A", "B"], "g": ["g0"]}
    found = quietly(bambi.interpret.predictions, theirs, idata, where | {"t": [0.0, 5.0]}).summary
    rows = found[["f", "g", "t"]].astype({"t": float})
    np.testing.assert_allclose(found["estimate"], fit.predict(rows)["mean"], rtol=1e-9)
    draws = fit.to_dataframe()
    own = fit.effects[:, 0, 1].mean() + draws["t"].mean()
    expected = [own, own + draws["f:t[B]"].mean()]
    slopes = quietly(bambi.interpret.slopes, theirs, idata, "t", where).summary
    np.testing.assert_allclose(slopes["estimate"], expected, rtol=1e-4)
    compared = quietly(bambi.interpret.comparisons, theirs, idata, {"t": [2.0, 5.0]}, where).summary
    np.testing.assert_allclose(compared["estimate"], 3.0 * np.array(expected), rtol=1e-9)


# ---------------------------------------------------------------- the other way
OUT = {
    "default": ("y ~ t + x + (1 | g)", {}),
    "uncorrelated": ("y ~ t + (t || g)", {}),
    "two brackets": ("y ~ t + (1 | g) + (0 + t | g)", {"priors": "brms"}),
    "factor": ("y ~ f*t + offset(o) + (f || g)", {"priors": "bambi"}),
    "two levels": ("y ~ h + t + offset(o) + (f || g)", {}),
    "no intercept": ("y ~ 0 + t + u + (0 + t | g)", {}),
    "indicators": ("y ~ 0 + f + (1 | g)", {}),
    "power": ("log(y) ~ I(u^2) + sqrt(t) + (1 | g:h)", {}),
    "weighted": ("y ~ 0 + t + (1 | g)", {"weights": "w1"}),
    "mine": (
        "y ~ t + f + (t || g)",
        {
            "priors": {
                "Intercept": bm.StudentT(4, 50, 20),
                "t": bm.Flat(),
                "f": bm.Normal((0, 1), (5, 6)),
                "1|g_sigma": bm.HalfCauchy(9),
                "t|g_sigma": bm.Exponential(0.3),
                "sigma": bm.Gamma(2, 0.3),
            }
        },
    ),
}


@pytest.mark.parametrize("key", OUT)
def test_bambis_graph_of_our_model_has_its_density(key):
    formula, options = OUT[key]
    ours = bm.MixedModel(formula, table(), **options)
    expected, found = log_densities(quietly(ours.to_bambi), ours, noncentered=True)
    if key == "weighted":
        found = found - 0.5 * np.log(table()["w1"]).sum()
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize(("formula", "name"), [("y ~ f + t + (1 | g)", "f"), ("y ~ t * u + (1 | g)", "t")])
def test_priors_that_no_coding_changes_cannot_be_said_in_bambi(formula, name):
    with pytest.raises(PriorError, match=f"default prior of '{name}' does not depend on the coding"):
        bm.MixedModel(formula, table()).to_bambi()


def test_pymc_distributions_go_along():
    priors = {"t": pm.Laplace.dist(0, 3), "f": pm.Laplace.dist(1, 2), "1|g_sigma": pm.InverseGamma.dist(3, 2)}
    ours = bm.MixedModel("y ~ t + f + (1 | g)", table(), priors=priors)
    expected, found = log_densities(quietly(ours.to_bambi), ours, noncentered=True)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("key", MODELS)
def test_there_and_back(key):
    first = bm.from_bambi(of(key))
    theirs = quietly(first.to_bambi)
    if key in ("flat", "own priors"):  # PyMC's own distributions come back as functions
        with pytest.raises(PriorError, match="is a function"):
            bm.from_bambi(theirs)
        return
    second = bm.from_bambi(theirs)
    assert dict(second.priors.resolved) == dict(first.priors.resolved)
    coding = second.priors.resolved.fixed_coding.matrix
    np.testing.assert_allclose(coding, first.priors.resolved.fixed_coding.matrix, atol=1e-14)
    np.testing.assert_array_equal(second.design.X, first.design.X)
    np.testing.assert_array_equal(second.design.Z_rows, first.design.Z_rows)


def test_correlated_effects_are_refused_with_the_reason():
    ours = bm.MixedModel("y ~ t + (t | g)", table())
    with pytest.raises(DesignError, match=r"Intercept, t of 'g' are correlated, which Bambi does not have"):
        ours.to_bambi()


def test_weights_that_bambi_would_count_are_refused():
    ours = bm.MixedModel("y ~ 0 + t + (1 | g)", table(), weights="w")
    with pytest.raises(DesignError, match=r"'w' add up to .* divide them by it"):
        ours.to_bambi()


@pytest.mark.parametrize(
    ("formula", "options", "where"),
    [
        ("y ~ t + (1 | g)", {"weights": "w1"}, "'Intercept' is stated at the weighted means"),
        ("y ~ 0 + f + t + (1 | g)", {}, "'f' is stated at the means"),
    ],
)
def test_priors_that_are_stated_elsewhere_are_refused(formula, options, where):
    with pytest.raises(PriorError, match=where):
        bm.MixedModel(formula, table(), **options).to_bambi()
    name = where.split("'")[1]
    moved = bm.MixedModel(formula, table(), priors={name: bm.Normal(50, 20)}, **options)
    assert not quietly(moved.to_bambi).center_predictors


def test_the_formula_is_written_as_a_person_would():
    ours = bm.MixedModel("y ~ t + (t || g)", table())
    assert quietly(ours.to_bambi).formula.main == "y ~ 1 + t + (1 + t | g)"


# ---------------------------------------------------------------- the same posterior
SAMPLED = ["intercept", "slope", "factor", "factor slope", "interaction", "no intercept", "scaled", "own priors"]


@pytest.mark.slow
@pytest.mark.parametrize("key", SAMPLED)
@pytest.mark.filterwarnings("ignore::bayesmixed.errors.BayesmixedWarning")
def test_the_posterior_is_that_of_bambis_own_sampling(key):
    """Every scalar and every b: |z| < 4 with the Monte Carlo errors of both."""
    from bayesmixed.summary import convergence

    rows = random_table((6, 5, 8, 4, 7, 9, 6, 5, 7, 8, 6, 5))
    formula, options = MODELS[key]
    theirs = bambi_model(formula, rows, **options)
    nuts = {"target_accept": 0.97}
    run = {"draws": 2000, "tune": 1500, "chains": 4, "cores": 2, "random_seed": 11, "progressbar": False}
    sampled = quietly(theirs.fit, inference_method="nutpie", nuts=nuts, **run)["posterior"]
    fit = bm.from_bambi(theirs).fit(draws=4000, random_seed=12, progressbar=False, cores=2)
    worst = {}
    for name, ours in fit.idata["posterior"].data_vars.items():
        if name == "g_corr":
            continue
        other = sampled[name].transpose(*ours.dims).to_numpy()
        for index in np.ndindex(ours.shape[2:]):
            a, b = convergence(ours.to_numpy()[:, :, *index]), convergence(other[:, :, *index])
            difference = ours.to_numpy()[:, :, *index].mean() - other[:, :, *index].mean()
            worst[name, index] = abs(difference) / np.hypot(a["mcse_mean"], b["mcse_mean"])
    assert max(worst.values()) < 4.0, max(worst, key=worst.get)
    for name in (parameter.name for parameter in (*fit.model.names.sd, *fit.model.names.fixed)):
        spread = sampled[name].std(("chain", "draw")).to_numpy()
        own = fit.idata["posterior"][name].std(("chain", "draw")).to_numpy()
        np.testing.assert_allclose(own, spread, rtol=0.12)
