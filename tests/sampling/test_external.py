"""Draws of any sampler turned into a fit, and what they say of where they came from."""

import json

import numpy as np
import pytest
import xarray as xr

import bayesmixed as bm
from bayesmixed.report.contents import session
from bayesmixed.report.records import fit_record
from bayesmixed.sampling.external import origin
from tests import dense
from tests.designs import random_table
from tests.fits import QUICK, fit, fit_without_groups, model, z_scores


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


def test_effects_of_a_factor_slope_in_another_order_are_not_needed():
    """The hierarchical graph has them too; they are drawn anew."""
    dataset = fit("third slope").idata["posterior"].to_dataset()
    turned = dataset.transpose(..., "Subject__factor_dim", "Third__expr_dim")
    first, again = (
        model("third slope").fit_from(xr.DataTree.from_dict({"posterior": one}), random_seed=4)
        for one in (dataset, turned)
    )
    np.testing.assert_array_equal(again.effects, first.effects)
    assert again.idata["posterior"]["Third|Subject"].dims[2:] == ("Third__expr_dim", "Subject__factor_dim")


# ---------------------------------------------------------------- where they came from
#: As nutpie 0.16 writes it, shortened.
NUTPIE = json.dumps(
    {
        "sampler": "nuts",
        "settings": {
            "num_tune": 40,
            "adapt_options": {"step_size_settings": {"target_accept": 0.85, "jitter": 0.1}},
        },
    }
)
UNKNOWN = {"library": None, "tune": None, "target_accept": None, "seconds": None}
PYMC = {"inference_library": "pymc", "tuning_steps": 30, "sampling_time": 1.5, "sample_dims": ["chain", "draw"]}


def tree_with(**attributes):
    """Draws whose groups (``tree`` is the root) have such attributes and no others."""
    names = ("posterior", "sample_stats")
    tree = xr.DataTree.from_dict({name: fit("intercept").idata[name].to_dataset().drop_attrs() for name in names})
    for name, attrs in attributes.items():
        (tree if name == "tree" else tree[name]).attrs = attrs
    return tree


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, {}),
        ({"posterior": PYMC}, {"library": "pymc", "tune": 30, "seconds": 1.5}),
        ({"sample_stats": PYMC}, {"library": "pymc", "tune": 30, "seconds": 1.5}),
        ({"tree": PYMC}, {"library": "pymc", "tune": 30, "seconds": 1.5}),
        ({"tree": {"tuning_steps": 5}, "posterior": PYMC}, {"library": "pymc", "tune": 5, "seconds": 1.5}),
        (
            {"sample_stats": {"inference_library": "nutpie", "inference_library_settings": NUTPIE}},
            {"library": "nutpie", "tune": 40, "target_accept": 0.85},
        ),
        (
            {"posterior": PYMC | {"target_accept": np.array([0.7])}, "sample_stats": {"sampling_time": 2}},
            {"library": "pymc", "tune": 30, "target_accept": 0.7, "seconds": 1.5},
        ),
        # What some other software may have put there.
        ({"posterior": {"inference_library_settings": "max_treedepth=10"}}, {}),
        ({"posterior": {"inference_library_settings": json.dumps({"settings": None})}}, {}),
        ({"posterior": {"inference_library_settings": json.dumps({"settings": {"num_tune": 3}})}}, {}),
        ({"posterior": {"tuning_steps": "many", "sampling_time": float("nan"), "inference_library": 3}}, {}),
    ],
)
def test_origin_is_what_the_attributes_say(attributes, expected):
    found = origin(tree_with(**attributes))
    assert found == UNKNOWN | expected
    assert isinstance(found["tune"], int | None)


def test_a_fit_from_draws_says_who_drew_them():
    attrs = model("intercept").fit_from(tree_with(posterior=PYMC)).idata.attrs
    assert attrs["engine"] == "external"
    assert (attrs["inference_library"], attrs["tuning_steps"], attrs["sampling_time"]) == ("pymc", 30, 1.5)
    assert "target_accept" not in attrs


def test_a_fit_from_a_fit_keeps_what_is_known():
    first = fit("intercept").idata.attrs
    again = model("intercept").fit_from(fit("intercept").idata).idata.attrs
    for name in ("inference_library", "tuning_steps", "target_accept", "sampling_time"):
        assert again[name] == first[name]


def test_what_is_unknown_is_left_out_and_its_readers_say_so(tmp_path):
    found = model("intercept").fit_from(tree_with())
    absent = {"inference_library", "tuning_steps", "target_accept", "sampling_time"}
    assert absent & set(found.idata.attrs) == set()
    found.save(tmp_path / "fit.nc")
    for one in (found, bm.load(tmp_path / "fit.nc")):
        sampler = fit_record(one)["sampler"]
        assert (sampler["engine"], sampler["tune"], sampler["seconds"]) == ("external", None, None)
        rows = dict(session(one).cells)
        assert (rows["tuning steps"], rows["target_accept"]) == ("unknown", "unknown")


@pytest.mark.slow
@pytest.mark.parametrize(("sampler", "target_accept"), [("pymc", None), ("nutpie", 0.85)])
def test_what_pymc_writes_is_found(sampler, target_accept):
    """PyMC's own sampler leaves no target_accept behind."""
    import pymc as pm

    with pm.Model():
        pm.Normal("x")
        options = {"progressbar": False, "random_seed": 1, "compute_convergence_checks": False, "cores": 1}
        tree = pm.sample(draws=4, tune=3, chains=1, nuts_sampler=sampler, target_accept=0.85, **options)
    found = origin(tree)
    assert (found["library"], found["tune"], found["target_accept"]) == (sampler, 3, target_accept)
    assert found["seconds"] > 0
