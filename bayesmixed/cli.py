"""The command line: ``bayesmixed demo``, ``bayesmixed fit`` and ``bayesmixed reml``.

Results go to standard output; progress and warnings to standard error. Exit code 0, also with warnings
about convergence; 2 with one line when the input or the call is at fault; 130 after an interrupt; 1 with
a traceback for a bug of ours.
"""

import json
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bayesmixed import __version__
from bayesmixed.errors import BayesmixedError, BayesmixedWarning, StorageError, warnings_as_texts
from bayesmixed.printable import printable_json, printable_line

if TYPE_CHECKING:
    from bayesmixed.fit import Fit
    from bayesmixed.model import MixedModel

EPILOG_FIT = """Examples:

\b
  bayesmixed fit sleep.csv 'Reaction ~ Days + (Days | Subject)' --seed 1
  bayesmixed fit dyestuff.csv 'Yield ~ 1 + (1 | Batch)' --priors brms --json
  bayesmixed fit sleep.csv 'Reaction ~ Days + (Days || Subject)' --report sleep.html
  bayesmixed fit parts/ 'y ~ t + (t | id)' --engine importance --save fit.nc
"""
EPILOG_REML = """Examples:

\b
  bayesmixed reml sleep.csv 'Reaction ~ Days + (Days | Subject)'
  bayesmixed reml sleep.csv 'Reaction ~ Days + (1 | Subject)' --ml --json
  bayesmixed reml large.parquet 'y ~ t + (t | id)' --stream
"""
DEMO_FORMULA = "Reaction ~ Days + (Days | Subject)"
CONTEXT: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=CONTEXT)
@click.version_option(__version__, prog_name="bayesmixed")
def app() -> None:
    """Bayesian linear mixed models from a table and a formula, with the same model's REML fit beside them.

    Formulas are lme4's: 'y ~ x + (1 | group)' for clustered data, 'y ~ t + (t | subject)' for repeated
    measurements. DATA is a CSV or Parquet file, or a folder of Parquet files, which is read in parts.
    """


def _quiet[F: Callable[..., Any]](command: F) -> F:
    return click.option("--quiet", is_flag=True, help="No progress and no warnings on standard error.")(command)


def _stream[F: Callable[..., Any]](command: F) -> F:
    text = "Read a Parquet file in parts, for tables larger than memory; a folder of them always is."
    return click.option("--stream", is_flag=True, help=text)(command)


def _source(data: Path, stream: bool) -> Any:
    """A table, or the path of one that is read in parts."""
    from bayesmixed.table import read_table

    if stream and data.is_file() and not data.name.lower().endswith((".parquet", ".pq")):
        raise click.UsageError(f"--stream is for Parquet, and {data} is not: leave it out, or convert the file")
    return data if stream or data.is_dir() else read_table(data)


@app.command(epilog="Example:  bayesmixed demo --out demo-report", context_settings=CONTEXT)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("demo-report"),
    show_default=True,
    help="Folder for the report.",
)
@_quiet
def demo(out: Path, quiet: bool) -> None:
    """Fit the bundled sleep-deprivation data, from text to report in one go."""
    from bayesmixed.datasets import dataset_info, load_dataset
    from bayesmixed.model import MixedModel

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{out} cannot be made: {error.strerror or error}") from None
    path = _writable(out / "sleepstudy.html")
    model = MixedModel(DEMO_FORMULA, load_dataset("sleepstudy"), units=dataset_info("sleepstudy").units)
    fit = _sample(model, quiet, random_seed=1)
    _print_fit(fit)
    fit.report(path)
    click.echo(f"\nREML criterion: {model.reml().criterion:.4f}")
    click.echo(f"Report: {path}")


@app.command(epilog=EPILOG_FIT, context_settings=CONTEXT)
@click.argument("data", type=click.Path(path_type=Path))
@click.argument("formula")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed of the random numbers.")
@click.option("--draws", type=int, default=1000, show_default=True, help="Draws of each chain.")
@click.option("--tune", type=int, default=1000, show_default=True, help="Tuning steps of each chain.")
@click.option("--chains", type=int, default=4, show_default=True)
@click.option("--cores", type=int, help="Chains run at once; all cores by default.")
@click.option(
    "--engine", default="auto", show_default=True, help="auto, compiled, pymc, importance or quadrature."
)
@click.option("--priors", default="default", show_default=True, help="Preset: default, brms, rstanarm or bambi.")
@click.option("--weights", metavar="COLUMN", help="Column of prior weights: residual variance sigma^2 / w.")
@click.option("--report", type=click.Path(path_type=Path), metavar="FILE.html", help="Write a report.")
@click.option("--save", type=click.Path(path_type=Path), metavar="FILE.nc", help="Save the fit as NetCDF.")
@_stream
@_quiet
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
    from bayesmixed.model import MixedModel

    for path in (report, save):
        if path is not None:
            _writable(path)
    model = MixedModel(formula, _source(data, stream), priors=priors, weights=weights)
    found = _sample(model, quiet, random_seed=seed, **options)
    if save is not None:
        found.save(save)
    if report is not None:
        found.report(report)
    if as_json:
        from bayesmixed.report.records import fit_record

        _print_json(fit_record(found))
    else:
        _print_fit(found)
    _warn(found.warnings[len(model.warnings) :], quiet)


@app.command(epilog=EPILOG_REML, context_settings=CONTEXT)
@click.argument("data", type=click.Path(path_type=Path))
@click.argument("formula")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--ml", is_flag=True, help="Maximum likelihood instead of REML.")
@click.option(
    "--df",
    type=click.Choice(["satterthwaite", "kenward-roger"]),
    help="Degrees of freedom [default: satterthwaite].",
)
@click.option("--weights", metavar="COLUMN", help="Column of prior weights: residual variance sigma^2 / w.")
@click.option(
    "--ci",
    type=click.Choice(["wald", "profile", "profile-reml", "bootstrap", "none"]),
    help="Intervals of variance components and ICC [default: profile of the criterion].",
)
@click.option("--anova", is_flag=True, help="Type III F tests of the terms.")
@click.option("--test", "tests", multiple=True, metavar="CONTRAST", help="Such as 'Days = 10'; repeatable.")
@_stream
@_quiet
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
    from bayesmixed.model import MixedModel

    if df == "kenward-roger" and ml:
        raise click.UsageError("--df kenward-roger needs REML: leave --ml out")
    df = df or "satterthwaite"
    found = MixedModel(formula, _source(data, stream), weights=weights).reml("ML" if ml else "REML")
    if as_json:
        from bayesmixed.report.records import reml_record

        _print_json(reml_record(found, df, ci, anova, tests))
    else:
        from bayesmixed.report.records import interval_method
        from bayesmixed.report.text import reml_text

        with warnings_as_texts() as texts:
            page = reml_text(found, df, interval_method(found, ci), anova, tests)
        click.echo(page)
        _warn(texts, quiet)
    _warn(found.warnings, quiet)


def _sample(model: "MixedModel", quiet: bool, **options: Any) -> "Fit":
    _warn(model.warnings, quiet)
    progressbar = not quiet and sys.stderr.isatty()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BayesmixedWarning)
        return model.fit(progressbar=progressbar, **options)


def _print_fit(fit: "Fit") -> None:
    from bayesmixed.report.text import fit_text

    click.echo(fit_text(fit))


def _print_json(record: dict[str, Any]) -> None:
    click.echo(printable_json(json.dumps(record, allow_nan=False, ensure_ascii=False)))


def _warn(texts: Sequence[str], quiet: bool) -> None:
    if not quiet:
        for text in texts:
            click.echo(f"warning: {printable_line(text)}", err=True)


def _writable(path: Path) -> Path:
    """Say at once, not after sampling, that a file cannot be written."""
    from bayesmixed.files import check_writable

    check_writable(path)
    return path


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    try:
        code = app.main(arguments, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        code = 2
    except click.ClickException as error:
        code = _complain(error.format_message())
    except BayesmixedError as error:
        code = _complain(str(error))
    except (KeyboardInterrupt, click.Abort):
        click.echo("bayesmixed: interrupted", err=True)
        code = 130
    except SystemExit:  # click's answer to a reader that left, as in "| head", which is no bug of ours
        code = 0
    sys.exit(code if isinstance(code, int) else 0)


def _complain(text: str) -> int:
    click.echo(f"bayesmixed: {printable_line(' '.join(text.split()))}", err=True)
    return 2


if __name__ == "__main__":
    main()
