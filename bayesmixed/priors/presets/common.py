"""What presets share."""

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.coding import Coding
from bayesmixed.errors import PriorError
from bayesmixed.priors.families import LKJ, Numbers

if TYPE_CHECKING:
    from bayesmixed.design import Design


def far_from_zero(design: "Design", codings: tuple[Coding, ...], preset: str) -> Iterator[str]:
    for block, coding in zip(design.blocks, codings, strict=True):
        for k, column in enumerate(block.columns):
            if abs(coding.centre[k]) > 2.0 * coding.scale[k]:
                label = design.random_labels[column]
                yield (
                    f"the {preset} priors act at {label} = 0, which is far from the data (mean "
                    f"{coding.centre[k]:.4g}, sd {coding.scale[k]:.4g}): centre {label}, or use the default priors"
                )


def check_numbers(what: str, below: float = float("inf"), **values: object) -> None:
    """Refuse numbers of a preset that are not positive and finite, or not below `below`."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, Real) or not 0.0 < float(value) < below:
            wanted = "a positive number" if below == float("inf") else f"a number between 0 and {below:g}"
            raise PriorError(f"{name} of {what} must be {wanted}, not {value!r}")


def lkj(design: "Design", eta: float) -> LKJ | None:
    return LKJ(eta) if any(len(block.columns) > 1 for block in design.blocks) else None


def columns_of_blocks(design: "Design") -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(k) for k in block.columns) for block in design.blocks)


def numbers(values: Any) -> Numbers:
    return tuple(float(v) for v in values) if np.ndim(values) else float(values)


@dataclass(frozen=True, eq=False)
class SampleScales:
    """Plain means and standard deviations, without weights, as other packages take them.

    Parameters
    ----------
    mean, y : float
        Mean and sd of the response, the offset not taken off.
    X_means, X, Z : ndarray
        Means and sd of the columns of X, sd of those of Z.
    """

    mean: float
    y: float
    X_means: Array
    X: Array
    Z: Array

    @classmethod
    def of(cls, design: "Design", ddof: int) -> "SampleScales":
        """Of a design's rows.

        Raises
        ------
        PriorError
            The rows were streamed: sums over parts hold y without its offset, and weighted.
        """
        if design.streamed is not None:
            raise PriorError(
                "this preset takes its numbers from the rows, which were streamed: use the default priors, or "
                "give numbers by name"
            )
        X, Z = (np.std(columns, axis=0, ddof=ddof) for columns in (design.X, design.Z_rows))
        return cls(
            float(design.y.mean()),
            float(np.std(design.y, ddof=ddof)),
            design.X.mean(axis=0),
            _positive(X),
            _positive(Z),
        )

    def centred(self, design: "Design") -> Coding:
        """Centred columns, where X has an intercept."""
        constant = np.array([label == "Intercept" for label in design.fixed_labels], dtype=float)
        if not constant.any():
            return Coding.identity(design.p)
        return Coding(constant, np.where(constant == 1.0, 0.0, self.X_means), np.ones(design.p))


def _positive(scales: Array) -> Array:
    """1 for a constant column, which has no scale."""
    return np.where(scales > 0, scales, 1.0)
