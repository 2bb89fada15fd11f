"""Parametric bootstrap: tables drawn at the level of their moments, and refitted."""
