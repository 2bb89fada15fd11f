"""``python -m proof.calibration``: calibrate every design by every engine; writes docs/calibration.md."""

import argparse
import sys
from pathlib import Path

from proof.calibration.designs import DESIGNS
from proof.calibration.page import write_page
from proof.calibration.results import Results

ROOT = Path(__file__).parents[2]
SEED = 20261122
REPLICATES = 10_000
ENGINES = ("importance", "nuts")


def main() -> int:
    """Run what is not there yet; 1 if a posterior was found not to be calibrated."""
    import bayesmixed as bm

    arguments = _arguments()
    whole = arguments.replicates == REPLICATES
    results = Results(arguments.out or ROOT / ("docs/data" if whole else "build/calibration"))
    for engine in arguments.engines:
        for k, design in enumerate(DESIGNS):
            if results.has(design, engine, arguments.replicates):
                continue
            options = {"draws": _draws(engine), "random_seed": [SEED, k]}
            found = bm.calibrate(design.model(), arguments.replicates, engine, **options)
            results.add(design, engine, found)
            print(f"{design.title}\n{found}\n", file=sys.stderr)
    if whole:
        write_page(results, ROOT / "docs")
    return 0 if results.calibrated else 1


def _draws(engine: str) -> int:
    return 200 if engine == "nuts" else 1000


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proof.calibration", description=__doc__)
    parser.add_argument("--replicates", type=int, default=REPLICATES, help="of each; not 10000: no page")
    parser.add_argument("--engines", nargs="+", default=list(ENGINES))
    parser.add_argument("--out", type=Path, help="folder of the tables")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
