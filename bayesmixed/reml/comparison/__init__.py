"""Likelihood-ratio tests: nested models, and variance components against zero."""
