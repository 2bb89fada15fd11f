"""Damaged, random and edited files: one line of the package's own, or the fit that was saved."""

import json
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.cli import main
from bayesmixed.table import read_table
from tests.faults.test_formulas import ATTEMPTS
from tests.faults.watch import watched
from tests.fits import fit
from tests.stored import changed

# A process of its own: a library in C that reads garbage may crash. It says which file it is at.
LOADER = """
import signal, sys
import numpy as np
import bayesmixed as bm
whole = bm.load(sys.argv[1])
for path in sys.stdin.read().splitlines():
    print(path, flush=True)
    signal.alarm(60)  # ends the process: HDF5 may never come back from a damaged file
    try:
        found = bm.load(path)
    except bm.StorageError as error:
        assert "\\n" not in str(error)
        continue
    assert found.model.priors.resolved.to_dict() == whole.model.priors.resolved.to_dict(), "other priors"
    assert found.model.specification == whole.model.specification, "another formula"
    for name, values in whole.idata["posterior"].data_vars.items():
        np.testing.assert_array_equal(values.to_numpy(), found.idata["posterior"][name].to_numpy(), str(name))
    for name in ("y", "X", "Z_rows", "group", "weights"):
        np.testing.assert_array_equal(getattr(found.model.design, name), getattr(whole.model.design, name))
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "fit.nc"
    fit("intercept").save(path)
    return path


def load_in_another_process(saved, folder, contents):
    """Load each of the contents as a file; whatever loads must be the fit that was saved."""
    paths = []
    for k, content in enumerate(contents):
        paths.append(folder / f"file{k}.nc")
        paths[-1].write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOADER, str(saved)],
        input="\n".join(map(str, paths)),
        capture_output=True,
        text=True,
        timeout=3000,
        check=False,
    )
    last = done.stdout.splitlines()[-1:] or ["none"]
    crash = signal.Signals(-done.returncode).name if done.returncode < 0 else ""
    assert done.returncode == 0, f"{crash} at {Path(last[0]).name}: {done.stderr[-1500:]}"
    assert len(done.stdout.splitlines()) == len(paths)


def places(content, count, rng):
    """Random places, and those of HDF5's own structures, where a flipped bit does most."""
    marks = [b"TREE", b"HEAP", b"SNOD", b"OHDR", b"GCOL", b"FRHP", b"BTHD", b"FADB", b"OCHK", b"header"]
    found = [at for mark in marks for at in [content.find(mark), content.rfind(mark)] if at >= 0]
    near = [at + int(rng.integers(0, 64)) for at in found for _ in range(3)]
    return [*near, *rng.integers(0, 256, count // 4), *rng.integers(0, len(content), count)]


@pytest.mark.slow
def test_a_flipped_bit_is_noticed_or_harmless(saved, tmp_path):
    content = saved.read_bytes()
    rng = np.random.default_rng(1)
    flipped = []
    for place in places(content, 120, rng):
        one = bytearray(content)
        one[min(place, len(content) - 1)] ^= 1 << int(rng.integers(0, 8))
        flipped.append(bytes(one))
    load_in_another_process(saved, tmp_path, flipped)


@pytest.mark.slow
def test_truncations_zeros_and_noise(saved, tmp_path):
    content = saved.read_bytes()
    rng = np.random.default_rng(2)
    lengths = {0, 1, 7, 8, 9, 48, 96, 512, 2048, len(content) - 1, *map(int, rng.integers(0, len(content), 20))}
    spoilt = [content[:length] for length in sorted(lengths)]
    for _ in range(20):
        start, size = int(rng.integers(0, len(content))), int(rng.integers(1, 5000))
        spoilt.append(content[:start] + bytes(min(size, len(content) - start)) + content[start + size :])
        spoilt.append(content[:start] + rng.bytes(min(size, len(content) - start)) + content[start + size :])
        spoilt.append(content[:start] + content[start + size :])
        spoilt.append(rng.bytes(size))
        spoilt.append(content[: 8 + start % 200] + rng.bytes(size))
    load_in_another_process(saved, tmp_path, spoilt)


# ---------------------------------------------------------------- edited on purpose
def edited(saved, folder, change):
    """A file whose header was changed by somebody who can also renew the digest."""
    path = folder / "edited.nc"
    path.write_bytes(saved.read_bytes())
    with changed(path) as file:
        header = json.loads(file.attrs["header"])
        change(header)
        file.attrs["header"] = json.dumps(header)
    return path


@pytest.mark.parametrize("place", ["{} ~ 1 + (1 | Batch)", "Yield ~ {} + (1 | Batch)", "Yield ~ 1 + (1 | {})"])
def test_a_formula_in_a_file_can_do_no_more_than_another(saved, tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    bm.load(saved)
    for attempt in ATTEMPTS[::3]:
        path = edited(saved, tmp_path, lambda header, text=attempt: header.update(formula=place.format(text)))
        with watched() as events, pytest.raises(bm.StorageError):
            bm.load(path)
        assert [event for event in events if "edited.nc" not in event] == []
    assert [one.name for one in tmp_path.iterdir()] == ["edited.nc"]


def encoding_of(formula):
    table = pd.DataFrame({"y": [1.0, 2, 4, 5], "x": [0.0, 1, 2, 4], "g": list("aabb")})
    return bm.MixedModel(formula, table).design.encoding.to_dict()


@pytest.mark.parametrize("part", ["response", "fixed", "random", "offset"])
@pytest.mark.parametrize(
    "source", ["1 + log.__globals__.clear(x)", "1 + np.save(x)", "1 + scale.__class__(x)", "0", "1 + log(x)"]
)
def test_terms_in_a_file_must_be_those_of_its_formula(part, source):
    """They would go to formulae past our parser, and formulae follows dots."""
    from bayesmixed.encoding import Encoding

    data = encoding_of("y ~ scale(x) + offset(x) + (x | g)")
    assert Encoding.from_dict(data).to_dict() == data
    data["sides"][part][0]["source"] = source
    with pytest.raises(bm.StorageError, match=f"terms of the {part} part are not those of the formula"):
        Encoding.from_dict(data)


def test_the_memory_of_a_transformation_is_data():
    from bayesmixed.encoding import Encoding

    data = encoding_of("y ~ scale(x) + (x | g)")
    memory = data["sides"]["fixed"][0]["terms"][1]["components"][0]["transforms"][0]
    memory["__class__"] = "x"
    with pytest.raises(bm.StorageError, match="no memory called '__class__'"):
        Encoding.from_dict(data)


class Planted:
    """What a pickle can do to whoever reads it."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


def test_pickles_are_not_read(tmp_path):
    harm = tmp_path / "harm"
    content = pickle.dumps(Planted(harm))
    arrays = tmp_path / "objects.npz"
    np.savez(arrays, header=np.array([Planted(harm)], dtype=object))
    for name in ("fit.nc", "table.csv", "table.parquet"):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(bm.BayesmixedError):
            bm.load(path) if name == "fit.nc" else read_table(path)
    with pytest.raises(bm.StorageError):
        bm.Moments.load(arrays)
    assert not harm.exists()


# ---------------------------------------------------------------- tables
def tables(seed):
    """Spoilt bytes of a CSV and of a Parquet file, and noise."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame({"y": rng.normal(size=30), "x": rng.normal(size=30), "g": np.repeat(list("abcde"), 6)})
    pieces = [
        b'"',
        b"\0",
        b"\r",
        b"\n\n",
        b",,,",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"=1+1",
        b"1e999",
        b"\x1b[31m",
        b";",
    ]
    for ending, content in (("csv", rows.to_csv(index=False).encode()), ("parquet", rows.to_parquet())):
        for _ in range(60):
            one = bytearray(content)
            for _ in range(int(rng.integers(1, 4))):
                at = int(rng.integers(0, len(one)))
                what = int(rng.integers(0, 4))
                if what == 0:
                    one[at] ^= 1 << int(rng.integers(0, 8))
                elif what == 1:
                    del one[at : at + int(rng.integers(1, 200))]
                elif what == 2:
                    one[at:at] = pieces[int(rng.integers(0, len(pieces)))]
                else:
                    one[at : at + 8] = rng.bytes(8)
                one = one or bytearray(b"y")
            yield ending, bytes(one)
        yield from ((ending, rng.bytes(int(size))) for size in rng.integers(1, 3000, 10))
        yield from ((ending, content[: int(size)]) for size in rng.integers(0, len(content), 10))
        yield f"{ending}.gz" if ending == "csv" else "pq", content[: len(content) // 2]


def refused(path):
    """Whether there is no fit; any other error than the package's own comes out."""
    try:
        bm.MixedModel("y ~ x + (1 | g)", read_table(path)).reml()
    except bm.BayesmixedError:
        return True
    return False


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.filterwarnings("ignore::bayesmixed.BayesmixedWarning")
def test_spoilt_tables_give_a_fit_or_one_line(tmp_path, seed, capsys):
    for ending, content in tables(seed):
        path = tmp_path / f"table.{ending}"
        path.write_bytes(content)
        if refused(path):
            with pytest.raises(SystemExit) as ended:
                main(["reml", str(path), "y ~ x + (1 | g)", "--quiet", "--ci", "none"])
            written = capsys.readouterr()
            assert ended.value.code == 2
            assert written.out == ""
            assert len(written.err.splitlines()) == 1
            assert written.err.strip().isprintable()


@pytest.mark.parametrize(
    "text", [b"\x9b1m\xff", b"\0", b'"', b"a", b"a,b\n", b"a,a\n1,2\n", b"\n\n\n", b",\n,\n", b"\r"]
)
def test_odd_csv_files(tmp_path, text):
    path = tmp_path / "odd.csv"
    path.write_bytes(text)
    with pytest.raises(bm.TableError):
        bm.MixedModel("y ~ x + (1 | g)", read_table(path))
