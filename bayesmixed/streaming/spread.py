"""Count, mean and spread of numbers that come by in parts."""

from dataclasses import dataclass

import numpy as np

from bayesmixed.arrays import Array


@dataclass(frozen=True)
class Spread:
    """Count, mean, sum of squares about the mean, and range; two of them add up.

    Source: Chan, Golub and LeVeque (1983), doi:10.1080/00031305.1983.10483115

    Examples
    --------
    >>> whole = Spread.of(np.array([1.0, 2.0, 6.0])) + Spread.of(np.array([3.0]))
    >>> whole.mean, whole.sd**2, whole.low, whole.high
    (3.0, 3.5, 1.0, 6.0)
    """

    count: int
    mean: float
    squares: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Array) -> "Spread":
        mean = float(values.mean())
        rest = values - mean
        # The first mean was rounded at the size of the values.
        shift = float(rest.mean())
        squares = float(np.square(rest).sum() - len(values) * shift**2)
        return cls(len(values), mean + shift, squares, float(values.min()), float(values.max()))

    def __add__(self, other: "Spread") -> "Spread":
        count = self.count + other.count
        share = other.count / count
        step = other.mean - self.mean
        return Spread(
            count,
            self.mean + step * share,
            self.squares + other.squares + step**2 * self.count * share,
            min(self.low, other.low),
            max(self.high, other.high),
        )

    @property
    def sd(self) -> float:
        """Root mean square distance from the mean."""
        return float(np.sqrt(self.squares / self.count))
