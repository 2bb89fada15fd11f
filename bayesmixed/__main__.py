"""``python -m bayesmixed``."""

from bayesmixed.cli import main

main()
