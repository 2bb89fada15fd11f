"""``bayesmixed check``."""

from pathlib import Path

import click

from bayesmixed.cli.options import as_json, command, load_fit, seed
from bayesmixed.cli.terminal import painted, say, say_json, width

EPILOG = """Examples:

\b
  bayesmixed fit sleepstudy 'Reaction ~ Days + (Days | Subject)' --save fit.nc
  bayesmixed check fit.nc
  bayesmixed check fit.nc --groups observed --json
"""
NOTE = (
    "Statistics of the data beside those of tables that the fitted model draws; p is two-sided, and a small one "
    "says that the model does not make tables like yours."
)


@command(short_help="Posterior predictive check.", epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.nc")
@click.option(
    "--groups",
    type=click.Choice(["new", "observed"]),
    default="new",
    show_default=True,
    help="Replicates of new groups, or of the same.",
)
@as_json
@seed
def check(file: Path, groups: str, seed: int | None, as_json: bool) -> None:
    """Posterior predictive check of a saved fit: does the model draw tables like the data?"""
    from bayesmixed.cli.frames import records_of, table_of

    fit = load_fit(file)
    found = fit.check(groups=groups, random_seed=seed or 0)
    if as_json:
        say_json({"formula": fit.model.specification.formula, "checks": records_of(found)})
        return
    from bayesmixed.report.text import page_text

    numbers = {"observed": "observed", "mean": "mean", "eti95_lb": "2.5 %", "eti95_ub": "97.5 %", "p": "p"}
    head = [(fit.model.specification.formula, "title")]
    table = table_of("Posterior predictive check", found, numbers, NOTE)
    page = page_text(head, [table], (), width(), painted)
    readings = "\n".join(_reading(row["reading"], row["p"]) for _, row in found.iterrows())
    say(f"{page}\n\n{readings}")


def _reading(text: str, p: float) -> str:
    from bayesmixed.printable import printable_line
    from bayesmixed.report.lines import folded

    room = width()
    first, *others = folded(printable_line(text), None if room is None else room - 4)
    lines = [f"  - {first}", *(f"    {line}" for line in others)]
    return "\n".join(painted(line, "warning" if p < 0.05 else "") for line in lines)
