"""Degrees of freedom and variances for t intervals of coefficients: Satterthwaite; Kenward and Roger; CR2."""

import numpy as np

from bayesmixed.arrays import Array
from proof.coverage.reml import Estimates

#: An eigenvalue below this, of numbers up to one, is a zero.
NOTHING_LEFT = 1e-10


def satterthwaite(estimates: Estimates) -> Array:
    """Degrees of freedom ``2 v^2 / (g' A g)`` of each coefficient, (D, p)."""
    L, inverse = estimates.layout.contrasts, estimates.sums.inverse
    direction = np.einsum("dab,kb->dka", inverse, L)
    sigma, theta = estimates.sigma[:, None], np.sqrt(estimates.t)[:, None]
    by_theta = -2.0 * theta * sigma**2 * np.einsum("dka,dab,dkb->dk", direction, estimates.slopes.Qxx, direction)
    variance = estimates.variances
    gradient = np.stack([by_theta, 2.0 * variance / sigma], axis=-1)
    spread = np.einsum("dkr,drs,dks->dk", gradient, estimates.covariance, gradient)
    return 2.0 * variance**2 / spread


def kenward_roger(estimates: Estimates) -> tuple[Array, Array]:
    """Adjusted variances and degrees of freedom of each coefficient, (D, p) each.

    Parameters are sd^2 and sigma^2, with derivatives ``diag(m)`` and I of V, which is diagonal in rotated rows.
    """
    layout, sigma = estimates.layout, estimates.sigma
    v = sigma[:, None] ** 2 * (1.0 + layout.m * estimates.t[:, None])
    derivative = np.stack([layout.m, np.ones_like(layout.m)])
    Phi = sigma[:, None, None] ** 2 * estimates.sums.inverse
    P = -np.einsum("sr,dr,ra,rb->dsab", derivative, v**-2.0, layout.X, layout.X, optimize=True)
    Q = np.einsum("sr,tr,dr,ra,rb->dstab", derivative, derivative, v**-3.0, layout.X, layout.X, optimize=True)
    traces = np.einsum("sr,tr,dr->dst", derivative, derivative, v**-2.0, optimize=True)
    traces[:, 1, 1] += layout.others / sigma**4
    PhiP = Phi[:, None] @ P
    twice = traces - 2.0 * np.einsum("dab,dstba->dst", Phi, Q) + np.einsum("dsab,dtba->dst", PhiP, PhiP)
    W = 2.0 * np.linalg.inv(twice)
    inner = np.einsum("dst,dstab->dab", W, Q) - np.einsum("dst,dsab,dtbc->dac", W, P, PhiP)
    adjusted = Phi + 2.0 * Phi @ inner @ Phi
    L = layout.contrasts
    plain = np.einsum("ka,dab,kb->dk", L, Phi, L)
    pulls = np.einsum("ka,dab,dsbc,dce,ke->dks", L, Phi, P, Phi, L, optimize=True) / plain[:, :, None]
    df = 2.0 / np.einsum("dks,dst,dkt->dk", pulls, W, pulls)
    return np.einsum("ka,dab,kb->dk", L, adjusted, L), df


def robust(estimates: Estimates) -> tuple[Array, Array]:
    """CR2 variances and Bell and McCaffrey's degrees of freedom of each coefficient, (D, p) each.

    In units where sigma is 1, with ``V = diag(1 + m t)`` and S what the fit leaves of it in a group, the residuals
    are multiplied by the A with ``A S A = V``.
    """
    layout, M = estimates.layout, estimates.sums.inverse
    J = int(layout.group.max()) + 1
    X = layout.X.reshape(-1, J, layout.p).swapaxes(0, 1)
    v = (1.0 + layout.m * estimates.t[:, None]).reshape(len(M), -1, J).swapaxes(1, 2)
    residual = (
        (estimates.data.y - estimates.sums.gamma @ layout.X.T).reshape(v.swapaxes(1, 2).shape).swapaxes(1, 2)
    )
    root = np.sqrt(v)
    whitened = X / root[..., None]
    left = np.eye(X.shape[1]) - np.einsum("djia,dab,djkb->djik", whitened, M, whitened, optimize=True)
    half_left, inverse_half = _roots(left, root)
    # a = A V^-1 X M c; here R'a, of which a'e = (R'a)'(R^-1 e).
    direction = np.einsum("dab,kb->dak", M, layout.contrasts)
    pushed = v[..., None] * (inverse_half @ (whitened @ direction[:, None]))
    scores = np.einsum("djik,dji->djk", pushed, residual / root)
    own = (np.einsum("djim,djmk->djik", half_left, pushed) ** 2).sum(axis=2)
    pulls = np.einsum("djia,djik->djak", whitened, pushed)
    shared = np.einsum("djak,dab,dibk->djik", pulls, M, pulls, optimize=True)
    together = (shared**2).sum(axis=(1, 2)) - np.einsum("djjk->djk", shared**2).sum(axis=1)
    df = own.sum(axis=1) ** 2 / ((own**2).sum(axis=1) + together)
    return (scores**2).sum(axis=1), df


def _roots(left: Array, root: Array) -> tuple[Array, Array]:
    """The square root of ``R^-1 S R^-1``, and ``(R S R)^(+1/2)``, R = diag(root)."""
    values, vectors = np.linalg.eigh(left)
    kept = values > NOTHING_LEFT
    half = (vectors * np.sqrt(np.where(kept, values, 0.0))[..., None, :]) @ vectors.swapaxes(-1, -2)
    V = root**2
    # Both in the order of size: which ones are zero is decided where all lie between 0 and 1.
    values, vectors = np.linalg.eigh(V[..., :, None] * left * V[..., None, :])
    inverse = np.where(kept, 1.0 / np.sqrt(np.where(kept, values, 1.0)), 0.0)
    return half, (vectors * inverse[..., None, :]) @ vectors.swapaxes(-1, -2)
