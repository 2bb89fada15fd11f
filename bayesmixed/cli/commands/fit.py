"""``bayesmixed fit``."""

from pathlib import Path
from typing import Any

import click

from bayesmixed.cli.options import (
    as_json,
    build,
    command,
    data,
    priors,
    quiet,
    sample,
    sampler,
    stream,
    weights,
    writable,
    write,
)
from bayesmixed.cli.terminal import painted, say, say_json, warn, width

EPILOG = """Examples:

\b
  bayesmixed fit sleepstudy 'Reaction ~ Days + (Days | Subject)' --seed 1
  bayesmixed fit dyestuff.csv 'Yield ~ 1 + (1 | Batch)' --priors brms --json
  bayesmixed fit sleep.csv 'Reaction ~ Days + (Days || Subject)' --report sleep.html
  bayesmixed fit parts/ 'y ~ t + (t | id)' --engine importance --save fit.nc
"""


@command(short_help="Sample the posterior, REML beside it.", epilog=EPILOG)
@data
@click.argument("formula")
@as_json
@sampler
@priors
@weights
@click.option("--report", type=click.Path(path_type=Path), metavar="FILE.html", help="Write a report.")
@click.option("--save", type=click.Path(path_type=Path), metavar="FILE.nc", help="Save the fit as NetCDF.")
@stream
@quiet
def fit(
    data: Path,
    formula: str,
    as_json: bool,
    seed: int | None,
    report: Path | None,
    save: Path | None,
    stream: bool,
    quiet: bool,
    priors: str,
    weights: str | None,
    **options: Any,
) -> None:
    """Sample the posterior of FORMULA on DATA, with its REML fit beside it."""
    for path in (report, save):
        if path is not None:
            writable(path)
    model = build(formula, data, stream, priors=priors, weights=weights)
    found = sample(model, quiet, random_seed=seed, **options)
    write(found, report, save, quiet)
    if as_json:
        from bayesmixed.report.records import fit_record

        say_json(fit_record(found))
    else:
        from bayesmixed.report.text import fit_text

        say(fit_text(found, width(), painted))
    warn(found.warnings[len(model.warnings) :], quiet)
