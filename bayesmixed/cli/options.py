"""Options and arguments that commands share, and what they stand for."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bayesmixed.cli.help import SETTINGS, Command
from bayesmixed.cli.terminal import shows_progress, tell, warn
from bayesmixed.errors import BayesmixedWarning, StorageError, TableError

if TYPE_CHECKING:
    from bayesmixed.fit import Fit
    from bayesmixed.model import MixedModel


def command(epilog: str, **settings: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """A command of the group, with ``--color``."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        made = click.command(cls=Command, epilog=epilog, context_settings=SETTINGS, **settings)(function)
        made.params.append(colour())
        return made

    return decorate


def colour() -> click.Option:
    """``--color`` and ``--no-color``, which `terminal.colour_of` obeys."""
    text = "Colours always, or never [default: in terminals, unless NO_COLOR is set]."
    return click.Option(["--color/--no-color"], default=None, expose_value=False, help=text)


def quiet[F: Callable[..., Any]](function: F) -> F:
    return click.option("--quiet", is_flag=True, help="No progress and no warnings on standard error.")(function)


def stream[F: Callable[..., Any]](function: F) -> F:
    text = "Read a Parquet file in parts, for tables larger than memory; a folder of them always is."
    return click.option("--stream", is_flag=True, help=text)(function)


def as_json[F: Callable[..., Any]](function: F) -> F:
    text = "Print one JSON object and nothing else."
    return click.option("--json", "as_json", is_flag=True, help=text)(function)


def data[F: Callable[..., Any]](function: F) -> F:
    return click.argument("data", type=click.Path(path_type=Path))(function)


def weights[F: Callable[..., Any]](function: F) -> F:
    text = "Column of prior weights: residual variance sigma^2 / w."
    return click.option("--weights", metavar="COLUMN", help=text)(function)


def priors[F: Callable[..., Any]](function: F) -> F:
    text = "Preset: default, brms, rstanarm or bambi."
    return click.option("--priors", metavar="NAME", default="default", show_default=True, help=text)(function)


def seed[F: Callable[..., Any]](function: F) -> F:
    text = "Seed of the random numbers."
    return click.option("--seed", metavar="N", type=click.IntRange(min=0), help=text)(function)


def sampler[F: Callable[..., Any]](function: F) -> F:
    """Options of `MixedModel.fit`."""
    counts = {
        "--cores": ({}, "Chains run at once; all cores by default."),
        "--chains": ({"default": 4}, "Chains."),
        "--tune": ({"default": 1000}, "Tuning steps of each chain."),
        "--draws": ({"default": 1000}, "Draws of each chain."),
    }
    text = "auto, compiled, pymc, importance or quadrature."
    function = click.option("--engine", metavar="NAME", default="auto", show_default=True, help=text)(function)
    for name, (default, text) in counts.items():
        shown: dict[str, Any] = {"type": int, "metavar": "N", "show_default": bool(default), **default}
        function = click.option(name, help=text, **shown)(function)
    return seed(function)


# ---------------------------------------------------------------- what they stand for
def build(formula: str, data: Path, stream: bool = False, **options: Any) -> "MixedModel":
    """The model of a formula and a table: a file, a folder, or a table that comes with the package."""
    from bayesmixed.model import MixedModel

    name = None if data.exists() else bundled(data)
    if name is not None:
        from bayesmixed.datasets import dataset_info, load_dataset

        return MixedModel(formula, load_dataset(name), units=dataset_info(name).units, **options)
    return MixedModel(formula, source(data, stream), **options)


def bundled(data: Path) -> str | None:
    """Name of the bundled table that is meant, if one is."""
    from bayesmixed.datasets import list_datasets

    return next((name for name in list_datasets() if name.lower() == str(data).lower()), None)


def source(data: Path, stream: bool) -> Any:
    """A table, or the path of one that is read in parts."""
    from bayesmixed.table import read_table

    if stream and data.is_file() and not data.name.lower().endswith((".parquet", ".pq")):
        raise click.UsageError(f"--stream is for Parquet, and {data} is not: leave it out, or convert the file")
    if not data.exists() and not data.suffix and len(data.parts) == 1:
        raise TableError(_no_such_table(str(data)))
    return data if stream or data.is_dir() else read_table(data)


def _no_such_table(name: str) -> str:
    from difflib import get_close_matches

    from bayesmixed.datasets import list_datasets

    near = get_close_matches(name.lower(), [known.lower() for known in list_datasets()], 1)
    hint = next((f"; did you mean {known!r}?" for known in list_datasets() if known.lower() in near), "")
    return f"{name!r} is neither a file nor a table that comes with the package{hint}"


def sample(model: "MixedModel", quiet: bool, **options: Any) -> "Fit":
    """Sample, with progress in a terminal, and warnings as lines."""
    warn(model.warnings, quiet)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BayesmixedWarning)
        return model.fit(progressbar=shows_progress(quiet), **options)


def load_fit(path: Path) -> "Fit":
    """A fit that ``--save`` wrote."""
    from bayesmixed.storage import load

    if not path.exists():
        raise StorageError(
            f"there is no file {path}; fits are saved by: bayesmixed fit DATA FORMULA --save FILE.nc"
        )
    return load(path)


def write(fit: "Fit", report: Path | None, save: Path | None, quiet: bool) -> None:
    """Write what was asked for, and tell of it while it takes its time."""
    if save is not None:
        tell(f"saving {save}", quiet)
        fit.save(save)
    if report is not None:
        tell(f"writing {report}", quiet)
        fit.report(report)


def writable(path: Path) -> Path:
    """Say at once, not after sampling, that a file cannot be written."""
    from bayesmixed.files import check_writable

    check_writable(path)
    return path
