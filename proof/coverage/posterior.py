"""Posteriors of many data sets under the default priors, resolved anew for each: means, medians, 95 % limits."""

from typing import NamedTuple

import numpy as np

from bayesmixed.arrays import Array
from proof.coverage.draws import Data, Layout
from proof.coverage.grid import PriorScales, components, lattice, lattice_quantile, marginals, mixture_quantile
from proof.coverage.sums import at_common

#: Of the package's default priors.
DEFAULT = PriorScales()
PROBABILITIES = (0.025, 0.5, 0.975)
#: Smallest and largest ``u = log(sd / sigma)``; below, the density of sd is flat, so that its tail is known.
LEAST, MOST = -8.0, 6.5
#: Spacing in units of the sd of log sigma, and of mixtures in units of the sd of log sd.
FINE, COARSE = 0.4, 0.6
#: Data sets whose sums are held at once, and places of a lattice.
CHUNK, PLACES = 100, 400_000


class Summary(NamedTuple):
    """Of one quantity in each data set, (D,) each."""

    mean: Array
    lower: Array
    median: Array
    upper: Array


def posteriors(layout: Layout, data: Data, priors: PriorScales = DEFAULT) -> dict[str, Summary]:
    """Posterior summaries of each coefficient, sd, sigma and ICC."""
    J = int(layout.group.max()) + 1
    h = FINE / np.sqrt(2.0 * (layout.N - J))
    every = max(1, int(COARSE / np.sqrt(2.0 * J) / h))
    places, values = np.empty((PLACES, 2), dtype=np.int64), np.empty(PLACES)
    contrasts = np.ascontiguousarray(layout.contrasts)
    names = [*("Intercept", "x")[: layout.p], "sd", "sigma", "ICC"]
    found = np.empty((len(data), len(names), 4))
    u = LEAST + h * np.arange(int((MOST - LEAST) / h))
    w = 1.0 / (1.0 + layout.m * np.exp(2.0 * u)[:, None])
    Qxx = np.einsum("ur,ra,rb->uab", w, layout.X, layout.X)
    for first in range(0, len(data), CHUNK):
        part, mean, spread = data.part(slice(first, first + CHUNK)).standardised(layout)
        sums = at_common(layout, part, np.exp(2.0 * u))
        start = 0.5 * np.log(sums.squares / (layout.N - layout.p))
        for d in range(len(part)):
            arrays = (sums.log_det, Qxx, sums.Qxy[d], sums.Qyy[d], float(layout.N), priors)
            count = lattice(LEAST, h, *arrays, start[d], places, values)
            if count == PLACES:
                raise ArithmeticError("the lattice of a posterior has too many places")
            own, weights = places[:count], np.exp(values[:count])
            rows = [
                _coefficient(h, every, own, weights, Qxx, sums.Qxy[d], priors, L) * spread[d] for L in contrasts
            ]
            rows[0] += mean[d]
            found[first + d] = [*rows, *_variances(h, u, own, weights, spread[d])]
    return {name: Summary(*found[:, k].T) for k, name in enumerate(names)}


def _coefficient(
    h: float, every: int, places: Array, weights: Array, Qxx: Array, Qxy: Array, priors: PriorScales, L: Array
) -> Array:
    """Mean and quantiles of a contrast of the coefficients."""
    mean, sd, share = np.empty((3, len(weights)))
    tail = 1.0 / -np.expm1(-every * h)
    count = components(h, every, tail, places, weights, Qxx, Qxy, priors, L, mean, sd, share)
    mean, sd, share = mean[:count], sd[:count], share[:count]
    average = share @ mean
    wide = np.sqrt(share @ (sd**2 + (mean - average) ** 2))
    return np.array(
        [average] + [mixture_quantile(p, average + (4 * p - 2) * wide, mean, sd, share) for p in PROBABILITIES]
    )


def _variances(h: float, u: Array, places: Array, weights: Array, spread: float) -> list[Array]:
    """Mean and quantiles of sd, sigma and ICC."""
    least = int(places[:, 1].min())
    n_s = int(places[:, 1].max()) - least + 1
    of_u, of_s, of_v = np.zeros(len(u) + 1), np.zeros(n_s), np.zeros(len(u) + n_s)
    marginals(h, places, weights, of_u, of_s, of_v, least)
    tail = of_u[0] * (1.0 / -np.expm1(-h) - 1.0)  # of all u before the first
    total = h * (of_u.sum() + tail)
    of_u, of_s, of_v, tail = of_u / total, of_s / total, of_v / total, h * tail / total
    s, v = h * (least + np.arange(n_s)), u[0] + h * (least + np.arange(len(of_v)))
    # A half of the first node belongs to what lies before it.
    before = tail + 0.5 * h * of_u[0]
    u_at = [u[0] + h * lattice_quantile(p, of_u, h, before) for p in PROBABILITIES]
    v_at = [v[0] + h * lattice_quantile(p, of_v, h, tail) for p in PROBABILITIES]
    s_at = [s[0] + h * lattice_quantile(p, of_s / (1.0 - tail), h, 0.0) for p in PROBABILITIES]
    t = np.exp(2.0 * u)
    means = [h * of_v @ np.exp(v), h * of_s @ np.exp(s) / (1.0 - tail), h * of_u[:-1] @ (t / (1.0 + t))]
    sd, sigma = ([mean, *np.exp(at)] for mean, at in ((means[0], v_at), (means[1], s_at)))
    icc = [means[2], *(1.0 / (1.0 + np.exp(-2.0 * np.array(u_at))))]
    return [spread * np.array(sd), spread * np.array(sigma), np.array(icc)]
