"""``bayesmixed reml``."""

from pathlib import Path

import click

from bayesmixed.cli.options import as_json, build, command, data, quiet, stream, weights
from bayesmixed.cli.terminal import painted, say, say_json, warn, width
from bayesmixed.errors import warnings_as_texts

EPILOG = """Examples:

\b
  bayesmixed reml sleepstudy 'Reaction ~ Days + (Days | Subject)'
  bayesmixed reml sleep.csv 'Reaction ~ Days + (1 | Subject)' --ml --json
  bayesmixed reml sleep.csv 'Reaction ~ Days + (Days | Subject)' --anova --test 'Days = 10'
  bayesmixed reml large.parquet 'y ~ t + (t | id)' --stream
"""


@command(short_help="Fit by REML or maximum likelihood.", epilog=EPILOG)
@data
@click.argument("formula")
@as_json
@click.option("--ml", is_flag=True, help="Maximum likelihood instead of REML.")
@click.option(
    "--df",
    type=click.Choice(["satterthwaite", "kenward-roger"]),
    help="Degrees of freedom [default: satterthwaite].",
)
@weights
@click.option(
    "--ci",
    type=click.Choice(["wald", "profile", "profile-reml", "bootstrap", "none"]),
    help="Intervals of variance components and ICC [default: profile of the criterion].",
)
@click.option("--anova", is_flag=True, help="Type III F tests of the terms.")
@click.option("--test", "tests", multiple=True, metavar="CONTRAST", help="Such as 'Days = 10'; repeatable.")
@stream
@quiet
def reml(
    data: Path,
    formula: str,
    as_json: bool,
    ml: bool,
    df: str | None,
    weights: str | None,
    ci: str | None,
    anova: bool,
    tests: tuple[str, ...],
    stream: bool,
    quiet: bool,
) -> None:
    """Fit FORMULA on DATA by REML (or ML)."""
    if df == "kenward-roger" and ml:
        raise click.UsageError("--df kenward-roger needs REML: leave --ml out")
    df = df or "satterthwaite"
    found = build(formula, data, stream, weights=weights).reml("ML" if ml else "REML")
    if as_json:
        from bayesmixed.report.records import reml_record

        say_json(reml_record(found, df, ci, anova, tests))
    else:
        from bayesmixed.report.records import interval_method
        from bayesmixed.report.text import reml_text

        with warnings_as_texts() as texts:
            page = reml_text(found, df, interval_method(found, ci), anova, tests, width(), painted)
        say(page)
        warn(texts, quiet)
    warn(found.warnings, quiet)
