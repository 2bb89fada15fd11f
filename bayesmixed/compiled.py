"""How this package compiles: the options of every numba function, and a cache that knows all their sources.

numba keeps machine code on disk by the date of the one file that a function stands in. Functions here call
functions of other files, so that a change there would go unnoticed. The cache is therefore stamped
with the contents of all files that hold compiled functions.
"""

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from numba import njit
from numba.core.caching import FunctionCache
from numba.core.ccallback import CFunc
from numba.core.sigutils import normalize_signature

#: Divisions by zero give inf and nan as in NumPy; loops run without the interpreter's lock. fastmath is said
#: to be off, because a function that says nothing takes it over from whoever compiles it first (PyTensor's
#: are on), and then takes nan for a finite number, on disk too.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": False}
_MARK = "from bayesmixed.compiled import"


def compiled(function: Callable) -> Callable:
    """Compile a function of numbers and arrays when it is first called, and keep the machine code on disk."""
    dispatcher = njit(**_OPTIONS)(function)
    dispatcher._cache = _PackageCache(function)
    return dispatcher


def c_callback(signature: Any) -> Callable[[Callable], CFunc]:
    """Compile a function to a C function of this signature, at once, or from the disk."""

    def compile_now(function: Callable) -> CFunc:
        callback = CFunc(function, normalize_signature(signature), locals={}, options=dict(_OPTIONS))
        callback._cache = _PackageCache(function)  # type: ignore[attr-defined]
        callback.compile()
        return callback

    return compile_now


class _PackageCache(FunctionCache):
    """numba's cache of one function, valid while none of the package's compiled functions changes."""

    def __init__(self, function: Callable):
        super().__init__(function)
        self._cache_file._source_stamp = source_stamp()


@cache
def source_stamp() -> str:
    """A digest of every file of the package that holds compiled functions."""
    folder = Path(__file__).parent
    digest = sha256()
    for path in sorted(folder.rglob("*.py")):
        content = path.read_bytes()
        if path.samefile(__file__) or _MARK.encode() in content:
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + content)
    return digest.hexdigest()
