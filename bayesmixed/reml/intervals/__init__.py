"""Intervals of a REML or ML fit: Wald, profile likelihood, and what they need."""
