"""Benchmarks: the same task by every package, in turns, in one run on one machine. `make bench` runs them."""
