"""Cross-validation by the unit of prediction: rows, or whole groups, left out in closed form."""
