"""Simulation-based calibration of the designs that the docs show, with seeds."""
