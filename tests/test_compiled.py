"""Options of compiled functions: the same ones whoever compiles them first."""

import copy
import pickle
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from numba import njit
from numba.core.dispatcher import Dispatcher

import bayesmixed
from bayesmixed.compiled import _callable_from, compiled, source_stamp

PACKAGE = Path(bayesmixed.__file__).parent


@compiled
def _is_finite(x):
    return np.isfinite(x)


def test_a_caller_with_fastmath_does_not_pass_it_on():
    """PyTensor compiles its graphs with fastmath, under which nan may count as finite."""

    @njit(fastmath=True)
    def caller(x):
        return _is_finite(x)

    assert not caller(np.nan)
    assert not _is_finite(np.nan)
    assert _is_finite(1.0)


# ---------------------------------------------------------------- what the cache is stamped with
@pytest.mark.parametrize(
    ("start", "callable_from_there"),
    [
        ("density/log_density.py", ["likelihood/groups.py", "likelihood/two_effects.py", "density/joint.py"]),
        ("engines/compiled.py", ["density/log_density.py", "likelihood/marginal.py"]),
        ("graph/op.py", ["likelihood/marginal.py"]),
        ("effects/exact_draws.py", ["effects/lanes.py"]),
    ],
)
def test_a_file_knows_what_it_can_call(start, callable_from_there):
    found = {path.relative_to(PACKAGE).as_posix() for path in _callable_from(PACKAGE / start)}
    assert set(callable_from_there) <= found
    assert "streaming/cells.py" not in found


def test_every_compiled_name_that_a_file_imports_is_known():
    """Of files that hold compiled functions: each dispatcher in their namespace comes from a file in the stamp."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "from bayesmixed.compiled import compiled" not in path.read_text(encoding="utf-8"):
            continue
        module = import_module(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts))
        known = _callable_from(path) | {path}
        for value in vars(module).values():
            if isinstance(value, Dispatcher) and value.py_func.__module__.startswith("bayesmixed."):
                assert Path(value.py_func.__code__.co_filename) in known


def test_the_stamp_changes_with_what_is_called(monkeypatch):
    import bayesmixed.compiled as own

    start = PACKAGE / "density" / "log_density.py"
    before, far = source_stamp(start), source_stamp(PACKAGE / "streaming" / "cells.py")
    changed = PACKAGE / "likelihood" / "groups.py"
    monkeypatch.setattr(own, "_text", lambda path: path.read_text(encoding="utf-8") + "#" * (path == changed))
    assert source_stamp(start) != before
    assert source_stamp(PACKAGE / "streaming" / "cells.py") == far


def test_what_an_earlier_version_left_on_disk_is_not_read(tmp_path):
    """Its index may hold classes that have moved: reading it would be an error, not a miss."""
    file = _is_finite._cache._cache_file
    moved = type("Moved", (), {"__module__": "bayesmixed.gone", "__reduce__": lambda self: (_raise, ())})
    index = tmp_path / "index.nbi"
    index.write_bytes(pickle.dumps("0.68.0 another stamp") + pickle.dumps(moved()))
    file = copy.copy(file)
    file._index_path = str(index)
    assert file._load_index() == {}
    index.write_bytes(pickle.dumps(file._version) + pickle.dumps(moved()))
    with pytest.raises(ModuleNotFoundError):
        file._load_index()


def _raise():
    raise ModuleNotFoundError
