"""All commands together, and what becomes of their errors."""

import errno
import sys
from collections.abc import Sequence

import click

from bayesmixed import __version__
from bayesmixed.cli.commands.check import check
from bayesmixed.cli.commands.code import code
from bayesmixed.cli.commands.compare import compare
from bayesmixed.cli.commands.completion import completion
from bayesmixed.cli.commands.datasets import datasets
from bayesmixed.cli.commands.demo import demo
from bayesmixed.cli.commands.explain import explain
from bayesmixed.cli.commands.fit import fit
from bayesmixed.cli.commands.power import power
from bayesmixed.cli.commands.reml import reml
from bayesmixed.cli.commands.show import show
from bayesmixed.cli.help import SETTINGS, Group
from bayesmixed.cli.options import colour
from bayesmixed.cli.terminal import colour_of, painted
from bayesmixed.errors import BayesmixedError
from bayesmixed.printable import printable_line

#: Commands under the headings of the help page.
SECTIONS = {
    "Begin": (demo, datasets, explain, power),
    "Fit": (fit, reml),
    "Go on with saved fits": (show, check, compare),
    "Elsewhere": (code, completion),
}
EPILOG = """Examples:

\b
  bayesmixed demo
  bayesmixed reml sleepstudy 'Reaction ~ Days + (Days | Subject)'
  bayesmixed fit sleepstudy 'Reaction ~ Days + (Days | Subject)' --save fit.nc
  bayesmixed check fit.nc
"""


@click.group(cls=Group, sections=SECTIONS, context_settings=SETTINGS, epilog=EPILOG)
@click.version_option(__version__, prog_name="bayesmixed")
def app() -> None:
    """Bayesian linear mixed models from a table and a formula, with the same model's REML fit beside them.

    Formulas are lme4's: 'y ~ x + (1 | group)' for clustered data, 'y ~ t + (t | subject)' for repeated
    measurements. DATA is a CSV or Parquet file, a folder of Parquet files, which is read in parts, or the name of
    a table that comes with the package.
    """


app.params.append(colour())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    colours = colour_of(sys.argv[1:] if arguments is None else arguments)
    try:
        code = app.main(arguments, standalone_mode=False, complete_var="_BAYESMIXED_COMPLETE", color=colours)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), color=colours)
        code = 2
    except (click.MissingParameter, click.NoSuchOption) as error:
        page = error.ctx.command_path if error.ctx else "bayesmixed"
        code = _complain(f"{error.format_message().rstrip('.')}; see {page} --help", colours)
    except click.ClickException as error:
        code = _complain(error.format_message(), colours)
    except BayesmixedError as error:
        code = _complain(str(error), colours)
    except (KeyboardInterrupt, click.Abort):
        click.echo("bayesmixed: interrupted", err=True)
        code = 130
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
        code = _complain(f"the output cannot be written: {error.strerror}", colours)
    except SystemExit:  # click's answer to a reader that left, as in "| head", which is no bug of ours
        code = 0
    sys.exit(code if isinstance(code, int) else 0)


def _complain(text: str, colours: bool | None) -> int:
    line = printable_line(" ".join(text.split()))
    click.echo(f"{painted('bayesmixed:', 'error')} {line}", err=True, color=colours)
    return 2
