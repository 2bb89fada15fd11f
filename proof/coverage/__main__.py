"""``python -m proof.coverage``: run the cells that are not done, keep them as CSV, write docs/coverage.md."""

import argparse
import os
import sys
import time
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).parents[2]
DATA_SETS = 2_000


def main() -> int:
    """Run what the arguments say."""
    arguments = _arguments()
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy is loaded, here and in the processes
    from proof.coverage.cells import grid
    from proof.coverage.results import Results

    cells = [cell for cell in grid() if all(part in cell.name for part in arguments.cells)]
    whole = arguments.replications == DATA_SETS
    results = Results(arguments.out or ROOT / ("docs/data" if whole else "build/coverage"))
    waiting = [cell for cell in cells if not results.has(cell, arguments.replications)]
    if not arguments.page_only:
        _run(waiting, len(cells), arguments, results)
    if whole and not arguments.out:
        from proof.coverage.page import write_page

        write_page(results, ROOT / "docs")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proof.coverage", description=__doc__)
    parser.add_argument(
        "--cells", nargs="+", metavar="PART", default=[], help="only cells whose name has all of these in it"
    )
    parser.add_argument("--replications", type=int, default=DATA_SETS, help="data sets a cell; not 2000: no page")
    parser.add_argument("--out", type=Path, help="folder of the tables; no page is written then")
    parser.add_argument("--cores", type=int, default=os.cpu_count())
    parser.add_argument("--page-only", action="store_true", help="write the page from what there is")
    return parser.parse_args()


def _run(waiting, total: int, arguments: argparse.Namespace, results) -> None:
    """In as many processes as cores, each cell in one of them."""
    from proof.coverage.study import run, warm_up

    start, done = time.perf_counter(), total - len(waiting)
    _say(f"{total} cells of {arguments.replications} data sets, {done} of them done before")
    with get_context("spawn").Pool(arguments.cores, warm_up) as pool:
        jobs = [(cell, pool.apply_async(run, (cell, arguments.replications))) for cell in waiting]
        for k, (cell, job) in enumerate(jobs, start=1):
            results.add(cell, job.get())
            minutes = (time.perf_counter() - start) / 60.0
            left = minutes / k * (len(waiting) - k)
            _say(f"{done + k}/{total} {cell.name}, {minutes:.1f} minutes, about {left:.0f} to go")


def _say(text: str) -> None:
    print(f"coverage: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
