"""Streamed models on disk, in reports and on the command line."""

import json

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.cli import main
from bayesmixed.errors import StorageError
from tests.stored import changed

FORMULA = "Reaction ~ Days + (Days | Subject)"
QUICK = {"draws": 100, "tune": 200, "chains": 2, "random_seed": 1, "progressbar": False}


@pytest.fixture(scope="module")
def table():
    return bm.load_dataset("sleepstudy")


@pytest.fixture(scope="module")
def fit(table):
    return bm.MixedModel.stream(FORMULA, table, units={"Reaction": "ms"}, batch_rows=47).fit(**QUICK)


@pytest.fixture
def folder(table, tmp_path):
    path = tmp_path / "parts"
    path.mkdir()
    for k in range(3):
        table[60 * k : 60 * k + 60].to_parquet(path / f"{k}.parquet")
    return path


def test_a_loaded_fit_is_the_fit(fit, table, tmp_path):
    fit.save(tmp_path / "fit.nc")
    again = bm.load(tmp_path / "fit.nc")
    assert again.idata["posterior"].identical(fit.idata["posterior"])
    assert set(again.idata.children) == set(fit.idata.children)
    assert again.idata.attrs == fit.idata.attrs
    assert again.model.units == fit.model.units
    assert again.model.priors.resolved.to_dict() == fit.model.priors.resolved.to_dict()
    assert again.model.warnings == fit.model.warnings
    assert repr(again.model) == repr(fit.model)
    for ask in (
        lambda one: one.summary(),
        lambda one: one.icc(),
        lambda one: one.random_effects(),
        lambda one: one.model.reml().fixed_effects(),
        lambda one: one.predict(table.head()),
        lambda one: one.predict(table.head().assign(Subject="new"), groups="new", kind="response"),
    ):
        pd.testing.assert_frame_equal(ask(again), ask(fit), rtol=1e-6)
    more = again.update(table[:5].assign(Subject="new"), **QUICK)
    assert (more.model.design.n_obs, more.model.design.n_groups) == (185, 19)


def test_a_fit_with_functions_and_a_slope_of_many_values(tmp_path):
    rng = np.random.default_rng(8)
    table = pd.DataFrame({"t": rng.normal(size=3000), "g": np.arange(3000) % 9, "w": rng.uniform(1, 2, 3000)})
    table["y"] = rng.normal(size=9)[table["g"]] * table["t"] + rng.normal(size=3000)
    functions = {"half": lambda x: x / 2.0}
    model = bm.MixedModel.stream("y ~ half(t) + (t | g)", table, weights="w", functions=functions)
    fit = model.fit(**QUICK, engine="importance", keep_groups=False)
    fit.save(tmp_path / "fit.nc")
    with pytest.raises(StorageError, match="functions of your own"):
        bm.load(tmp_path / "fit.nc")
    again = bm.load(tmp_path / "fit.nc", functions=functions)
    pd.testing.assert_frame_equal(again.icc(), fit.icc(), rtol=1e-6)
    pd.testing.assert_frame_equal(again.random_effects(), fit.random_effects(), rtol=1e-6)
    assert again.model.design.weights_name == "w"


def test_a_damaged_file_is_refused(fit, tmp_path):
    path = tmp_path / "fit.nc"
    fit.save(path)
    with changed(path) as file:
        del file["streamed_moments/Rza"]
    with pytest.raises(StorageError, match="whole fit"):
        bm.load(path)


@pytest.mark.slow
def test_a_report_says_what_is_left_out(fit, tmp_path):
    fit.report(tmp_path / "fit.html")
    text = (tmp_path / "fit.html").read_text()
    for title in ("At a glance", "Fixed effects", "Variance components", "Random effects", "Convergence"):
        assert title in text
    assert text.count("its rows are gone") == 3
    assert "0 to 9" in text
    assert "18 groups of 10 rows" in text


@pytest.mark.slow
def test_every_engine_takes_a_streamed_model(table):
    models = [bm.MixedModel.stream(FORMULA, table, batch_rows=31), bm.MixedModel(FORMULA, table)]
    models.append(bm.MixedModel.from_moments(FORMULA, models[1].moments))
    for engine in ("compiled", "importance", "quadrature"):
        one, two, three = (model.fit(**QUICK, engine=engine) for model in models)
        assert two.idata.attrs["engine"] == one.idata.attrs["engine"] == engine
        for other in (one, three):
            error = (other.summary()["mean"] - two.summary()["mean"]).abs()
            assert (error < 6.0 * two.summary()["sd"] / np.sqrt(50.0)).all()


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    return end.value.code, capsys.readouterr()


def test_reml_of_a_folder(folder, table, capsys):
    code, out = run(capsys, "reml", folder, FORMULA, "--json")
    assert code == 0
    found, want = json.loads(out.out), bm.MixedModel(FORMULA, table).reml()
    assert found["criterion"] == pytest.approx(want.criterion, abs=1e-9)
    assert found["icc"][-1]["at"] is None
    assert found["icc"][-1]["ci"] is not None


def test_reml_of_a_file_in_parts(table, tmp_path, capsys):
    path = tmp_path / "sleep.parquet"
    table.to_parquet(path)
    texts = [run(capsys, "reml", path, FORMULA, *extra)[1].out for extra in ([], ["--stream"])]
    assert texts[0] == texts[1]


@pytest.mark.slow
def test_fit_of_a_folder(folder, tmp_path, capsys):
    save, report = tmp_path / "fit.nc", tmp_path / "fit.html"
    options = ["--seed", "1", "--draws", "200", "--engine", "importance", "--save", save, "--report", report]
    code, out = run(capsys, "fit", folder, FORMULA, "--json", *options)
    assert code == 0
    assert json.loads(out.out)["n_obs"] == 180
    assert bm.load(save).model.design.streamed is not None
    assert "its rows are gone" in report.read_text()


def test_stream_is_for_parquet(tmp_path, table, capsys):
    path = tmp_path / "sleep.csv"
    table.to_csv(path, index=False)
    code, out = run(capsys, "reml", path, FORMULA, "--stream")
    assert code == 2
    assert "is for Parquet" in out.err
    code, out = run(capsys, "reml", tmp_path / "none", FORMULA, "--stream")
    assert code == 2
    assert out.err.count("\n") == 1
