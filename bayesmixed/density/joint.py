"""Joint priors of variances on the unconstrained scale.

With ``l_k = log(w_k v_k)`` and L the logarithm of their sum, the log density of the logarithms is

    sum_k concentration_k (l_k - L) + g(L / 2 - log s) + constant,

g the log density of the logarithm of the total, s sigma or 1.
"""

from collections.abc import Sequence

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.compiled import compiled
from bayesmixed.density.positive import log_positive, positive_prior
from bayesmixed.priors.joint import JointPrior


def joint_arrays(
    priors: Sequence[JointPrior], places: dict[tuple[str, int], tuple[int, float]]
) -> tuple[Array, Array, float]:
    """Joint priors as `log_joint` takes them, and the logarithm of what makes them integrate to one.

    Parameters
    ----------
    priors : sequence of JointPrior
    places : dict
        Of each parameter and entry its place among the positive parameters, and the power that makes
        it a variance: 2 for standard deviations, 1 for prior variances of coefficients.

    Returns
    -------
    members : ndarray, shape (members, 4)
        Place, power, logarithm of the weight, concentration.
    totals : ndarray, shape (priors, 6)
        First member, how many, whether relative to sigma, and the prior of the total: kind and two numbers.
    constant : float
    """
    members: list[list[float]] = []
    totals: list[list[float]] = []
    constant = 0.0
    for prior in priors:
        total = positive_prior(prior.total)
        totals.append([len(members), len(prior.members), float(prior.relative), *total[1:]])
        constant += prior.log_constant + total.constant
        for member, concentration in zip(prior.members, prior.concentration, strict=True):
            place, power = places[member.name, member.entry]
            members.append([place, power, np.log(member.weight), concentration])
            constant += np.log(power / 2.0)
    return np.array(members, dtype=float).reshape(-1, 4), np.array(totals, dtype=float).reshape(-1, 6), constant


@compiled
def log_joint(
    x: Array, gradient: Array, members: Array, totals: Array, q: int, n_corr: int
) -> float:  # pragma: no cover - compiled
    """Log density of all joint priors without their constant; adds to the gradient.

    Positive parameters with a place below q stand there in `x`, the others after the n_corr correlations.
    """
    value, log_sigma = 0.0, q + n_corr
    for t in range(totals.shape[0]):
        first, last = int(totals[t, 0]), int(totals[t, 0] + totals[t, 1])
        most, shares = -np.inf, 0.0
        for m in range(first, last):
            most = max(most, _log_part(x, members, m, q, n_corr))
        total = 0.0
        for m in range(first, last):
            total += np.exp(_log_part(x, members, m, q, n_corr) - most)
            shares += members[m, 3]
        L = most + np.log(total)
        log_r = 0.5 * L - (x[log_sigma] if totals[t, 2] > 0.0 else 0.0)
        prior, derivative = log_positive(log_r, totals[t, 3], totals[t, 4], totals[t, 5])
        value += prior
        if totals[t, 2] > 0.0:
            gradient[log_sigma] -= derivative
        for m in range(first, last):
            part = _log_part(x, members, m, q, n_corr)
            share = np.exp(part - L)
            value += members[m, 3] * (part - L)
            pull = members[m, 3] + (0.5 * derivative - shares) * share
            gradient[_place(members, m, q, n_corr)] += members[m, 1] * pull
    return value


@compiled
def _place(members: Array, m: int, q: int, n_corr: int) -> int:  # pragma: no cover - compiled
    place = int(members[m, 0])
    return place if place < q else place + n_corr


@compiled
def _log_part(x: Array, members: Array, m: int, q: int, n_corr: int) -> float:  # pragma: no cover - compiled
    """``log(w v)`` of one member."""
    part: float = members[m, 2] + members[m, 1] * x[_place(members, m, q, n_corr)]
    return part
