"""``bayesmixed compare``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bayesmixed.cli.options import as_json, build, command, load_fit, priors, quiet, sample, sampler, weights
from bayesmixed.cli.terminal import painted, say, say_json, warn, width
from bayesmixed.errors import warnings_as_texts

if TYPE_CHECKING:
    from bayesmixed.fit import Fit

EPILOG = """Examples:

\b
  bayesmixed compare slope.nc intercept.nc
  bayesmixed compare sleepstudy 'Reaction ~ Days + (Days | Subject)' 'Reaction ~ Days + (1 | Subject)'
  bayesmixed compare sleepstudy 'Reaction ~ Days + (1 | Subject)' 'Reaction ~ 1 + (1 | Subject)' --by row
"""
COLUMNS = {
    "elpd": "elpd",
    "elpd_diff": "difference",
    "dse": "its error",
    "p": "p effective",
    "weight": "weight",
    "conclusion": "conclusion",
}
NOTE = (
    "elpd: expected log predictive density of {} that a model has not seen, more is better; difference from the "
    "best and its standard error; weight of stacking."
)


@command(short_help="Rank fits, or formulas, by prediction.", epilog=EPILOG)
@click.argument("what", nargs=-1, required=True, metavar="FILE.nc FILE.nc ... | DATA FORMULA FORMULA ...")
@click.option(
    "--by",
    type=click.Choice(["group", "row"]),
    default="group",
    show_default=True,
    help="Leave out whole groups, or single rows.",
)
@as_json
@sampler
@priors
@weights
@quiet
def compare(
    what: tuple[str, ...],
    by: str,
    as_json: bool,
    seed: int | None,
    quiet: bool,
    priors: str,
    weights: str | None,
    **options: Any,
) -> None:
    """Rank saved fits, or formulas on one table, by how well they predict what they have not seen."""
    from bayesmixed.cli.frames import records_of, table_of
    from bayesmixed.compare import compare_models

    if all(name.endswith(".nc") for name in what):
        fits = {name: load_fit(Path(name)) for name in what}
    else:
        fits = _sampled(what, quiet, {"priors": priors, "weights": weights}, {"random_seed": seed, **options})
    with warnings_as_texts() as texts:
        found = compare_models(fits, by=by, random_seed=seed or 0, cores=options["cores"])
    if as_json:
        say_json({"by": by, "models": records_of(found.rename_axis("model"))})
    else:
        from bayesmixed.report.text import page_text

        caption = f"Models by what they predict of {'new groups' if by == 'group' else 'new rows of known groups'}"
        note = NOTE.format("groups" if by == "group" else "rows")
        table = table_of(caption, found.rename_axis("model"), COLUMNS, note)
        say(page_text([], [table], (), width(), painted))
    warn(texts, quiet)


def _sampled(
    what: tuple[str, ...], quiet: bool, model: dict[str, Any], options: dict[str, Any]
) -> "dict[str, Fit]":
    data, *formulas = what
    if len(formulas) < 2:
        raise click.UsageError("compare needs two saved fits (FILE.nc), or DATA and two formulas")
    if len(set(formulas)) < len(formulas):
        raise click.UsageError("compare needs formulas that differ")
    models = {formula: build(formula, Path(data), **model) for formula in formulas}
    return {formula: sample(one, quiet, **options) for formula, one in models.items()}
