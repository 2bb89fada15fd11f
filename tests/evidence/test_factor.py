"""Bayes factors: null models against models built from their own formula, dense integrals and density ratios."""

import numpy as np
import pytest
from scipy import integrate as scipy_integrate
from scipy import stats

import bayesmixed as bm
from bayesmixed.evidence.marginal import Target
from bayesmixed.evidence.null import Null, null_target
from bayesmixed.evidence.scaled import scaled
from bayesmixed.evidence.words import probability, verdict
from tests.designs import random_table
from tests.fits import model

QUICK = {"draws": 20, "chains": 1, "progressbar": False, "random_seed": 1}


def of(formula, table=None, **options):
    return bm.MixedModel(formula, random_table() if table is None else table, **options)


# Default priors take their numbers from the data alone, so that the smaller formula has the same ones for what it
# keeps: a model built from it, rows and all, is the null model in another way.
NESTED = {
    "slopes": ("y ~ t + (t | g)", "t|g", "y ~ t + (1 | g)"),
    "slopes of ||": ("y ~ t + (t || g)", "t|g", "y ~ t + (1 | g)"),
    "one of two slopes": ("y ~ t + (t + u | g)", "u|g", "y ~ t + (t | g)"),
    "first of two slopes": ("y ~ t + (t + u | g)", "t|g", "y ~ t + (u | g)"),
    "slopes of a factor": ("y ~ t + (f | g)", "f|g", "y ~ t + (1 | g)"),
    "intercepts": ("y ~ t + (t | g)", "1|g", "y ~ t + (0 + t | g)"),
    "coefficient": ("y ~ t + x + (t | g)", "x", "y ~ t + (t | g)"),
    "coefficient with slopes": ("y ~ t + x + (t | g)", "t", "y ~ x + (t | g)"),
    "factor": ("y ~ f + t + (1 | g)", "f", "y ~ t + (1 | g)"),
    "both": ("y ~ t + x + (t | g)", ["t", "t|g"], "y ~ x + (1 | g)"),
    "intercept": ("y ~ t + (1 | g)", "Intercept", "y ~ 0 + t + (1 | g)"),
}


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("name", NESTED)
def test_the_null_is_the_model_of_the_smaller_formula(name, weights):
    formula, null, smaller = NESTED[name]
    full = of(formula + " + offset(o)", weights=weights)
    target = null_target(Target.of(full), Null.of(full.names, null))
    priors = target.posterior.priors
    # Without its constant a column, or y, is not centred, and the defaults would take other scales.
    changed = {"intercept": ["t", "1|g_sigma", "sigma"], "intercepts": ["t|g_sigma"]}.get(name, [])
    given = {parameter: priors[parameter] for parameter in changed} or None
    other = of(smaller + " + offset(o)", weights=weights, priors=given)
    expected, theirs = Target.of(other), other.priors.resolved
    assert {k: str(v) for k, v in priors.items()} == {k: str(v) for k, v in theirs.items()}
    assert target.density.size == expected.density.size
    points = expected.start + np.random.default_rng(3).normal(scale=0.7, size=(20, len(expected.start)))
    np.testing.assert_allclose(target.density.values(points), expected.density.values(points), atol=2e-9)
    # and draws of it have the same meaning
    ours, own = target.density.constrain(points), expected.density.constrain(points)
    np.testing.assert_allclose(ours.covariance.G, own.covariance.G, rtol=1e-10)


def test_the_null_keeps_explicit_coefficients_and_scales():
    priors = {"t": bm.StudentT(4, 0, 3), "x": bm.Gamma(2, 1), "Intercept": bm.Normal(40, 30)}
    full = of("y ~ t + x + u + (t | g)", priors=priors)
    other = of("y ~ t + x + (1 | g)", priors=priors)
    target, expected = null_target(Target.of(full), Null.of(full.names, ["u", "t|g"])), Target.of(other)
    points = expected.start + np.random.default_rng(3).normal(scale=0.7, size=(20, len(expected.start)))
    np.testing.assert_allclose(target.density.values(points), expected.density.values(points), atol=2e-9)


@pytest.mark.slow
@pytest.mark.parametrize("weights", [None, "w"])
def test_without_random_effects_it_is_linear_regression(weights):
    """``p(y) = integral of N(y; X m, X B X' + sigma^2 / w) p(sigma)``, dense, by SciPy."""
    full = of("y ~ t + f + offset(o) + (t | g)", weights=weights)
    found = bm.bayes_factor(full, "g")
    priors, design = full.priors.resolved, full.design
    K = priors.fixed_coding.inverse
    m = np.concatenate([np.broadcast_to(priors[p.name].mu, len(p.columns)) for p in full.names.fixed])
    s = np.concatenate([np.broadcast_to(priors[p.name].sigma, len(p.columns)) for p in full.names.fixed])
    X = design.X @ K
    mean, B = design.offset + X @ m, (X * s**2) @ X.T

    def log_density(sigma):
        V = B + np.diag(sigma**2 / design.weights)
        return stats.multivariate_normal(mean, V).logpdf(design.y) + float(priors["sigma"].logpdf(sigma))

    top = log_density(10.0)
    total = scipy_integrate.quad(lambda x: np.exp(log_density(x) - top), 2.0, 80.0, epsrel=1e-9)[0]
    assert found.null_evidence.value == pytest.approx(np.log(total) + top, abs=1e-6)
    assert found.null == "no random effects of g"
    again = bm.bayes_factor(full, ["1|g", "t|g"], method="bridge")
    assert again.null_evidence.value == pytest.approx(found.null_evidence.value, abs=0.02)
    assert again.log_bf == pytest.approx(found.log_bf, abs=0.02)


@pytest.mark.slow
def test_the_density_ratio_of_coefficients_is_the_bayes_factor():
    table = random_table((6, 5, 6, 4, 5), seed=8)
    for priors in (None, {"x": bm.StudentT(4, 0.5, 2)}):
        for null in ("x", ["x", "u"], "f"):
            found = bm.bayes_factor(of("y ~ t + x + u + f + (1 | g)", table, priors=priors), null)
            ratio = found.savage_dickey()
            assert ratio.error < 0.05
            assert abs(found.log_bf - ratio.log_bf) < 4.0 * np.hypot(ratio.error, found.error)


@pytest.mark.slow
def test_the_density_ratio_says_when_it_is_none():
    found = of("y ~ t + (t | g)")
    with pytest.raises(bm.PriorError, match="an sd of 0 lies at the edge of its range"):
        bm.bayes_factor(found, "t|g", method="bridge").savage_dickey()
    with pytest.raises(bm.PriorError, match="'Intercept' is stated at the means"):
        bm.bayes_factor(found, "Intercept", method="bridge").savage_dickey()
    own = of("y ~ t + x + (1 | g)", priors={"x": bm.Gamma(2, 1)})
    with pytest.raises(bm.PriorError, match="normal or Student-t prior of 'x'"):
        bm.bayes_factor(own, "x").savage_dickey()


def test_a_flat_coefficient_cancels_where_X_is_the_same():
    """Its Bayes factor is the limit of normal priors, ever wider."""
    table = bm.load_dataset("Dyestuff")
    flat, wide = (
        bm.MixedModel("Yield ~ 1 + (1 | Batch)", table, priors={"Intercept": prior})
        for prior in (bm.Flat(), bm.Normal(1500, 1e6))
    )
    assert bm.bayes_factor(flat, "1|Batch").log_bf == pytest.approx(
        bm.bayes_factor(wide, "1|Batch").log_bf, abs=1e-4
    )


@pytest.mark.slow
def test_a_flat_coefficient_is_refused_where_X_differs():
    brms = of("y ~ t + x + (t | g)", priors="brms")
    for null in ("x", "t"):
        with pytest.raises(bm.PriorError, match=r"flat: a flat prior has no constant .* give t, x a proper prior"):
            bm.bayes_factor(brms, null)
    assert bm.bayes_factor(brms, "t|g").tested == ("t|g_sigma",)
    other = of("y ~ t + (t | g)", priors="brms")
    with pytest.raises(
        bm.PriorError, match=r"cancels between\s+models of the same X in the same coding, but not here"
    ):
        bm.bayes_factor(brms, other)
    same_X = of("y ~ t + x + (1 | g)", priors="brms")
    assert bm.bayes_factor(brms, same_X).log_bf == pytest.approx(bm.bayes_factor(brms, "t|g").log_bf, abs=0.02)


@pytest.mark.slow
def test_two_models_are_compared_as_they_are():
    full, smaller = of("y ~ t + (t | g)"), of("y ~ t + (1 | g)")
    named = bm.bayes_factor(full, "t|g")
    given = bm.bayes_factor({"slopes": full, "same line": smaller}, "same line")
    assert given.log_bf == pytest.approx(named.log_bf, abs=1e-4)
    assert (given.model, given.null, given.notes) == ("slopes", "same line", ())
    other = of("y ~ t + (1 | g)", priors={"sigma": bm.HalfNormal(3)})
    assert "different priors of sigma" in bm.bayes_factor(full, other).notes[0]
    with pytest.raises(bm.PriorError, match="name the null"):
        given.by_scale()
    fit = full.fit(engine="importance", **QUICK)
    assert bm.bayes_factor(fit, "t|g").log_bf == named.log_bf


def test_other_rows_are_refused():
    table = random_table()
    full = of("y ~ t + (t | g)", table)
    with pytest.raises(bm.DesignError, match="28 and 27 rows"):
        bm.bayes_factor(full, of("y ~ t + (1 | g)", table[:-1]))
    with pytest.raises(bm.DesignError, match="different responses, or of rows in different order"):
        bm.bayes_factor(full, of("y ~ t + (1 | g)", table[::-1]))
    with pytest.raises(bm.DesignError, match="different responses"):
        bm.bayes_factor(full, of("log(y) ~ t + (1 | g)", table))


def test_a_wrong_null_is_an_error_that_lists_what_there_is():
    full = of("y ~ t + (t | g)")
    with pytest.raises(
        bm.DesignError, match=r"names nothing in this model; it has 'Intercept', 't', '1\|g', 't\|g', 'g'"
    ):
        bm.bayes_factor(full, "x|g")
    with pytest.raises(bm.DesignError, match="give a second model"):
        bm.bayes_factor(full, "y ~ t + (1 | g)")
    with pytest.raises(bm.DesignError, match="must leave something out"):
        bm.bayes_factor(full, [])
    with pytest.raises(bm.DesignError, match=r"null must be a name .* not 3"):
        bm.bayes_factor(full, 3)
    with pytest.raises(bm.DesignError, match="a dict needs two models"):
        bm.bayes_factor({"a": full}, "a")


def test_shared_variances_have_no_null_of_their_own():
    table = bm.load_dataset("sleepstudy")
    slope = bm.MixedModel("Reaction ~ Days + (Days | Subject)", table, priors=bm.Priors.rstanarm())
    with pytest.raises(bm.PriorError, match=r"a share of the root mean square .* compare two models"):
        bm.bayes_factor(slope, "Days|Subject")
    whole = bm.bayes_factor(slope, "Subject", method="bridge")
    assert whole.log_bf > 40.0
    with pytest.raises(bm.PriorError, match="no scale of its own to be multiplied"):
        whole.by_scale()


def test_scaled_priors_are_those_of_a_model_that_was_given_them():
    full = model("intercept")
    table = bm.bayes_factor(full, "1|Batch").by_scale([0.5, 1.0, 3.0])
    width = full.priors.resolved["1|Batch_sigma"].sigma
    null = bm.bayes_factor(full, "1|Batch").null_evidence.value
    for factor, row in table.iterrows():
        priors = {"1|Batch_sigma": bm.HalfStudentT(3, float(width * factor))}
        own = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"), priors=priors)
        assert row["log_bf"] == pytest.approx(own.log_evidence().value - null, abs=1e-5)
        assert row["bf"] == pytest.approx(np.exp(row["log_bf"]))
        assert f"sigma={width * factor:.4g}" in row["prior"]
    assert list(table.columns) == ["log_bf", "error", "bf", "probability", "verdict", "prior"]


def test_a_vague_prior_favours_the_null():
    """Lindley (1957), Bartlett (1957): each tenfold wider prior of a coefficient costs log 10 in the end."""
    found = bm.bayes_factor(of("y ~ t + x + (1 | g)"), "x").by_scale([1e3, 1e4])["log_bf"].to_numpy()
    assert found[0] - found[1] == pytest.approx(np.log(10.0), abs=1e-4)


@pytest.mark.parametrize(
    "prior",
    [
        bm.Normal(0, (1, 2)),
        bm.StudentT(4, 0, 2),
        bm.HalfNormal(3),
        bm.HalfStudentT(3, (1, 4)),
        bm.HalfCauchy(2),
        bm.Exponential(0.3),
        bm.Gamma(2, 0.5),
    ],
    ids=lambda prior: type(prior).__name__,
)
def test_a_scaled_prior_is_the_density_of_the_scaled_parameter(prior):
    x = np.array([0.4, 2.5])
    np.testing.assert_allclose(scaled(prior, 3.0).logpdf(3.0 * x), prior.logpdf(x) - np.log(3.0), rtol=1e-12)


def test_scales_must_be_positive_numbers():
    found = bm.bayes_factor(model("intercept"), "1|Batch")
    for wrong in ([], [0.0, 1.0], [np.nan]):
        with pytest.raises(bm.PriorError, match="positive numbers"):
            found.by_scale(wrong)
    with pytest.raises(bm.PriorError, match="no scale of its own"):
        scaled(bm.Flat(), 2.0)


@pytest.mark.slow
def test_streamed_rows_name_their_null():
    table = random_table()
    streamed = bm.MixedModel.stream("y ~ t + (t | g)", table, batch_rows=7)
    expected = bm.bayes_factor(of("y ~ t + (t | g)", table), "t|g")
    assert bm.bayes_factor(streamed, "t|g").log_bf == pytest.approx(expected.log_bf, abs=1e-4)
    with pytest.raises(bm.DesignError, match="name the null model instead"):
        bm.bayes_factor(streamed, streamed)


def test_words_are_those_of_kass_and_raftery():
    assert verdict(0.9) == "for the model, not worth more than a bare mention"
    assert verdict(-2.9) == "positive evidence for the null"
    assert verdict(4.9) == "strong evidence for the model"
    assert verdict(-50.0) == "very strong evidence for the null"
    assert verdict(0.01, 0.006).startswith("cannot tell")
    assert probability(0.0) == 0.5
    assert probability(-800.0) == 0.0
    assert probability(np.log(3.0)) == pytest.approx(0.75)


def test_what_is_printed_says_all_of_it():
    found = bm.bayes_factor(model("intercept"), "1|Batch")
    text = repr(found)
    assert "log BF 2.306 +- 1e-05: the data are 10 times as likely under the model as under the null" in text
    assert "positive evidence for the model" in text
    assert "0.9094" in text
    assert found.to_dataframe().loc["no random effects of Batch", "bf"] == pytest.approx(found.bf)
    other = bm.bayes_factor(bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff2")), "1|Batch")
    assert "times as likely under the null as under the model" in repr(other)


@pytest.mark.slow
def test_a_null_at_another_place_than_its_prior_is_noted():
    full = model("slope")
    assert "stated at the means" in bm.bayes_factor(full, "1|Subject", method="bridge").notes[0]
    assert bm.bayes_factor(full, "Days|Subject", method="bridge").notes == ()
    assert bm.bayes_factor(full, "Subject", method="bridge").notes == ()


def test_the_picture_has_the_table():
    import matplotlib.pyplot as plt

    found = bm.bayes_factor(model("intercept"), "1|Batch")
    ax = found.plot([2.0, 0.5, 1.0])
    line = next(line for line in ax.get_lines() if len(line.get_xdata()) == 3)
    np.testing.assert_allclose(line.get_ydata(), found.by_scale([0.5, 1.0, 2.0])["log_bf"])
    assert ax.get_xlabel() == "scale of the prior of 1|Batch_sigma, times"
    assert {text.get_text() for text in ax.texts} >= {"positive", "favours the model"}
    plt.close(ax.figure)


@pytest.mark.slow
def test_units_and_the_origin_of_time_do_not_move_the_factor():
    dye = bm.load_dataset("Dyestuff")
    small = bm.MixedModel("Yield ~ 1 + (1 | Batch)", dye.assign(Yield=1e-6 * dye["Yield"]))
    expected = bm.bayes_factor(model("intercept"), "1|Batch").log_bf
    assert bm.bayes_factor(small, "1|Batch").log_bf == pytest.approx(expected, abs=1e-5)
    sleep = bm.load_dataset("sleepstudy")
    years = bm.MixedModel("Reaction ~ Days + (Days | Subject)", sleep.assign(Days=2000.0 + sleep["Days"]))
    for null in ("Days|Subject", "Days", "Subject"):
        expected = bm.bayes_factor(model("slope"), null, method="quadrature").log_bf
        assert bm.bayes_factor(years, null, method="quadrature").log_bf == pytest.approx(expected, abs=1e-4)


def test_a_density_ratio_far_out_in_the_tail_has_no_error():
    """0 is 13 standard errors away: the mean of the densities there rests on a handful of draws."""
    sleep = bm.MixedModel("Reaction ~ Days + (1 | Subject)", bm.load_dataset("sleepstudy"))
    found = bm.bayes_factor(sleep, "Days")
    assert found.savage_dickey().error == np.inf


@pytest.mark.parametrize("wrong", ["x", {}, ["a"], [], [0.0, 1.0], None])
def test_multipliers_are_checked(wrong):
    found = bm.bayes_factor(bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff")), "1|Batch")
    with pytest.raises(bm.PriorError, match="multipliers of a scale must be positive numbers"):
        found.by_scale(wrong)


def test_nulls_seeds_and_cores_of_a_wrong_kind_are_refused():
    found = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"))
    with pytest.raises(bm.DesignError, match=r"null must be a name such as 'Days\|Subject'"):
        bm.bayes_factor(found, None)
    with pytest.raises(bm.DesignError, match="a dict needs two models"):
        bm.bayes_factor({"a": found, "b": found}, ["a"])
    with pytest.raises(bm.SamplingError, match="cores must be a whole number"):
        found.log_evidence(cores="x")
    with pytest.raises(bm.SamplingError, match="random_seed must be an int"):
        found.log_evidence(random_seed="x")


def test_a_joint_prior_of_many_terms_has_an_evidence(rng):
    """Bridge sampling sees variances of coefficients near 0: 2^22 came of rounding there, for about -100."""
    table = random_table()
    found = of("y ~ t + f + (t | g)", table, priors="r2d2m2").log_evidence("bridge")
    wider = of("y ~ t + f + (t | g)", table).log_evidence("bridge")
    assert abs(found.value - wider.value) < 15.0
    assert found.error < 0.1
