"""The posterior of one data set on a lattice of ``u = log(sd / sigma)`` and ``s = log sigma``, compiled.

y has mean 0 and sd 1, so that the default priors are fixed numbers, see `PriorScales`. Both spacings are the same,
h: log sd lies on the lattice too. Sums over a lattice that is fine against a smooth density are exact up to
rounding (the trapezoidal rule).
"""

import math
from typing import NamedTuple

import numpy as np

from bayesmixed.compiled import compiled

#: Where the density has fallen by exp(-this) the lattice ends.
DEPTH = 21.0
#: Components of a mixture with a smaller share are left out.
NEGLIGIBLE = 1e-8


class PriorScales(NamedTuple):
    """Priors of a y with mean 0 and sd 1 and of centred and scaled columns; by default the package's own.

    Parameters
    ----------
    sd, sigma : float
        Scales of half-t.
    intercept, x : float
        sd of normal priors about 0.
    nu : float
        Degrees of freedom of the half-t of sd; sigma has 3.
    """

    sd: float = 1.0
    sigma: float = 1.0
    intercept: float = 2.5
    x: float = 2.5
    nu: float = 3.0


@compiled
def _log_density(u, s, log_det, Qxx, Qxy, Qyy, N, priors):  # pragma: no cover - compiled
    """Log of likelihood times priors by u and s, beta integrated out, up to a constant."""
    precision = math.exp(-2.0 * s)
    value = u + 2.0 * s - N * s - 0.5 * log_det - 0.5 * Qyy * precision
    variance, ratio = math.exp(2.0 * s), math.exp(2.0 * u)
    value -= 0.5 * (priors.nu + 1.0) * math.log1p(ratio * variance / (priors.nu * priors.sd * priors.sd))
    value -= 2.0 * math.log1p(variance / (3.0 * priors.sigma * priors.sigma))
    first, second = 1.0 / (priors.intercept * priors.intercept), 1.0 / (priors.x * priors.x)
    if Qxy.shape[0] == 1:
        P = Qxx[0, 0] * precision + first
        h = Qxy[0] * precision
        return value - 0.5 * math.log(P) + 0.5 * h * h / P
    a, b, c = Qxx[0, 0] * precision + first, Qxx[0, 1] * precision, Qxx[1, 1] * precision + second
    g, h = Qxy[0] * precision, Qxy[1] * precision
    det = a * c - b * b
    return value - 0.5 * math.log(det) + 0.5 * (c * g * g - 2.0 * b * g * h + a * h * h) / det


@compiled
def lattice(u0, h, log_det, Qxx, Qxy, Qyy, N, priors, start, places, values):  # pragma: no cover - compiled
    """Log densities at (u0 + k h, j h): fills rows (k, j) of `places` and `values`, gives how many there are.

    `start` holds, for each u, about where s is most probable.
    """
    top = -np.inf
    centre = np.empty(len(start), dtype=np.int64)
    height = np.empty(len(start))
    for k in range(len(start)):
        u, j = u0 + k * h, round(start[k] / h)
        here = _log_density(u, j * h, log_det[k], Qxx[k], Qxy[k], Qyy[k], N, priors)
        for way in (1, -1):
            while True:
                there = _log_density(u, (j + way) * h, log_det[k], Qxx[k], Qxy[k], Qyy[k], N, priors)
                if not there > here:
                    break
                j, here = j + way, there
        centre[k], height[k] = j, here
        top = max(top, here)
    count = 0
    for k in range(len(start)):
        if height[k] < top - DEPTH:
            continue
        for way in (1, -1):
            j = centre[k] if way == 1 else centre[k] - 1
            while count < len(values):
                value = _log_density(u0 + k * h, j * h, log_det[k], Qxx[k], Qxy[k], Qyy[k], N, priors)
                if value < top - DEPTH:
                    break
                places[count, 0], places[count, 1], values[count] = k, j, value - top
                count += 1
                j += way
    return count


@compiled
def marginals(h, places, weights, of_u, of_s, of_v, least_s):  # pragma: no cover - compiled
    """Add the weights up by u, by s (from `least_s` on) and by ``v = u + s``."""
    for i in range(len(weights)):
        k, j = places[i, 0], places[i, 1] - least_s
        of_u[k] += weights[i]
        of_s[j] += weights[i]
        of_v[k + j] += weights[i]


@compiled
def components(
    h, every, tail, places, weights, Qxx, Qxy, priors, L, mean, variance, share
):  # pragma: no cover - compiled
    """The conditional normal distributions of a contrast L at every so many places; how many there are.

    Weights at ``k = 0`` stand for all smaller u, too, `tail` of them for one.
    """
    count, total = 0, 0.0
    first, second = 1.0 / (priors.intercept * priors.intercept), 1.0 / (priors.x * priors.x)
    for i in range(len(weights)):
        k, j = places[i, 0], places[i, 1]
        if k % every or j % 2 or weights[i] < NEGLIGIBLE * h * h:
            continue
        precision = math.exp(-2.0 * j * h)
        if len(L) == 1:
            P = Qxx[k, 0, 0] * precision + first
            mean[count], variance[count] = L[0] * Qxy[k, 0] * precision / P, L[0] * L[0] / P
        else:
            a, b = Qxx[k, 0, 0] * precision + first, Qxx[k, 0, 1] * precision
            c = Qxx[k, 1, 1] * precision + second
            det = a * c - b * b
            x, y = (c * L[0] - b * L[1]) / det, (a * L[1] - b * L[0]) / det
            mean[count] = (x * Qxy[k, 0] + y * Qxy[k, 1]) * precision
            variance[count] = x * L[0] + y * L[1]
        share[count] = weights[i] * (tail if k == 0 else 1.0)
        total += share[count]
        count += 1
    for i in range(count):
        variance[i] = math.sqrt(variance[i])
        share[i] /= total
    return count


@compiled
def mixture_quantile(probability, at, mean, sd, share):  # pragma: no cover - compiled
    """Of a mixture of normal distributions, by Newton's method in a bracket, from `at`."""
    low, high = -np.inf, np.inf
    width = 0.0
    for i in range(len(share)):
        width += share[i] * sd[i]
    for _ in range(100):
        below, density = 0.0, 0.0
        for i in range(len(share)):
            z = (at - mean[i]) / sd[i]
            below += share[i] * 0.5 * math.erfc(-z * 0.7071067811865476)
            density += share[i] * math.exp(-0.5 * z * z) / sd[i]
        if below < probability:
            low = at
        else:
            high = at
        step = (probability - below) / max(0.3989422804014327 * density, 1e-12 / width)
        step = min(max(step, -3.0 * width), 3.0 * width)
        after = at + step
        if not low < after < high:
            after = 0.5 * (low + high)
        if abs(after - at) < 1e-7 * width:
            return after
        at = after
    return at


@compiled
def lattice_quantile(probability, density, h, below):  # pragma: no cover - compiled
    """Place, in units of h from the first node, where a smooth density on a lattice has this much to its left.

    `below` is what lies before the first node. The integral between nodes is that of a cubic through four of them.
    """
    n, so_far = len(density), below
    for k in range(n - 1):
        left = density[k - 1] if k > 0 else density[k]
        right = density[k + 2] if k + 2 < n else 0.0
        area = h * max(13.0 * (density[k] + density[k + 1]) - left - right, 0.0) / 24.0
        if so_far + area >= probability:
            low, high = 0.0, 1.0
            a, b, goal = h * density[k], h * density[k + 1], probability - so_far
            for _ in range(50):
                x = 0.5 * (low + high)
                # Hermite's cubic: 0 and the area at the ends, with the densities as slopes.
                y = area * x * x * (3.0 - 2.0 * x) + a * x * (1.0 - x) ** 2 - b * x * x * (1.0 - x)
                if y < goal:
                    low = x
                else:
                    high = x
            return k + 0.5 * (low + high)
        so_far += area
    return n - 1.0
