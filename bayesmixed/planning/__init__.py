"""Before there are data: what ignoring clusters does, and what a design can find."""
