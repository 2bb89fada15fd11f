"""Profile-likelihood limits without a search: at each t the limits are known, and the outermost of them are meant.

At a fixed t the criterion is below its cut for coefficients within ``gamma -+ sqrt(c (r*^2 - r^2))`` and for
sigma^2 between the two solutions of ``log x + 1/x - 1 = k``. The limits of a profile are the smallest and the
largest of these over all t.
"""

import numpy as np
from scipy import special

from bayesmixed.arrays import Array
from proof.coverage.reml import RATIOS, SCAN, Estimates, profile_slopes
from proof.coverage.sums import Sums, at_own, degrees

Limits = tuple[Array, Array]
#: How far the criterion may rise: a quantile of chi-square with one degree of freedom.
CUT = float(special.ndtri(0.975) ** 2)
#: log(sd / sigma) of the scan, with t = 0 in front.
LOG_SD = np.append(-np.inf, SCAN)


def coefficient_limits(best: Estimates, scanned: Sums) -> list[Limits]:
    """Of each coefficient, by the ML deviance."""
    layout = best.layout
    value, gamma, squares = scanned.value(layout, False), scanned.gamma, scanned.squares
    below = best.value[:, None] + CUT - value
    reach = squares * np.expm1(np.maximum(below, 0.0) / layout.N)
    limits = []
    for L in layout.contrasts:
        centre = gamma @ L
        half = np.sqrt(np.einsum("a,uab,b->u", L, scanned.inverse, L) * reach)
        lower = np.where(below >= 0.0, centre - half, np.inf)
        limits.append((-_highest(-lower), _highest(np.where(below >= 0.0, centre + half, -np.inf))))
    return limits


def variance_limits(best: Estimates, scanned: Sums) -> dict[str, Limits]:
    """Of sd, sigma and ICC, by the criterion of the estimates."""
    layout, restricted = best.layout, best.restricted
    count = degrees(layout, restricted)
    below = best.value[:, None] + CUT - scanned.value(layout, restricted)
    inside = below >= 0.0
    down, up = _log_ratios(np.maximum(below, 0.0) / count)
    log_sigma = 0.5 * np.log(scanned.squares / count)
    lower, upper = log_sigma + 0.5 * down, log_sigma + 0.5 * up
    lowest = -_highest(np.where(inside, -lower, -np.inf))
    sigma = np.exp(lowest), np.exp(_highest(np.where(inside, upper, -np.inf)))
    sd_high = np.exp(_farthest_sd(best, upper + LOG_SD, inside, 1))
    sd_low = np.exp(_farthest_sd(best, lower + LOG_SD, inside, -1))
    t_low, t_high = _crossing(best, inside, -1), _crossing(best, inside, 1)
    return {
        "sd": (np.where(inside[:, 0], 0.0, sd_low), sd_high),
        "sigma": sigma,
        "ICC": (t_low / (1.0 + t_low), t_high / (1.0 + t_high)),
    }


def _farthest_sd(best: Estimates, log_sd: Array, inside: Array, side: int) -> Array:
    """The largest (side 1) or smallest log sd below the cut: the best of the scan, then ever finer around it."""
    place = np.where(inside[:, 1:], side * log_sd[:, 1:], -np.inf).argmax(axis=1)
    if (place == len(SCAN) - 1).any():
        raise ArithmeticError("the scan ends before the profile: widen SCAN")
    layout, count = best.layout, degrees(best.layout, best.restricted)
    centre, rows = SCAN[place], np.arange(len(place))
    for width in (0.05, 0.0125, 0.003):
        u = centre[:, None] + width * np.linspace(-1.0, 1.0, 9)
        values = np.empty_like(u)
        for k in range(u.shape[1]):
            sums = at_own(layout, best.data, np.exp(2.0 * u[:, k]))
            below = best.value + CUT - sums.value(layout, best.restricted)
            ratio = _log_ratios(np.maximum(below, 0.0) / count)[side > 0]
            log_sigma = 0.5 * (np.log(sums.squares / count) + ratio)
            values[:, k] = np.where(below >= 0.0, side * (log_sigma + u[:, k]), -np.inf)
        highest = values.argmax(axis=1)
        centre = u[rows, highest]
    return side * values[rows, highest]


def _log_ratios(k: Array) -> Limits:
    """Both y with ``y + exp(-y) - 1 = k >= 0``, by Newton's method."""
    found = []
    for sign in (-1.0, 1.0):
        y = sign * np.sqrt(2.0 * k) + k / 3.0
        for _ in range(6):
            slope = -np.expm1(-y)
            y = y - np.where(k > 0.0, (y + np.expm1(-y) - k) / np.where(slope == 0.0, 1.0, slope), 0.0)
        found.append(y)
    return found[0], found[1]


def _highest(values: Array) -> Array:
    """Maximum of each row; inside the scan, of the parabola through three values."""
    place = values.argmax(axis=1)
    last = values.shape[1] - 1
    if (place == last).any():
        raise ArithmeticError("the scan ends before the profile: widen SCAN")
    rows, centre = np.arange(len(values)), np.clip(place, 1, last - 1)
    a, b, c = (values[rows, centre + k] for k in (-1, 0, 1))
    with np.errstate(invalid="ignore"):
        bend = a - 2.0 * b + c
        top = b - 0.125 * (c - a) ** 2 / np.where(bend < 0.0, bend, np.inf)
    usable = (place > 1) & np.isfinite(a) & np.isfinite(c) & (bend < 0.0)
    return np.where(usable, top, values[rows, place])


def _crossing(best: Estimates, inside: Array, side: int) -> Array:
    """t where the profile crosses the cut; 0 where it does not below the estimate."""
    found = inside if side < 0 else inside[:, ::-1]
    place = found.argmax(axis=1)
    if side > 0:
        place = len(RATIOS) - 1 - place
    if (place == len(RATIOS) - 1).any():
        raise ArithmeticError("the scan ends before the profile: widen SCAN")
    # Between `first` and the next node of the scan the cut is crossed.
    first = np.maximum(place - 1 if side < 0 else place, 1) - 1
    low, high = SCAN[first], SCAN[first] + 0.05
    u, target = 0.5 * (low + high), best.value + CUT
    for _ in range(8):
        value, slope, _ = profile_slopes(best.layout, best.data, np.exp(2.0 * u), best.restricted)
        below = side * (value - target) < 0.0
        low, high = np.where(below, u, low), np.where(below, high, u)
        step = u - (value - target) / np.where(slope == 0.0, np.nan, slope)
        u = np.where((step >= low) & (step <= high), step, 0.5 * (low + high))
    return np.where(place == 0, 0.0, np.exp(2.0 * u))
