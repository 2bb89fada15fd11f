"""NUTS by nutpie on the compiled density: C callbacks, the data packed behind one pointer, nothing recompiled.

nutpie calls two C functions with a pointer to data of the user's: density with gradient, and `expand`, which
here copies the unconstrained vector (parameters are computed from all draws at once, afterwards). The class
that takes them is nutpie's own for PyMC models; a test holds its signature.
"""

from collections.abc import Callable
from dataclasses import replace

import numba
import numpy as np
from numba import types

from bayesmixed.coding import Array
from bayesmixed.compiled import c_callback, compiled
from bayesmixed.density import Density, PriorArrays, log_density
from bayesmixed.engines.settings import SamplerSettings
from bayesmixed.errors import SamplingError
from bayesmixed.moments import Patterns

#: Sizes and scalars before the arrays, after the length of it all.
_HEADER = 12
_VARIABLE = "unconstrained"


def pack(priors: PriorArrays, patterns: Patterns) -> Array:
    """All data of `log_density` in one array; integers keep their bits.

    A header of sizes and scalars comes first, then the arrays.
    """
    sizes = [
        len(priors.positive),
        len(priors.blocks),
        len(priors.mean),
        len(priors.students),
        len(priors.shift),
        *patterns.Rzz.shape[:2],
        len(patterns.Rza),
    ]
    header = [*sizes, priors.eta, priors.constant, patterns.n_rows, patterns.sum_log_weights]
    arrays = [value for value in (*priors, *patterns) if isinstance(value, np.ndarray)]
    flat = [np.ascontiguousarray(a).ravel().view(np.float64) for a in arrays]
    return np.concatenate([np.array([1 + _HEADER + sum(map(len, flat)), *header], dtype=float), *flat])


@compiled
def evaluate_packed(x, gradient, data):  # pragma: no cover - compiled
    """`log_density` on data that `pack` put together."""
    n_positive, n_blocks, p, n_students = int(data[1]), int(data[2]), int(data[3]), int(data[4])
    e, U, q, rows = int(data[5]), int(data[6]), int(data[7]), int(data[8])
    p1 = p + e + 1
    a = 1 + _HEADER
    b = a + 4 * n_positive
    positive = data[a:b].reshape((n_positive, 4))
    a, b = b, b + 2 * n_blocks
    blocks = data[a:b].view(np.int64).reshape((n_blocks, 2))
    a, b = b, b + p
    precision = data[a:b]
    a, b = b, b + p
    mean = data[a:b]
    a, b = b, b + n_students
    students = data[a:b].view(np.int64)
    a, b = b, b + e
    shift = data[a:b]
    a, b = b, b + U * q * q
    Rzz = data[a:b].reshape((U, q, q))
    a, b = b, b + U
    count = data[a:b]
    a, b = b, b + U + 1
    start = data[a:b].view(np.int64)
    a, b = b, b + rows * q * p1
    Rza = data[a:b].reshape((rows, q, p1))
    a, b = b, b + p1 * p1
    Raa = data[a:b].reshape((p1, p1))
    priors = PriorArrays(positive, blocks, data[9], data[10], precision, mean, students, shift)
    return log_density(x, gradient, priors, Patterns(Rzz, count, start, Rza, Raa, data[11], data[12]))


_DOUBLES = types.CPointer(types.double)


@c_callback(types.int64(types.uint64, _DOUBLES, _DOUBLES, _DOUBLES, types.voidptr))
def _density_callback(size, x, gradient, value, data):  # pragma: no cover - compiled
    length = int(numba.carray(data, (1,), np.float64)[0])
    packed = numba.carray(data, (length,), np.float64)
    result = evaluate_packed(numba.carray(x, (size,)), numba.carray(gradient, (size,)), packed)
    numba.carray(value, (1,))[0] = result
    return 0 if np.isfinite(result) else 4


@c_callback(types.int64(types.uint64, types.uint64, _DOUBLES, _DOUBLES, types.voidptr))
def _expand_callback(size, expanded, x, out, data):  # pragma: no cover - compiled
    source, target = numba.carray(x, (size,)), numba.carray(out, (expanded,))
    for k in range(expanded):
        target[k] = source[k]
    return 0


def compiled_model(density: Density, start: Callable[[int], Array]):
    """The density as a model that nutpie samples.

    Parameters
    ----------
    density : Density
    start : callable
        Gives an unconstrained starting point for a seed.
    """
    from nutpie.compile_pymc import CompiledPyMCModel

    size = density.size
    return CompiledPyMCModel(
        compiled_logp_func=_density_callback,
        compiled_expand_func=_expand_callback,
        initial_point_func=start,
        shared_data={},
        shared_var_keys={},
        user_data=pack(density.prior_arrays, density.patterns),
        n_expanded=size,
        shape_info=([_VARIABLE], [slice(0, size)], [(size,)]),
        logp_func=None,
        expand_func=None,
        _n_dim=size,
        _shapes={_VARIABLE: (size,)},
        _coords={},
        dims={},
    )


def sample_compiled(density: Density, start: Array, settings: SamplerSettings):
    """Unconstrained draws, shape (chains, draws, size), and nutpie's statistics of each draw.

    Parameters
    ----------
    density : Density
    start : ndarray, shape (size,)
        Chains start at it with jitter.
    settings : SamplerSettings

    Returns
    -------
    draws : ndarray
    stats : xarray.Dataset
    """
    point = _jittered(density, start)
    try:
        model = compiled_model(density, point)
    except (ImportError, TypeError, AttributeError):
        # Another nutpie than the pinned one: its public interface takes a Python function.
        from bayesmixed.engines.pyfunc import python_model

        model, settings = python_model(density, point, _VARIABLE), replace(settings, cores=1)
    tree = run_nutpie(model, settings)
    return tree["posterior"][_VARIABLE].to_numpy(), tree["sample_stats"].to_dataset()


def _jittered(density: Density, start: Array) -> Callable[[int], Array]:
    def point(seed: int) -> Array:
        rng = np.random.default_rng(seed)
        for width in (0.5, 0.2, 0.05):
            x = start + width * rng.uniform(-1.0, 1.0, size=len(start))
            if np.isfinite(density.value_and_gradient(x)[0]):
                return x
        return start

    return point


def run_nutpie(model, settings: SamplerSettings):
    """nutpie's NUTS; its panics, which are no Exception, become errors of ours.

    It runs in the background, because nutpie's own waiting turns Ctrl-C into a shorter run that looks whole.
    """
    import nutpie

    if settings.tune < 1:
        raise SamplingError(f"tune must be a whole number of at least 1, not {settings.tune}")
    sampler = None
    try:
        sampler = nutpie.sample(
            model,
            draws=settings.draws,
            tune=settings.tune,
            chains=settings.chains,
            cores=settings.cores,
            seed=settings.integer_seed(0),
            progress_bar=settings.progressbar,
            save_warmup=False,
            target_accept=settings.target_accept,
            blocking=False,
        )
        return sampler.wait()
    except (KeyboardInterrupt, SystemExit):
        if sampler is not None:
            sampler.cancel()
        raise
    except BaseException as error:
        if type(error).__name__ != "PanicException" and not isinstance(error, RuntimeError | ValueError):
            raise
        reason = " ".join(str(error).partition("Caused by")[0].partition("Stack backtrace")[0].split())
        raise SamplingError(f"NUTS could not run: {reason}") from error
