"""The DataTree: variables, dims and coordinates as Bambi 0.21 makes them, and where the numbers came from."""

import json
import warnings
from importlib.metadata import version

import arviz as az
import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.priors.resolved import ResolvedPriors
from bayesmixed.sampling import draws as assembly
from bayesmixed.sampling.draws import PACKAGES
from tests.fits import FORMULAS, QUICK, fit, fit_without_groups, model, table

SUBJECT = ("Subject__factor_dim",)
CORR = ("Subject__term_dim", "Subject__term_dim_bis")
#: Variables with their dims after chain and draw. Bambi's but for the correlations, which it does not have.
ONE = {"Intercept": (), "1|Subject_sigma": (), "sigma": (), "1|Subject": SUBJECT}
DAYS = {"Days": (), "Days|Subject_sigma": (), "Subject_corr": CORR, "Days|Subject": SUBJECT}
VARIABLES = {
    "intercept": {"Intercept": (), "1|Batch_sigma": (), "sigma": (), "1|Batch": ("Batch__factor_dim",)},
    "slope": ONE | DAYS,
    "uncorrelated": ONE | DAYS,
    "factor": ONE | {"Type": ("Type_dim",)},
    "third slope": ONE
    | {
        "Third": ("Third_dim",),
        "Third|Subject_sigma": ("Third__expr_dim",),
        "Subject_corr": CORR,
        "Third|Subject": ("Third__expr_dim", *SUBJECT),
    },
    "slash": ONE | {name.replace("Days", "I(Days \u2215 2)"): dims for name, dims in DAYS.items()},
}
TERMS = {
    "slope": ["Intercept", "Days"],
    "uncorrelated": ["Intercept", "Days"],
    "third slope": ["Intercept", "Third[b]", "Third[c]"],
    "slash": ["Intercept", "I(Days / 2)"],
}


def dims_of(posterior):
    return {str(name): variable.dims[2:] for name, variable in posterior.data_vars.items()}


def coords_of(posterior):
    own = [dim for dim in posterior.dims if dim not in ("chain", "draw")]
    return {str(dim): posterior[dim].to_numpy().tolist() for dim in own}


# ---------------------------------------------------------------- names, dims, coordinates
@pytest.mark.parametrize("key", VARIABLES)
def test_variables_and_dims(key):
    posterior = fit(key).idata["posterior"]
    assert dims_of(posterior) == VARIABLES[key]
    assert all(variable.dims[:2] == ("chain", "draw") for variable in posterior.data_vars.values())
    assert fit(key).shape == (QUICK["chains"], QUICK["draws"])


@pytest.mark.parametrize("key", VARIABLES)
def test_coordinates_are_names_of_levels_and_terms(key):
    found = coords_of(fit(key).idata["posterior"])
    factor = model(key).design.factor_name
    expected = {f"{factor}__factor_dim": sorted(set(table(key)[factor]))}
    if key == "factor":
        expected["Type_dim"] = ["T2", "T3", "T4"]
    if key == "third slope":
        expected["Third_dim"] = expected["Third__expr_dim"] = ["b", "c"]
    if key in TERMS:
        expected |= dict.fromkeys(CORR, TERMS[key])
    assert found == expected


@pytest.mark.slow
@pytest.mark.parametrize("key", ["factor", "slope", "factor slope", "third slope"])
def test_variables_dims_and_coordinates_are_those_of_a_bambi_fit(key):
    """Bambi's (Days | Subject) has no correlation: ours adds `Subject_corr` and nothing else."""
    import bambi

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Bambi's, of pandas and of so few draws
        run = {"draws": 2, "tune": 2, "chains": 1, "random_seed": 1, "progressbar": False}
        theirs = bambi.Model(FORMULAS[key], table(key)).fit(inference_method="pymc", **run)
    ours = fit(key).idata
    expected, found = dims_of(theirs["posterior"]), dims_of(ours["posterior"])
    assert {name: dims for name, dims in found.items() if name != "Subject_corr"} == expected
    coords = coords_of(theirs["posterior"])
    assert {dim: c for dim, c in coords_of(ours["posterior"]).items() if dim not in CORR} == coords
    for dim in coords:
        assert ours["posterior"][dim].dtype.kind == theirs["posterior"][dim].dtype.kind == "U"
    assert dims_of(ours["observed_data"]) == dims_of(theirs["observed_data"])
    assert {str(name) for name in ours["observed_data"].data_vars} == {"Reaction", "effort"} & set(table(key))
    assert ours["observed_data"].sizes == theirs["observed_data"].sizes


def test_integer_groups_are_strings(teaching):
    found = bm.MixedModel("y ~ time + (1 | ID)", teaching)
    with pytest.warns(bm.BayesmixedWarning):
        levels = found.fit(random_seed=1, **QUICK).idata["posterior"]["ID__factor_dim"]
    assert levels.to_numpy().tolist() == ["1", "2", "3"]


def test_the_draws_stand_in_their_places():
    """An entry by its coordinates is the entry that the arrays of the fit have there."""
    found = fit("third slope")
    posterior = found.idata["posterior"]
    one = posterior["Third|Subject"].sel(Subject__factor_dim="330", Third__expr_dim="c").to_numpy()
    j, k = found.model.design.levels.index("330"), found.model.design.random_labels.index("Third[c]")
    np.testing.assert_array_equal(one.ravel(), found.effects[:, j, k])
    sd = posterior["Third|Subject_sigma"].sel(Third__expr_dim="b").to_numpy()
    np.testing.assert_array_equal(sd.ravel(), found.covariance.sd[:, 1])
    np.testing.assert_array_equal(posterior["Third"].sel(Third_dim="c").to_numpy().ravel(), found.beta[:, 2])


def test_correlations_are_matrices_with_exact_diagonals():
    corr = fit("third slope").draws_of("Subject_corr")
    assert corr.shape == (400, 3, 3)
    np.testing.assert_array_equal(np.diagonal(corr, axis1=1, axis2=2), np.ones((400, 3)))
    np.testing.assert_array_equal(corr, np.swapaxes(corr, 1, 2))
    assert np.linalg.eigvalsh(corr).min() > 0
    assert corr[:, 0, 1].std() > 0.05


def test_uncorrelated_effects_have_zeros_between_blocks():
    corr = fit("uncorrelated").draws_of("Subject_corr")
    np.testing.assert_array_equal(corr, np.broadcast_to(np.eye(2), corr.shape))


def test_a_model_with_one_random_effect_has_no_correlations():
    assert "Batch_corr" not in fit("intercept").idata["posterior"]


# ---------------------------------------------------------------- ArviZ
def test_arviz_summary_labels_and_numbers_are_ours():
    found = fit("third slope")
    with np.errstate(invalid="ignore"):  # R-hat of the constant diagonal of the correlations is 0 / 0
        theirs = az.summary(found.idata, ci_kind="eti", ci_prob=0.9, round_to="none")
    assert {"Third[b]", "Third|Subject_sigma[c]", "Third|Subject[c, 308]", "1|Subject[308]"} <= set(theirs.index)
    assert np.isnan(theirs.loc["Subject_corr[Intercept, Intercept]", "r_hat"])
    ours = found.summary(ci_prob=0.9)
    plain = [label for label in ours.index if not label.startswith("Subject_corr")]
    assert set(plain) <= set(theirs.index)
    for column in ("mean", "sd", "eti90_lb", "eti90_ub", "r_hat", "ess_bulk", "mcse_mean"):
        np.testing.assert_allclose(ours.loc[plain, column], theirs.loc[plain, column].astype(float), rtol=1e-9)
    # The tails of Vehtari et al. (2021); ArviZ's summary takes them from its own interval of 89 %.
    tails = az.ess(found.idata, var_names=["Intercept", "sigma"], method="tail", prob=(0.05, 0.95))
    for name in ("Intercept", "sigma"):
        assert ours.loc[name, "ess_tail"] == pytest.approx(tails[name].item())
    corr = ours.loc["Subject_corr[Intercept,Third[b]]"]
    their = theirs.loc["Subject_corr[Intercept, Third[b]]"]
    np.testing.assert_allclose(corr[["mean", "sd", "r_hat"]], their[["mean", "sd", "r_hat"]].astype(float))


@pytest.mark.parametrize("key", ["intercept", "slash"])
def test_arviz_functions_run_on_the_datatree(key):
    idata = fit(key).idata
    names = ["Intercept", "sigma"]
    assert set(az.ess(idata, var_names=names).data_vars) == set(names)
    assert set(az.rhat(idata, var_names=names).data_vars) == set(names)
    assert az.extract(idata, num_samples=10, random_seed=1).sizes["sample"] == 10
    assert (az.bfmi(idata)["energy"] > 0.3).all()
    plots = az.plot_forest(idata, var_names=names)
    assert plots is not None


def test_sample_stats_have_the_names_of_arviz():
    stats = fit("slope").idata["sample_stats"]
    assert set(stats.data_vars) == {
        *("diverging", "energy", "energy_error", "tree_depth", "n_steps", "step_size"),
        *("acceptance_rate", "reached_max_treedepth", "lp"),
    }
    assert all(variable.dims == ("chain", "draw") for variable in stats.data_vars.values())
    assert stats.sizes == {"chain": 2, "draw": 200}
    assert stats["diverging"].dtype == bool
    assert (stats["acceptance_rate"] > 0.5).mean() > 0.9


# ---------------------------------------------------------------- data and provenance
def test_observed_and_constant_data_are_the_design():
    found, design = fit("weighted").idata, model("weighted").design
    np.testing.assert_array_equal(found["observed_data"]["y"], design.y)
    constant = found["constant_data"]
    for name in ("X", "Z_rows", "group", "offset", "weights"):
        np.testing.assert_array_equal(constant[name], getattr(design, name))
    assert constant["fixed_column"].to_numpy().tolist() == list(design.fixed_labels)
    assert constant["random_column"].to_numpy().tolist() == list(design.random_labels)
    assert design.offset.any()
    assert np.ptp(design.weights) > 0


def test_attributes_say_what_was_fitted_with_what():
    found = fit("slope")
    attrs = found.idata.attrs
    assert attrs["modeling_interface"] == "bayesmixed"
    assert attrs["modeling_interface_version"] == bm.__version__
    assert attrs["inference_library"] == "nutpie"
    assert attrs["formula"] == FORMULAS["slope"]
    assert attrs["engine"] == "compiled"
    assert (attrs["tuning_steps"], attrs["target_accept"]) == (300, 0.9)
    assert 0 < attrs["sampling_time"] < 60
    assert json.loads(attrs["versions"]) == {package: version(package) for package in PACKAGES}
    priors = json.loads(attrs["priors"])
    assert priors == found.model.priors.resolved.to_dict()
    assert str(ResolvedPriors.from_dict(priors)["sigma"]) == str(found.model.priors.resolved["sigma"])


@pytest.mark.parametrize(
    "seed", [5, np.random.SeedSequence(5, spawn_key=(2,)), np.random.SeedSequence([1, 2**80]), None]
)
def test_the_stored_seed_gives_the_same_draws_again(seed):
    first = model("intercept").fit(random_seed=seed, **QUICK)
    stored = json.loads(first.idata.attrs["random_seed"])
    again = model("intercept").fit(random_seed=np.random.SeedSequence(**stored), **QUICK)
    assert again.idata["posterior"].identical(first.idata["posterior"])


def test_scales_of_student_t_priors_are_kept(sleepstudy):
    priors = {"Days": bm.StudentT(4, 0, 10)}
    found = bm.MixedModel("Reaction ~ Days + (1 | Subject)", sleepstudy, priors=priors).fit(random_seed=1, **QUICK)
    assert set(found.idata["auxiliary"].data_vars) == {"Days_scale"}
    scale = found.idata["auxiliary"]["Days_scale"]
    assert scale.dims == ("chain", "draw")
    assert (scale > 0).all()
    assert scale.std() > 0
    assert "auxiliary" not in fit("slope").idata.children


# ---------------------------------------------------------------- draws or moments of b
def test_moments_of_b_are_those_of_its_draws():
    kept, moments = fit("third slope"), fit_without_groups("third slope")
    assert not moments.has_effects
    assert "group_effects" not in kept.idata.children
    np.testing.assert_array_equal(kept.beta, moments.beta)
    group = moments.idata["group_effects"]
    assert group["moment"].to_numpy().tolist() == ["mean", "sd"]
    draws = kept.effects
    n = len(draws)
    for name, columns in (("1|Subject", [0]), ("Third|Subject", [1, 2])):
        table = group[name].transpose("moment", "Subject__factor_dim", ...).to_numpy().reshape(2, 18, -1)
        mean, sd = draws[:, :, columns].mean(axis=0), draws[:, :, columns].std(axis=0, ddof=1)
        assert np.abs((mean - table[0]) / (sd / np.sqrt(n))).max() < 5.0
        assert np.abs(np.log(sd / table[1])).max() < 5.0 / np.sqrt(2 * n)


def test_auto_keeps_draws_of_b_up_to_a_size(monkeypatch):
    assert fit("intercept").has_effects
    monkeypatch.setattr(assembly, "KEEP_BYTES", 400 * 6 * 8 - 1)
    assert not model("intercept").fit(random_seed=1, **QUICK).has_effects
    monkeypatch.setattr(assembly, "KEEP_BYTES", 400 * 6 * 8)
    assert model("intercept").fit(random_seed=1, **QUICK).has_effects
    assert model("intercept").fit(random_seed=1, keep_groups=True, **QUICK).has_effects


def test_keeping_draws_of_b_changes_nothing_else():
    kept, moments = fit("slope").idata["posterior"], fit_without_groups("slope").idata["posterior"]
    for name in moments.data_vars:
        assert moments[name].identical(kept[name])
    assert set(kept.data_vars) - set(moments.data_vars) == {"1|Subject", "Days|Subject"}
