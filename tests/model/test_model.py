"""The user's entry: G and V to look at, priors, and what the convenience call stands for."""

import numpy as np
import pytest

import bayesmixed as bm
from tests.dense import covariance
from tests.designs import random_table
from tests.fits import QUICK, fit, model

SLOPE = {"1|Subject_sigma": 25.0, "Days|Subject_sigma": 6.0, "sigma": 25.6}


# ---------------------------------------------------------------- the worked layouts of the mathematics
@pytest.fixture
def intercept():
    """Random intercept, n = (3, 2, 2)."""
    table = {"y": [3.0, 4, 6, 1, 2, 8, 5], "t": [0.0, 1, 2, 0, 1, 0, 2], "g": list("aaabbcc")}
    return bm.MixedModel("y ~ t + (1 | g)", table)


@pytest.fixture
def slope():
    """Random slope and intercept, n = (3, 2), at unequal times."""
    table = {"y": [3.0, 4, 6, 1, 7], "t": [0.0, 1, 3, 2, 5], "g": list("aaabb")}
    return bm.MixedModel("y ~ 1 + (t | g)", table)


def test_random_intercept_layout(intercept):
    sd, sigma = 3.0, 2.0
    Z = [[1, 0, 0]] * 3 + [[0, 1, 0]] * 2 + [[0, 0, 1]] * 2
    np.testing.assert_array_equal(intercept.design.Z, Z)
    together = np.array(Z) @ np.array(Z).T
    V = intercept.V({"1|g_sigma": sd, "sigma": sigma})
    assert V.shape == (7, 7)
    assert set(np.diag(V)) == {sd**2 + sigma**2}
    assert set(V[(together == 1) & ~np.eye(7, dtype=bool)]) == {sd**2}
    assert set(V[together == 0]) == {0.0}


def test_random_slope_layout(slope):
    Z = slope.design.Z
    assert Z.shape == (5, 4)
    np.testing.assert_array_equal(Z[:3], [[1, 0, 0, 0], [1, 1, 0, 0], [1, 3, 0, 0]])
    np.testing.assert_array_equal(Z[3:], [[0, 0, 1, 2], [0, 0, 1, 5]])
    params = {"1|g_sigma": 2.0, "t|g_sigma": 3.0, "g_corr": [[1.0, -0.5], [-0.5, 1.0]], "sigma": 1.0}
    block = [[4.0, -3.0], [-3.0, 9.0]]
    np.testing.assert_allclose(slope.G(params), block)
    G = slope.G(params, groups=2)
    assert G.shape == (4, 4)
    np.testing.assert_allclose(G[:2, :2], block)
    np.testing.assert_allclose(G[2:, 2:], block)
    assert not G[:2, 2:].any()
    assert not G[2:, :2].any()
    np.testing.assert_array_equal(slope.G(params, groups=None), G)
    np.testing.assert_allclose(slope.V(params), Z @ G @ Z.T + np.eye(5))


def test_off_diagonal_of_V_has_no_sigma_squared(slope):
    """Some teaching material prints sigma^2 in every cell of a group's block: e_ij are independent."""
    g00, g01, g11, sigma = 4.0, -3.0, 9.0, 7.0
    corr = g01 / np.sqrt(g00 * g11)
    params = {"1|g_sigma": 2.0, "t|g_sigma": 3.0, "g_corr": [[1.0, corr], [corr, 1.0]], "sigma": sigma}
    V, t = slope.V(params), [0.0, 1.0, 3.0]
    for j in range(3):
        for k in range(3):
            between = g00 + (t[j] + t[k]) * g01 + t[j] * t[k] * g11
            assert V[j, k] == pytest.approx(between + (sigma**2 if j == k else 0.0))


def test_V_of_unsorted_weighted_rows_is_that_of_dense_algebra():
    table = random_table().sample(frac=1.0, random_state=3)
    found = bm.MixedModel("y ~ x + (t | g)", table, weights="w")
    params = {"1|g_sigma": 2.0, "t|g_sigma": 0.5, "g_corr": np.array([[1.0, 0.3], [0.3, 1.0]]), "sigma": 4.0}
    G = np.array([[4.0, 0.3], [0.3, 0.25]])
    group = table["g"].str.removeprefix("g").astype(int).to_numpy()
    Z = np.column_stack([np.ones(len(table)), table["t"]])
    expected = covariance(Z, group, G, 4.0, table["w"].to_numpy())
    np.testing.assert_allclose(found.V(params), expected, rtol=1e-12)


def test_V_of_a_reml_fit_is_that_of_its_estimates():
    found = model("slope")
    reml = found.reml()
    params = {
        "1|Subject_sigma": reml.covariance.sd[0],
        "Days|Subject_sigma": reml.covariance.sd[1],
        "Subject_corr": reml.covariance.corr,
        "sigma": reml.sigma,
    }
    np.testing.assert_allclose(found.V(reml), found.V(params), rtol=1e-12)
    np.testing.assert_allclose(found.G(reml), reml.G, rtol=1e-10)


def test_without_correlations_the_effects_are_uncorrelated():
    np.testing.assert_array_equal(model("slope").G(SLOPE), np.diag([625.0, 36.0]))


def test_V_names_the_parameter_that_is_missing():
    with pytest.raises(bm.DesignError, match=r"lack 'Days\|Subject_sigma'"):
        model("slope").V({"1|Subject_sigma": 25.0, "sigma": 25.6})


def test_V_of_too_many_rows_is_refused():
    n = 12_000
    found = bm.MixedModel("y ~ 1 + (1 | g)", {"y": np.arange(n) % 7.0, "g": np.arange(n) // 10})
    with pytest.raises(bm.DesignError, match="V of 12000 rows is too large"):
        found.V({"1|g_sigma": 1.0, "sigma": 1.0})


def test_names_with_a_slash_are_accepted_as_typed_and_as_stored():
    found = model("slash")
    typed = {"1|Subject_sigma": 25.0, "I(Days / 2)|Subject_sigma": 6.0, "sigma": 25.6}
    stored = {name.replace("/", "\u2215"): value for name, value in typed.items()}
    np.testing.assert_array_equal(found.G(typed), np.diag([625.0, 36.0]))
    np.testing.assert_array_equal(found.G(stored), found.G(typed))


def test_names_are_accepted_with_the_spaces_that_the_formula_had():
    found = model("slash")  # its formula says I(Days/2)
    np.testing.assert_array_equal(
        found.G({"1|Subject_sigma": 25.0, "I(Days/2)|Subject_sigma": 6.0, "sigma": 25.6}), np.diag([625.0, 36.0])
    )


# ---------------------------------------------------------------- the line that the call stands for
def test_the_call_stands_for_the_steps_of_its_docstring(sleepstudy):
    from bayesmixed.parameters import ParameterNames
    from bayesmixed.priors.presets import resolve_priors

    specification = bm.parse_formula("Reaction ~ Days + (Days | Subject)")
    design = bm.build_design(specification, sleepstudy)
    resolved = resolve_priors(bm.Priors.of("brms"), design)
    posterior = bm.MarginalPosterior.of(bm.CodedMoments.of(design), resolved, ParameterNames.of(design))
    short = bm.MixedModel(specification.formula, sleepstudy, priors="brms")
    assert short.specification == specification
    np.testing.assert_array_equal(short.design.X, design.X)
    np.testing.assert_array_equal(short.posterior.moments.Rza, posterior.moments.Rza)
    np.testing.assert_array_equal(short.posterior.shift, posterior.shift)
    assert short.priors.resolved.to_dict() == resolved.to_dict()
    assert short.moments.Rza is short.coded.moments.Rza


def test_repr_says_what_the_model_is():
    text = "MixedModel('Reaction ~ Days + (Days | Subject)', 180 rows, 18 groups of Subject)"
    assert repr(model("slope")) == text


def test_explain_prints_every_part_and_returns_nothing(capsys, teaching):
    found = bm.MixedModel("y ~ time + (1 | ID)", teaching, units={"y": "cm"})
    assert found.explain() is None
    text = capsys.readouterr().out
    for part in ("y ~ time + (1 | ID)", "12 rows", "Z: 12 x 3", "G: 3 x 3", "V: 12 x 12", "Priors", "cm"):
        assert part in text


def test_user_functions_are_used(sleepstudy):
    found = bm.MixedModel(
        "Reaction ~ half(Days) + (1 | Subject)", sleepstudy, functions={"half": lambda x: x / 2.0}
    )
    np.testing.assert_array_equal(found.design.X[:, 1], sleepstudy["Days"] / 2.0)


# ---------------------------------------------------------------- priors
def test_a_prior_for_an_unknown_parameter_is_an_error_at_once(sleepstudy):
    with pytest.raises(bm.PriorError, match=r"did you mean 'Days'"):
        bm.MixedModel("Reaction ~ Days + (1 | Subject)", sleepstudy, priors={"Dais": bm.Normal(0, 1)})


def test_given_priors_are_resolved_by_their_names(sleepstudy):
    given = {
        "Days": bm.Normal(0, 10),
        "Days|Subject_sigma": bm.HalfNormal(20),
        "Subject_corr": bm.LKJ(3),
        "sigma": bm.Exponential(1 / 30),
    }
    found = bm.MixedModel("Reaction ~ Days + (Days | Subject)", sleepstudy, priors=given).priors
    assert {name: found.resolved[name] for name in given} == given
    assert "Normal(mu=0, sigma=10)" in str(found)


# ---------------------------------------------------------------- REML, graphs, warnings
def test_reml_is_computed_once_for_each_method():
    found = model("slope")
    assert found.reml() is found.reml("REML")
    assert found.reml("ML") is found.reml(method="ML")
    assert found.reml("ML").criterion != found.reml().criterion
    with pytest.raises(bm.RemlError, match="'REML' or 'ML', not 'reml'"):
        found.reml("reml")


def test_an_unknown_graph_is_refused():
    with pytest.raises(bm.DesignError, match="'marginal' or 'hierarchical', not 'full'"):
        model("slope").to_pymc("full")
    with pytest.raises(bm.SamplingError, match="not 'half'"):
        model("slope").to_pymc("hierarchical", parametrisation="half")


def test_few_groups_are_warned_of_when_fitting(teaching):
    found = bm.MixedModel("y ~ time + (1 | ID)", teaching)
    assert any("3 groups" in text for text in found.warnings)
    with pytest.warns(bm.BayesmixedWarning, match="3 groups"):
        fit = found.fit(random_seed=1, **QUICK)
    assert set(found.warnings) <= set(fit.warnings)


def test_enough_groups_are_not_warned_of():
    assert model("slope").warnings == ()


def test_dropped_rows_and_far_times_are_warned_of(sleepstudy):
    rows = sleepstudy.astype({"Days": float}).assign(Days=lambda d: d["Days"] + 2000)
    rows.loc[[3, 7], "Reaction"] = np.nan
    found = bm.MixedModel("Reaction ~ Days + (Days | Subject)", rows, priors="brms")
    assert found.design.n_dropped == 2
    assert any("2 of 180 rows were dropped for missing values in Reaction" in text for text in found.warnings)
    assert any("far from the data" in text for text in found.warnings)


# ---------------------------------------------------------------- arguments of the wrong kind
TINY = {"y": [3.0, 4, 6, 1, 2, 8, 5], "t": [0.0, 1, 2, 0, 1, 0, 2], "g": list("aaabbcc")}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"weights": np.ones(7)}, "weights must be the name of a column of the table, not ndarray"),
        ({"units": "ms"}, "units must be a dict by column, .* not str"),
    ],
)
def test_values_where_names_are_wanted_are_refused(options, text):
    with pytest.raises(bm.DesignError, match=text):
        bm.MixedModel("y ~ t + (1 | g)", TINY, **options)


@pytest.mark.parametrize("look", ["V", "G"])
def test_parameters_that_are_no_parameters_are_refused(look):
    of = getattr(model("slope"), look)
    with pytest.raises(bm.DesignError, match=r"params must be a dict .* or a RemlFit, not NoneType"):
        of(None)
    with pytest.raises(bm.DesignError, match="or a RemlFit, not Fit"):
        of(fit("slope"))


@pytest.mark.parametrize("groups", [0, 1.5, -1, True, "all"])
def test_a_number_of_groups_that_makes_no_sense_is_refused(groups):
    with pytest.raises(bm.DesignError, match=f"groups must be a whole number .* not {groups!r}"):
        model("slope").G(SLOPE, groups)


@pytest.mark.parametrize("keep", ["x", 1, None])
def test_keep_groups_is_one_of_three(keep):
    with pytest.raises(bm.SamplingError, match=f"keep_groups must be True, False or 'auto', not {keep!r}"):
        model("slope").fit(keep_groups=keep, **QUICK)
    with pytest.raises(bm.SamplingError, match="keep_groups must be"):
        model("slope").fit_from(fit("slope").idata, keep_groups=keep)
