"""``bayesmixed code``."""

from pathlib import Path

import click

from bayesmixed.cli.options import build, bundled, command, data, priors, weights, writable
from bayesmixed.cli.terminal import say

EPILOG = """Examples:

\b
  bayesmixed code lme4 sleep.csv 'Reaction ~ Days + (Days | Subject)'
  bayesmixed code brms sleep.csv 'Reaction ~ Days + (Days | Subject)' --priors brms
  bayesmixed code lme4 sleepstudy 'Reaction ~ Days + (1 | Subject)' --table rows.csv > check.R
"""


@command(short_help="The same in lme4, brms or Bambi.", epilog=EPILOG)
@click.argument("program", type=click.Choice(["lme4", "brms", "bambi"]))
@data
@click.argument("formula")
@click.option("--ml", is_flag=True, help="Maximum likelihood instead of REML, for lme4.")
@priors
@weights
@click.option(
    "--table", type=click.Path(path_type=Path), metavar="FILE.csv", help="Write the rows in use, and read them."
)
def code(
    program: str, data: Path, formula: str, ml: bool, priors: str, weights: str | None, table: Path | None
) -> None:
    """Print code that fits FORMULA on DATA in PROGRAM: lme4, brms or bambi.

    For brms and bambi with the same priors. What the program cannot say is an error, in one line.
    """
    if ml and program != "lme4":
        raise click.UsageError(f"--ml is for lme4; {program} takes priors")
    if table is not None:
        writable(table)
    model = build(formula, data, priors=priors, weights=weights)
    path = str(table or (data if bundled(data) is None else "table.csv"))
    asked = model if program != "lme4" else model.reml("ML" if ml else "REML")
    script = asked.code(program, path)
    if table is not None:
        script.write_table()
    say(script.text.rstrip("\n"))
