"""``bayesmixed power``."""

from typing import Any

import click

from bayesmixed.cli.options import as_json, command, quiet, seed
from bayesmixed.cli.terminal import painted, say, say_json, shows_progress, width

EPILOG = """Examples:

\b
  bayesmixed power 'y ~ arm + (1 | clinic)' --groups 8,12,20,30 --n 20 --icc 0.1 \\
      --effect 'arm[b]=0.5' --between arm
  bayesmixed power 'y ~ x + (1 | school)' --groups 20 --n 5,10 --sd 0.4 --effect x=0.2 --within x
"""


class Numbers(click.ParamType[Any]):
    """``8,12,20``."""

    name = "numbers"

    def __init__(self, kind: type):
        self.kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[Any]:
        try:
            return [self.kind(one) for one in str(value).split(",")]
        except ValueError:
            kind = "whole numbers" if self.kind is int else "numbers"
            self.fail(f"{value!r} is not {kind} joined by commas", param, ctx)


class Effect(click.ParamType[Any]):
    """``arm[b]=0.5``."""

    name = "effect"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float]:
        label, _, number = str(value).rpartition("=")
        try:
            return label.strip(), float(number)
        except ValueError:
            self.fail(f"{value!r} is not COEFFICIENT=NUMBER, such as 'arm[b]=0.5'", param, ctx)


@command(short_help="How often a study finds an effect.", epilog=EPILOG)
@click.argument("formula")
@click.option("--groups", type=Numbers(int), required=True, metavar="J,...", help="Numbers of groups.")
@click.option("--n", "sizes", type=Numbers(int), required=True, metavar="N,...", help="Rows of each group.")
@click.option(
    "--effect", "effects", type=Effect(), multiple=True, required=True, metavar="LABEL=NUMBER", help="Repeatable."
)
@click.option("--icc", type=Numbers(float), metavar="ICC,...", help="Intraclass correlations.")
@click.option("--sd", type=Numbers(float), metavar="SD,...", help="Between groups, instead of --icc.")
@click.option("--sigma", metavar="SD", type=float, default=1.0, show_default=True, help="Of the residuals.")
@click.option("--between", multiple=True, metavar="COLUMN", help="Constant in a group, with levels a and b.")
@click.option("--within", multiple=True, metavar="COLUMN", help="Varies in each group, mean 0 and mean square 1.")
@click.option("--term", metavar="LABEL", help="Which effect is looked for, of several.")
@click.option("--alpha", metavar="P", type=float, default=0.05, show_default=True, help="Size of the test.")
@click.option("--replications", metavar="N", type=int, default=1000, show_default=True, help="Data sets a plan.")
@seed
@as_json
@quiet
def power(
    formula: str,
    groups: list[int],
    sizes: list[int],
    effects: tuple[tuple[str, float], ...],
    seed: int | None,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Power by simulation: how often a study finds an effect of known size, by REML."""
    from bayesmixed.cli.frames import records_of, table_of
    from bayesmixed.planning.power import power as simulated

    options |= {"effects": dict(effects), "random_seed": seed, "progressbar": shows_progress(quiet)}
    found = simulated(formula, groups, sizes, **options)
    if as_json:
        say_json({"term": found.term, "claim": found.claim, "plans": records_of(found.table)})
        return
    from bayesmixed.report.text import page_text

    table = found.table.set_index(found.table["groups"].astype(str).rename("groups")).drop(columns="groups")
    note = f"Found means: {found.claim}. Lower and upper are the Monte Carlo error."
    tables = [table_of(f"Power of finding {found.term}", table, None, note)]
    say(page_text([(formula, "title")], tables, (), width(), painted))
