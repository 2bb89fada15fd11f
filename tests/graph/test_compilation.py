"""Compiled graphs: one compilation for a structure, right numbers for every table."""

import gc
import weakref
from types import SimpleNamespace

import numpy as np
import pymc as pm
import pytensor
import pytest

import bayesmixed as bm
from bayesmixed.density import Density
from bayesmixed.graph import compilation, marginal_graph, sampling_graph
from bayesmixed.graph.compilation import compiled_graph
from bayesmixed.priors import LKJ, Gamma, HalfNormal, StudentT
from tests.designs import random_table, stages
from tests.fits import z_scores
from tests.graphs import flat_values, logp_and_gradient
from tests.test_density import random_point

SLOPE = "y ~ t + x + (t | g)"
PRIORS = {"t": StudentT(4, 1, 2), "x": HalfNormal(2), "g_corr": LKJ(1.5)}
OTHER = {"t": StudentT(3, 0, 5), "x": HalfNormal(9), "g_corr": LKJ(3), "sigma": bm.HalfStudentT(5, 2)}


@pytest.fixture(autouse=True)
def empty(monkeypatch):
    monkeypatch.setattr(compilation, "_compilations", type(compilation._compilations)())


def graph_of(model):
    return sampling_graph(model.posterior, model.names)


# ---------------------------------------------------------------- the graph
@pytest.mark.slow
@pytest.mark.parametrize(("priors", "seed"), [(PRIORS, 1), (OTHER, 2), (None, 3)])
def test_the_sampling_graph_has_the_density_of_the_marginal_graph(priors, seed):
    model = stages(SLOPE, random_table(seed=seed), priors)
    public, own = marginal_graph(model.design, model.posterior, model.names), graph_of(model)
    assert [v.name for v in own.free_RVs] == [v.name for v in public.free_RVs]
    assert [v.name for v in own.deterministics] == [v.name for v in public.deterministics]
    x = random_point(Density(model.posterior), seed)
    flat = flat_values(public, model.posterior, x)
    (value, gradient), (expected, by_public) = logp_and_gradient(own)(flat), logp_and_gradient(public)(flat)
    assert value == pytest.approx(expected, abs=2e-8)  # PyMC computes with constants in single precision
    np.testing.assert_allclose(gradient, by_public, rtol=1e-7, atol=1e-7)


@pytest.mark.slow
def test_a_graph_with_the_data_of_another_table_has_its_density():
    """What `with_data` relies on: nothing of a table or of our priors is a constant of the graph."""
    first, second = stages(SLOPE, random_table(seed=1), PRIORS), stages(SLOPE, other_table(), OTHER)
    graph, wanted = graph_of(first), graph_of(second)
    evaluate = logp_and_gradient(graph)
    for variable in wanted.data_vars:
        graph[variable.name].set_value(variable.get_value())
    for seed in range(2):
        x = random_point(Density(second.posterior), seed)
        flat = flat_values(wanted, second.posterior, x)
        (value, gradient), (expected, by_wanted) = evaluate(flat), logp_and_gradient(wanted)(flat)
        assert value == pytest.approx(expected, rel=1e-14)
        np.testing.assert_allclose(gradient, by_wanted, rtol=1e-13)


def other_table():
    table = random_table((3, 2, 5, 6, 6), seed=4)
    return table.assign(y=table["y"] * 7 - 100, t=table["t"] + 3)


# ---------------------------------------------------------------- how often
class Compiler:
    """Counts compilations; what it gives names its number and the data that it was asked for."""

    def __init__(self):
        self.count = 0

    def __call__(self, graph):
        self.count += 1
        number = self.count
        return SimpleNamespace(with_data=lambda values: (number, values))


@pytest.fixture
def compiler(monkeypatch):
    compiler = Compiler()
    monkeypatch.setattr(compilation, "_compile", compiler)
    return compiler


def test_one_compilation_serves_every_table_of_a_structure(compiler):
    first, second = stages(SLOPE, random_table(seed=1), PRIORS), stages(SLOPE, other_table(), OTHER)
    third = stages(SLOPE, other_table(), PRIORS)
    numbers, data = zip(*(compiled_graph(graph_of(model)) for model in (first, second, third, first)), strict=True)
    assert numbers == (1, 1, 1, 1)
    for model, values in zip((first, second, third, first), data, strict=True):
        for name, value in model.posterior.kernel.patterns._asdict().items():
            np.testing.assert_array_equal(values[f"moments.{name}"], value)
        assert values["prior.x.sigma"] == model.priors["x"].sigma
        assert values["prior.g_corr.eta"] == model.priors["g_corr"].eta


def test_what_has_no_key_is_compiled_every_time(compiler):
    rate = pytensor.shared(0.1)
    model = stages(SLOPE, random_table(), {"sigma": pm.Gamma.dist(2, rate)})
    assert [compiled_graph(graph_of(model))[0] for _ in range(3)] == [1, 2, 3]
    assert not compilation._compilations


def test_the_compilation_used_longest_ago_makes_room(compiler, monkeypatch):
    monkeypatch.setattr(compilation, "KEPT", 2)
    table = random_table()
    a, b, c = (stages(f"y ~ t + {rest}", table) for rest in ("(1 | g)", "(t | g)", "(t || g)"))
    assert [compiled_graph(graph_of(model))[0] for model in (a, b, a, c, a, b)] == [1, 2, 1, 3, 1, 4]


# ---------------------------------------------------------------- for real
class Counter:
    def __init__(self, function):
        self.function, self.count = function, 0

    def __call__(self, *args, **options):
        self.count += 1
        return self.function(*args, **options)


RUN = {"draws": 1500, "tune": 800, "chains": 2, "random_seed": 3, "progressbar": False}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")  # PyTensor's, about its own compilation
def test_a_prior_of_pymc_is_compiled_once_and_right_for_every_table(monkeypatch):
    import nutpie

    counter = Counter(nutpie.compile_pymc_model)
    monkeypatch.setattr(nutpie, "compile_pymc_model", counter)
    formula, tables = "y ~ t + (1 | g)", (random_table(seed=1), other_table())
    fits = []
    for table in tables:
        theirs = {"sigma": pm.Gamma.dist(2, 0.3), "t": bm.Normal(0, 20)}
        fits.append(bm.MixedModel(formula, table, priors=theirs).fit(**RUN))
        ours = {"sigma": Gamma(2, 0.3), "t": bm.Normal(0, 20)}
        by_callbacks = bm.MixedModel(formula, table, priors=ours).fit(**RUN)
        assert fits[-1].idata.attrs["engine"] == "pymc"
        assert by_callbacks.idata.attrs["engine"] == "compiled"
        assert z_scores(fits[-1], by_callbacks).abs().max() < 4.0
        np.testing.assert_allclose(fits[-1].summary()["sd"], by_callbacks.summary()["sd"], rtol=0.25)
    assert counter.count == 1
    # The first table again: nothing of the second is left, on any number of cores.
    model = bm.MixedModel(formula, tables[0], priors={"sigma": pm.Gamma.dist(2, 0.3), "t": bm.Normal(0, 20)})
    again = model.fit(**RUN, cores=1)
    np.testing.assert_array_equal(again.draws_of("sigma"), fits[0].draws_of("sigma"))
    np.testing.assert_array_equal(again.effects, fits[0].effects)
    other = model.fit(**RUN | {"random_seed": 4}, target_accept=0.95)
    assert not np.array_equal(other.draws_of("sigma"), fits[0].draws_of("sigma"))
    assert other.idata.attrs["target_accept"] == 0.95
    accepted = [found.idata["sample_stats"]["acceptance_rate"].mean() for found in (again, other)]
    assert accepted[0] < accepted[1]
    assert other.idata["sample_stats"]["diverging"].shape == (2, 1500)
    assert counter.count == 1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_compilation_does_not_keep_the_table_alive():
    model = stages("y ~ t + (1 | g)", random_table())
    compiled_graph(graph_of(model))
    posterior = weakref.ref(model.posterior)
    del model
    gc.collect()
    assert posterior() is None
    (kept,) = compilation._compilations.values()
    assert max(array.size for array in kept.model.shared_data.values()) <= 4
