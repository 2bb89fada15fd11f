"""Cross-validation by the unit of prediction: rows, or whole groups, left out in closed form."""

from bayesmixed.leaving_out.rows_and_groups import leave_out

__all__ = ["leave_out"]
