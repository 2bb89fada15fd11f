"""Simulated tables have the mean and the covariance that the mathematics gives them."""

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.parameters import ParameterNames
from bayesmixed.simulation import coefficients, simulate, simulate_response

TABLE = pd.DataFrame(
    {
        "t": [0.0, 1, 3, 2, 5, 1, 4],
        "f": list("ababaab"),
        "o": [1.0, 0, -2, 0, 3, 0, 0],
        "w": [1.0, 2, 0.5, 1, 4, 1, 2],
        "g": list("aaabbcc"),
    }
)
TRUTH = {
    "Intercept": 10.0,
    "t": 2.0,
    "f": [-3.0],
    "1|g_sigma": 2.0,
    "t|g_sigma": 0.7,
    "g_corr": np.array([[1.0, -0.6], [-0.6, 1.0]]),
    "sigma": 1.5,
}
FORMULA = "y ~ t + f + offset(o) + (t | g)"


@pytest.fixture(scope="module")
def replicates():
    """20,000 draws of the seven rows, and the model that they come from."""
    model = bm.MixedModel(FORMULA, TABLE.assign(y=np.arange(7.0)), weights="w")
    names, rng = ParameterNames.of(model.design), np.random.default_rng(7)
    beta, covariance = coefficients(names, TRUTH), names.covariance(TRUTH)
    y = np.array([simulate_response(model.design, beta, covariance, rng) for _ in range(20_000)])
    return model, y


def test_the_mean_of_simulated_rows_is_that_of_the_fixed_part(replicates):
    model, y = replicates
    expected = 10.0 + 2.0 * TABLE["t"] - 3.0 * (TABLE["f"] == "b") + TABLE["o"]
    error = np.sqrt(np.diag(model.V(TRUTH)) / len(y))
    assert np.abs((y.mean(axis=0) - expected) / error).max() < 4.5


def test_the_covariance_of_simulated_rows_is_V(replicates):
    model, y = replicates
    V = model.V(TRUTH)
    error = np.sqrt((V**2 + np.outer(np.diag(V), np.diag(V))) / len(y))
    assert np.abs((np.cov(y.T) - V) / error).max() < 4.5
    assert np.abs(V).max() > 20 * error.max()


def test_the_call_is_one_such_draw(replicates):
    model, _ = replicates
    names = ParameterNames.of(model.design)
    simulated = simulate(FORMULA, TABLE, TRUTH, weights="w", random_seed=5)
    rng = np.random.default_rng(np.random.SeedSequence(5))
    expected = simulate_response(model.design, coefficients(names, TRUTH), names.covariance(TRUTH), rng)
    np.testing.assert_array_equal(simulated["y"], expected)
    pd.testing.assert_frame_equal(simulated.drop(columns="y"), TABLE, check_like=True, check_dtype=False)


def test_seeds():
    first, again = (simulate(FORMULA, TABLE, TRUTH, random_seed=5) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    other = simulate(FORMULA, TABLE, TRUTH, random_seed=np.random.default_rng(5))
    assert not np.isclose(first["y"], other["y"]).any()
    with pytest.raises(bm.SamplingError, match="random_seed"):
        simulate(FORMULA, TABLE, TRUTH, random_seed=-1)


def test_reml_recovers_the_parameters_of_a_large_table():
    rng = np.random.default_rng(1)
    n_groups, n = 800, 12
    table = pd.DataFrame(
        {"t": rng.uniform(0, 10, n_groups * n), "f": rng.choice(["a", "b"], n_groups * n)}
    ).assign(g=np.repeat(np.arange(n_groups), n), o=0.0)
    simulated = simulate(FORMULA, table, TRUTH, random_seed=2)
    reml = bm.MixedModel(FORMULA, simulated).reml()
    truth = np.array([10.0, 2.0, -3.0])
    assert np.abs((reml.beta - truth) / reml.se).max() < 4.0
    found = {"1|g_sigma": reml.covariance.sd[0], "t|g_sigma": reml.covariance.sd[1], "sigma": reml.sigma}
    for name, value in found.items():
        assert abs(value - TRUTH[name]) < 4.0 * reml.variance_se[name]
        assert reml.variance_se[name] < 0.05 * TRUTH[name]
    assert abs(reml.covariance.corr[0, 1] + 0.6) < 4.0 * reml.variance_se["g_corr[Intercept,t]"]


def test_without_correlations_the_effects_are_uncorrelated():
    table = pd.DataFrame({"t": np.tile([0.0, 1.0], 4000), "g": np.repeat(np.arange(4000), 2)})
    truth = {"1|g_sigma": 2.0, "t|g_sigma": 3.0, "sigma": 1e-6, "Intercept": 0.0, "t": 0.0}
    y = simulate("y ~ t + (t | g)", table, truth, random_seed=1)["y"].to_numpy().reshape(-1, 2)
    b0, b1 = y[:, 0], y[:, 1] - y[:, 0]
    assert abs(np.corrcoef(b0, b1)[0, 1]) < 4.5 / np.sqrt(4000)
    assert b0.std() == pytest.approx(2.0, rel=4.5 / np.sqrt(8000))
    assert b1.std() == pytest.approx(3.0, rel=4.5 / np.sqrt(8000))


def test_a_standard_deviation_of_zero_is_no_difference_between_groups():
    truth = {"Intercept": 1.0, "1|g_sigma": 0.0, "sigma": 1e-9}
    np.testing.assert_allclose(simulate("y ~ 1 + (1 | g)", TABLE, truth, random_seed=1)["y"], 1.0, atol=1e-6)


def test_the_table_need_not_have_the_response_and_loses_missing_rows():
    table = TABLE.assign(t=[0.0, None, 3, 2, 5, 1, 4])
    assert len(simulate(FORMULA, table, TRUTH, random_seed=1)) == 6
    with_response = simulate(FORMULA, TABLE.assign(y=None), TRUTH, random_seed=1)
    pd.testing.assert_frame_equal(with_response, simulate(FORMULA, TABLE, TRUTH, random_seed=1))


@pytest.mark.parametrize(
    ("formula", "params", "text"),
    [
        (FORMULA, {key: value for key, value in TRUTH.items() if key != "t"}, "lack 't'"),
        (FORMULA, {key: value for key, value in TRUTH.items() if key != "t|g_sigma"}, r"lack 't\|g_sigma'"),
        (FORMULA, {key: value for key, value in TRUTH.items() if key != "sigma"}, "lack 'sigma'"),
        ("log(y) ~ t + (1 | g)", TRUTH, r"the response 'log\(y\)' is a transformation"),
        ("y ~ tt + (1 | g)", TRUTH, "no column 'tt'"),
        (FORMULA, {**TRUTH, "f": [1.0, 2.0]}, "'f'"),
        (FORMULA, {**TRUTH, "sigma": -1.0}, "sigma"),
        (FORMULA, {**TRUTH, "1|g_sigma": -1.0}, r"1\|g_sigma"),
        (FORMULA, {**TRUTH, "sigma": float("nan")}, "sigma"),
        (FORMULA, {**TRUTH, "g_corr": [[1.0, 2.0], [2.0, 1.0]]}, "g_corr"),
        (FORMULA, {**TRUTH, "g_corr": 0.5}, "g_corr"),
        (FORMULA, {**TRUTH, "g_cor": TRUTH["g_corr"]}, "g_cor"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(formula, params, text):
    with pytest.raises(bm.BayesmixedError, match=text):
        simulate(formula, TABLE, params, random_seed=1)


def test_user_functions():
    truth = {"Intercept": 0.0, "half(t)": 2.0, "1|g_sigma": 0.0, "sigma": 1e-9}
    functions = {"half": lambda x: x / 2.0}
    found = simulate("y ~ half(t) + (1 | g)", TABLE, truth, functions=functions, random_seed=1)
    np.testing.assert_allclose(found["y"], TABLE["t"], atol=1e-6)


def test_entries_may_go_by_the_labels_of_tables():
    by_label = {key: value for key, value in TRUTH.items() if key not in ("f", "g_corr")}
    by_label |= {"f[b]": -3.0, "g_corr[Intercept, t]": -0.6}
    given = simulate(FORMULA, TABLE, by_label, random_seed=5)
    pd.testing.assert_frame_equal(given, simulate(FORMULA, TABLE, TRUTH, random_seed=5))
    three = TABLE.assign(f=list("abcabca"))
    vector, labels = ({**TRUTH, "f": [-3.0, 1.0]}, {**by_label, "f[c]": 1.0})
    expected = simulate(FORMULA, three, vector, random_seed=5)
    pd.testing.assert_frame_equal(simulate(FORMULA, three, labels, random_seed=5), expected)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"f[b]": 1.0}, "'f' is given whole and by its entry 'f\\[b\\]'"),
        ({"g_corr[Intercept,t]": 0.5}, "'g_corr' is given whole and by its entry"),
        ({"f[z]": 1.0}, "no parameter 'f\\[z\\]'"),
    ],
)
def test_entries_that_contradict_or_do_not_exist_are_refused(more, message):
    with pytest.raises(bm.DesignError, match=message):
        simulate(FORMULA, TABLE, TRUTH | more, random_seed=1)


def test_a_vector_that_is_given_in_part_is_refused():
    some = {key: value for key, value in TRUTH.items() if key != "f"} | {"f[b]": 1.0}
    with pytest.raises(bm.DesignError, match="lack 'f\\[c\\]'"):
        simulate(FORMULA, TABLE.assign(f=list("abcabca")), some, random_seed=1)
    with pytest.raises(bm.DesignError, match="correlation"):
        simulate(
            FORMULA,
            TABLE,
            {**{k: v for k, v in TRUTH.items() if k != "g_corr"}, "g_corr[Intercept,t]": 2},
            random_seed=1,
        )
