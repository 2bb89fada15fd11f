"""Every number of other software that we compare with, ours beside it."""
