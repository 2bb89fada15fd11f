"""One cell: its data sets, every analysis of them, and what became of the intervals."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from bayesmixed.arrays import Array
from proof.coverage import degrees, profiles
from proof.coverage.cells import Cell
from proof.coverage.draws import Data, Layout, draw
from proof.coverage.grid import PriorScales
from proof.coverage.posterior import posteriors
from proof.coverage.reml import Estimates, minimise, scan

#: Intervals of coefficients, and of sd, sigma and ICC.
OF_BETA = ("posterior", "Wald z", "Satterthwaite", "Kenward-Roger", "profile", "CR2")
OF_VARIANCES = ("posterior", "Wald", "profile", "profile REML")
Z = float(special.ndtri(0.975))
#: Other priors than the default ones, in units of the spread s of y, and of s / sd(x).
ALTERNATIVES = {
    "posterior, sd 2.5 s": PriorScales(sd=2.5),
    "posterior, beta 10 s": PriorScales(intercept=10.0, x=10.0),
    "posterior, half-Cauchy": PriorScales(nu=1.0),
    "posterior, half-Cauchy, beta 10 s": PriorScales(nu=1.0, intercept=10.0, x=10.0),
}


class Found(NamedTuple):
    """Intervals of one quantity by one method, (D,) each; nan where there is none."""

    quantity: str
    method: str
    lower: Array
    upper: Array
    estimate: Array
    median: Array | None = None


class CellResult(NamedTuple):
    """Rows of the table of intervals, and one of the table of cells."""

    intervals: list[dict[str, Any]]
    cell: dict[str, Any]


def run(cell: Cell, count: int) -> CellResult:
    """Draw and analyse the first `count` data sets of a cell."""
    layout, seconds = Layout.of(cell), {}
    with _timed(seconds, "draw"):
        data = draw(cell, layout, count)
    found, reml = analyse(layout, data, seconds)
    if has_alternatives(cell):
        for method, priors in ALTERNATIVES.items():
            found += _posteriors(layout, data, method, priors)
    place = dict(zip(("design", "groups", "rows", "icc", "balanced"), cell.key, strict=True))
    rows = [place | summary(one, cell.truth[one.quantity]) for one in found]
    cpu = {f"cpu_{name}": 1000.0 * value / count for name, value in seconds.items()}
    zeros = {"reml_zeros": float(reml.zero.mean()), "exact_zeros": exact_zeros(cell)}
    return CellResult(rows, place | {"data_sets": count} | zeros | cpu)


def warm_up() -> None:
    """Load what is compiled, so that the times of cells are those of work."""
    for design in ("intercept", "covariate"):
        run(Cell(design, 3, 5, 0.1, True), 2)


def analyse(layout: Layout, data: Data, seconds: dict[str, float] | None = None) -> tuple[list[Found], Estimates]:
    """All intervals of some data sets, and their REML estimates; CPU seconds of each part are put down."""
    seconds = {} if seconds is None else seconds
    with _timed(seconds, "estimates"), np.errstate(divide="ignore"):
        scanned = scan(layout, data)
        reml, ml = (minimise(layout, data, scanned, restricted) for restricted in (True, False))
    found = []
    with _timed(seconds, "t_intervals"):
        found += [*_t_intervals(reml), *_wald(reml)]
    with _timed(seconds, "profiles"), np.errstate(divide="ignore", over="ignore"):
        found += [*_profiles(ml, reml, scanned)]
    with _timed(seconds, "posteriors"):
        found += _posteriors(layout, data, "posterior", PriorScales())
    return found, reml


def has_alternatives(cell: Cell) -> bool:
    """Where other priors are tried, too: balanced groups of 20, few of them."""
    return cell.design != "covariate" and cell.groups <= 8 and cell.rows == 20 and cell.balanced


def _posteriors(layout: Layout, data: Data, method: str, priors: PriorScales) -> list[Found]:
    return [
        Found(name, method, s.lower, s.upper, s.mean, s.median)
        for name, s in posteriors(layout, data, priors).items()
    ]


def _t_intervals(fit: Estimates) -> Iterator[Found]:
    plain, infinite = fit.variances, np.full_like(fit.beta, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        methods = {
            "Wald z": (plain, infinite),
            "Satterthwaite": (plain, degrees.satterthwaite(fit)),
            "Kenward-Roger": degrees.kenward_roger(fit),
            "CR2": degrees.robust(fit),
        }
    for method, (variance, df) in methods.items():
        half = special.stdtrit(df, 0.975) * np.sqrt(variance)
        for k, name in enumerate(("Intercept", "x")[: fit.layout.p]):
            estimate = fit.beta[:, k]
            yield Found(name, method, estimate - half[:, k], estimate + half[:, k], estimate)


def _wald(fit: Estimates) -> Iterator[Found]:
    """Normal intervals of log sd, log sigma and the logit of the ICC; of sigma only where sd is estimated as 0."""
    A, theta, sigma = fit.covariance, np.sqrt(fit.t), fit.sigma
    by = {
        "sd": np.column_stack([sigma, theta]),
        "sigma": np.column_stack([np.zeros_like(theta), np.ones_like(theta)]),
        "ICC": np.column_stack([2.0 * theta / (1.0 + fit.t) ** 2, np.zeros_like(theta)]),
    }
    for name, gradient in by.items():
        se = np.sqrt(np.einsum("dr,drs,ds->d", gradient, A, gradient))
        estimate = fit.named[name]
        missing = fit.zero if name != "sigma" else np.zeros_like(fit.zero)
        safe = np.where(missing, 0.5, estimate)
        if name == "ICC":
            at, half = special.logit(safe), Z * se / (safe * (1.0 - safe))
            lower, upper = special.expit(at - half), special.expit(at + half)
        else:
            with np.errstate(over="ignore"):
                lower, upper = safe * np.exp(-Z * se / safe), safe * np.exp(Z * se / safe)
        yield Found(name, "Wald", np.where(missing, np.nan, lower), np.where(missing, np.nan, upper), estimate)


def _profiles(ml: Estimates, reml: Estimates, scanned: Any) -> Iterator[Found]:
    for k, (lower, upper) in enumerate(profiles.coefficient_limits(ml, scanned)):
        yield Found(("Intercept", "x")[k], "profile", lower, upper, ml.beta[:, k])
    for method, fit in (("profile", ml), ("profile REML", reml)):
        for name, (lower, upper) in profiles.variance_limits(fit, scanned).items():
            yield Found(name, method, lower, upper, fit.named[name])


def summary(found: Found, truth: float) -> dict[str, Any]:
    """Coverage, misses on each side, widths and bias; where there is no interval, none is counted.

    ``truth_below`` is the share of intervals that lie above the truth: one minus the coverage of the lower limit.
    """
    kept = np.isfinite(found.lower) | np.isfinite(found.upper)
    lower, upper = found.lower[kept], found.upper[kept]
    n, below, above = len(lower), float((lower > truth).mean()), float((upper < truth).mean())
    coverage = 1.0 - below - above
    width = upper - lower
    return {
        "quantity": found.quantity,
        "method": found.method,
        "data_sets": len(kept),
        "without": float(1.0 - kept.mean()),
        "coverage": coverage,
        "error": float(np.sqrt(coverage * (1.0 - coverage) / n)),
        "truth_below": below,
        "truth_above": above,
        "mean_width": float(width.mean()),
        "median_width": float(np.median(width)),
        "bias": float(found.estimate.mean() - truth),
        "bias_of_median": np.nan if found.median is None else float(found.median.mean() - truth),
        "rmse": float(np.sqrt(np.mean((found.estimate - truth) ** 2))),
    }


def exact_zeros(cell: Cell) -> float:
    """P(REML estimates sd as zero), ``P(F < 1 / (1 + n ICC / (1 - ICC)))``; nan but for balanced intercepts."""
    if cell.design != "intercept" or not cell.balanced:
        return float("nan")
    J, n, icc = cell.groups, cell.rows, cell.icc
    return float(special.fdtr(J - 1, J * (n - 1), 1.0 / (1.0 + n * icc / (1.0 - icc))))


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    start = time.process_time()
    yield
    seconds[name] = seconds.get(name, 0.0) + time.process_time() - start


def named(found: list[Found]) -> Mapping[tuple[str, str], Found]:
    """By quantity and method."""
    return {(one.quantity, one.method): one for one in found}
