"""``python -m benchmarks.alone.stream FOLDER FORMULA``: a REML fit of Parquet files that are read in parts."""

import json
import sys

import pyarrow.dataset as ds

import bayesmixed as bm
from benchmarks.alone import Clock, peak_memory
from benchmarks.tables import SLOPE, random_slope


def main() -> None:
    """Print what one fit took."""
    folder, formula = sys.argv[1:3]
    rows = ds.dataset(folder).count_rows()
    bm.MixedModel.stream(SLOPE, random_slope(20, 10)).reml()  # imports, and compiled functions from the disk
    before = peak_memory()
    clock = Clock()
    model = bm.MixedModel(formula, folder)
    clock.step("both passes, s")
    fit = model.reml()
    clock.step("REML, s")
    total = sum(clock.steps.values())
    found = {"seconds": total, **clock.steps, "rows a second": rows / total}
    print(
        json.dumps(
            found
            | {"memory before, GiB": before, "peak memory, GiB": peak_memory(), "criterion": float(fit.criterion)}
            | dict(zip(fit.design.fixed_labels, map(float, fit.beta), strict=True))
        )
    )


if __name__ == "__main__":
    main()
