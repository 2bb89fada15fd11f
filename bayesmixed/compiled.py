"""How this package compiles: the options of every numba function, and a cache that knows all their sources.

numba keeps machine code on disk by the date of the one file that a function stands in. Functions here call
functions of other files, so that a change there would go unnoticed. The cache of each file is therefore
stamped with the contents of all files of compiled functions that it can call.
"""

import re
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from numba import njit
from numba.core.caching import FunctionCache
from numba.core.ccallback import CFunc
from numba.core.sigutils import normalize_signature

#: Divisions by zero give inf and nan as in NumPy; loops run without the interpreter's lock. fastmath is said
#: to be off, because a function that says nothing takes it over from whoever compiles it first (PyTensor's
#: are on), and then takes nan for a finite number, on disk too.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": False}
_MARK = "from bayesmixed.compiled import"
_PACKAGE = Path(__file__).parent
_IMPORT = re.compile(r"^ *from bayesmixed\.([\w.]+) import", flags=re.MULTILINE)


def compiled[F: Callable[..., Any]](function: F) -> F:
    """Compile a function of numbers and arrays when it is first called, and keep the machine code on disk."""
    dispatcher: Any = njit(**_OPTIONS)(function)
    dispatcher._cache = _PackageCache(function)
    return cast("F", dispatcher)


def c_callback(signature: Any) -> Callable[[Callable[..., Any]], CFunc]:
    """Compile a function to a C function of this signature, at once, or from the disk."""

    def compile_now(function: Callable[..., Any]) -> CFunc:
        callback = CFunc(function, normalize_signature(signature), locals={}, options=dict(_OPTIONS))
        callback._cache = _PackageCache(function)  # type: ignore[attr-defined]
        callback.compile()
        return callback

    return compile_now


class _PackageCache(FunctionCache):
    """numba's cache of one function, valid while its file and those that it calls stay the same."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]  # numba has none there
        file, stamp = self._cache_file, source_stamp(Path(function.__code__.co_filename))
        file._source_stamp = stamp
        # Of a file of another version numba reads no more than that: what follows holds classes by their names,
        # which an earlier version of this package may have had elsewhere.
        file._version = f"{file._version} {stamp}"


def source_stamp(path: Path) -> str:
    """A digest of a file, of this one, and of every file of compiled functions that it can call."""
    digest = sha256()
    for other in sorted({path, Path(__file__), *_callable_from(path)}):
        digest.update(other.name.encode() + b"\0" + _text(other).encode())
    return digest.hexdigest()


def _callable_from(path: Path) -> set[Path]:
    """Files with compiled functions that a file imports from, and so on; packages pass on what they import."""
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        for module in _IMPORT.findall(_text(waiting.pop())):
            place = _PACKAGE.joinpath(*module.split("."))
            own = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
            if own not in found and own.exists() and (own.name == "__init__.py" or _MARK in _text(own)):
                found.add(own)
                waiting.append(own)
    return found


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
