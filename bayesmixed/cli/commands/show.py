"""``bayesmixed show``."""

from pathlib import Path

import click

from bayesmixed.cli.options import as_json, command, load_fit, quiet, writable, write
from bayesmixed.cli.terminal import painted, say, say_json, warn, width

EPILOG = """Examples:

\b
  bayesmixed show fit.nc
  bayesmixed show fit.nc --report fit.html
  bayesmixed show fit.nc --json
"""


@command(short_help="Tables or report of a saved fit.", epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.nc")
@as_json
@click.option("--report", type=click.Path(path_type=Path), metavar="FILE.html", help="Write a report.")
@quiet
def show(file: Path, as_json: bool, report: Path | None, quiet: bool) -> None:
    """Show a fit that --save wrote, as `bayesmixed fit` shows it, or write its report."""
    if report is not None:
        writable(report)
    found = load_fit(file)
    write(found, report, None, quiet)
    if as_json:
        from bayesmixed.report.records import fit_record

        say_json(fit_record(found))
    else:
        from bayesmixed.report.text import fit_text

        say(fit_text(found, width(), painted))
    warn(found.warnings, quiet)
