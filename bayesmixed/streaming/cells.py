"""A number with very many values, kept as counts, sums and sums of squares in the cells of a grid.

Cells are narrow near an origin, the mean, and widen with the distance from it, so that a few values far out do
not make the others one cell. A smooth function is averaged by stand-ins: the rows in order are cut into at most
500 bins, of 0.3 % of them in the middle and of 0.002 % at both ends, and two points of each bin, ``mean - sd`` and
``mean + sd``, have the bin's mean and variance. So the average of any quadratic is exact but for cells across the
edge of two bins. That of another f is off by less than the mean over bins of the range of f in a bin, and where f
is smooth by about the mean of its third derivative times ``w^3 / 6``, with w the width of a bin.
"""

from typing import NamedTuple

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.compiled import compiled

#: Cells of a grid.
CELLS = 8192
#: Bins, each with two stand-ins, and the shares of all rows that they are made of.
BINS, SHARES = 500, 50_000
#: Cells have equal widths within this share of the range around the origin, and widen beyond.
NEAR = 1e-5


class Grid(NamedTuple):
    """Cells of equal width in ``asinh((x - origin) / scale)``."""

    low: float
    high: float
    origin: float

    @property
    def scale(self) -> float:
        return max(NEAR * (self.high - self.low), 1e-300)

    @property
    def edges(self) -> tuple[float, float]:
        """The first and the last edge, as ``asinh``."""
        first, last = np.arcsinh((np.array([self.low, self.high]) - self.origin) / self.scale)
        return float(first), float(max(last, first + 1e-12))

    @property
    def middles(self) -> Array:
        """Of the cells, as distances from the origin."""
        first, last = self.edges
        return np.sinh(first + (np.arange(CELLS) + 0.5) * ((last - first) / CELLS)) * self.scale

    def tally(self, values: Array, counts: Array, cells: Array) -> Array:
        """New cells with more values; each counts once where `counts` is empty."""
        found = cells.copy()
        _count(np.ascontiguousarray(values, dtype=float), counts, self.origin, self.scale, *self.edges, found)
        return found

    def means(self, cells: Array) -> tuple[Array, Array]:
        """Mean and count of every cell that has any row."""
        distances, _, counts = self._filled(cells)
        return self.origin + distances, counts

    def stand_ins(self, cells: Array) -> Array:
        """Two points of each bin, as often as the bin has 50,000ths of the rows, shape (100000,)."""
        means, variances, counts = self._filled(cells)
        bins = _bin_edges()
        edges = np.concatenate([[0.0], np.cumsum(counts) / counts.sum()]) * SHARES
        edges[-1] = SHARES
        cuts = np.union1d(edges, bins)
        lengths, middles = np.diff(cuts), 0.5 * (cuts[1:] + cuts[:-1])
        # A cell across the edge of two bins gives to each its share of rows, of the cell's own mean and variance.
        cell = np.clip(np.searchsorted(edges, middles) - 1, 0, len(means) - 1)
        own = np.searchsorted(bins, middles) - 1
        size = np.diff(bins)
        mean = np.bincount(own, lengths * means[cell], len(size)) / size
        squares = variances[cell] + (means[cell] - mean[own]) ** 2
        sd = np.sqrt(np.bincount(own, lengths * squares, len(size)) / size)
        points = np.clip(self.origin + np.concatenate([mean - sd, mean + sd]), self.low, self.high)
        return np.repeat(points, np.tile(size, 2))

    def _filled(self, cells: Array) -> tuple[Array, Array, Array]:
        """Mean distance from the origin, variance and count of every cell that has any row."""
        some = cells[:, 0] > 0
        counts, sums, squares = cells[some].T
        variances = np.maximum(squares / counts - (sums / counts) ** 2, 0.0)
        return self.middles[some] + sums / counts, variances, counts


@compiled
def _count(
    values: Array, counts: Array, origin: float, scale: float, first: float, last: float, cells: Array
) -> None:  # pragma: no cover - compiled
    """Count, sum and sum of squares of the distances from the middle of each cell."""
    steps = cells.shape[0]
    width = (last - first) / steps
    middles = np.empty(steps)
    for place in range(steps):
        middles[place] = np.sinh(first + (place + 0.5) * width) * scale
    for i in range(values.shape[0]):
        distance = values[i] - origin
        size = np.abs(distance) / scale
        turned = np.log(size + np.sqrt(size * size + 1.0))
        place = int(((turned if distance >= 0 else -turned) - first) / width)
        place = min(max(place, 0), steps - 1)
        count = counts[i] if counts.shape[0] > 0 else 1.0
        distance -= middles[place]
        cells[place, 0] += count
        cells[place, 1] += count * distance
        cells[place, 2] += count * distance * distance


def _bin_edges() -> np.ndarray:
    """In shares of the rows: narrow at both ends, where values lie far apart."""
    return np.unique(np.round(SHARES * np.sin(np.arange(BINS + 1) * (0.5 * np.pi / BINS)) ** 2).astype(np.int64))
