"""Sums over the rotated rows of many data sets, at common or at their own ratios ``t = sd^2 / sigma^2``.

    Q(t) = sum_r [x_r y_r]' [x_r y_r] / (1 + m_r t)  (+ rest in the corner of y),     log|M| = sum log(1 + m_r t).

The mathematics is that of `bayesmixed`, written again without its code: where both agree, both are right.
"""

from dataclasses import dataclass

import numpy as np

from bayesmixed.arrays import Array
from proof.coverage.draws import Data, Layout


@dataclass(frozen=True, eq=False)
class Sums:
    """``Q`` with beta profiled out, at U common ratios or at one of each data set.

    Parameters
    ----------
    log_det : ndarray, shape (U,) or (D,)
        log|M|.
    log_det_xx : ndarray, the same shape
        log|Qxx|.
    inverse : ndarray, shape (U or D, p, p)
        Qxx^-1.
    Qxy : ndarray, shape (D, U, p) or (D, p)
    Qyy : ndarray, shape (D, U) or (D,)
    """

    log_det: Array
    log_det_xx: Array
    inverse: Array
    Qxy: Array
    Qyy: Array

    @property
    def gamma(self) -> Array:
        """Best coefficients, the shape of Qxy."""
        return np.einsum("...ab,...b->...a", self.inverse, self.Qxy)

    @property
    def squares(self) -> Array:
        """Penalised residual sum of squares r^2, the shape of Qyy."""
        return self.Qyy - np.einsum("...a,...a->...", self.Qxy, self.gamma)

    def value(self, layout: Layout, restricted: bool) -> Array:
        """-2 log (restricted) likelihood at the best beta and sigma, up to a constant."""
        log_det = self.log_det + self.log_det_xx if restricted else self.log_det
        return log_det + degrees(layout, restricted) * np.log(self.squares)


def degrees(layout: Layout, restricted: bool) -> int:
    """What r^2 is divided by: N - p for REML, N for ML."""
    return layout.N - layout.p if restricted else layout.N


def at_common(layout: Layout, data: Data, t: Array) -> Sums:
    """At the same ratios (U,) for all data sets."""
    w = 1.0 / (1.0 + layout.m * t[:, None])
    Qxx = np.einsum("ur,ra,rb->uab", w, layout.X, layout.X)
    Qxy = np.stack([data.y @ (w * layout.X[:, a]).T for a in range(layout.p)], axis=-1)
    Qyy = data.y**2 @ w.T + data.rest[:, None]
    return Sums(-np.log(w).sum(axis=1), np.linalg.slogdet(Qxx)[1], np.linalg.inv(Qxx), Qxy, Qyy)


def at_own(layout: Layout, data: Data, t: Array) -> Sums:
    """At a ratio of each data set, (D,)."""
    w = 1.0 / (1.0 + layout.m * t[:, None])
    Qxx, Qxy, Qyy = weighted(layout, data, w)
    inverse = np.linalg.inv(Qxx)
    return Sums(-np.log(w).sum(axis=1), np.linalg.slogdet(Qxx)[1], inverse, Qxy, Qyy + data.rest)


def weighted(layout: Layout, data: Data, w: Array) -> tuple[Array, Array, Array]:
    """Weighted cross-products of the rotated rows: XX (D, p, p), Xy (D, p), yy (D,)."""
    X = layout.X
    return (
        (w @ (X[:, :, None] * X[:, None, :]).reshape(len(X), -1)).reshape(len(w), layout.p, layout.p),
        (w * data.y) @ X,
        (w * data.y**2).sum(axis=1),
    )
