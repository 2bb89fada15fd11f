"""What a terminal can show: colours, its width, progress; and what standard output gets without one."""

import json
import os
import shutil
import sys
from collections.abc import Sequence
from typing import Any

import click

from bayesmixed.printable import printable_json, printable_line

#: Looks of the pieces of a page; colours that are read on light and on dark alike.
LOOKS: dict[str, dict[str, Any]] = {
    "title": {"bold": True},
    "caption": {"bold": True},
    "heading": {"fg": "cyan"},
    "note": {"dim": True},
    "good": {"fg": "green"},
    "warning": {"fg": "yellow"},
    "error": {"fg": "red", "bold": True},
    "command": {"fg": "cyan"},
}


def painted(text: str, role: str) -> str:
    """The text with the looks of its role; `click.echo` takes them off again where there is no terminal."""
    return click.style(text, **LOOKS[role]) if role else text


def colour_of(arguments: Sequence[str]) -> bool | None:
    """Whether there are colours, by ``--color``, NO_COLOR, FORCE_COLOR or a dumb terminal, in this order.

    Returns
    -------
    bool or None
        None where nothing decides, so that a look at each stream does.
    """
    asked = [argument == "--color" for argument in arguments if argument in ("--color", "--no-color")]
    if asked:  # looked up here, because a complaint about another argument has colours too, or none
        return asked[-1]
    if os.environ.get("NO_COLOR"):  # no-color.org: present and not empty
        return False
    if os.environ.get("FORCE_COLOR"):
        return os.environ["FORCE_COLOR"] != "0"
    return False if os.environ.get("TERM") == "dumb" else None


def width() -> int | None:
    """Columns of the terminal that standard output is; None for a file or a pipe, whose lines never fold."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def shows_progress(quiet: bool) -> bool:
    """Whether standard error is a terminal that has not been asked to be quiet."""
    return not quiet and sys.stderr.isatty()


def say(page: str) -> None:
    """A page on standard output."""
    click.echo(page)


def say_json(record: Any) -> None:
    """One JSON object and nothing else."""
    click.echo(printable_json(json.dumps(record, allow_nan=False, ensure_ascii=False)))


def tell(text: str, quiet: bool) -> None:
    """What is being done, to whoever looks on: one line on standard error, if that is a terminal."""
    if shows_progress(quiet):
        click.echo(painted(printable_line(text), "note"), err=True)


def warn(texts: Sequence[str], quiet: bool = False) -> None:
    """One line each on standard error."""
    if not quiet:
        for text in texts:
            click.echo(f"{painted('warning:', 'warning')} {printable_line(text)}", err=True)
