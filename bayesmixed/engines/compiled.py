"""NUTS by nutpie on the compiled density: C callbacks, the data packed behind one pointer, nothing recompiled.

nutpie calls two C functions with a pointer to data of the user's: density with gradient, and `expand`, which
here gives the unconstrained vector (parameters are computed from all draws at once, afterwards). The class
that takes them is nutpie's own for PyMC models; a test holds its signature. nutpie sees the coordinates of a
`Frame`; draws are on the unconstrained scale of the density.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from numba import types

from bayesmixed.arrays import Array
from bayesmixed.compiled import c_callback, compiled
from bayesmixed.density import Density, PriorArrays, log_density
from bayesmixed.engines.frame import Frame, round_frame
from bayesmixed.engines.nutpie_runs import run_raw
from bayesmixed.engines.settings import SamplerSettings
from bayesmixed.likelihood.views import integer_matrix, integers, matrix, stack, vector
from bayesmixed.moments import Patterns

if TYPE_CHECKING:
    import xarray as xr

#: Sizes and scalars before the arrays, after the length of it all.
_HEADER = 14
_VARIABLE = "unconstrained"


def pack(priors: PriorArrays, patterns: Patterns, frame: Frame) -> Array:
    """All data of `log_density` in one array; integers keep their bits.

    A header of sizes and scalars comes first, then the arrays, those of the frame last.
    """
    sizes = [
        len(priors.positive),
        len(priors.blocks),
        len(priors.mean),
        len(priors.students),
        len(priors.shift),
        len(priors.members),
        len(priors.totals),
        *patterns.Rzz.shape[:2],
        len(patterns.Rza),
    ]
    header = [*sizes, priors.eta, priors.constant, patterns.n_rows, patterns.sum_log_weights]
    arrays = [value for value in (*priors, *patterns, *frame) if isinstance(value, np.ndarray)]
    flat = [np.ascontiguousarray(a).ravel().view(np.float64) for a in arrays]
    return np.concatenate([np.array([1 + _HEADER + sum(map(len, flat)), *header], dtype=float), *flat])


@compiled
def evaluate_packed(x: Array, gradient: Array, data: Array) -> float:  # pragma: no cover - compiled
    """`log_density` on data that `pack` put together."""
    n_positive, n_blocks, p, n_students = int(data[1]), int(data[2]), int(data[3]), int(data[4])
    e, n_members, n_totals = int(data[5]), int(data[6]), int(data[7])
    U, q, rows = int(data[8]), int(data[9]), int(data[10])
    p1 = p + e + 1
    a = 1 + _HEADER
    b = a + 4 * n_positive
    c = b + 2 * n_blocks
    d = c + 2 * p
    f = d + n_students
    r = f + e + 4 * n_members
    v = r + 6 * n_totals
    g = v + U * q * q
    h = g + 2 * U + 1
    positive, blocks = matrix(data, a, n_positive, 4), integer_matrix(data, b, n_blocks, 2)
    precision, mean, students = vector(data, c, p), vector(data, c + p, p), integers(data, d, n_students)
    shift, Rzz = vector(data, f, e), stack(data, v, U, q, q)
    members, totals = matrix(data, f + e, n_members, 4), matrix(data, r, n_totals, 6)
    count, start = vector(data, g, U), integers(data, g + U, U + 1)
    Rza, Raa = stack(data, h, rows, q, p1), matrix(data, h + rows * q * p1, p1, p1)
    priors = PriorArrays(positive, blocks, data[11], data[12], precision, mean, students, shift, members, totals)
    return log_density(x, gradient, priors, Patterns(Rzz, count, start, Rza, Raa, data[13], data[14]))


_DOUBLES = types.CPointer(types.double)


@compiled
def to_outer(z: Array, data: Array, x: Array) -> int:  # pragma: no cover - compiled
    """``x <- centre + root z`` of packed data; the place of the root."""
    size = z.shape[0]
    place: int = int(data[0]) - size * size
    for i in range(size):
        x[i] = data[place - size + i]
        for j in range(size):
            x[i] += data[place + i * size + j] * z[j]
    return place


@compiled
def evaluate_framed(z: Array, gradient: Array, data: Array) -> float:  # pragma: no cover - compiled
    """`evaluate_packed` at ``x = centre + root z``, with its gradient by z."""
    size = z.shape[0]
    flat = np.empty(2 * size)
    x, outer = vector(flat, 0, size), vector(flat, size, size)
    place = to_outer(z, data, x)
    value = evaluate_packed(x, outer, data)
    for j in range(size):
        gradient[j] = 0.0
        for i in range(size):
            gradient[j] += data[place + i * size + j] * outer[i]
    flat[0] = value
    return value


@compiled
def unpacked(data: Any) -> Array:  # pragma: no cover - compiled
    """The packed array behind a pointer: its first number is its length."""
    return numba.carray(data, (int(numba.carray(data, (1,), np.float64)[0]),), np.float64)


@c_callback(types.int64(types.uint64, _DOUBLES, _DOUBLES, _DOUBLES, types.voidptr))
def _density_callback(
    size: int, z: Any, gradient: Any, value: Any, data: Any
) -> int:  # pragma: no cover - compiled
    result = evaluate_framed(numba.carray(z, (size,)), numba.carray(gradient, (size,)), unpacked(data))
    numba.carray(value, (1,))[0] = result
    return 0 if np.isfinite(result) else 4


@c_callback(types.int64(types.uint64, types.uint64, _DOUBLES, _DOUBLES, types.voidptr))
def _expand_callback(size: int, expanded: int, z: Any, out: Any, data: Any) -> int:  # pragma: no cover - compiled
    to_outer(numba.carray(z, (size,)), unpacked(data), numba.carray(out, (expanded,)))
    return 0


def compiled_model(density: Density, frame: Frame, start: Callable[[int], Array]) -> Any:
    """The density as a model that nutpie samples.

    Parameters
    ----------
    density : Density
    frame : Frame
    start : callable
        Gives a starting point for a seed, in the frame.
    """
    from nutpie.compile_pymc import CompiledPyMCModel

    size = density.size
    return CompiledPyMCModel(
        compiled_logp_func=_density_callback,
        compiled_expand_func=_expand_callback,
        initial_point_func=start,
        shared_data={},
        shared_var_keys={},
        user_data=pack(density.prior_arrays, density.patterns, frame),
        n_expanded=size,
        shape_info=([_VARIABLE], [slice(0, size)], [(size,)]),
        logp_func=None,
        expand_func=None,
        _n_dim=size,
        _shapes={_VARIABLE: (size,)},
        _coords={},
        dims={},
    )


def sample_compiled(density: Density, start: Array, settings: SamplerSettings) -> "tuple[Array, xr.Dataset]":
    """Unconstrained draws, shape (chains, draws, size), and nutpie's statistics of each draw.

    Parameters
    ----------
    density : Density
    start : ndarray, shape (size,)
        The search for the mode begins at it; chains start around the mode.
    settings : SamplerSettings

    Returns
    -------
    draws : ndarray
    stats : xarray.Dataset
    """
    frame = round_frame(density, start)
    point = _jittered(density, frame)
    try:
        model = compiled_model(density, frame, point)
    except (ImportError, TypeError, AttributeError):
        # Another nutpie than the pinned one: its public interface takes a Python function.
        from bayesmixed.engines.pyfunc import python_model

        model, settings = python_model(density, frame, point, _VARIABLE), replace(settings, cores=1)
    return run_raw(model, settings, _VARIABLE)


def _jittered(density: Density, frame: Frame) -> Callable[[int], Array]:
    """Starting points around the middle of the frame, wider apart than most draws of a normal posterior."""

    def point(seed: int) -> Array:
        rng = np.random.default_rng(seed)
        for width in (2.0, 0.5, 0.05):
            z = width * rng.uniform(-1.0, 1.0, size=len(frame.centre))
            if np.isfinite(density.value_and_gradient(frame.outer(z))[0]):
                return z
        return np.zeros(len(frame.centre))

    return point
