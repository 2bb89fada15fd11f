"""``python -m benchmarks.alone.big reml|posterior GROUPS ROWS_EACH``: one large table, alone in its process."""

import json
import sys
from collections.abc import Callable
from functools import wraps

import numpy as np

import bayesmixed as bm
from bayesmixed.reml.criterion import Criterion
from benchmarks.alone import GIB, Clock, peak_memory, shortest
from benchmarks.tables import SLOPE, TRUE_SLOPE_MODEL, random_slope


def main() -> None:
    """Print what one fit took."""
    task, groups, rows_each = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    bm.MixedModel(SLOPE, random_slope(50, rows_each)).reml()  # imports, and compiled functions from the disk
    table = random_slope(groups, rows_each)
    found = {"table, GiB": float(table.memory_usage().sum()) / GIB, "memory before, GiB": peak_memory()}
    found |= {"reml": _reml, "posterior": _posterior}[task](table)
    print(json.dumps(found | {"peak memory, GiB": peak_memory()}))


def _reml(table) -> dict[str, float]:
    read = shortest(lambda: [table[name].to_numpy().sum() for name in table])
    clock = Clock()
    model = bm.MixedModel(SLOPE, table)
    clock.step("design, s")
    model.moments  # noqa: B018 - made now, to know how long it takes
    clock.step("moments, s")
    calls = _count(Criterion, "derivatives", "value")
    fit = model.reml()
    n_calls = calls()
    clock.step("REML, s")
    memory = peak_memory()
    kernel = shortest(lambda: fit.objective.derivatives(fit.optimum.theta))
    estimates = [*fit.covariance.sd, fit.sigma]
    return {
        "seconds": sum(clock.steps.values()),
        **clock.steps,
        "one read of the data, s": read,
        "one kernel call with gradient and Hessian, s": kernel,
        "kernel calls of REML": float(n_calls),
        "peak memory of the fit, GiB": memory,
        "farthest from the truth": _farthest(estimates),
    }


def _posterior(table) -> dict[str, float]:
    clock = Clock()
    fit = bm.MixedModel(SLOPE, table).fit(
        engine="importance", draws=1000, chains=1, random_seed=1, progressbar=False
    )
    clock.step("seconds")
    covariance = fit.covariance
    means = [*covariance.sd.mean(axis=0), float(covariance.sigma.mean())]
    statistics = fit.idata["sample_stats"].attrs
    return {
        **clock.steps,
        "by importance": float(fit.idata.attrs["engine"] == "importance"),
        "k-hat": float(statistics.get("k_hat", np.nan)),
        "ESS of the weights": float(statistics.get("ess", 0.0)),
        "farthest from the truth": _farthest(means),
    }


def _count(owner: type, *names: str) -> Callable[[], int]:
    """Count calls of methods from now on."""
    counted = []

    def counting(method):
        @wraps(method)
        def call(*arguments, **options):
            counted.append(method)
            return method(*arguments, **options)

        return call

    for name in names:
        setattr(owner, name, counting(getattr(owner, name)))
    return lambda: len(counted)


def _farthest(estimates) -> float:
    return float(np.max(np.abs(np.divide(estimates, TRUE_SLOPE_MODEL) - 1.0)))


if __name__ == "__main__":
    main()
