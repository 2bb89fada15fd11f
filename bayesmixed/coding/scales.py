"""Scales of a model's data, from which default priors take their numbers: of rows, or of moments alone."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.coding.coding import Coding, column_codings

if TYPE_CHECKING:
    from bayesmixed.design import Design


@dataclass(frozen=True, eq=False)
class DataScales:
    """Centres and scales of the columns, mean and spread of y.

    Parameters
    ----------
    fixed : Coding
        Means and scales of the columns of X.
    blocks : tuple of Coding
        Of the columns of each block of Z.
    mean : float
        Weighted mean of y minus the offset; 0 without a constant in X.
    squares : float
        ``sum w (y - offset - mean)^2``.
    sum_weights : float
    """

    fixed: Coding
    blocks: tuple[Coding, ...]
    mean: float
    squares: float
    sum_weights: float

    @classmethod
    def of(cls, design: "Design") -> "DataScales":
        """Of a design's rows, or what was learnt of them while they came by."""
        if design.streamed is not None:
            return design.streamed.scales
        y, weights = design.y - design.offset, design.weights
        fixed, blocks = column_codings(design)
        mean = float(weights @ y / weights.sum()) if fixed.constant.any() else 0.0
        return cls(fixed, blocks, mean, float(weights @ (y - mean) ** 2), float(weights.sum()))

    @property
    def spread(self) -> float:
        """Weighted root mean square of y about its mean, in units of y."""
        return float(np.sqrt(self.squares / self.sum_weights))
