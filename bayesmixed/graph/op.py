"""The kernel as a PyTensor operation, with its gradient, for the numba backend and for plain Python."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch import basic as numba_basic

from bayesmixed.compiled import source_stamp
from bayesmixed.likelihood import log_likelihood, log_likelihood_gradient
from bayesmixed.moments import Patterns

#: Inputs that a derivative is taken by: Lambda, sigma, precision, (mean,) explicit.
_ACTIVE = (0, 1, 2, 4)
_DTYPES = ("float64",) * 7 + ("int64",) + ("float64",) * 4
# PyTensor keeps compiled graphs on disk: they must not outlive the kernel that they call.
_CACHE_VERSION = int(source_stamp(Path(__file__))[:8], 16)
_NDIMS = (2, 0, 1, 1, 1, 3, 1, 1, 3, 2, 0, 0)


def _variables(inputs: Sequence[Any]) -> list[Any]:
    return [pt.cast(pt.as_tensor_variable(value), dtype) for value, dtype in zip(inputs, _DTYPES, strict=True)]


class MarginalLogLikelihood(Op):
    """log p(y | Lambda, sigma, ...), see `bayesmixed.likelihood.log_likelihood`; the data are inputs too."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply[Any]:
        variables = _variables(inputs)
        if tuple(v.type.ndim for v in variables) != _NDIMS:
            raise TypeError(f"inputs must have {_NDIMS} dimensions, not {tuple(v.type.ndim for v in variables)}")
        return Apply(self, variables, [pt.dscalar()])

    def perform(self, node: Apply[Any], inputs: Sequence[Any], outputs: Any) -> None:
        outputs[0][0] = np.asarray(log_likelihood(*_plain(inputs)))

    def infer_shape(self, node: Apply[Any], shapes: Sequence[Any]) -> list[tuple[Any, ...]]:
        return [()]

    def pullback(self, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
        gradient: Any = MarginalGradient()(*inputs)
        scaled = iter(cotangents[0] * part for part in gradient)
        return [next(scaled) if k in _ACTIVE else _disconnected(variable) for k, variable in enumerate(inputs)]

    def connection_pattern(self, node: Apply[Any]) -> list[list[bool]]:
        return [[k in _ACTIVE] for k in range(len(node.inputs))]


class MarginalGradient(Op):
    """Derivatives of the log likelihood by Lambda, sigma, precision and explicit coefficients."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply[Any]:
        variables = _variables(inputs)
        return Apply(self, variables, [pt.dmatrix(), pt.dscalar(), pt.dvector(), pt.dvector()])

    def perform(self, node: Apply[Any], inputs: Sequence[Any], outputs: Any) -> None:
        plain = _plain(inputs)
        d_Lambda, d_precision = np.zeros_like(plain[0]), np.zeros_like(plain[2])
        d_explicit = np.zeros_like(plain[4])
        _, d_sigma = log_likelihood_gradient(*plain, d_Lambda, d_precision, d_explicit)
        for output, value in zip(outputs, (d_Lambda, np.asarray(d_sigma), d_precision, d_explicit), strict=True):
            output[0] = value

    def infer_shape(self, node: Apply[Any], shapes: Sequence[Any]) -> list[tuple[Any, ...]]:
        return [shapes[0], (), shapes[2], shapes[4]]


def _disconnected(variable: Any) -> Any:
    from pytensor.gradient import DisconnectedType

    return DisconnectedType()()


def _plain(inputs: Sequence[Any]) -> tuple[Any, Any, Any, Any, Any, Patterns]:
    """The inputs as the compiled functions want them: contiguous arrays and Python floats."""
    plain: list[Any] = [float(x) if np.ndim(x) == 0 else np.ascontiguousarray(x) for x in inputs]
    Lambda, sigma, precision, mean, explicit, *data = plain
    return Lambda, sigma, precision, mean, explicit, Patterns(*data)


@numba_basic.register_funcify_default_op_cache_key(MarginalLogLikelihood)  # type: ignore[untyped-decorator]
def _numba_value(op: Op, node: Apply[Any], **kwargs: Any) -> tuple[Any, int]:
    @numba_basic.numba_njit
    def value(
        Lambda: Any,
        sigma: Any,
        precision: Any,
        mean: Any,
        explicit: Any,
        Rzz: Any,
        count: Any,
        start: Any,
        Rza: Any,
        Raa: Any,
        n_rows: Any,
        sum_log_weights: Any,
    ) -> Any:
        patterns = Patterns(
            np.ascontiguousarray(Rzz),
            np.ascontiguousarray(count),
            np.ascontiguousarray(start),
            np.ascontiguousarray(Rza),
            np.ascontiguousarray(Raa),
            n_rows.item(),
            sum_log_weights.item(),
        )
        return np.asarray(
            log_likelihood(
                np.ascontiguousarray(Lambda),
                sigma.item(),
                np.ascontiguousarray(precision),
                np.ascontiguousarray(mean),
                np.ascontiguousarray(explicit),
                patterns,
            )
        )

    return value, _CACHE_VERSION


@numba_basic.register_funcify_default_op_cache_key(MarginalGradient)  # type: ignore[untyped-decorator]
def _numba_gradient(op: Op, node: Apply[Any], **kwargs: Any) -> tuple[Any, int]:
    @numba_basic.numba_njit
    def gradient(
        Lambda: Any,
        sigma: Any,
        precision: Any,
        mean: Any,
        explicit: Any,
        Rzz: Any,
        count: Any,
        start: Any,
        Rza: Any,
        Raa: Any,
        n_rows: Any,
        sum_log_weights: Any,
    ) -> Any:
        d_Lambda = np.zeros(Lambda.shape)
        d_precision, d_explicit = np.zeros(precision.shape), np.zeros(explicit.shape)
        patterns = Patterns(
            np.ascontiguousarray(Rzz),
            np.ascontiguousarray(count),
            np.ascontiguousarray(start),
            np.ascontiguousarray(Rza),
            np.ascontiguousarray(Raa),
            n_rows.item(),
            sum_log_weights.item(),
        )
        _, d_sigma = log_likelihood_gradient(
            np.ascontiguousarray(Lambda),
            sigma.item(),
            np.ascontiguousarray(precision),
            np.ascontiguousarray(mean),
            np.ascontiguousarray(explicit),
            patterns,
            d_Lambda,
            d_precision,
            d_explicit,
        )
        return d_Lambda, np.asarray(d_sigma), d_precision, d_explicit

    return gradient, _CACHE_VERSION
