"""The command line: ``bayesmixed --help``.

Results go to standard output; progress and warnings to standard error. Exit code 0, also with warnings
about convergence; 2 with one line when the input or the call is at fault; 130 after an interrupt; 1 with
a traceback for a bug of ours. Each command is a file of `commands`, which imports what it needs when it runs.
"""

from bayesmixed.cli.app import app, main

__all__ = ["app", "main"]
