"""``bayesmixed completion``."""

import click

from bayesmixed.cli.options import command
from bayesmixed.cli.terminal import say

EPILOG = """Examples:

\b
  bayesmixed completion bash >> ~/.bashrc
  bayesmixed completion zsh >> ~/.zshrc
  bayesmixed completion fish > ~/.config/fish/completions/bayesmixed.fish
"""


@command(short_help="Completion for bash, zsh or fish.", epilog=EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what a shell needs to complete commands, options and files."""
    from click.shell_completion import get_completion_class

    from bayesmixed.cli.app import app

    kind = get_completion_class(shell)
    assert kind is not None
    say(kind(app, {}, "bayesmixed", "_BAYESMIXED_COMPLETE").source())
