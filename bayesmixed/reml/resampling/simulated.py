"""Simulated tables at the level of their moments: what a refit needs of a new y, without any row.

Rotations leave independent normal noise independent and normal. So in the triangles of a table

    Rza_i[:, y] = Rza_i[:, x] beta + Rzz_i b_i + sigma z     in each row that some row of the table has filled,
    Raa[x, y]   = Raa[x, x] beta + sigma z                   in each filled row,
    Raa[y, y]^2 = sigma^2 chi^2_f,                           f = N - filled rows,

and a row that nothing was rotated into stays empty: a group of one row and two random effects fills one row only.

Groups with the same Rzz have the same noise covariance, ``S'S = I + Rzz D Rzz'`` times sigma^2. Of many such
groups only the cross-products of their rows ``vec(Rza_i)'`` enter the likelihood. In an orthonormal basis
whose first vectors span their X columns, the noise is independent in these, and in the m others has Wishart
distributed cross-products, ``S'B'B S`` with B Bartlett's triangle (1933, doi:10.1017/S0370164600015637): a
draw of a balanced table of a million groups takes as long as one of ten.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bayesmixed.arrays import Array
from bayesmixed.moments import Moments
from bayesmixed.moments.patterns import Patterns, equal_up_to_rounding


@dataclass(frozen=True, eq=False)
class MomentSampler:
    """Draws the moments of tables with the X, Z, groups and weights of a given one.

    Parameters
    ----------
    patterns : Patterns
        With the mean of the y column; X and Z as they stay.
    root : ndarray, shape (rows, q, q)
        S of each row of ``patterns.Rza``; the covariance matrix of its noise is ``sigma^2 S'S``.
    sigma : float
    bartlett : ndarray of int, shape (collapsed patterns, q)
        Rows of ``patterns.Rza`` that hold Bartlett's triangles.
    others : ndarray, shape (collapsed patterns,)
        Degrees of freedom m of these Wishart distributions.
    filled : ndarray of bool, shape (p,)
        Rows of Raa with noise.
    left : float
        f, the degrees of freedom of the last diagonal of Raa.
    """

    patterns: Patterns
    root: Array
    sigma: float
    bartlett: NDArray[np.intp]
    others: Array
    filled: NDArray[np.bool_]
    left: float

    @classmethod
    def of(
        cls, moments: Moments, Lambda: Array, sigma: float = 1.0, gamma: Array | None = None
    ) -> "MomentSampler":
        """A sampler at known parameters, all in the coding of the moments.

        Parameters
        ----------
        moments : Moments
            Their y is not used.
        Lambda : ndarray, shape (q, k)
            Any square root of ``G / sigma^2``.
        sigma : float
        gamma : ndarray, shape (p,), optional
            Coefficients of X; 0 by default, which serves where only ratios of likelihoods are wanted.
        """
        p = moments.p
        gamma = np.zeros(p) if gamma is None else gamma
        patterns, member, others = _collapsed(moments)
        inside = (patterns.Rzz != 0.0).any(axis=2)
        filled = (moments.Raa[:p, :p] != 0.0).any(axis=1)
        left = moments.n_rows - (patterns.count @ inside.sum(axis=1)) - filled.sum()
        Rza, Raa = patterns.Rza.copy(), patterns.Raa.copy()
        Rza[:, :, p] = Rza[:, :, :p] @ gamma
        Raa[:, p] = np.append(Raa[:p, :p] @ gamma, 0.0)
        wishart = np.flatnonzero(others)
        bartlett = (patterns.start[wishart + 1] - moments.q)[:, None] + np.arange(moments.q)
        root = _noise_root(patterns.Rzz @ Lambda, inside)[member]
        template = patterns._replace(Rza=Rza, Raa=Raa)
        return cls(template, root, float(sigma), bartlett, others[wishart], filled, float(left))

    def draw(self, rng: np.random.Generator) -> Patterns:
        """The collapsed moments of one new table."""
        rows, q, p1 = self.patterns.Rza.shape
        noise = rng.standard_normal((rows, q))
        for k in range(q):
            noise[self.bartlett[:, k], :k] = 0.0
            noise[self.bartlett[:, k], k] = np.sqrt(rng.chisquare(self.others - k))
        Rza, Raa = self.patterns.Rza.copy(), self.patterns.Raa.copy()
        Rza[:, :, -1] += self.sigma * np.einsum("rk,rkl->rl", noise, self.root)
        Raa[:-1, -1] += self.sigma * np.where(self.filled, rng.standard_normal(p1 - 1), 0.0)
        Raa[-1, -1] = self.sigma * np.sqrt(rng.chisquare(self.left)) if self.left > 0 else 0.0
        return self.patterns._replace(Rza=Rza, Raa=Raa)


def _noise_root(F: Array, inside: NDArray[np.bool_]) -> Array:
    """S with ``S'S = F F' + I`` in the filled rows, for each pattern."""
    stacked = np.concatenate([np.swapaxes(F, 1, 2), inside[:, None, :] * np.eye(F.shape[1])], axis=1)
    return np.linalg.qr(stacked, mode="r")


def _collapsed(moments: Moments) -> tuple[Patterns, NDArray[np.intp], Array]:
    """Patterns whose rows are a basis of X and, where m > 0, q rows for all other directions.

    Returns
    -------
    patterns : Patterns
        With y left out.
    member : ndarray of int, shape (rows,)
        Pattern of each row.
    others : ndarray, shape (U,)
        m, how many directions the last q rows of a pattern stand for; 0 where every group keeps a row of its own.
    """
    q, p = moments.q, moments.p
    X = np.ascontiguousarray(moments.Rza[:, :, :p]).reshape(-1, q * p)
    first, own = _alike(moments)
    order = np.argsort(own, kind="stable")
    edges = np.concatenate([[0], np.cumsum(np.bincount(own))])
    count = np.diff(edges)
    others = np.where(count > q * p + q, count - q * p, 0)
    rows, sizes = X[order], count
    if others.any():
        groups = zip(pairwise(edges), others, strict=True)
        pieces = [_basis(rows[a:b], q) if m else rows[a:b] for (a, b), m in groups]
        rows, sizes = np.concatenate(pieces), np.array([len(piece) for piece in pieces])
    Rza, Raa = np.zeros((len(rows), q, p + 1)), np.array(moments.Raa, dtype=float, order="C")
    Rza[:, :, :p] = rows.reshape(-1, q, p)
    Raa[:, p] = 0.0
    start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    Rzz, N = np.ascontiguousarray(moments.Rzz[first]), float(moments.n_rows)
    patterns = Patterns(Rzz, count.astype(float), start, Rza, Raa, N, moments.sum_log_weights)
    return patterns, np.repeat(np.arange(len(first)), sizes), others.astype(float)


def _basis(rows: Array, q: int) -> Array:
    """The triangle of the rows, and q empty rows for all directions in which they have nothing."""
    return np.concatenate([np.linalg.qr(rows, mode="r"), np.zeros((q, rows.shape[1]))])


def _alike(moments: Moments) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First member and pattern of each group; alike are groups with equal Rzz whose filled rows are the same."""
    _, member = equal_up_to_rounding(moments.Rzz.reshape(-1, moments.q**2))
    # A row that holds rounding errors only is filled: it has noise, which a row of zeros has not.
    inside = (moments.Rzz != 0.0).any(axis=2) @ (1 << np.arange(moments.q))
    keys = member.astype(np.int64) * (1 << moments.q) + inside
    _, first, own = np.unique(keys, return_index=True, return_inverse=True)
    return first, own.ravel()
