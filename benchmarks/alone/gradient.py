"""``python -m benchmarks.alone.gradient rows|groups SIZE...``: time of one gradient of the posterior, by size.

``rows``: 100 groups with a random slope share SIZE rows. ``groups``: SIZE groups with a random intercept, of 20
different sizes.
"""

import json
import sys
from collections.abc import Callable

import numpy as np
import pandas as pd

import bayesmixed as bm
from bayesmixed.density import Density
from benchmarks.alone.kernel import kernel_timer
from benchmarks.tables import SEED, SLOPE, random_slope

CALLS, ROUNDS = 500, 21


def main() -> None:
    """Print microseconds for each size, and the ratio of the slowest to that of the first."""
    task, sizes = sys.argv[1], [int(size) for size in sys.argv[2:]]
    timers = [_timer({"rows": _of_rows, "groups": _of_groups}[task](size)) for size in sizes]
    times = 1e6 * np.array([[timer() for timer in timers] for _ in range(ROUNDS)])
    found = {f"{size:,} {task}, us": float(t) for size, t in zip(sizes, np.median(times, axis=0), strict=True)}
    ratio = float(np.max(np.median(times / times[:, :1], axis=0)))
    print(json.dumps(found | {"seconds": float(np.median(times)) / 1e6, "largest ratio to the first": ratio}))


def _of_rows(rows: int) -> bm.MixedModel:
    return bm.MixedModel(SLOPE, random_slope(100, rows // 100))


def _of_groups(groups: int) -> bm.MixedModel:
    rng = np.random.default_rng(SEED)
    group = np.repeat(np.arange(groups), 1 + np.arange(groups) % 20)
    y = rng.standard_normal(groups)[group] + rng.standard_normal(len(group))
    return bm.MixedModel("y ~ 1 + (1 | g)", pd.DataFrame({"y": y, "g": group}))


def _timer(model: bm.MixedModel) -> Callable[[], float]:
    density = Density(model.posterior)
    return kernel_timer(density, density.unconstrain(np.ones(model.moments.q), 1.0), CALLS)


if __name__ == "__main__":
    main()
