"""Fits to files and back: whole or not at all, and nothing in them that could run."""

import json
import shutil
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesmixed as bm
from bayesmixed.files import seal
from tests.fits import QUICK, copy_of, fit, fit_without_groups
from tests.stored import changed


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A file to read; tests that spoil one take a copy."""
    path = tmp_path_factory.mktemp("saved") / "fit.nc"
    fit("intercept").save(path)
    return path


@pytest.fixture
def spoilt(saved, tmp_path):
    """A copy to spoil."""
    return Path(shutil.copy(saved, tmp_path / "spoilt.nc"))


def round_trip(found, tmp_path, **options):
    path = tmp_path / "fit.nc"
    found.save(path)
    return bm.load(path, **options)


# ---------------------------------------------------------------- round trip
@pytest.mark.slow
@pytest.mark.parametrize("key", ["intercept", "third slope", "uncorrelated", "slash", "weighted"])
def test_a_loaded_fit_is_the_fit(key, tmp_path):
    found = fit(key)
    again = round_trip(found, tmp_path)
    assert again.idata["posterior"].identical(found.idata["posterior"])
    assert set(again.idata.children) == set(found.idata.children)
    assert again.idata.attrs == found.idata.attrs
    pd.testing.assert_frame_equal(again.summary(), found.summary())
    pd.testing.assert_frame_equal(again.predict(), found.predict())
    pd.testing.assert_frame_equal(again.icc(), found.icc())
    pd.testing.assert_frame_equal(again.random_effects(), found.random_effects())
    pd.testing.assert_frame_equal(again.compare_reml(), found.compare_reml())
    assert again.verdict == found.verdict
    assert again.model.priors.resolved.to_dict() == found.model.priors.resolved.to_dict()
    assert str(again.model.priors) == str(found.model.priors)
    assert again.model.units == found.model.units
    assert repr(again.model) == repr(found.model)
    for name in ("y", "X", "Z_rows", "group", "offset", "weights"):
        np.testing.assert_array_equal(getattr(again.model.design, name), getattr(found.model.design, name))
    for name in ("Rzz", "Rza", "Raa", "n"):
        np.testing.assert_array_equal(getattr(again.model.moments, name), getattr(found.model.moments, name))


def test_a_refit_of_a_loaded_fit_gives_the_same_draws(tmp_path):
    found = fit("weighted")
    again = round_trip(found, tmp_path).model.fit(random_seed=1, **QUICK)
    assert again.idata["posterior"].identical(found.idata["posterior"])


def test_a_loaded_fit_can_be_saved_again(tmp_path):
    once = round_trip(fit("slope"), tmp_path)
    twice = round_trip(once, tmp_path)
    assert twice.idata["posterior"].identical(once.idata["posterior"])
    pd.testing.assert_frame_equal(twice.predict(), fit("slope").predict())


def test_replicates_are_saved_too(tmp_path):
    found = copy_of(fit("intercept"))
    found.posterior_predictive(draws=10)
    again = round_trip(found, tmp_path)
    assert again.idata["posterior_predictive"].identical(found.idata["posterior_predictive"])


def test_moments_of_b_are_saved_too(tmp_path):
    found = fit_without_groups("slope")
    again = round_trip(found, tmp_path)
    pd.testing.assert_frame_equal(again.random_effects(), found.random_effects())
    np.testing.assert_allclose(again.fitted(), found.fitted())


def odd_table():
    """Every kind of column that a table may have."""
    rng = np.random.default_rng(2)
    n = 60
    size = pd.Categorical(rng.choice(["small", "big", "huge"], n), ["small", "big", "huge"], ordered=True)
    return pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "x": rng.uniform(1.0, 9.0, n),
            "count": rng.integers(0, 5, n).astype("int16"),
            "flag": rng.random(n) > 0.5,
            "colour": pd.Categorical(rng.choice(["red", "blue"], n), ["red", "blue"]),
            "size": size,
            "code": rng.choice([3, 1, 2], n),
            "text": rng.choice(["grün", "a b", "x/y", ""], n),
            "g": np.repeat(np.arange(12), 5)[rng.permutation(n)] * 100,
            "half": pd.Categorical(np.repeat(["u", "v"], n // 2)),
        }
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "formula",
    [
        "y ~ size + colour + (1 | g)",
        "y ~ flag + count + text + (1 | g)",
        "y ~ C(code) + (1 | size)",
        "y ~ C(code, Sum) + (0 + x | g)",
        "log(abs(y)) ~ scale(x) + center(count) + (scale(x) | g)",
        "y ~ poly(x, 3) + (1 | g:half)",
        "y ~ bs(x, df=5) + (1 | flag)",
        "y ~ x*colour + I(x**2) + offset(count) + (1 | g) + (0 + x | g)",
    ],
)
@pytest.mark.filterwarnings("ignore::bayesmixed.BayesmixedWarning")
def test_every_kind_of_column_and_transformation_comes_back(formula, tmp_path):
    table = odd_table()
    found = bm.MixedModel(formula, table, units={"x": "m"}).fit(
        random_seed=1, **{**QUICK, "draws": 20, "tune": 50}
    )
    again = round_trip(found, tmp_path)
    pd.testing.assert_frame_equal(again.model.design.frame, found.model.design.frame)
    pd.testing.assert_frame_equal(again.summary(), found.summary())
    # Stateful transformations must use what they learnt from the whole table, not from the new rows.
    rows = table[table["text"] != ""].iloc[7:11]
    pd.testing.assert_frame_equal(again.predict(rows), found.predict(rows))
    assert again.model.design.levels == found.model.design.levels


def test_dropped_rows_and_warnings_come_back(tmp_path, teaching):
    table = teaching.astype({"y": float})
    table.loc[2, "y"] = np.nan
    found = bm.MixedModel("y ~ time + (1 | ID)", table)
    with pytest.warns(bm.BayesmixedWarning):
        again = round_trip(found.fit(random_seed=1, **QUICK), tmp_path)
    assert again.model.design.n_dropped == 1
    assert again.model.warnings == found.warnings


def test_given_priors_come_back(tmp_path, sleepstudy):
    given = {"Days": bm.StudentT(4, 0, 10), "Days|Subject_sigma": bm.Gamma(2, 0.1), "Subject_corr": bm.LKJ(3)}
    found = bm.MixedModel("Reaction ~ Days + (Days | Subject)", sleepstudy, priors=bm.Priors.brms() | given)
    again = round_trip(found.fit(random_seed=1, **QUICK), tmp_path).model
    assert {name: again.priors.resolved[name] for name in given} == given
    assert again.priors.resolved.given == tuple(given)


def test_the_priors_of_a_loaded_fit_keep_their_numbers(tmp_path):
    """They were resolved on the table that was fitted, and a file of draws must not change with a version."""
    again = round_trip(fit("slope"), tmp_path)
    assert again.model._resolved is not None
    assert again.model.priors.resolved.to_dict() == json.loads(again.idata.attrs["priors"])


@pytest.mark.slow
def test_functions_of_the_user_are_asked_for(tmp_path, sleepstudy):
    functions = {"half": lambda x: x / 2.0}
    found = bm.MixedModel("Reaction ~ half(Days) + (1 | Subject)", sleepstudy, functions=functions)
    result = found.fit(random_seed=1, **QUICK)
    again = round_trip(result, tmp_path, functions=functions)
    pd.testing.assert_frame_equal(again.predict(sleepstudy[:3]), result.predict(sleepstudy[:3]))
    for missing in (None, {}, {"other": abs}):
        with pytest.raises(bm.StorageError, match=r"functions of your own: load\(path, functions=\{'half'"):
            bm.load(tmp_path / "fit.nc", functions=missing)
    with pytest.raises(bm.StorageError, match="not those of the fit"):
        bm.load(tmp_path / "fit.nc", functions={"half": lambda x: x / 3.0})


@pytest.mark.slow
def test_a_prior_of_pymc_comes_back_as_its_printed_form(tmp_path, sleepstudy):
    """The draws and tables are there; what needs the density says that it is needed."""
    import pymc as pm

    priors = {"sigma": pm.Gamma.dist(2.0, 0.1)}
    found = bm.MixedModel("Reaction ~ Days + (1 | Subject)", sleepstudy, priors=priors)
    result = found.fit(random_seed=1, **QUICK)
    again = round_trip(result, tmp_path)
    pd.testing.assert_frame_equal(again.summary(), result.summary())
    pd.testing.assert_frame_equal(again.compare_reml(), result.compare_reml())
    assert again.model.priors.resolved["sigma"].text == found.priors.resolved["sigma"].text
    assert again.idata.attrs["engine"] == "pymc"
    for needs_the_prior in (lambda: again.model.fit(random_seed=1, **QUICK), again.model.to_pymc):
        with pytest.raises(bm.PriorError, match="sigma"):
            needs_the_prior()


# ---------------------------------------------------------------- nothing that runs
def test_a_file_holds_data_only(saved):
    """No pickles, no Python objects: numbers, text and JSON."""
    content = saved.read_bytes()
    assert b"pickle" not in content
    assert b"\x80\x04\x95" not in content
    assert b"\x80\x05\x95" not in content
    kinds = set()

    def look(name, item):
        if isinstance(item, h5py.Dataset):
            kinds.add(item.dtype.kind if h5py.check_string_dtype(item.dtype) is None else "text")
            assert item.dtype.metadata is None or "vlen" in item.dtype.metadata, name

    with h5py.File(saved) as file:
        file.visititems(look)
        header = json.loads(file.attrs["header"])
    assert kinds <= set("iufSbV") | {"text"}
    assert header["formula"] == "Yield ~ 1 + (1 | Batch)"


# ---------------------------------------------------------------- files that hold no fit
def fails_in_one_line(path, text=None):
    """Every message names the file, or says what else is wrong with it."""
    with pytest.raises(bm.StorageError, match=text or path.name) as caught:
        bm.load(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder(tmp_path):
    fails_in_one_line(tmp_path / "no.nc", "no.nc does not exist")
    fails_in_one_line(tmp_path, "is a folder, not a file")


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.9999])
def test_a_truncated_file(saved, tmp_path, share):
    content = saved.read_bytes()
    path = tmp_path / "short.nc"
    path.write_bytes(content[: int(share * len(content))])
    fails_in_one_line(path, "short.nc")


@pytest.mark.parametrize("seed", range(5))
def test_random_bytes(tmp_path, seed):
    path = tmp_path / "noise.nc"
    path.write_bytes(np.random.default_rng(seed).bytes(20_000))
    fails_in_one_line(path, "noise.nc was not written by bayesmixed, or it is not whole")


def test_noise_behind_the_signature_of_hdf5(saved, tmp_path):
    path = tmp_path / "noise.nc"
    path.write_bytes(saved.read_bytes()[:64] + np.random.default_rng(1).bytes(20_000))
    fails_in_one_line(path, "noise.nc")


@pytest.mark.parametrize("seed", range(12))
def test_a_file_with_a_damaged_byte_is_refused(saved, tmp_path, seed):
    content = bytearray(saved.read_bytes())
    rng = np.random.default_rng(seed)
    place = int(rng.integers(0, len(content)))
    content[place] ^= 1 << int(rng.integers(0, 8))
    path = tmp_path / "damaged.nc"
    path.write_bytes(bytes(content))
    fails_in_one_line(path, "it is not whole")


def test_a_file_that_was_changed_is_refused(saved, tmp_path):
    path = Path(shutil.copy(saved, tmp_path / "changed.nc"))
    with h5py.File(path, "a") as file:
        file["posterior/sigma"][0, 0] += 1.0
    fails_in_one_line(path, "it is not whole")
    seal(path)
    assert bm.load(path).idata["posterior"]["sigma"].to_numpy()[0, 0] > 0.0


def test_other_readers_of_netcdf_can_read_it(saved):
    import arviz as az

    tree = az.from_netcdf(saved)
    assert "sigma" in tree["posterior"]


def test_a_file_of_other_software(tmp_path):
    path = tmp_path / "weather.nc"
    xr.Dataset({"t": ("x", [1.0, 2.0])}).to_netcdf(path, engine="h5netcdf")
    fails_in_one_line(path, "was not written by bayesmixed")
    text = tmp_path / "text.nc"
    text.write_text("a,b\n1,2\n")
    fails_in_one_line(text, "text.nc was not written by bayesmixed, or it is not whole")


def test_a_datatree_of_arviz_is_foreign(tmp_path):
    path = tmp_path / "other.nc"
    fit("intercept").idata.to_netcdf(path, engine="h5netcdf")
    fails_in_one_line(path, "was not written by bayesmixed")


def test_a_newer_format(spoilt):
    with changed(spoilt) as file:
        file.attrs["format_version"] = 99
    fails_in_one_line(spoilt, "written by a newer bayesmixed: update")


def change_header(path, **changes):
    with changed(path) as file:
        header = json.loads(file.attrs["header"])
        file.attrs["header"] = json.dumps({**header, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"formula": "Yield ~ 1 + (1 | Nothing)"},
        {"formula": "Yield ~ ("},
        {"formula": 7},
        {"levels": ["A", "B"]},
        {"levels": None},
        {"priors": {}},
        {"priors": None},
        {"priors": [1]},
        {"encoding": {}},
        {"encoding": None},
        {"weights": "no such column"},
        {"units": 3},
        {"warnings": 3},
        {"n_dropped": "many"},
    ],
)
def test_a_tampered_header(spoilt, changes):
    change_header(spoilt, **changes)
    fails_in_one_line(spoilt)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', "{}"])
def test_a_header_that_is_no_record(spoilt, text):
    with changed(spoilt) as file:
        file.attrs["header"] = text
    fails_in_one_line(spoilt)


@pytest.mark.parametrize("name", ["header", "format_version"])
def test_a_missing_attribute(spoilt, name):
    with changed(spoilt) as file:
        del file.attrs[name]
    fails_in_one_line(spoilt)


@pytest.mark.parametrize("value", ["one", [1, 2], ""])
def test_a_version_that_is_no_number(spoilt, value):
    with changed(spoilt) as file:
        file.attrs["format_version"] = value
    fails_in_one_line(spoilt)


@pytest.mark.parametrize(
    "name",
    [
        *("posterior", "model_frame", "moments", "posterior/sigma", "posterior/1|Batch_sigma"),
        *("moments/Rzz", "moments/T", "model_frame/column_0"),
    ],
)
def test_a_missing_part(spoilt, name):
    with changed(spoilt) as file:
        del file[name]
    fails_in_one_line(spoilt)


@pytest.mark.parametrize("name", ["moments/Rzz", "moments/Rza", "moments/n", "moments/T", "moments/shift"])
def test_moments_of_another_size(saved, tmp_path, name):
    """A group of moments of some other model."""
    other = tmp_path / "other.nc"
    fit("third slope").save(other)
    path = Path(shutil.copy(saved, tmp_path / "mixed.nc"))
    with h5py.File(other) as source, changed(path) as file:
        del file["moments"]
        source.copy("moments", file)
    fails_in_one_line(path)


def test_rows_that_are_not_those_of_the_fit(spoilt):
    with changed(spoilt) as file:
        column = next(d for d in file["model_frame"].values() if d.dtype.kind in "if")
        column[3] = -(2**40)
    fails_in_one_line(spoilt)


# ---------------------------------------------------------------- writing, whole or not at all
class Interrupted:
    """Stands for ``DataTree.to_netcdf``: writes half a file, then fails."""

    def __init__(self, error):
        self.error = error

    def __call__(self, tree, path, **options):
        with open(path, "wb") as file:
            file.write(b"half")
        raise self.error


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OSError(28, "No space left on device"), bm.StorageError),
        (KeyboardInterrupt(), KeyboardInterrupt),
        (ValueError("a bug"), ValueError),
    ],
)
@pytest.mark.parametrize("old", [True, False])
def test_a_failure_in_the_middle_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, error, raised, old):
    path = tmp_path / "fit.nc"
    if old:
        fit("intercept").save(path)
        before = path.read_bytes()
    found = fit("slope")
    failing = Interrupted(error)
    monkeypatch.setattr(xr.DataTree, "to_netcdf", lambda tree, path, **options: failing(tree, path, **options))
    with pytest.raises(raised):
        found.save(path)
    monkeypatch.undo()
    if old:
        assert list(tmp_path.iterdir()) == [path]
        assert path.read_bytes() == before
        assert bm.load(path).model.specification.formula == "Yield ~ 1 + (1 | Batch)"
    else:
        assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_in_one_line(tmp_path, monkeypatch):
    failing = Interrupted(OSError(28, "No space left on device"))
    monkeypatch.setattr(xr.DataTree, "to_netcdf", lambda tree, path, **options: failing(tree, path, **options))
    with pytest.raises(bm.StorageError, match=r"fit\.nc cannot be written: No space left on device"):
        fit("slope").save(tmp_path / "fit.nc")


def test_saving_over_an_old_fit(tmp_path):
    path = tmp_path / "fit.nc"
    fit("intercept").save(path)
    fit("slope").save(str(path))
    assert bm.load(str(path)).model.design.factor_name == "Subject"
    assert list(tmp_path.iterdir()) == [path]


def test_rotated_columns_and_counts_of_missing_values_come_back(tmp_path, sleepstudy):
    rows = sleepstudy.assign(Days=sleepstudy["Days"] + 1e6, half=np.where(sleepstudy["Days"] < 5, "a", "b"))
    rows.loc[3, "Days"] = np.nan
    model = bm.MixedModel("Reaction ~ Days * half + (1 | Subject)", rows)
    assert model.coded.fixed.rotation is not None
    with pytest.warns(bm.BayesmixedWarning, match="missing values in Days"):
        found = model.fit(random_seed=1, **QUICK)
    found.save(tmp_path / "fit.nc")
    again = bm.load(tmp_path / "fit.nc")
    np.testing.assert_array_equal(again.model.coded.fixed.rotation, model.coded.fixed.rotation)
    assert again.model.design.dropped == model.design.dropped
    assert again.model.reml().criterion == pytest.approx(model.reml().criterion, abs=1e-9)
