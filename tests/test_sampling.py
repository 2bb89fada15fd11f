"""Seeds, engines and settings; draws of any sampler turned into a fit."""

import numpy as np
import pytest
import xarray as xr

import bayesmixed as bm
from bayesmixed.density import Density
from bayesmixed.sampling import starting_point
from tests import dense
from tests.designs import random_table
from tests.fits import QUICK, fit, fit_without_groups, model, z_scores

SHORT = {**QUICK, "draws": 30, "tune": 30}


def posterior(found):
    return found.idata["posterior"]


# ---------------------------------------------------------------- seeds
def test_the_same_seed_gives_the_same_draws():
    first, again = (model("slope").fit(random_seed=8, **SHORT) for _ in range(2))
    assert posterior(first).identical(posterior(again))
    for name in ("lp", "energy", "n_steps"):
        np.testing.assert_array_equal(first.idata["sample_stats"][name], again.idata["sample_stats"][name])


def test_the_number_of_cores_changes_nothing():
    options = {**SHORT, "chains": 4}
    one = model("slope").fit(random_seed=8, **{**options, "cores": 1})
    for cores in (2, 4, None):
        many = model("slope").fit(random_seed=8, **{**options, "cores": cores})
        assert posterior(one).identical(posterior(many))


def test_different_seeds_and_chains_differ():
    first, other = (model("intercept").fit(random_seed=seed, **SHORT) for seed in (1, 2))
    for name in ("sigma", "Intercept", "1|Batch"):
        assert not np.isclose(posterior(first)[name], posterior(other)[name]).any()
        assert not np.isclose(posterior(first)[name][0], posterior(first)[name][1]).any()


def test_without_a_seed_every_run_differs():
    first, other = (model("intercept").fit(**SHORT) for _ in range(2))
    assert not np.isclose(posterior(first)["sigma"], posterior(other)["sigma"]).any()


def test_a_seed_sequence_is_the_integer_that_it_was_made_from():
    first = model("intercept").fit(random_seed=9, **SHORT)
    sequence = np.random.SeedSequence(9)
    second = model("intercept").fit(random_seed=sequence, **SHORT)
    third = model("intercept").fit(random_seed=sequence, **SHORT)
    assert posterior(first).identical(posterior(second))
    assert posterior(first).identical(posterior(third))
    assert sequence.n_children_spawned == 0


def test_a_generator_gives_reproducible_draws_and_moves_on():
    first = model("intercept").fit(random_seed=np.random.default_rng(4), **SHORT)
    rng = np.random.default_rng(4)
    second = model("intercept").fit(random_seed=rng, **SHORT)
    third = model("intercept").fit(random_seed=rng, **SHORT)
    assert posterior(first).identical(posterior(second))
    assert not posterior(first).identical(posterior(third))


@pytest.mark.parametrize("seed", [-1, 1.5, "one", [1, -2], object()])
def test_what_is_no_seed_is_refused(seed):
    with pytest.raises(bm.SamplingError, match="random_seed must be an int of at least 0"):
        model("intercept").fit(random_seed=seed, **SHORT)


# ---------------------------------------------------------------- settings and engines
@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"draws": 0}, "draws must be a whole number of at least 1, not 0"),
        ({"draws": 10.5}, r"draws must be a whole number of at least 1, not 10\.5"),
        ({"draws": True}, "draws must be a whole number"),
        ({"tune": -1}, "tune must be a whole number of at least [01], not -1"),
        ({"tune": 0}, "tune must be a whole number of at least 1, not 0"),
        ({"chains": 0}, "chains must be a whole number of at least 1, not 0"),
        ({"cores": 0}, "cores must be a whole number of at least 1, not 0"),
        ({"target_accept": 1.0}, r"target_accept must lie between 0 and 1, not 1\.0"),
        ({"target_accept": -0.5}, "target_accept must lie between 0 and 1"),
        ({"engine": "nuts"}, "no engine 'nuts'; there are auto, compiled, pymc"),
        ({"engine": "importance"}, "'importance' is not in this version; there are auto, compiled, pymc"),
        ({"engine": "quadrature"}, "'quadrature' is not in this version"),
    ],
)
def test_settings_that_make_no_sense_are_refused_in_one_line(options, text):
    with pytest.raises(bm.SamplingError, match=text) as caught:
        model("intercept").fit(random_seed=1, **{**SHORT, **options})
    assert "\n" not in str(caught.value)


def test_numbers_of_numpy_are_whole_numbers():
    found = model("intercept").fit(random_seed=1, **{**SHORT, "draws": np.int64(5), "chains": np.int32(3)})
    assert found.shape == (3, 5)


@pytest.mark.parametrize("tune", [1, 2, 5])
def test_one_chain_and_one_draw_are_enough_to_run(tune):
    """nutpie panics where it has no tuning steps, and prints a trace of its own."""
    found = model("slope").fit(random_seed=1, draws=1, tune=tune, chains=1, progressbar=False)
    assert found.shape == (1, 1)
    assert np.isfinite(found.beta).all()
    assert not found.verdict.ok


def test_the_compiled_engine_refuses_a_pymc_prior(sleepstudy):
    import pymc as pm

    found = bm.MixedModel("Reaction ~ Days + (1 | Subject)", sleepstudy, priors={"sigma": pm.Gamma.dist(2.0, 0.1)})
    assert found.priors.resolved.needs_pymc
    with pytest.raises(bm.SamplingError, match="needs engine='pymc'"):
        found.fit(engine="compiled", random_seed=1, **SHORT)


@pytest.mark.parametrize("key", ["intercept", "third slope", "uncorrelated", "weighted"])
def test_the_starting_point_has_a_density(key):
    density = Density(model(key).posterior)
    start = starting_point(model(key), density)
    value, gradient = density.value_and_gradient(start)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


def test_sampling_starts_where_reml_does_not_exist():
    table = {"y": [1.0, 2, 4, 3, 7, 5, 6, 9, 1, 3], "t": [0.0, 1] * 5, "g": list("aabbccddee")}
    found = bm.MixedModel("y ~ t + (t | g)", table)
    with pytest.raises(bm.RemlError):
        found.reml()
    with pytest.warns(bm.BayesmixedWarning, match="rests on its prior"):
        draws = found.fit(random_seed=1, **SHORT)
    assert np.isfinite(draws.draws_of("sigma")).all()


def test_a_singular_reml_fit_is_no_place_to_start_at(dyestuff2):
    found = bm.MixedModel("Yield ~ 1 + (1 | Batch)", dyestuff2)
    assert found.reml().singular
    start = starting_point(found, Density(found.posterior))
    assert np.exp(start[0]) > 0.01 * found.reml().sigma


# ---------------------------------------------------------------- draws of any sampler
def tree_of(params, chains=2, draws=3000):
    """A DataTree in which every draw is the same."""
    variables = {}
    for name, value in params.items():
        value = np.asarray(value, dtype=float)
        dims = ("chain", "draw", *(f"{name}_{k}" for k in range(value.ndim)))
        variables[name] = (dims, np.broadcast_to(value, (chains, draws, *value.shape)).copy())
    return xr.DataTree.from_dict({"posterior": xr.Dataset(variables)})


THETA = {"1|g_sigma": 6.0, "t|g_sigma": 1.5, "g_corr": [[1.0, -0.4], [-0.4, 1.0]], "sigma": 4.0}


@pytest.fixture(scope="module")
def known():
    """Beta and b from known covariance parameters, and what dense algebra says of them."""
    table = random_table()
    priors = {"t": bm.Normal(1.0, 0.5), "Intercept": bm.Normal(40.0, 5.0), "x": bm.Flat()}
    found = bm.MixedModel("y ~ t + x + offset(o) + (t | g)", table, priors=priors, weights="w")
    return found, found.fit_from(tree_of(THETA), random_seed=2)


def test_beta_given_the_covariance_parameters_is_that_of_dense_algebra(known):
    found, result = known
    design, V = found.design, found.V(THETA)
    prior_mean, precision = np.array([40.0, 1.0, 0.0]), np.diag([1 / 25.0, 4.0, 0.0])
    P = design.X.T @ np.linalg.solve(V, design.X) + precision
    mean = np.linalg.solve(P, design.X.T @ np.linalg.solve(V, design.y - design.offset) + precision @ prior_mean)
    covariance = np.linalg.inv(P)
    sd, n = np.sqrt(np.diag(covariance)), len(result.beta)
    assert np.abs((result.beta.mean(axis=0) - mean) / sd).max() < 4.5 / np.sqrt(n)
    np.testing.assert_allclose(result.beta.std(axis=0), sd, rtol=4.5 / np.sqrt(2 * n))
    scale = np.outer(sd, sd)
    np.testing.assert_allclose(np.cov(result.beta.T) / scale, covariance / scale, atol=4.5 * np.sqrt(2 / n))


def test_b_given_beta_is_that_of_dense_algebra(known):
    found, result = known
    design, V, G = found.design, found.V(THETA), found.G(THETA)
    y = design.y - design.offset
    means = [dense.effects(y, design.X, beta, design.Z_rows, design.group, G, V)[0] for beta in result.beta[:50]]
    _, covariance = dense.effects(y, design.X, result.beta[0], design.Z_rows, design.group, G, V)
    sd = np.sqrt(np.diag(covariance)).reshape(design.n_groups, 2)
    z = (result.effects[:50] - np.array(means)) / sd
    assert abs(z.mean()) < 4.5 / np.sqrt(z.size / 2)
    assert z.var() == pytest.approx(1.0, abs=4.5 * np.sqrt(4 / z.size))
    # Over all draws: the law of total variance, the mean at the mean of beta.
    middle = dense.effects(y, design.X, result.beta.mean(axis=0), design.Z_rows, design.group, G, V)[0]
    error = result.effects.std(axis=0) / np.sqrt(len(result.effects))
    assert np.abs((result.effects.mean(axis=0) - middle) / error).max() < 5.0


def test_draws_made_elsewhere_have_no_statistics_and_say_so(known):
    result = known[1]
    assert "sample_stats" not in result.idata.children
    assert result.idata.attrs["inference_library"] == "external"
    assert result.idata.attrs["engine"] == "external"
    np.testing.assert_array_equal(result.covariance.sigma, 4.0)
    assert np.isnan(result.summary().loc["sigma", "r_hat"])


def test_the_seed_of_the_exact_draws(known):
    found, result = known
    again, other = (found.fit_from(tree_of(THETA), random_seed=seed) for seed in (2, 3))
    np.testing.assert_array_equal(again.effects, result.effects)
    assert np.isclose(other.beta, result.beta).mean() < 0.001


@pytest.mark.parametrize("key", ["third slope", "uncorrelated", "weighted", "slash"])
def test_draws_of_a_fit_turn_into_the_same_fit(key):
    first = fit(key)
    again = model(key).fit_from(first.idata, random_seed=12)
    for name in ("sd", "corr", "sigma"):
        np.testing.assert_allclose(
            getattr(again.covariance, name), getattr(first.covariance, name), rtol=1e-9, atol=1e-9
        )
    assert not np.isclose(again.beta, first.beta).any()
    assert z_scores(again, first).drop(labels=[]).abs().max() < 4.0
    assert again.verdict.divergences == 0
    z = (again.effects.mean(axis=0) - first.effects.mean(axis=0)) / first.effects.std(axis=0)
    assert np.abs(z).max() < 5.0 * np.sqrt(2 / 400)


def test_draws_without_b_are_enough():
    again = model("slope").fit_from(fit_without_groups("slope").idata, random_seed=12)
    assert again.effects.shape == (400, 18, 2)


def test_scales_of_a_student_t_prior_are_drawn_where_they_are_missing(sleepstudy):
    """The prior pulls hard: a scale that is wrong would move Days by many Monte Carlo errors."""
    priors = {"Days": bm.StudentT(3, 0, 1.0)}
    found = bm.MixedModel("Reaction ~ Days + (Days | Subject)", sleepstudy, priors=priors)
    options = {"draws": 2000, "tune": 500, "chains": 2, "progressbar": False}
    first = found.fit(random_seed=1, **options)
    tree = first.idata
    assert "Days_scale" not in tree["posterior"]
    gibbs = found.fit_from(tree, random_seed=2)
    assert z_scores(gibbs, first).drop("Days").abs().max() < 4.0
    assert z_scores(gibbs, first)["Days"] == pytest.approx(0.0, abs=4.0)
    assert gibbs.draws_of("Days").std() == pytest.approx(first.draws_of("Days").std(), rel=0.1)

    scales = tree["auxiliary"].to_dataset()
    with_scales = xr.DataTree.from_dict({"posterior": tree["posterior"].to_dataset().merge(scales)})
    again = found.fit_from(with_scales, random_seed=2)
    np.testing.assert_allclose(again.idata["auxiliary"]["Days_scale"], scales["Days_scale"], rtol=1e-12)
    assert abs(z_scores(again, first)["Days"]) < 4.0

    without = xr.DataTree.from_dict({"posterior": tree["posterior"].to_dataset().drop_vars("Days")})
    with pytest.raises(bm.SamplingError, match="lack both 'Days_scale' and the coefficients themselves"):
        found.fit_from(without)


def test_an_explicit_coefficient_is_taken_from_the_draws(sleepstudy):
    found = bm.MixedModel("Reaction ~ Days + (1 | Subject)", sleepstudy, priors={"Days": bm.HalfNormal(5)})
    first = found.fit(random_seed=1, **QUICK)
    assert (first.draws_of("Days") > 0).all()
    again = found.fit_from(first.idata, random_seed=2)
    np.testing.assert_allclose(again.draws_of("Days"), first.draws_of("Days"), rtol=1e-12)
    assert abs(z_scores(again, first)["Intercept"]) < 4.0
    alone = xr.DataTree.from_dict({"posterior": first.idata["posterior"].to_dataset().drop_vars("Intercept")})
    np.testing.assert_allclose(found.fit_from(alone).draws_of("Days"), first.draws_of("Days"), rtol=1e-12)
    missing = xr.DataTree.from_dict({"posterior": alone["posterior"].to_dataset().drop_vars("Days")})
    with pytest.raises(bm.SamplingError, match="lack 'Days', whose prior keeps it explicit"):
        found.fit_from(missing)


@pytest.mark.parametrize(
    ("missing", "text"),
    [
        ("sigma", "the draws lack 'sigma'; they have"),
        ("Days|Subject_sigma", r"the draws lack 'Days\|Subject_sigma'; they have"),
        ("Subject_corr", "the draws lack 'Subject_corr'"),
    ],
)
def test_draws_that_lack_a_variable_are_refused(missing, text):
    dataset = fit("slope").idata["posterior"].to_dataset().drop_vars(missing)
    with pytest.raises(bm.SamplingError, match=text):
        model("slope").fit_from(xr.DataTree.from_dict({"posterior": dataset}))


def test_what_holds_no_draws_is_refused():
    with pytest.raises(bm.SamplingError, match="a DataTree with a group 'posterior'"):
        model("slope").fit_from(xr.DataTree.from_dict({"prior": xr.Dataset({"sigma": 1.0})}))
    with pytest.raises(bm.SamplingError, match="a DataTree with a group 'posterior'"):
        model("slope").fit_from({"sigma": [1.0]})
    flat = fit("slope").idata["posterior"].to_dataset().isel(chain=0, drop=True)
    with pytest.raises(bm.SamplingError, match="dimensions 'chain' and 'draw'"):
        model("slope").fit_from(xr.DataTree.from_dict({"posterior": flat}))


@pytest.mark.parametrize(
    ("name", "value"), [("sigma", np.nan), ("sigma", -1.0), ("sigma", 0.0), ("1|Subject_sigma", -3.0)]
)
def test_draws_that_no_posterior_can_have_are_refused(name, value):
    dataset = fit("slope").idata["posterior"].to_dataset().copy(deep=True)
    dataset[name][1, 5] = value
    with pytest.raises(bm.SamplingError, match=name.replace("|", r"\|")):
        model("slope").fit_from(xr.DataTree.from_dict({"posterior": dataset}))


def test_draws_of_another_model_are_refused():
    with pytest.raises(bm.SamplingError, match="the draws lack"):
        model("slope").fit_from(fit("intercept").idata)


def test_correlations_of_another_size_are_refused():
    dataset = fit("third slope").idata["posterior"].to_dataset()
    dataset = dataset.rename({"Third|Subject_sigma": "x"}).assign({"Days|Subject_sigma": dataset["sigma"]})
    with pytest.raises(bm.SamplingError, match="Subject_corr"):
        model("slope").fit_from(xr.DataTree.from_dict({"posterior": dataset}))
