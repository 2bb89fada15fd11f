"""The conditional distribution of b of many groups at once: groups lie side by side, so that loops are vectorised.

Arrays hold `LANES` groups in their last dimension. With ``F = Rzz Lambda`` and r the rotated residual of a group,

    lower lower' = I + F'F,    u = lower^-1 F'r,    b = Lambda lower'^-1 (u + sigma z),

which is ``N(Lambda (I + F'F)^-1 F'r, sigma^2 Lambda (I + F'F)^-1 Lambda')`` and right for singular Lambda.
"""

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.compiled import compiled

#: Groups that are worked on together: their numbers stay in the fastest cache.
LANES = 64


@compiled
def load_groups(
    Rzz: Array, Rza: Array, first: int, count: int, own_Rzz: Array, own_Rza: Array
) -> None:  # pragma: no cover - compiled
    """Lay ``count`` groups from `first` on side by side. Lanes beyond them keep what they had: finite numbers."""
    q, p1 = Rza.shape[1], Rza.shape[2]
    for g in range(count):
        for i in range(q):
            for k in range(q):
                own_Rzz[i, k, g] = Rzz[first + g, i, k]
            for k in range(p1):
                own_Rza[i, k, g] = Rza[first + g, i, k]


@compiled
def _residual(Rza: Array, gamma: Array, r: Array) -> None:  # pragma: no cover - compiled
    """``r = y - X gamma`` in the rotated rows."""
    p = gamma.shape[0]
    for i in range(Rza.shape[0]):
        target, source = r[i], Rza[i, p]
        for g in range(LANES):
            target[g] = source[g]
        for k in range(p):
            column, value = Rza[i, k], gamma[k]
            for g in range(LANES):
                target[g] -= column[g] * value


@compiled
def _rotate_in(F: Array, r: Array, lower: Array, u: Array) -> None:  # pragma: no cover - compiled
    """Rotate the rows ``[F r]`` of each lane into ``[lower' u]``; F and r are used up.

    ``I + F'F`` itself is never formed: its smallest eigenvalue is one, which is lost beside its largest where the
    sd of groups is a million times sigma or more.
    """
    q = F.shape[0]
    size, cosine, sine = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    for i in range(q):
        for j in range(q):
            pivot, own = lower[j, j], F[i, j]
            for g in range(LANES):
                size[g] = np.sqrt(pivot[g] * pivot[g] + own[g] * own[g])
                cosine[g] = pivot[g] / size[g]
                sine[g] = own[g] / size[g]
                pivot[g] = size[g]
            for k in range(j + 1, q):
                _turn(cosine, sine, lower[k, j], F[i, k])
            _turn(cosine, sine, u[j], r[i])


@compiled
def _turn(cosine: Array, sine: Array, one: Array, other: Array) -> None:  # pragma: no cover - compiled
    for g in range(LANES):
        turned = cosine[g] * one[g] + sine[g] * other[g]
        other[g] = cosine[g] * other[g] - sine[g] * one[g]
        one[g] = turned


@compiled
def solve_lower_lanes(lower: Array, inverse: Array, u: Array) -> None:  # pragma: no cover - compiled
    """``u <- lower^-1 u``."""
    for i in range(u.shape[0]):
        target, scale = u[i], inverse[i]
        for k in range(i):
            factor, known = lower[i, k], u[k]
            for g in range(LANES):
                target[g] -= factor[g] * known[g]
        for g in range(LANES):
            target[g] *= scale[g]


@compiled
def solve_upper_lanes(lower: Array, inverse: Array, u: Array) -> None:  # pragma: no cover - compiled
    """``u <- lower'^-1 u``."""
    q = u.shape[0]
    for i in range(q - 1, -1, -1):
        target, scale = u[i], inverse[i]
        for k in range(i + 1, q):
            factor, known = lower[k, i], u[k]
            for g in range(LANES):
                target[g] -= factor[g] * known[g]
        for g in range(LANES):
            target[g] *= scale[g]


@compiled
def whitened_effects(
    Rzz: Array, Rza: Array, Lambda: Array, gamma: Array, F: Array, lower: Array, inverse: Array, r: Array, u: Array
) -> None:  # pragma: no cover - compiled
    """Fill `lower`, with one over its diagonal in `inverse`, and `u`; F and r are room to work in."""
    q = u.shape[0]
    _residual(Rza, gamma, r)
    for j in range(q):
        for i in range(q):
            target = F[i, j]
            for g in range(LANES):
                target[g] = 0.0
            for k in range(q):
                column, value = Rzz[i, k], Lambda[k, j]
                for g in range(LANES):
                    target[g] += column[g] * value
            start, entry = 1.0 if i == j else 0.0, lower[i, j]
            for g in range(LANES):
                entry[g] = start
        effect = u[j]
        for g in range(LANES):
            effect[g] = 0.0
    _rotate_in(F, r, lower, u)
    for j in range(q):
        pivot, scale = lower[j, j], inverse[j]
        for g in range(LANES):
            scale[g] = 1.0 / pivot[g]
