"""``bayesmixed demo``."""

from pathlib import Path

import click

from bayesmixed.cli.options import command, quiet, sample, writable, write
from bayesmixed.cli.terminal import painted, say, width
from bayesmixed.errors import StorageError

FORMULA = "Reaction ~ Days + (Days | Subject)"


@command(short_help="From text to report in one go.", epilog="Example:\n\n  bayesmixed demo --out demo-report\n")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("demo-report"),
    show_default=True,
    help="Folder for the report.",
)
@quiet
def demo(out: Path, quiet: bool) -> None:
    """Fit the bundled sleep-deprivation data, from text to report in one go."""
    from bayesmixed.datasets import dataset_info, load_dataset
    from bayesmixed.model import MixedModel
    from bayesmixed.report.text import fit_text

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{out} cannot be made: {error.strerror or error}") from None
    path = writable(out / "sleepstudy.html")
    model = MixedModel(FORMULA, load_dataset("sleepstudy"), units=dataset_info("sleepstudy").units)
    fit = sample(model, quiet, random_seed=1)
    say(fit_text(fit, width(), painted))
    write(fit, path, None, quiet)
    say(f"\nREML criterion: {model.reml().criterion:.4f}")
    say(f"Report: {path}")
