"""Second derivatives of ``sum_i log|M_i|`` and Q by entries of Lambda.

With r = (i, j) an entry of Lambda, ``z_r`` column i of Rzz and ``f_r`` column j of ``F = Rzz Lambda``,

    dM/dr = z_r f_r' + f_r z_r',        d2M/drds = z_r z_s' + z_s z_r' where r and s share their column j, else 0,

so that all derivatives are made of ``ZZ = Rzz'M^-1Rzz``, ``ZF = Rzz'M^-1F``, ``FF = F'M^-1F`` and, for Q, of
``ZC = Rzz'M^-1Rza`` and ``FC = F'M^-1Rza``.
"""

import numpy as np

from bayesmixed.arrays import Array, Index
from bayesmixed.compiled import compiled
from bayesmixed.likelihood.groups import relative_variance
from bayesmixed.likelihood.triangular import cholesky, solve_lower
from bayesmixed.moments import Patterns


@compiled
def _inner(left: Array, right: Array, out: Array) -> None:  # pragma: no cover - compiled
    """``out <- left' right``."""
    for i in range(left.shape[1]):
        for j in range(right.shape[1]):
            total = 0.0
            for k in range(left.shape[0]):
                total += left[k, i] * right[k, j]
            out[i, j] = total


@compiled
def _copy(source: Array, target: Array) -> None:  # pragma: no cover - compiled
    for i in range(source.shape[0]):
        for j in range(source.shape[1]):
            target[i, j] = source[i, j]


@compiled
def _add_log_det(
    rows: Index, columns: Index, count: float, ZZ: Array, ZF: Array, FF: Array, gradient: Array, hessian: Array
) -> None:  # pragma: no cover - compiled
    """Add the derivatives of ``count log|M|``."""
    for r in range(rows.shape[0]):
        i, j = rows[r], columns[r]
        gradient[r] += 2.0 * count * ZF[i, j]
        for s in range(r + 1):
            k, m = rows[s], columns[s]
            value = -ZF[k, j] * ZF[i, m] - FF[j, m] * ZZ[i, k]
            if j == m:
                value += ZZ[i, k]
            hessian[r, s] += 2.0 * count * value


@compiled
def _add_squares(
    rows: Index,
    columns: Index,
    ZZ: Array,
    ZF: Array,
    FF: Array,
    ZC: Array,
    FC: Array,
    EZ: Array,
    EF: Array,
    gradient: Array,
    hessian: Array,
    dQ: Array,
) -> None:  # pragma: no cover - compiled
    """Add the derivatives of ``tr(E Q)`` from one set of rows, with ``EZ = E ZC'`` and ``EF = E FC'``."""
    p1 = ZC.shape[1]
    for r in range(rows.shape[0]):
        i, j = rows[r], columns[r]
        for a in range(p1):
            gradient[r] -= 2.0 * ZC[i, a] * EF[a, j]
            for b in range(p1):
                dQ[r, a, b] -= ZC[i, a] * FC[j, b] + FC[j, a] * ZC[i, b]
        for s in range(r + 1):
            k, m = rows[s], columns[s]
            ff, fz, zf, zz = 0.0, 0.0, 0.0, 0.0
            for a in range(p1):
                ff += FC[j, a] * EF[a, m]
                fz += FC[j, a] * EZ[a, k]
                zf += ZC[i, a] * EF[a, m]
                zz += ZC[i, a] * EZ[a, k]
            value = ff * ZZ[i, k] + fz * ZF[i, m] + zf * ZF[k, j] + zz * FF[j, m]
            if j == m:
                value -= zz
            hessian[r, s] += 2.0 * value


@compiled
def integrate_groups_hessian(
    Lambda: Array,
    rows: Index,
    columns: Index,
    patterns: Patterns,
    E: Array,
    gradient: Array,
    hessian: Array,
    dQ: Array,
) -> None:  # pragma: no cover - compiled
    """Derivatives by the entries (rows, columns) of Lambda of ``sum_i log|M_i| + tr(E Q)``, E symmetric and fixed.

    Fills the gradient, shape (R,), the Hessian, (R, R), and the derivatives of Q, (R, p + 1, p + 1).
    """
    Rzz, start, Rza = patterns.Rzz, patterns.start, patterns.Rza
    q, p1, R = Rzz.shape[1], Rza.shape[2], rows.shape[0]
    F, M, lower = np.empty((q, q)), np.empty((q, q)), np.empty((q, q))
    z, f, c = np.empty((q, q)), np.empty((q, q)), np.empty((q, p1))
    ZZ, ZF, FF = np.empty((q, q)), np.empty((q, q)), np.empty((q, q))
    ZC, FC, EZ, EF = np.empty((q, p1)), np.empty((q, p1)), np.empty((p1, q)), np.empty((p1, q))
    for r in range(R):
        gradient[r] = 0.0
        for s in range(R):
            hessian[r, s] = 0.0
        for a in range(p1):
            for b in range(p1):
                dQ[r, a, b] = 0.0
    for u in range(Rzz.shape[0]):
        relative_variance(Rzz[u], Lambda, F, M)
        cholesky(M, lower)
        _copy(Rzz[u], z)
        _copy(F, f)
        solve_lower(lower, z)
        solve_lower(lower, f)
        _inner(z, z, ZZ)
        _inner(z, f, ZF)
        _inner(f, f, FF)
        _add_log_det(rows, columns, patterns.count[u], ZZ, ZF, FF, gradient, hessian)
        for g in range(start[u], start[u + 1]):
            _copy(Rza[g], c)
            solve_lower(lower, c)
            _inner(z, c, ZC)
            _inner(f, c, FC)
            for a in range(p1):
                for i in range(q):
                    EZ[a, i] = 0.0
                    EF[a, i] = 0.0
                    for b in range(p1):
                        EZ[a, i] += E[a, b] * ZC[i, b]
                        EF[a, i] += E[a, b] * FC[i, b]
            _add_squares(rows, columns, ZZ, ZF, FF, ZC, FC, EZ, EF, gradient, hessian, dQ)
    for r in range(R):
        for s in range(r):
            hessian[s, r] = hessian[r, s]
