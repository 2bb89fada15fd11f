"""Coefficients and random effects given the covariance parameters: exact draws, and exact moments."""
