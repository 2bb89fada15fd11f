"""sigma integrated out, given Lambda: Q does not depend on it, so that a point of the grid costs one pass."""

import numpy as np

from bayesmixed.arrays import Array, Index
from bayesmixed.compiled import compiled
from bayesmixed.density import PriorArrays
from bayesmixed.density.correlations import fill_cholesky, log_lkj
from bayesmixed.density.joint import log_joint
from bayesmixed.density.positive import log_positive
from bayesmixed.likelihood import LOG_2PI, integrate_beta, integrate_groups
from bayesmixed.moments import Patterns

#: Spacing of log sigma in units of its conditional sd; where the density has fallen by exp(-this) it ends.
STEP, DEPTH = 0.6, 34.0


@compiled
def log_given_sigma(
    s: float,
    u: Array,
    log_det: float,
    Q: Array,
    priors: PriorArrays,
    patterns: Patterns,
    lower: Array,
    betahat: Array,
) -> float:  # pragma: no cover - compiled
    """Log density at log sigma = s, with ``u = log(sd / sigma)`` held; the prior of correlations is not in it."""
    q, p = u.shape[0], betahat.shape[0]
    sigma = np.exp(s)
    positive = priors.positive
    value = priors.constant
    for k in range(q):
        value += log_positive(u[k] + s, positive[k, 1], positive[k, 2], positive[k, 3])[0]
    value += log_positive(s, positive[q, 1], positive[q, 2], positive[q, 3])[0]
    if priors.totals.shape[0]:
        logs = np.append(u + s, s)
        value += log_joint(logs, np.empty(q + 1), priors.members, priors.totals, q, 0)
    total: float = patterns.n_rows * (LOG_2PI + 2.0 * s) - patterns.sum_log_weights + log_det
    total += integrate_beta(Q, sigma, priors.precision, priors.mean, lower, betahat) + Q[p, p] / (sigma * sigma)
    return value - 0.5 * total


@compiled
def _top(
    s: float,
    u: Array,
    log_det: float,
    Q: Array,
    priors: PriorArrays,
    patterns: Patterns,
    lower: Array,
    betahat: Array,
) -> tuple[float, float]:  # pragma: no cover - compiled
    """Where the density of log sigma is highest, and the sd that its curvature there tells."""
    h, curvature = 1e-3, 1.0
    for _ in range(60):
        here = log_given_sigma(s, u, log_det, Q, priors, patterns, lower, betahat)
        above = log_given_sigma(s + h, u, log_det, Q, priors, patterns, lower, betahat)
        below = log_given_sigma(s - h, u, log_det, Q, priors, patterns, lower, betahat)
        slope = (above - below) / (2.0 * h)
        curvature = max((2.0 * here - above - below) / (h * h), 0.5)
        step = min(max(slope / curvature, -1.0), 1.0)
        s += step
        if abs(step) * np.sqrt(curvature) < 0.02:
            break
    return s, 1.0 / np.sqrt(curvature)


@compiled
def integrate_sigma(
    nodes: Array,
    start: float,
    blocks: Index,
    priors: PriorArrays,
    patterns: Patterns,
    first: Array,
    step: Array,
    count: Index,
    values: Array,
    log_mass: Array,
) -> None:  # pragma: no cover - compiled
    """Of each node ``(log(sd / sigma), correlations)`` the log integral over log sigma by the trapezoidal rule.

    `nodes` holds u and z in the order of the unconstrained vector. Fills, of each node, the first log sigma, the
    spacing, how many there are, and the log density at each (prior of correlations included).
    """
    q, p = patterns.Rzz.shape[1], priors.precision.shape[0]
    Lambda, chol, norm, Q = np.empty((q, q)), np.zeros((q, q)), np.empty(q), np.empty((p + 1, p + 1))
    lower, betahat, unused, u = np.empty((p, p)), np.empty(p), np.empty(nodes.shape[1]), np.empty(q)
    most = values.shape[1]
    down, up = np.empty(most), np.empty(most)
    s = start
    for i in range(nodes.shape[0]):
        prior, place = 0.0, q
        for b in range(blocks.shape[0]):
            a, size = blocks[b, 0], blocks[b, 1]
            end = fill_cholesky(nodes[i], place, size, chol[a : a + size, a : a + size], norm[a : a + size])
            prior += log_lkj(nodes[i], place, size, priors.eta, norm[a : a + size], unused)
            place = end
        for k in range(q):
            u[k] = nodes[i, k]
            for j in range(q):
                Lambda[k, j] = np.exp(u[k]) * chol[k, j]
        log_det = integrate_groups(Lambda, patterns, Q)
        s, width = _top(s if np.isfinite(s) else start, u, log_det, Q, priors, patterns, lower, betahat)
        top = log_given_sigma(s, u, log_det, Q, priors, patterns, lower, betahat)
        log_mass[i], count[i] = -np.inf, 0
        if not np.isfinite(top):
            continue
        h = STEP * width
        n_up, n_down = 0, 0
        while n_up < most // 2 - 1:
            up[n_up] = log_given_sigma(s + n_up * h, u, log_det, Q, priors, patterns, lower, betahat)
            n_up += 1
            if not up[n_up - 1] > top - DEPTH:
                break
        while n_down < most // 2 - 1:
            n_down += 1
            down[n_down - 1] = log_given_sigma(s - n_down * h, u, log_det, Q, priors, patterns, lower, betahat)
            if not down[n_down - 1] > top - DEPTH:
                break
        total = 0.0
        for j in range(n_down):
            values[i, n_down - 1 - j] = down[j] + prior
            total += np.exp(down[j] - top)
        for j in range(n_up):
            values[i, n_down + j] = up[j] + prior
            total += np.exp(up[j] - top)
        first[i], step[i], count[i] = s - n_down * h, h, n_down + n_up
        if total < np.inf:  # far out, where rounding of 1e25 is all that differences show, nothing is left anyway
            log_mass[i] = top + prior + np.log(total * h)
