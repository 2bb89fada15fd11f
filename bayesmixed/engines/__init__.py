"""Samplers of the covariance parameters: one density, several ways to draw from it."""
