"""Residuals, leverage, influence, robust standard errors, and predictions of a fit."""
