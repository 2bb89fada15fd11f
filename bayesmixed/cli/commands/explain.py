"""``bayesmixed explain``."""

from pathlib import Path

import click

from bayesmixed.cli.options import build, command, data, priors, quiet, stream, weights
from bayesmixed.cli.terminal import painted, say, warn, width

EPILOG = """Examples:

\b
  bayesmixed explain sleepstudy 'Reaction ~ Days + (Days | Subject)'
  bayesmixed explain trial.csv 'y ~ arm + (1 | clinic)' --priors brms
"""


@command(short_help="A model and its priors, before fitting.", epilog=EPILOG)
@data
@click.argument("formula")
@priors
@weights
@stream
@quiet
def explain(data: Path, formula: str, priors: str, weights: str | None, stream: bool, quiet: bool) -> None:
    """Show the model of FORMULA on DATA before anything is fitted: symbols, X, Z, G, V, priors.

    And what the priors imply for numbers that one can judge: ICC, R2, standard deviations.
    """
    from bayesmixed.errors import PriorError
    from bayesmixed.printable import printable
    from bayesmixed.report.explain import WIDEST
    from bayesmixed.report.explain import explain as explained

    model = build(formula, data, stream, priors=priors, weights=weights)
    say(printable(explained(model, width() or WIDEST)))
    try:
        implied = model.priors.implied(draws=4000, random_seed=0)
    except PriorError as error:  # an improper prior of an sd has no draws
        warn([str(error)], quiet)
    else:
        from bayesmixed.cli.frames import table_of
        from bayesmixed.report.text import page_text

        caption = "What the priors imply, before any row is seen: quantiles"
        table = table_of(caption, implied.rename_axis("quantity"))
        say("\n" + page_text([], [table], (), width(), painted))
    warn(model.warnings, quiet)
