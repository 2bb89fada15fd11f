"""Kenward and Roger's adjusted covariance of beta and degrees of freedom, from the moments alone.

With linear parameters (the entries of G, and sigma^2), ``V_r = dV / dparameter_r`` and ``Phi = (X'V^-1X)^-1``,

    P_r = -X'V^-1 V_r V^-1 X,    Q_rs = X'V^-1 V_r V^-1 V_s V^-1 X,
    2 I_rs = tr(V^-1 V_r V^-1 V_s) - 2 tr(Phi Q_rs) + tr(Phi P_r Phi P_s),    W = I^-1,
    Phi_A = Phi + 2 Phi [ sum W_rs (Q_rs - P_r Phi P_s) ] Phi.

Kenward and Roger (1997), doi:10.2307/2533558. In the rotated rows of a group ``V = sigma^2 M`` and Z, X are
Rzz, Rza, so that every product is q x q or q x p: nothing of size N is formed.
"""

from dataclasses import dataclass

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.reml.criterion import Criterion


@dataclass(frozen=True, eq=False)
class KenwardRoger:
    """What the adjustment needs, in the coding of a criterion.

    Parameters
    ----------
    Phi : ndarray, shape (p, p)
        Unadjusted covariance of beta.
    adjusted : ndarray, shape (p, p)
        Phi_A.
    P : ndarray, shape (parameters, p, p)
    W : ndarray, shape (parameters, parameters)
        Asymptotic covariance of the entries of G and sigma^2.
    """

    Phi: Array
    adjusted: Array
    P: Array
    W: Array

    @classmethod
    def at(cls, criterion: Criterion, theta: Array, sigma: float) -> "KenwardRoger":
        """Evaluate at estimates of theta and sigma."""
        P, Q, traces, information = _products(criterion, theta, sigma)
        Phi = np.linalg.inv(information)
        PhiP = Phi @ P
        expected = traces - 2.0 * np.einsum("ab,rsba->rs", Phi, Q) + np.einsum("rab,sba->rs", PhiP, PhiP)
        # In units of their own: what G and sigma^2 tell may differ by many orders.
        unit = np.sqrt(np.where(np.diag(expected) > 0.0, np.diag(expected), 1.0))
        inverse = np.linalg.pinv(expected / np.outer(unit, unit), rcond=1e-12, hermitian=True)
        W = 2.0 * inverse / np.outer(unit, unit)
        inner = np.einsum("rs,rsab->ab", W, Q) - np.einsum("rs,rab,sbc->ac", W, P, PhiP)
        return cls(Phi, Phi + 2.0 * Phi @ (0.5 * (inner + inner.T)) @ Phi, P, W)

    def test(self, L: Array) -> tuple[float, float]:
        """Denominator degrees of freedom and scale lambda of ``lambda F`` for the hypothesis ``L beta = 0``.

        Parameters
        ----------
        L : ndarray, shape (rows, p)
            Of full row rank.
        """
        ell = len(L)  # parts of the formulas below are 0 / 0 at some small designs; this order of them is not
        Theta = L.T @ np.linalg.solve(L @ self.Phi @ L.T, L)
        T = Theta @ self.Phi @ self.P @ self.Phi
        trace = np.einsum("raa->r", T)
        A1 = float(trace @ self.W @ trace)
        if ell == 1:
            return 2.0 / A1, 1.0
        A2 = float(np.einsum("rs,rab,sba->", self.W, T, T))
        B = (A1 + 6.0 * A2) / (2.0 * ell)
        g = ((ell + 1.0) * A1 - (ell + 4.0) * A2) / ((ell + 2.0) * A2)
        base = 3.0 * ell + 2.0 * (1.0 - g)
        c1, c2, c3 = g / base, (ell - g) / base, (ell + 2.0 - g) / base
        inverse_rho = ell * (1.0 - c3 * B) * ((1.0 - c2 * B) / (1.0 - A2 / ell)) ** 2 / (1.0 + c1 * B)
        df = 4.0 + (ell + 2.0) * inverse_rho / (ell - inverse_rho)
        return df, df * (1.0 - A2 / ell) / (df - 2.0)


def _products(criterion: Criterion, theta: Array, sigma: float) -> tuple[Array, Array, Array, Array]:
    """P (r, p, p), Q (r, r, p, p), ``tr(V^-1 V_r V^-1 V_s)`` and ``X'V^-1X``; sigma^2 is the last parameter."""
    patterns, p = criterion.patterns, criterion.p
    pattern = np.repeat(np.arange(len(patterns.count)), np.diff(patterns.start))
    F = patterns.Rzz @ criterion.Lambda(theta)
    inverse = np.linalg.inv(np.eye(F.shape[1]) + F @ np.swapaxes(F, 1, 2)) / sigma**2
    powers = [inverse, inverse @ inverse, inverse @ inverse @ inverse]
    X = patterns.Rza[:, :, :p]
    rest = patterns.Raa[:, :p].T @ patterns.Raa[:, :p]
    XVX = [
        np.einsum("gia,gij,gjb->ab", X, power[pattern], X) + rest / sigma ** (2 * k)
        for k, power in enumerate(powers, start=1)
    ]
    Zt = np.swapaxes(patterns.Rzz, 1, 2)
    ZVZ, ZV2Z = (Zt @ power @ patterns.Rzz for power in powers[:2])
    ZVX, ZV2X = ((Zt @ power)[pattern] @ X for power in powers[:2])
    E = _units(criterion)
    size = len(E) + 1
    P, Q, traces = np.empty((size, p, p)), np.empty((size, size, p, p)), np.empty((size, size))
    EZVX = np.einsum("rij,gja->rgia", E, ZVX)
    P[:-1] = -np.einsum("gia,rgib->rab", ZVX, EZVX)
    P[-1] = -XVX[1]
    Q[:-1, :-1] = np.einsum("rgia,gij,sgjb->rsab", EZVX, ZVZ[pattern], EZVX)
    Q[:-1, -1] = np.einsum("rgia,gib->rab", EZVX, ZV2X)
    Q[-1, :-1] = np.swapaxes(Q[:-1, -1], 1, 2)
    Q[-1, -1] = XVX[2]
    EA = np.einsum("rij,ujk->ruik", E, ZVZ)
    traces[:-1, :-1] = np.einsum("u,ruik,suki->rs", patterns.count, EA, EA)
    traces[:-1, -1] = traces[-1, :-1] = np.einsum("u,rij,uji->r", patterns.count, E, ZV2Z)
    others = patterns.n_rows - patterns.count.sum() * F.shape[1]
    traces[-1, -1] = patterns.count @ np.einsum("uii->u", powers[1]) + others / sigma**4
    return P, Q, traces, XVX[0]


def _units(criterion: Criterion) -> Array:
    """``dG / dparameter`` for each entry of the lower triangle of each block of G, shape (r, q, q)."""
    rows, columns = criterion.entries
    E = np.zeros((len(rows), criterion.q, criterion.q))
    index = np.arange(len(rows))
    E[index, rows, columns] = 1.0
    E[index, columns, rows] = 1.0
    return E
