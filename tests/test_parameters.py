"""Names, dimensions and labels of parameters, and covariance parameters read from a mapping."""

import numpy as np
import pytest

from bayesmixed.errors import DesignError
from bayesmixed.parameters import (
    CovarianceParameters,
    Parameter,
    ParameterNames,
    find_name,
    stored_name,
    typed_name,
)
from tests.designs import design_of, random_table


def names_of(formula, table=None):
    return ParameterNames.of(design_of(formula, random_table() if table is None else table))


def test_names_are_bambis():
    names = names_of("y ~ t + f + (t | g)")
    assert [p.name for p in names.fixed] == ["Intercept", "t", "f"]
    assert [p.columns for p in names.fixed] == [(0,), (1,), (2, 3)]
    assert [(p.dim, p.coords) for p in names.fixed] == [(None, ()), (None, ()), ("f_dim", ("B", "C"))]
    assert [p.name for p in names.sd] == ["1|g_sigma", "t|g_sigma"]
    assert [p.name for p in names.effects] == ["1|g", "t|g"]
    assert names.corr == "g_corr"
    assert names.corr_dims == ("g__term_dim", "g__term_dim_bis")
    assert names.factor_dim == "g__factor_dim"
    assert names.random_labels == ("Intercept", "t")
    assert names.all_names == ("Intercept", "t", "f", "1|g_sigma", "t|g_sigma", "g_corr", "sigma")


def test_factor_slopes_are_vectors():
    names = names_of("y ~ 0 + f + (0 + f | g)")
    (fixed,), (sd,) = names.fixed, names.sd
    assert (fixed.name, fixed.dim, fixed.columns) == ("f", "f_dim", (0, 1, 2))
    assert (sd.name, sd.dim, sd.columns, sd.coords) == ("f|g_sigma", "f__expr_dim", (0, 1, 2), ("A", "B", "C"))
    assert sd.labels == ("f|g_sigma[A]", "f|g_sigma[B]", "f|g_sigma[C]")


def test_a_random_intercept_alone_has_no_correlations():
    names = names_of("y ~ t + (1 | g)")
    assert not names.has_corr
    assert names.all_names == ("Intercept", "t", "1|g_sigma", "sigma")
    assert list(names.coords()) == ["g__factor_dim"]


def test_coordinates_of_every_dimension():
    table = random_table()
    names = names_of("y ~ f + (f | g)", table)
    coords = names.coords()
    assert coords == {
        "f_dim": ["B", "C"],
        "f__expr_dim": ["B", "C"],
        "g__factor_dim": sorted(table["g"].unique()),
        "g__term_dim": ["Intercept", "f[B]", "f[C]"],
        "g__term_dim_bis": ["Intercept", "f[B]", "f[C]"],
    }


def test_slashes_are_stored_under_a_stand_in():
    table = random_table()
    names = names_of("y ~ I(t / 2) + (I(t / 2) | g)", table)
    name = names.fixed[1].name
    assert "/" in name
    assert "/" not in stored_name(name)
    assert typed_name(stored_name(name)) == name
    assert stored_name("Days") == "Days"


def test_values_of_a_scalar_and_of_a_vector():
    scalar, vector = Parameter("a", (1,), None, ()), Parameter("f", (0, 2), "f_dim", ("B", "C"))
    values = np.arange(12.0).reshape(4, 3)
    np.testing.assert_array_equal(scalar.value(values), [1, 4, 7, 10])
    np.testing.assert_array_equal(vector.value(values), values[:, [0, 2]])
    assert scalar.value(values[0]) == 1.0
    assert scalar.labels == ("a",)
    assert vector.labels == ("f[B]", "f[C]")


# ---------------------------------------------------------------- covariance parameters
def test_G_from_sd_and_correlations_and_back():
    rng = np.random.default_rng(4)
    root = rng.normal(size=(5, 3, 3))
    G = root @ np.swapaxes(root, 1, 2)
    parameters = CovarianceParameters.from_G(G, np.arange(5.0))
    assert parameters.sd.shape == (5, 3)
    np.testing.assert_allclose(parameters.sd**2, np.diagonal(G, axis1=1, axis2=2), rtol=1e-14)
    np.testing.assert_array_equal(np.diagonal(parameters.corr, axis1=1, axis2=2), 1.0)
    np.testing.assert_allclose(parameters.G, G, rtol=1e-12)
    np.testing.assert_array_equal(parameters.sigma, np.arange(5.0))


def test_correlations_with_an_effect_of_sd_zero_are_zero():
    parameters = CovarianceParameters.from_G(np.array([[4.0, 0.0], [0.0, 0.0]]), 1.0)
    np.testing.assert_array_equal(parameters.sd, [2, 0])
    np.testing.assert_array_equal(parameters.corr, np.eye(2))


def test_rounding_beyond_one_and_below_zero_is_cut_off():
    G = np.array([[1.0, 1.0 + 1e-15], [1.0 + 1e-15, 1.0]])
    assert CovarianceParameters.from_G(G, 1.0).corr.max() == 1.0
    assert CovarianceParameters.from_G(np.array([[-1e-20]]), 1.0).sd[0] == 0.0


def test_covariance_from_names():
    names = names_of("y ~ t + (t | g)")
    corr = np.array([[1.0, 0.3], [0.3, 1.0]])
    values = {"1|g_sigma": 2.0, "t|g_sigma": 0.5, "g_corr": corr, "sigma": 3.0, "t": 7.0}
    parameters = names.covariance(values)
    np.testing.assert_array_equal(parameters.sd, [2.0, 0.5])
    np.testing.assert_array_equal(parameters.G, [[4.0, 0.3], [0.3, 0.25]])
    assert parameters.sigma == 3.0


def test_covariance_of_draws_of_a_vector_sd():
    names = names_of("y ~ t + (1 | g) + (0 + f | g)")
    rng = np.random.default_rng(5)
    one, f, sigma = rng.uniform(size=(2, 4)), rng.uniform(size=(2, 4, 3)), rng.uniform(size=(2, 4))
    corr = np.broadcast_to(np.eye(4), (2, 4, 4, 4))
    parameters = names.covariance({"1|g_sigma": one, "f|g_sigma": f, "g_corr": corr, "sigma": sigma})
    assert parameters.sd.shape == (2, 4, 4)
    np.testing.assert_array_equal(parameters.sd[..., 0], one)
    np.testing.assert_array_equal(parameters.sd[..., 1:], f)
    assert parameters.G.shape == (2, 4, 4, 4)


def test_without_correlations_they_are_zero():
    names = names_of("y ~ t + (t || g)")
    parameters = names.covariance({"1|g_sigma": np.ones(3), "t|g_sigma": np.ones(3), "sigma": np.ones(3)})
    np.testing.assert_array_equal(parameters.corr, np.broadcast_to(np.eye(2), (3, 2, 2)))


def test_stored_names_are_read_too():
    names = names_of("y ~ t + (I(t / 2) | g)")
    slope = names.sd[1].name
    values = {"1|g_sigma": 1.0, stored_name(slope): 2.0, "sigma": 1.0}
    assert names.covariance(values).sd.tolist() == [1.0, 2.0]
    assert names.covariance({**values, slope: 3.0}).sd.tolist() == [1.0, 3.0]


def test_a_missing_parameter_is_named():
    names = names_of("y ~ t + (t | g)")
    with pytest.raises(DesignError, match=r"the parameters lack 't\|g_sigma'; they have sigma, 1\|g_sigma"):
        names.covariance({"sigma": 1.0, "1|g_sigma": 1.0})


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("arm[b]:time", "arm:time[b]"),
        ("time : arm[b]", "arm:time[b]"),
        ("time:arm", "arm:time"),
        ("sex[m]:arm[b]", "arm:sex[b, m]"),
        ("sex[b]:arm[m]", None),  # another coefficient than arm:sex[b, m]
        ("arm[b]:time:sex[m]", "arm:sex:time[b, m]"),
        ("sex:arm[b, m]", None),  # whose levels these are is not said
        ("arm[c]:time", None),
        ("time:dose", None),
    ],
)
def test_interactions_are_found_in_any_order(name, found):
    among = ["arm", "time", "arm[b]", "arm:time", "arm:time[b]", "arm:sex[b, m]", "arm:sex:time[b, m]"]
    assert find_name(name, among) == found


def test_interactions_of_many_parts_are_taken_as_they_stand():
    assert find_name("e:d:c:b:a", ["a:b:c:d:e"]) is None
    assert find_name("a: b:c:d:e", ["a:b:c:d:e"]) == "a:b:c:d:e"
