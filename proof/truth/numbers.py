"""One number of another package, ours, and how far apart they may be."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np


class Number(NamedTuple):
    """A number of another package beside ours.

    Parameters
    ----------
    source : str
        ``"lme4 1.1.31"``.
    model : str
        Table, formula and method.
    kind : str
        What it is: ``"standard error"``.
    label : str
        Of which coefficient, sd or level.
    theirs, ours : float
    scale : float
        Differences are told in parts of it: of their number, of sigma, or of a posterior sd.
    tolerance : float
        The largest difference that the tests accept, in the same parts.
    """

    source: str
    model: str
    kind: str
    label: str
    theirs: float
    ours: float
    scale: float
    tolerance: float

    @property
    def difference(self) -> float:
        return abs(self.ours - self.theirs) / self.scale if self.ours != self.theirs else 0.0

    @property
    def agrees(self) -> bool:
        return self.difference <= self.tolerance


def compared(
    source: str, model: str, kind: str, pairs: dict[str, tuple[float, float]], tolerance: float, scale: float = 0.0
) -> Iterator[Number]:
    """Numbers by label; differences in parts of their number, or of `scale` where that is larger."""
    for label, (theirs, ours) in pairs.items():
        size = max(abs(float(theirs)), scale)
        yield Number(source, model, kind, label, float(theirs), float(ours), size or 1.0, tolerance)


def worst(numbers: list[Number]) -> Number:
    """The one that is furthest off."""
    return numbers[int(np.argmax([one.difference for one in numbers]))]
