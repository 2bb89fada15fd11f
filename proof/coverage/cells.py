"""The grid of the study: which designs, how many groups and rows, which ICC."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

DESIGNS = ("treatment", "covariate", "intercept")
GROUPS, ROWS = (3, 5, 8, 15, 30), (5, 20)
#: Of clusters of persons, and of measurements of one person.
ICCS, HIGH_ICCS = (0.1, 0.3, 0.05, 0.0), (0.6, 0.9)
#: Group sizes of an unbalanced design, by their mean: small, middle, large.
SIZES = {5: (3, 5, 7), 20: (10, 20, 30)}
#: The truth: ``y = beta0 + beta1 x + b + e`` with sigma = 1.
BETA, SIGMA = (1.0, 0.5), 1.0
SEED = 20_260_601


@dataclass(frozen=True)
class Cell:
    """One design with one truth.

    Parameters
    ----------
    design : {"treatment", "covariate", "intercept"}
        x is 0 or 1 for whole groups; standard normal, drawn once for each layout; there is none.
    groups : int
    rows : int
        Of a group, on average.
    icc : float
    balanced : bool
    """

    design: str
    groups: int
    rows: int
    icc: float
    balanced: bool

    @property
    def key(self) -> tuple[str, int, int, float, bool]:
        return (self.design, self.groups, self.rows, self.icc, self.balanced)

    @property
    def name(self) -> str:
        """As ``--cells`` takes it, such as ``treatment-5-20-0.1-unbalanced``."""
        kind = "balanced" if self.balanced else "unbalanced"
        return f"{self.design}-{self.groups}-{self.rows}-{self.icc:g}-{kind}"

    @property
    def sd(self) -> float:
        """sd between groups, from the ICC."""
        return float(SIGMA * np.sqrt(self.icc / (1.0 - self.icc)))

    @property
    def p(self) -> int:
        return 1 if self.design == "intercept" else 2

    @property
    def seed(self) -> np.random.SeedSequence:
        """Of the cell's data sets."""
        return np.random.SeedSequence(SEED, spawn_key=(*self._layout_key, round(1000 * self.icc)))

    @property
    def _layout_key(self) -> tuple[int, ...]:
        return (DESIGNS.index(self.design), self.groups, self.rows, int(self.balanced))

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """Rows of each group; unbalanced, small, middle and large ones in turn."""
        if self.balanced:
            return np.full(self.groups, self.rows)
        outer = round(self.groups / 3)
        left = dict(zip(SIZES[self.rows], (outer, self.groups - 2 * outer, outer), strict=True))
        found: list[int] = []
        while len(found) < self.groups:
            for size in left:
                if left[size]:
                    found.append(size)
                    left[size] -= 1
        return np.array(found)

    @cached_property
    def group(self) -> NDArray[np.int64]:
        """The group of each row."""
        return np.repeat(np.arange(self.groups), self.sizes)

    @cached_property
    def X(self) -> NDArray[np.float64]:
        """Columns of the fixed effects, (N, p)."""
        constant = np.ones(len(self.group))
        if self.design == "intercept":
            return constant[:, None]
        if self.design == "treatment":
            return np.column_stack([constant, self.group % 2])
        rng = np.random.default_rng(np.random.SeedSequence(SEED, spawn_key=self._layout_key))
        return np.column_stack([constant, rng.standard_normal(len(self.group))])

    @property
    def beta(self) -> NDArray[np.float64]:
        return np.array(BETA[: self.p])

    @property
    def truth(self) -> dict[str, float]:
        """True value of each quantity."""
        named = dict(zip(("Intercept", "x"), self.beta.tolist(), strict=False))
        return named | {"sd": self.sd, "sigma": SIGMA, "ICC": self.icc}


def grid() -> Iterator[Cell]:
    """All cells: treatments of whole groups and few groups first, high ICCs last."""
    few, many = GROUPS[:3], GROUPS[3:]
    order = (*product(few, DESIGNS[:1]), *product(few, DESIGNS[1:]), *product(many, DESIGNS))
    for iccs, (groups, design) in product((ICCS, HIGH_ICCS), order):
        for icc, rows, balanced in product(iccs, ROWS, (True, False)):
            yield Cell(design, groups, rows, icc, balanced)
