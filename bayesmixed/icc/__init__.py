"""The intraclass correlation: one number for a random intercept, a function of t where there is a slope.

`values` has the ICC itself, `correlation` that of two different times; `anova` and `symmetry` have estimates that
may be negative, `symmetry_posterior` a posterior that may.
"""

from bayesmixed.icc.values import MOST_ROWS, IccPoint, icc_points, icc_table, icc_values

__all__ = ["MOST_ROWS", "IccPoint", "icc_points", "icc_table", "icc_values"]
