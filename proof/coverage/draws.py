"""Data sets of a cell, drawn as what their likelihood needs.

The rows of a group are rotated: the first one becomes ``sqrt(n_i)`` times their mean, a second one takes the
direction of x within the group (where x varies there), and X and Z are zero in all others. Noise stays
independent and normal. So V is diagonal, ``sigma^2 (1 + m t)`` with ``t = sd^2 / sigma^2`` and m the n_i of a
first row and 0 of a second one. Of the other rows only the sum of squares matters, ``sigma^2 chi^2``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesmixed.arrays import Array
from proof.coverage.cells import SIGMA, Cell


@dataclass(frozen=True, eq=False)
class Layout:
    """Rotated rows of a cell's X, in centred and scaled columns.

    Parameters
    ----------
    m : ndarray, shape (R,)
        n_i for the means of groups, 0 for second rows.
    X : ndarray, shape (R, p)
        Columns 1 and ``(x - mean x) / sd(x)``.
    group : ndarray of int, shape (R,)
    N : int
        Rows of the table.
    contrasts : ndarray, shape (p, p)
        ``beta = contrasts @ gamma``, gamma the coefficients of these columns.
    """

    m: Array
    X: Array
    group: NDArray[np.int64]
    N: int
    contrasts: Array

    @classmethod
    def of(cls, cell: Cell) -> "Layout":
        coded, contrasts = _coded(cell.X)
        n, J = cell.sizes.astype(float), cell.groups
        means = np.array([coded[cell.group == i].mean(axis=0) for i in range(J)])
        m, X, group = n, np.sqrt(n)[:, None] * means, np.arange(J)
        if cell.design == "covariate":
            within = coded - means[cell.group]
            sizes = np.sqrt(np.array([(within[cell.group == i] ** 2).sum(axis=0) for i in range(J)]))
            m, X, group = np.append(n, np.zeros(J)), np.concatenate([X, sizes]), np.tile(group, 2)
        return cls(m, X, group, len(cell.X), contrasts)

    @property
    def p(self) -> int:
        return self.X.shape[1]

    @property
    def others(self) -> int:
        """Rows in which X and Z are zero."""
        return self.N - len(self.m)

    @property
    def gamma_of(self) -> Array:
        """The inverse of `contrasts`."""
        return np.linalg.inv(self.contrasts)


def _coded(X: Array) -> tuple[Array, Array]:
    """Columns centred and scaled, and the way back from their coefficients."""
    if X.shape[1] == 1:
        return X, np.eye(1)
    mean, scale = X[:, 1].mean(), X[:, 1].std()
    contrasts = np.array([[1.0, -mean / scale], [0.0, 1.0 / scale]])
    return np.column_stack([X[:, 0], (X[:, 1] - mean) / scale]), contrasts


@dataclass(frozen=True, eq=False)
class Data:
    """Data sets of one layout.

    Parameters
    ----------
    y : ndarray, shape (D, R)
        Rotated rows.
    rest : ndarray, shape (D,)
        Sum of squares of the other rows.
    """

    y: Array
    rest: Array

    def __len__(self) -> int:
        return len(self.y)

    def part(self, rows: slice) -> "Data":
        return Data(self.y[rows], self.rest[rows])

    def standardised(self, layout: Layout) -> tuple["Data", Array, Array]:
        """y minus its mean over its sd (divisor N), with mean and sd.

        The default priors of these are fixed numbers: those that would be resolved from each y anew.
        """
        root = np.sqrt(layout.m)
        mean = self.y @ root / layout.N
        y = self.y - mean[:, None] * root
        spread = np.sqrt(((y**2).sum(axis=1) + self.rest) / layout.N)
        return Data(y / spread[:, None], self.rest / spread**2), mean, spread


def draw(cell: Cell, layout: Layout, count: int) -> Data:
    """The first `count` data sets of a cell: the same whatever the count."""
    sampled = [_one(cell, layout, np.random.default_rng(s)) for s in cell.seed.spawn(count)]
    y, rest = zip(*sampled, strict=True)
    mean = layout.X @ (layout.gamma_of @ cell.beta)
    return Data(mean + np.array(y), np.array(rest))


def _one(cell: Cell, layout: Layout, rng: np.random.Generator) -> tuple[Array, float]:
    noise = SIGMA * rng.standard_normal(len(layout.m))
    b = cell.sd * rng.standard_normal(cell.groups)
    return noise + np.sqrt(layout.m) * b[layout.group], float(SIGMA**2 * rng.chisquare(layout.others))


def moments_of_rows(cell: Cell, y: Array) -> Data:
    """What `draw` draws, from rows of y, (D, N)."""
    rotated = y @ _rotation(cell).T
    return Data(rotated, (y**2).sum(axis=1) - (rotated**2).sum(axis=1))


def rows_of(cell: Cell, layout: Layout, data: Data, rng: np.random.Generator) -> Array:
    """Rows of y, (D, N), whose moments are these; the directions that do not matter are drawn."""
    rotation = _rotation(cell)
    left = rng.standard_normal((len(data), layout.N))
    left -= left @ rotation.T @ rotation
    left *= np.sqrt(data.rest / (left**2).sum(axis=1))[:, None]
    return data.y @ rotation + left


def _rotation(cell: Cell) -> Array:
    """The orthonormal directions in which X and Z are not zero, (R, N)."""
    inside = (cell.group == np.arange(cell.groups)[:, None]).astype(float)
    rows = [inside]
    if cell.design == "covariate":
        x = cell.X[:, 1]
        rows.append(inside * (x - (np.bincount(cell.group, x) / cell.sizes)[cell.group]))
    return np.concatenate([one / np.linalg.norm(one, axis=1)[:, None] for one in rows])
