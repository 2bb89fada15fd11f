"""A streamed model equals the one in memory, whatever the source and the size of its parts."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import bayesmixed as bm


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(7)
    N, J = 1200, 30
    g, f = rng.integers(0, J, N), rng.choice(list("abc"), N)
    t = rng.uniform(0.5, 9.0, N)
    y = (
        20
        + 0.5 * t
        + (f == "b")
        + rng.normal(size=J)[g] * 3
        + rng.normal(size=J)[g] * 0.6 * t
        + rng.normal(size=N)
    )
    frame = pd.DataFrame({"y": y, "t": t, "f": f, "k": rng.integers(1, 4, N), "g": g})
    frame = frame.assign(s=[f"s{j % 7}" for j in g], w=rng.uniform(0.5, 2.0, N), o=rng.normal(size=N))
    frame["c"] = pd.Categorical(rng.choice(["lo", "mid", "hi"], N), ["lo", "mid", "hi"], ordered=True)
    frame.loc[5, "y"] = np.nan
    frame.loc[7, "f"] = None
    return frame


FORMULAS = [
    ("y ~ t + (t | g)", None),
    ("y ~ t * f + (t || g)", "w"),
    ("y ~ scale(t) + C(k) + offset(o) + (1 | g)", "w"),
    ("y ~ 0 + f + I(t ** 2) + t + (0 + f | g)", None),
    ("log(y + 50) ~ c + center(log(t)) + (1 | g:s)", None),
    ("y ~ t + (1 | g) + (0 + t | g)", "w"),
    ("y ~ log(t):f + (f | s)", None),
    ("y ~ 0 + t + (1 | g)", None),
]


@pytest.mark.parametrize(("formula", "weights"), FORMULAS)
def test_reml_equals_that_in_memory(table, formula, weights):
    whole = bm.MixedModel(formula, table, weights=weights)
    parts = bm.MixedModel.stream(formula, table, weights=weights, batch_rows=101)
    one, other = whole.reml(), parts.reml()
    assert other.criterion == pytest.approx(one.criterion, abs=1e-9)
    for name in ("beta", "se"):
        np.testing.assert_allclose(getattr(other, name), getattr(one, name), rtol=1e-9)
    np.testing.assert_allclose(other.df, one.df, rtol=1e-10)
    assert parts.design.levels == whole.design.levels
    assert parts.design.fixed_labels == whole.design.fixed_labels
    assert parts.warnings == whole.warnings
    np.testing.assert_allclose(other.random_effects(), one.random_effects(), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("formula", "weights"), FORMULAS)
def test_default_priors_equal_those_in_memory(table, formula, weights):
    one = bm.MixedModel(formula, table, weights=weights).priors.resolved
    other = bm.MixedModel.stream(formula, table, weights=weights, batch_rows=101).priors.resolved
    for name in ("fixed", "sd"):
        for key, prior in getattr(one, name).items():
            mine, theirs = vars(prior), vars(getattr(other, name)[key])
            for field, value in mine.items():
                np.testing.assert_allclose(theirs[field], value, rtol=1e-10, atol=1e-10)
    assert other.sigma.sigma == pytest.approx(one.sigma.sigma, rel=1e-12)


def test_far_from_zero_and_in_small_units(table):
    shifted = table.assign(t=table["t"] + 2000.0, y=table["y"] * 1e-6)
    formula = "y ~ t + (t | g)"
    one, other = (
        bm.MixedModel(formula, shifted).reml(),
        bm.MixedModel.stream(formula, shifted, batch_rows=77).reml(),
    )
    assert other.criterion == pytest.approx(one.criterion, abs=1e-9)
    np.testing.assert_allclose(other.se, one.se, rtol=1e-9)


@pytest.fixture(scope="module")
def folder(table, tmp_path_factory):
    path = tmp_path_factory.mktemp("parquet")
    arrow = pa.Table.from_pandas(table.drop(columns="c"), preserve_index=False)
    for k, start in enumerate(range(0, len(table), 500)):
        pq.write_table(arrow.slice(start, 500), path / f"part{k}.parquet", row_group_size=130)
    return path


def _sources(table, folder):
    pl = pytest.importorskip("polars")
    plain = table.drop(columns="c")
    return {
        "folder": folder,
        "text of a path": str(folder),
        "dataset": ds.dataset(folder),
        "arrow": pa.Table.from_pandas(plain, preserve_index=False),
        "pandas": plain,
        "dict": dict(plain),
        "polars": pl.from_pandas(plain),
        "lazy": pl.scan_parquet(folder / "*.parquet"),
    }


@pytest.mark.parametrize(
    "kind", ["folder", "text of a path", "dataset", "arrow", "pandas", "dict", "polars", "lazy"]
)
def test_every_source_gives_the_same(table, folder, kind):
    formula = "y ~ t * f + (t | s)"
    source = _sources(table, folder)[kind]
    one, other = bm.MixedModel(formula, table).reml(), bm.MixedModel.stream(formula, source, batch_rows=90).reml()
    assert other.criterion == pytest.approx(one.criterion, abs=1e-9)
    np.testing.assert_allclose(other.beta, one.beta, rtol=1e-9)
    assert other.design.levels == one.design.levels
    assert (other.design.n_dropped, other.design.missing) == (one.design.n_dropped, one.design.missing)


def test_duckdb(table, folder):
    duckdb = pytest.importorskip("duckdb")
    relation = duckdb.connect().read_parquet(str(folder / "*.parquet"))
    formula = "y ~ t * f + (t | s)"
    model = bm.MixedModel(formula, relation)
    assert model.reml().criterion == pytest.approx(bm.MixedModel(formula, table).reml().criterion, abs=1e-9)


def test_the_constructor_streams_paths_and_datasets(folder):
    for source in (folder, str(folder / "part0.parquet"), ds.dataset(folder)):
        model = bm.MixedModel("y ~ t + (1 | g)", source)
        assert model.design.streamed is not None


def test_the_same_sums_in_every_run(folder):
    runs = [bm.MixedModel("y ~ t + (t | g)", folder).moments for _ in range(2)]
    assert (runs[0].Rza == runs[1].Rza).all()
    assert (runs[0].Raa == runs[1].Raa).all()
